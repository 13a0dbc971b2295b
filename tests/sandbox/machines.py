"""Images with some of the host's programs and their libraries, in a store of Podman's for the tests alone."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

PROGRAMS = (
    *(
        "sh",
        "bash",
        "cat",
        "chmod",
        "chown",
        "cp",
        "cut",
        "env",
        "false",
        "find",
        "getent",
        "grep",
        "head",
        "id",
        "ls",
        "mkdir",
    ),
    *(
        "mkfifo",
        "mv",
        "printf",
        "ps",
        "rm",
        "rmdir",
        "sed",
        "seq",
        "sleep",
        "sort",
        "tail",
        "tee",
        "touch",
        "tr",
        "true",
    ),
    *("uname", "wc", "whoami", "yes", "base64", "ln", "kill", "hostname", "perl"),
    *(
        "adduser",
        "useradd",
        "userdel",
        "groupadd",
        "usermod",
        "chage",
        "chfn",
        "passwd",
        "deluser",
        "gpasswd",
        "wget",
        "mktemp",
        "sha256sum",
        "xargs",
        "dirname",
        "basename",
        "echo",
        "pwd",
    ),
)
FOLDERS = ("usr/lib/x86_64-linux-gnu/perl-base", "usr/lib/aarch64-linux-gnu/perl-base", "usr/share/perl5/Debian")
MODULES = ("usr/lib/x86_64-linux-gnu/security", "usr/lib/aarch64-linux-gnu/security")
FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\nsomeone:x:1000:1000::/home/someone:/bin/sh\n",
    "etc/group": "root:x:0:\nusers:x:100:\nstaff:x:50:someone\nsomeone:x:1000:\n",
    "etc/shadow": "root:*:19000:0:99999:7:::\n",
    "etc/adduser.conf": "",
    "etc/hosts": "",
    "etc/pam.d/other": "".join(
        f"{kind} required pam_permit.so\n" for kind in ("auth", "account", "password", "session")
    ),
}
LINKS = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64"}
MADE = {
    "tmp": 0o1777,
    "root": 0o700,
    "home": 0o755,
    "home/someone": 0o755,
    "var/tmp": 0o1777,
    "etc/skel": 0o755,
    "proc": 0o755,
    "run": 0o755,
}


def _needed(programs):
    """The libraries of programs, and their loader."""
    said = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=False).stdout
    return {word for word in said.split() if word.startswith("/") and not word.endswith(":")}


def _sources(programs):
    """Files and folders of the host's."""
    found = {shutil.which(name, path="/usr/bin:/usr/sbin:/bin:/sbin") for name in programs} - {None}
    found |= {f"/{folder}/pam_permit.so" for folder in MODULES if Path("/", folder, "pam_permit.so").exists()}
    return sorted(found | _needed(found)) + [f"/{folder}" for folder in FOLDERS if Path("/", folder).is_dir()]


def root(programs=PROGRAMS, files=()):
    """A root file system as a tar archive."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for name, target in LINKS.items():
            one = tarfile.TarInfo(name)
            one.type, one.linkname = tarfile.SYMTYPE, target
            archive.addfile(one)
        for name, mode in MADE.items():
            one = tarfile.TarInfo(name)
            one.type, one.mode = tarfile.DIRTYPE, mode
            one.uid = one.gid = 1000 if name == "home/someone" else 0
            archive.addfile(one)
        for source in _sources(programs):
            name = source.lstrip("/")
            place = name if name.startswith("usr/") else f"usr/{name}"
            archive.add(Path(source).resolve(), place, filter=_plain)
        for name, text in (FILES | dict(files)).items():
            one = tarfile.TarInfo(name)
            one.size, one.mode = len(text), 0o644
            archive.addfile(one, io.BytesIO(text.encode()))
    return held.getvalue()


def _plain(one):
    """As root's, without rights beyond."""
    one.uid = one.gid = 0
    one.uname = one.gname = ""
    one.mode &= 0o755
    return one


def store(folder):
    """The settings of a store of Podman's for these tests alone; the file's path."""
    config = folder / "storage.conf"
    folders = f'graphroot = "{folder}/store"\nrunroot = "{folder}/run"'
    config.write_text(f'[storage]\ndriver = "vfs"\n{folders}\n')
    return config


def bring(name, archive, *changes):
    """Put an image into the store."""
    words = [word for change in changes for word in ("--change", change)]
    subprocess.run(["podman", "import", "--quiet", *words, "-", name], input=archive, check=True, capture_output=True)


@contextmanager
def tools():
    """A store with the image `localhost/tools:1`, which the environment names; its folder, gone afterwards."""
    with TemporaryDirectory(prefix="sild-images-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONTAINERS_STORAGE_CONF", str(store(Path(folder))))
        bring("localhost/tools:1", root())
        yield Path(folder)

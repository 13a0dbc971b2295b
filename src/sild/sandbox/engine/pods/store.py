"""The images of one task: taken from the store of this user's Podman or built, unpacked once, and gone afterwards.

Building runs without any right on the host, in a user namespace, and without a network unless the node's operator lets
it have one. What a Dockerfile starts from is taken from the user's store too: nothing is fetched.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sild.sandbox.engine.containers import arguments, profile, room
from sild.sandbox.engine.containers.arguments import CRUN, ROOM
from sild.sandbox.engine.errors import IsolationError
from sild.sandbox.engine.pods import pause
from sild.sandbox.engine.pods.pod import PAUSE, PODS

if TYPE_CHECKING:
    from collections.abc import Mapping

BUILD_NETWORK = "SILD_BUILD_NETWORK"
_SECONDS = 1800
_REGISTRIES = 'unqualified-search-registries = ["docker.io"]\nshort-name-mode = "permissive"\n'
# Podman writes down short names below /var/cache when it is root, as it is in its namespace.
_CACHE = 'mount -t tmpfs none /var/cache && exec "$@"'
_FROM = re.compile(r"^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.IGNORECASE | re.MULTILINE)
_COPY_FROM = re.compile(r"^\s*(?:COPY|ADD)\s+(?:--\S+\s+)*--from=(\S+)", re.IGNORECASE | re.MULTILINE)
_ARG = re.compile(r"^\s*ARG\s+(\w+)=(\S+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Build:
    """What is built: a folder and the file in it that says how."""

    context: Path
    dockerfile: Path


@dataclass(frozen=True, slots=True)
class Image:
    """An unpacked image (OCI image specification, config.json).

    Attributes:
        digest: of its configuration, by which it is known.
        root: its files, as a path in the room.
        files: the same as the host sees it.
    """

    digest: str
    root: str
    files: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    folder: str = "/"
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()


class Store:
    """A room with images; `with Store() as store`."""

    def __init__(self) -> None:
        self._held, self._lock = ExitStack(), threading.RLock()
        self._images: dict[str | Build, Image] = {}
        self._brought: dict[str, str] = {}
        self._copied: dict[Path, str] = {}

    def __enter__(self) -> Self:
        """Make the room.

        Raises:
            IsolationError: this user may not have one.
        """
        listed = profile.path()
        if listed is None:
            raise IsolationError("Podman's list of system calls is missing, so nothing was run.")
        self.made = self._held.enter_context(room.room())
        (self.made.folder / arguments.PROFILE).write_text(profile.profile(listed))
        (self.made.folder / arguments.CONFIG).write_text(arguments.configuration())
        (self.made.folder / "registries.conf").write_text(_REGISTRIES)
        for name in (PODS, PAUSE, "contexts", "copies"):
            (self.made.folder / name).mkdir()
        program = self.made.folder / PAUSE / "pause"
        program.write_bytes(pause.program())
        program.chmod(0o755)
        self.made.own()
        return self

    def __exit__(self, *_error: object) -> None:
        """Remove the room with everything in it."""
        self._held.close()

    def image(self, name: str) -> Image:
        """An image of the user's store.

        Raises:
            IsolationError: it is not there, or cannot be unpacked.
        """
        with self._lock:
            if name not in self._images:
                self._images[name] = self._unpacked(self._bring(name))
            return self._images[name]

    def build(self, build: Build) -> Image:
        """Build an image.

        Raises:
            IsolationError: with what the build said.
        """
        with self._lock:
            if build not in self._images:
                self._images[build] = self._unpacked(self._built(build))
            return self._images[build]

    def copy(self, source: Path) -> str:
        """A copy of a file or folder of the host's that containers may be shown; its path in the room."""
        with self._lock:
            if source not in self._copied:
                self._copied[source] = f"{ROOM}/copies/{len(self._copied)}"
                _copy(source, self._owned("copies", str(len(self._copied) - 1)))
                self._own("copies")
            return self._copied[source]

    def _built(self, build: Build) -> str:
        """The id of what a Dockerfile makes."""
        number = str(len(list((self.made.folder / "contexts").iterdir())))
        context = self._owned("contexts", number)
        _copy(build.context, context)
        text = build.dockerfile.read_text(errors="replace")
        (context.with_suffix(".Dockerfile")).write_text(text)
        self._own("contexts")
        for base in bases(text):
            self._bring(base)
        network = "host" if os.environ.get(BUILD_NETWORK) == "1" else "none"
        place = f"{ROOM}/contexts/{number}"
        words = ["build", "--quiet", "--pull=never", "--layers=false", "--network", network]
        return self._podman(*words, "--file", f"{place}.Dockerfile", place, what=f"{build.dockerfile} was not built")

    def _bring(self, name: str) -> str:
        """The id of an image that stood in the user's store, now in the room's."""
        if name not in self._brought:
            archive = self.made.folder / arguments.ARCHIVE
            archive.unlink(missing_ok=True)
            words = ("--quiet", "--uncompressed", "--format", "oci-archive", "--output", str(archive))
            saved = _ours("save", *words, name)
            if saved.returncode != 0:
                raise IsolationError(
                    f"The image {name} is not in the store of this user's Podman, and none is fetched by itself. "
                    f"Bring it: podman pull {name}"
                )
            os.chown(archive, self.made.ids.first, -1)
            place = f"oci-archive:{ROOM}/{arguments.ARCHIVE}"
            self._brought[name] = self._podman("pull", "--quiet", place, what=f"The image {name} was not unpacked")
            archive.unlink()
            if "@" not in name:
                self._podman("tag", self._brought[name], _full(name), what=f"The image {name} was not named")
        return self._brought[name]

    def _unpacked(self, image: str) -> Image:
        """An image of the room's store, and what its configuration says."""
        path = self._podman("image", "mount", image, what="The image was not unpacked")
        told = json.loads(self._podman("image", "inspect", image, what="The image was not read"))[0]
        config = told["Config"] or {}
        return Image(
            digest=f"sha256:{told['Id']}",
            root=path,
            files=self.made.folder / Path(path).relative_to(ROOM),
            environment=dict(one.partition("=")[::2] for one in config.get("Env") or ()),
            user=config.get("User") or "",
            folder=config.get("WorkingDir") or "/",
            entrypoint=_words(config.get("Entrypoint")),
            command=_words(config.get("Cmd")),
        )

    def _podman(self, *words: str, what: str) -> str:
        """Podman in the room; what it said.

        Raises:
            IsolationError: what failed, and what Podman said.
        """
        line = ["sh", "-c", _CACHE, "sh", *arguments.podman(CRUN), *words]
        variables = arguments.environment() | {"CONTAINERS_REGISTRIES_CONF": f"{ROOM}/registries.conf"}
        held = self.made.spawn(line, (), variables)
        held.let_go()
        try:
            out, err = held.popen.communicate(timeout=_SECONDS)
        except subprocess.TimeoutExpired as error:
            held.popen.kill()
            held.popen.communicate()
            raise IsolationError(f"{what} within {_SECONDS} s, so nothing was run.") from error
        if held.popen.returncode != 0:
            said = " ".join(err.decode(errors="replace").strip().splitlines()[-4:])[-1000:]
            hint = "" if "build" not in words else f" A build has no network here unless {BUILD_NETWORK}=1."
            raise IsolationError(f"{what}, so nothing was run: {said or 'no reason was given'}.{hint}")
        return out.decode().strip()

    def _owned(self, *names: str) -> Path:
        """A path in the room."""
        return self.made.folder.joinpath(*names)

    def _own(self, name: str) -> None:
        """Give a folder to the root of the room's user namespace."""
        room.Room(self._owned(name), self.made.ids).own()


def bases(dockerfile: str) -> list[str]:
    """The images that a Dockerfile starts from or copies from, without its own stages and `scratch`."""
    given = dict(_ARG.findall(dockerfile))
    stages, found = {"scratch"}, []
    for name, stage in _FROM.findall(dockerfile):
        full = re.sub(r"\$\{?(\w+)\}?", lambda match: given.get(match[1], match[0]).strip("\"'"), name)
        if full.lower() not in stages:
            found.append(full)
        stages.add(stage.lower())
    found += [name for name in _COPY_FROM.findall(dockerfile) if name.lower() not in stages and not name.isdecimal()]
    return list(dict.fromkeys(found))


def known(name: str) -> bool:
    """Whether the user's store has an image of this name."""
    return _ours("image", "exists", name).returncode == 0


def _ours(*words: str) -> subprocess.CompletedProcess[bytes]:
    """Podman as the user that we are, on that user's own store.

    Raises:
        IsolationError: there is no Podman.
    """
    try:
        program = shutil.which("podman") or "podman"
        return subprocess.run([program, *words], capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        raise IsolationError(f"Podman could not be run: {error}. Install it: apt-get install podman") from error


def _full(name: str) -> str:
    """A name with its registry; one without stands for Docker's, as in any Dockerfile."""
    first, _slash, rest = name.partition("/")
    if rest and (first == "localhost" or "." in first or ":" in first):
        return name
    return f"docker.io/{name}" if rest else f"docker.io/library/{name}"


def _words(value: Any) -> tuple[str, ...]:
    """A member of an image's configuration that is a command."""
    return ("/bin/sh", "-c", value) if isinstance(value, str) and value else tuple(value or ())


def _copy(source: Path, target: Path) -> None:
    """Copy a file or a folder; links stay what they are."""
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copyfile(source, target)
        shutil.copymode(source, target)

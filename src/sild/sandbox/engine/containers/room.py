"""Where a container lives: a folder that is swept, a user namespace with ids that nobody else has, namespaces that die.

Podman, its monitor and the container are processes of one process namespace. Its first process is Podman itself, and
the kernel ends the whole namespace with it; Podman in turn ends with the node. So a `kill -9` of any of them leaves no
process and no mount, and the folder is removed by the node or, when the node was killed, by the next run.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from sild.sandbox.engine.errors import IsolationError
from sild.sandbox.engine.uids import pool

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PREFIX = "sild-container-"
HIDDEN = f".{PREFIX}"
WIDTH = 65536
_WAIT_SECONDS = 10.0
_UNNAMED_SECONDS = 3600.0
_FOLDERS = ("store", "tmp", "run", "podman", "runtime", "root", "empty")
_SUBUID, _SUBGID = Path("/etc/subuid"), Path("/etc/subgid")
# Each bind is seen read-only in the container's root, by the node's own rights, which are given up afterwards. The room
# itself stands at /run: a path that anybody may walk, and short, as Podman asks. No daemon of the host is there.
_BIND = (
    'room="$1"; shift; while [ "$1" != -- ]; do mount --bind "$1" "$2" || exit 125; '
    'mount -o remount,bind,ro,nosuid,nodev "$2" || exit 125; shift 2; done; '
    'shift; mount --rbind "$room" /run || exit 125; exec "$@"'
)
# The first line of its input lets it go on; when the node dies first, there is no line, and it ends.
_WAIT = 'read -r _ || exit 125; exec "$@"'
# crun refuses hosts that have both versions of control groups; what it does not see it does not mind.
_HIDE = 'if [ -d /sys/fs/cgroup/unified ]; then mount -t tmpfs none /sys/fs/cgroup/unified; fi; exec "$@"'


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids of a user namespace: its root is `first` on the host, the others follow from `rest`."""

    first: int
    rest: int
    rest_group: int
    count: int


@dataclass(frozen=True, slots=True)
class Room:
    """One container's folder and ids."""

    folder: Path
    ids: Ids

    def spawn(self, command: Sequence[str], binds: Sequence[tuple[str, str]], environment: dict[str, str]) -> Held:
        """Start a command as root of a new user namespace, held until `Held.let_go`.

        Args:
            command: program and arguments.
            binds: pairs of source and target on the host, bound read-only before anything else.
            environment: all its variables.

        Raises:
            OSError, IsolationError: it could not be started.
        """
        popen = subprocess.Popen(
            self._chain(command, [word for pair in binds for word in pair]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=environment,
            cwd="/",
            start_new_session=True,
        )
        try:
            _map(popen, self.ids)
        except IsolationError:
            popen.kill()
            popen.communicate()
            raise
        return Held(popen)

    def _chain(self, command: Sequence[str], binds: Sequence[str]) -> list[str]:
        """The programs that become each other on the way in.

        As root the binds are made first, by root's rights, and the rights are given up then. A plain user has no other
        rights outside than inside.
        """
        waits = ["unshare", "--user", "sh", "-c", _WAIT, "sh"]
        dies = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child"]
        dies += ["--mount-proc"]
        hides = ["sh", "-c", _HIDE, "sh"]
        bound = ["sh", "-c", _BIND, "sh", str(self.folder), *binds, "--"]
        if os.geteuid() != 0:
            return [*waits, *dies, *bound, *hides, *command]
        user = str(self.ids.first)
        becomes = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups"]
        return ["unshare", "--mount", *bound, *becomes, *waits, *dies, *hides, *command]

    def own(self) -> None:
        """Give everything in the folder to the root of the user namespace; nothing to do for a plain user."""
        if os.geteuid() == 0:
            for top, folders, files in os.walk(self.folder):
                for name in (*folders, *files):
                    os.chown(Path(top, name), self.ids.first, self.ids.first, follow_symlinks=False)
            os.chown(self.folder, self.ids.first, self.ids.first)


@dataclass(slots=True)
class Held:
    """A process in its user namespace that waits."""

    popen: subprocess.Popen[bytes]

    def let_go(self) -> None:
        """Let it go on; once."""
        assert self.popen.stdin is not None
        self.popen.stdin.write(b"\n")


@contextmanager
def room() -> Iterator[Room]:
    """A room for one container; the folder is gone afterwards.

    Raises:
        IsolationError: this user may not have a user namespace of several ids.
    """
    given = ids()
    parent = Path(os.environ.get("TMPDIR", "/var/tmp"))  # noqa: S108 -- the folder is made anew, for its owner alone
    sweep(parent)
    hidden = Path(tempfile.mkdtemp(prefix=HIDDEN, dir=parent))
    with (hidden / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Only now has it the name by which others look for folders whose lock nobody holds.
        folder = hidden.rename(parent / f"{PREFIX}{hidden.name.removeprefix(HIDDEN)}")
        for name in _FOLDERS:
            (folder / name).mkdir(mode=0o755)
        made = Room(folder, given)
        try:
            yield made
        finally:
            remove(made)


def ids() -> Ids:
    """Ids for one container: for root a range that nobody else has, for a plain user the range in /etc/subuid.

    Raises:
        IsolationError: this user has no such range.
    """
    user = os.geteuid()
    if user == 0:
        choices = pool(Path("/proc/self/uid_map").read_text())
        first = choices.start + WIDTH * secrets.randbelow(len(choices) // WIDTH)
        return Ids(first, first + 1, first + 1, WIDTH - 1)
    users, groups = _given(_SUBUID), _given(_SUBGID)
    if users is None or groups is None:
        raise IsolationError(
            f"User {user} has no ids for containers. Give it some: "
            f"usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER"
        )
    return Ids(user, users.start, groups.start, min(len(users), len(groups), WIDTH - 1))


def sweep(parent: Path) -> None:
    """Remove the folders of nodes that were killed: nobody holds their locks."""
    for folder in parent.glob(f"{PREFIX}*"):
        with suppress(OSError), (folder / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            remove(Room(folder, ids()))
    for folder in parent.glob(f"{HIDDEN}*"):  # nobody takes that long to name one
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > _UNNAMED_SECONDS:
                shutil.rmtree(folder)


def remove(room: Room) -> None:
    """Remove a room's folder; files in there belong to ids that a plain user reaches only in a user namespace."""
    shutil.rmtree(room.folder, ignore_errors=True)
    if room.folder.exists():
        with suppress(OSError, IsolationError):
            held = room.spawn(["rm", "-rf", str(room.folder)], (), {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
            held.let_go()
            held.popen.communicate()
        shutil.rmtree(room.folder, ignore_errors=True)


def _given(file: Path) -> range | None:
    """The widest range that a file gives to the user that we are (subuid(5))."""
    names = {str(os.geteuid()), _name()}
    found = []
    with suppress(OSError, ValueError):
        for line in file.read_text().splitlines():
            name, _colon, rest = line.partition(":")
            if name in names:
                start, count = map(int, rest.split(":"))
                found.append(range(start, start + count))
    return max(found, key=len, default=None)


@lru_cache(maxsize=1)
def _name() -> str:
    """The name of the user that we are."""
    import pwd  # noqa: PLC0415 -- only where there are users

    with suppress(KeyError):
        return pwd.getpwuid(os.geteuid()).pw_name
    return ""


def _map(popen: subprocess.Popen[bytes], given: Ids) -> None:
    """Write the maps once the process is in its own user namespace.

    Raises:
        IsolationError: it never got there, or the maps are refused.
    """
    ours = _namespace("self")
    deadline = time.monotonic() + _WAIT_SECONDS
    while popen.poll() is None and time.monotonic() < deadline:
        with suppress(OSError):
            if _namespace(popen.pid) != ours:
                break
        time.sleep(0.001)
    if popen.poll() is not None or _namespace(popen.pid) == ours:
        popen.kill()
        said = popen.communicate()[1].decode(errors="replace").strip()
        raise IsolationError(f"The container could not be prepared, so nothing was run: {said}")
    for kind, rest in (("uid", given.rest), ("gid", given.rest_group)):
        first = given.first if os.geteuid() == 0 or kind == "uid" else os.getegid()
        rows = (0, first, 1, 1, rest, given.count)
        _write(popen.pid, kind, rows)


def _namespace(process: object) -> str:
    """The user namespace of a process."""
    return Path(f"/proc/{process}/ns/user").readlink().name


def _write(pid: int, kind: str, rows: tuple[int, ...]) -> None:
    """Write one map: by root's right, else by the program that has it (newuidmap(1)).

    Raises:
        IsolationError: it is refused.
    """
    try:
        if os.geteuid() == 0:
            text = "".join(f"{inner} {outer} {count}\n" for inner, outer, count in (rows[:3], rows[3:]))
            Path(f"/proc/{pid}/{kind}_map").write_text(text)
        else:
            subprocess.run([f"new{kind}map", str(pid), *map(str, rows)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", b"") or str(error).encode()
        raise IsolationError(
            f"The ids of the container could not be mapped: {said.decode(errors='replace').strip().rstrip('.')}. "
            "Install them: apt-get install uidmap"
        ) from error

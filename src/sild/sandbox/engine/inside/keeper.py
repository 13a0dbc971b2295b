"""The first process of a sandbox that is kept: starts commands and touches files for the node, from inside.

As the first process of its namespace it cannot be killed or stopped by what it starts, and since it cannot be dumped
nobody else in here can open its pipes or read its memory. Requests come on standard input: the length of a header (four
bytes, big-endian), the header (marshal, since the node is trusted and the same Python), then `size` bytes. Answers
leave on standard output: a header of fixed form, then `size` bytes. Each sample pays for what is imported here, so only
modules are that the interpreter has in itself or loads from one file.
"""

# ruff: noqa: SIM105 -- contextlib alone would double the time to start

from __future__ import annotations

import _ctypes
import _signal  # type: ignore[import-not-found]  # the module around it costs 1 ms
import _thread
import errno
import marshal
import os
import select
import stat
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

CHUNK = 256 * 1024
LINGER_SECONDS = 0.05  # how long output is waited for that a finished command's children still hold open
PR_SET_DUMPABLE = 4
NOT_FOUND, NOT_STARTED, BY_SIGNAL = 127, 126, 128
RESTORED = (_signal.SIGPIPE, _signal.SIGXFSZ)  # which Python ignores
NO_INPUT = (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)
NOT_HERE = (errno.ENOENT, errno.ENOTDIR)

said, starting = _thread.allocate_lock(), _thread.allocate_lock()
running: dict[int, int] = {}  # a command's request and its process


def take(size: int) -> bytes:
    """Exactly so many bytes of standard input; the node that goes away ends the sandbox."""
    parts, left = [], size
    while left:
        chunk = os.read(0, min(left, CHUNK))
        if not chunk:
            os._exit(0)
        parts.append(chunk)
        left -= len(chunk)
    return b"".join(parts)


def tell(
    number: int,
    payload: bytes = b"",
    *,
    split: int = 0,
    code: int = 0,
    refused: int = 0,
    late: bool = False,
    over: bool = False,
) -> None:
    """Send one answer.

    Args:
        number: of the request.
        payload: what follows the header.
        split: where in it standard error begins.
        code: exit status of a command.
        refused: errno of what the system refused.
        late: whether a command took too long.
        over: whether there was more than was asked for.
    """
    told = (number, len(payload), split, code, refused, late, over)  # as `kept.py` has it
    header = b"".join(int(value).to_bytes(8, "big", signed=True) for value in told)
    with said:
        for data in (header, payload):
            view = memoryview(data)
            while view:
                view = view[os.write(1, view) :]


def session_of(pid: str) -> tuple[int, int, str]:
    """Parent, session and state of a process (proc(5), /proc/pid/stat)."""
    with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 -- pathlib would double the time to start
        fields = file.read().rpartition(b")")[2].split()
    return int(fields[1]), int(fields[3]), fields[0].decode()


def below(leader: int) -> list[int]:
    """Processes that a command started and that still run: of its session, or descended from one of them."""
    seen: dict[int, tuple[int, int, str]] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208 -- as above
        try:
            if name.isdecimal():
                seen[int(name)] = session_of(name)
        except (OSError, ValueError, IndexError):
            pass
    found = {pid for pid, (_parent, session, _state) in seen.items() if leader in {session, pid}}
    while more := {pid for pid, (parent, *_rest) in seen.items() if parent in found} - found:
        found |= more
    return [pid for pid in found if seen[pid][2] not in "ZX"]


def end(leader: int) -> None:
    """Kill a command with everything that it started, until nothing of it runs."""
    for _ in range(100):
        left = below(leader)
        if not left:
            return
        for pid in left:
            try:
                os.kill(pid, _signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.002)


class Command:
    """A command that runs, its streams pumped until it ends, is too slow or says too much."""

    def __init__(self, pid: int, streams: tuple[int, ...], given: bytes, most: int, seconds: float | None) -> None:
        self.pid, self.given, self.most = pid, memoryview(given), most
        self.deadline = None if seconds is None else time.monotonic() + seconds
        self.out, self.err = bytearray(), bytearray()
        self.over = self.late = self.ended = False
        self.stdin, self.stdout, self.stderr = streams
        self.poll = select.poll()
        self.ready: dict[int, Callable[[], None]] = {}

    def pump(self) -> int:
        """Run it to its end; its exit status, as a shell has it."""
        leaving = os.pidfd_open(self.pid)
        self.watch(leaving, select.POLLIN, lambda: self.has_ended(leaving))
        self.watch(self.stdout, select.POLLIN, lambda: self.read(self.stdout, self.out))
        self.watch(self.stderr, select.POLLIN, lambda: self.read(self.stderr, self.err))
        if self.stdin >= 0:
            os.set_blocking(self.stdin, False)
            self.watch(self.stdin, select.POLLOUT, self.write)
        try:
            self.listen()
            if self.over or self.late:
                end(self.pid)
            _pid, status = os.waitpid(self.pid, 0)
        finally:
            for descriptor in (leaving, self.stdout, self.stderr, *((self.stdin,) if self.stdin >= 0 else ())):
                os.close(descriptor)
        code = os.waitstatus_to_exitcode(status)
        return code if code >= 0 else BY_SIGNAL - code

    def watch(self, descriptor: int, events: int, ready: Callable[[], None]) -> None:
        """Call this when there is something."""
        self.poll.register(descriptor, events)
        self.ready[descriptor] = ready

    def leave(self, descriptor: int) -> None:
        """Watch it no more."""
        self.poll.unregister(descriptor)
        del self.ready[descriptor]

    def listen(self) -> None:
        """Until it has ended and its streams are closed or silent."""
        while not (self.over or self.late) and self.ready:
            found = self.poll.poll(self.patience())
            for descriptor, _event in found:
                self.ready[descriptor]()
            self.late = not self.ended and self.deadline is not None and time.monotonic() >= self.deadline
            if self.ended and not found:
                return

    def patience(self) -> float | None:
        """Milliseconds to wait for anything."""
        if self.ended:
            return LINGER_SECONDS * 1000
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic()) * 1000

    def has_ended(self, leaving: int) -> None:
        """The command ended; what it wrote before may still be in the pipes."""
        self.ended = True
        self.leave(leaving)

    def read(self, stream: int, kept: bytearray) -> None:
        """Take what it says, up to the limit."""
        chunk = os.read(stream, CHUNK)
        if not chunk:
            self.leave(stream)
        kept += chunk[: self.most + 1 - len(kept)]
        self.over = self.over or len(kept) > self.most

    def write(self) -> None:
        """Give it its input, then close it."""
        try:
            self.given = self.given[os.write(self.stdin, self.given[:CHUNK]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self.given = self.given[:0]
        if not self.given:
            self.leave(self.stdin)
            os.close(self.stdin)
            self.stdin = -1


def paths(word: str, environment: dict[str, str]) -> list[str]:
    """Where a program may stand."""
    if "/" in word:
        return [word]
    return [os.path.join(folder, word) for folder in os.get_exec_path(environment)]  # noqa: PTH118 -- as above


def spawn(asked: dict[str, Any], actions: list[tuple[Any, ...]]) -> int:
    """Start a command in its folder, in a session of its own: the first of its program's paths that can be started.

    A new process starts in the folder of the one that starts it, so only one is started at a time.
    """
    environment = {**os.environ, **asked["environment"]}
    failed: OSError | None = None
    with starting:
        os.chdir(asked["folder"])
        for path in paths(asked["command"][0], environment):
            try:
                return os.posix_spawn(
                    path, asked["command"], environment, file_actions=actions, setsid=True, setsigdef=RESTORED
                )
            except OSError as error:
                if failed is None or error.errno not in NOT_HERE:
                    failed = error
    raise failed or FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))


def begin(asked: dict[str, Any]) -> tuple[int, tuple[int, ...]]:
    """Start a command: its process, and our ends of its streams; -1 in place of an input that it has not."""
    ours: list[int] = []
    theirs: list[int] = []
    try:
        for index in range(3):
            if index or asked["has_input"]:
                reader, writer = os.pipe()
                ours.append(reader if index else writer)
                theirs.append(writer if index else reader)
        actions: list[tuple[Any, ...]] = [] if asked["has_input"] else [NO_INPUT]
        for end in theirs:
            actions.append((os.POSIX_SPAWN_DUP2, end, len(actions)))
        pid = spawn(asked, actions)
    except BaseException:
        for descriptor in ours:
            os.close(descriptor)
        raise
    finally:
        for descriptor in theirs:
            os.close(descriptor)
    return pid, tuple(ours) if asked["has_input"] else (-1, *ours)


def execute(asked: dict[str, Any], given: bytes) -> None:
    """Run a command and tell how it ended."""
    number = asked["id"]
    try:
        pid, streams = begin(asked)
    except PermissionError as error:
        tell(number, refused=error.errno or errno.EACCES)
        return
    except (OSError, ValueError) as error:
        missing = isinstance(error, FileNotFoundError) and error.filename != asked["folder"]
        code = NOT_FOUND if missing else NOT_STARTED
        told = f"{asked['command'][0]}: {error.args[-1]}\n".encode(errors="replace")
        tell(number, told, code=code)
        return
    running[number] = pid
    command = Command(pid, streams, given, asked["most"], asked["seconds"])
    try:
        code = command.pump()
    finally:
        running.pop(number, None)
    out, err = (bytes(kept[: command.most]) for kept in (command.out, command.err))
    tell(number, out + err, split=len(out), code=code, late=command.late, over=command.over)


def write(asked: dict[str, Any], given: bytes) -> None:
    """Write a file, with the folders above it."""
    path = asked["file"]
    if folder := os.path.dirname(path):  # noqa: PTH120 -- as above
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103
    # A named pipe that nobody reads must not hold us.
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NONBLOCK | os.O_CLOEXEC
    with open(os.open(path, flags, 0o644), "wb") as file:  # noqa: PTH123
        file.write(given)
    tell(asked["id"])


def read(asked: dict[str, Any], _given: bytes) -> None:
    """Read a file, one byte more than the limit at most."""
    descriptor = os.open(asked["file"], os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        parts, left = [], asked["most"] + 1
        while left and (chunk := os.read(descriptor, min(left, CHUNK))):
            parts.append(chunk)
            left -= len(chunk)
    finally:
        os.close(descriptor)
    tell(asked["id"], b"".join(parts) if left else b"", over=not left)


def cancel(asked: dict[str, Any], _given: bytes) -> None:
    """End a command that nobody waits for any more; its own answer follows."""
    if pid := running.get(asked["of"]):
        end(pid)


OPERATIONS = {"exec": execute, "write": write, "read": read, "cancel": cancel}


def attend(asked: dict[str, Any], given: bytes) -> None:
    """Do what was asked; what the system refuses is an answer."""
    try:
        OPERATIONS[asked["do"]](asked, given)
    except OSError as error:
        tell(asked["id"], refused=error.errno or errno.EIO)
    except MemoryError:
        tell(asked["id"], refused=errno.ENOMEM)
    except (ValueError, RuntimeError):  # a NUL in a name; no room for a thread
        tell(asked["id"], refused=errno.EINVAL)


def reap() -> None:
    """Take leave of the dead whose parents are gone; our own commands are waited for by their threads."""
    try:
        while found := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if found.si_pid in list(running.values()):
                return
            os.waitpid(found.si_pid, os.WNOHANG)
    except ChildProcessError:
        pass


def main() -> None:
    """Attend to requests until the node goes away."""
    _signal.signal(_signal.SIGINT, _signal.SIG_IGN)
    # The package around this costs each sample 10 ms, for one call.
    _ctypes.call_function(_ctypes.dlsym(_ctypes.dlopen("libc.so.6", 0), "prctl"), (PR_SET_DUMPABLE, 0, 0, 0, 0))
    os.closerange(3, 64)
    tell(0)
    waiting = select.poll()
    waiting.register(0, select.POLLIN)
    while True:
        if not waiting.poll(1000):
            reap()
            continue
        asked = marshal.loads(take(int.from_bytes(take(4), "big")))  # noqa: S302 -- from the node
        given = take(asked["size"])
        try:
            _thread.start_new_thread(attend, (asked, given))
        except RuntimeError:  # there is no room for one more: the commands' own doing
            tell(asked["id"], refused=errno.EAGAIN)


if __name__ == "__main__":
    main()

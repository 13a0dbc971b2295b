"""The first process of a sandbox that is kept: starts commands and touches files for the node, from inside.

As the first process of its namespace it cannot be killed or stopped by what it starts, and since it cannot be dumped
nobody else in here can open its pipes or read its memory. Requests come on standard input: the length of a header (four
bytes, big-endian), the header (marshal, since the node is trusted and the same Python), then `size` bytes. Answers
leave on standard output: a header of fixed form, then `size` bytes. Each sample pays for what is imported here.
"""

from __future__ import annotations

import _ctypes
import errno
import marshal
import os
import selectors
import signal
import stat
import struct
import subprocess
import threading
import time
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CHUNK = 256 * 1024
LINGER_SECONDS = 0.05  # how long output is waited for that a finished command's children still hold open
PR_SET_DUMPABLE = 4
HEADER = ">QQQii??"  # number, size, split, code, errno, late, over; as `kept.py` has it
NOT_FOUND, NOT_STARTED, BY_SIGNAL = 127, 126, 128

said = threading.Lock()
running: dict[int, subprocess.Popen[bytes]] = {}


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
    header = struct.pack(HEADER, number, len(payload), split, code, refused, late, over)
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
        with suppress(OSError, ValueError, IndexError):
            if name.isdecimal():
                seen[int(name)] = session_of(name)
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
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.002)


class Command:
    """A command that runs, its streams pumped until it ends, is too slow or says too much."""

    def __init__(self, child: subprocess.Popen[bytes], given: bytes, most: int, seconds: float | None) -> None:
        self.child, self.given, self.most = child, memoryview(given), most
        self.deadline = None if seconds is None else time.monotonic() + seconds
        self.said: dict[str, bytearray] = {"out": bytearray(), "err": bytearray()}
        self.over = self.late = self.ended = False
        self.selector = selectors.DefaultSelector()
        self.exit = os.pidfd_open(child.pid)

    def pump(self) -> None:
        """Run it to its end."""
        self.selector.register(self.exit, selectors.EVENT_READ, self.has_ended)
        for name, stream in (("out", self.child.stdout), ("err", self.child.stderr)):
            assert stream is not None
            self.selector.register(stream, selectors.EVENT_READ, lambda n=name, s=stream: self.read(n, s))
        if self.child.stdin:
            os.set_blocking(self.child.stdin.fileno(), False)
            self.selector.register(self.child.stdin, selectors.EVENT_WRITE, self.write)
        try:
            self.listen()
            if self.over or self.late:
                end(self.child.pid)
            self.child.wait()
        finally:
            self.selector.close()
            os.close(self.exit)
            for stream in (self.child.stdin, self.child.stdout, self.child.stderr):
                if stream:
                    with suppress(OSError):
                        stream.close()

    def listen(self) -> None:
        """Until it has ended and its streams are closed or silent."""
        while not (self.over or self.late) and self.selector.get_map():
            ready = self.selector.select(LINGER_SECONDS if self.ended else self.left())
            for key, _events in ready:
                key.data()
            self.late = not self.ended and self.deadline is not None and time.monotonic() >= self.deadline
            if self.ended and not ready:
                return

    def left(self) -> float | None:
        """Seconds until it is too slow."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())

    def has_ended(self) -> None:
        """The command ended; what it wrote before may still be in the pipes."""
        self.ended = True
        self.selector.unregister(self.exit)

    def read(self, name: str, stream: Any) -> None:
        """Take what it says, up to the limit."""
        chunk = os.read(stream.fileno(), CHUNK)
        if not chunk:
            self.selector.unregister(stream)
        kept = self.said[name]
        kept += chunk[: self.most + 1 - len(kept)]
        self.over = self.over or len(kept) > self.most

    def write(self) -> None:
        """Give it its input, then close it."""
        assert self.child.stdin is not None
        try:
            self.given = self.given[os.write(self.child.stdin.fileno(), self.given[:CHUNK]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self.given = self.given[:0]
        if not self.given:
            self.selector.unregister(self.child.stdin)
            self.child.stdin.close()


def execute(asked: dict[str, Any], given: bytes) -> None:
    """Run a command and tell how it ended."""
    number = asked["id"]
    try:
        child = subprocess.Popen(
            asked["command"],
            stdin=subprocess.PIPE if asked["has_input"] else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=asked["folder"],
            env={**os.environ, **asked["environment"]},
            start_new_session=True,
        )
    except PermissionError as error:
        tell(number, refused=error.errno or errno.EACCES)
        return
    except (OSError, ValueError) as error:
        missing = isinstance(error, FileNotFoundError) and error.filename != asked["folder"]
        code = NOT_FOUND if missing else NOT_STARTED
        told = f"{asked['command'][0]}: {error.args[-1]}\n".encode(errors="replace")
        tell(number, told, code=code)
        return
    running[number] = child
    command = Command(child, given, asked["most"], asked["seconds"])
    try:
        command.pump()
    finally:
        running.pop(number, None)
    out, err = (bytes(command.said[name][: command.most]) for name in ("out", "err"))
    code = child.returncode if child.returncode >= 0 else BY_SIGNAL - child.returncode
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
    if child := running.get(asked["of"]):
        end(child.pid)


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
    with suppress(ChildProcessError):
        while found := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if any(child.pid == found.si_pid for child in list(running.values())):
                return
            with suppress(ChildProcessError):
                os.waitpid(found.si_pid, os.WNOHANG)


def main() -> None:
    """Attend to requests until the node goes away."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The package around this costs each sample 10 ms, for one call.
    _ctypes.call_function(_ctypes.dlsym(_ctypes.dlopen("libc.so.6", 0), "prctl"), (PR_SET_DUMPABLE, 0, 0, 0, 0))
    os.closerange(3, 64)
    tell(0)
    waiting = selectors.DefaultSelector()
    waiting.register(0, selectors.EVENT_READ)
    while True:
        if not waiting.select(1.0):
            reap()
            continue
        asked = marshal.loads(take(struct.unpack(">I", take(4))[0]))  # noqa: S302 -- from the node
        given = take(asked["size"])
        try:
            threading.Thread(target=attend, args=(asked, given), daemon=True).start()
        except RuntimeError:  # there is no room for one more: the commands' own doing
            tell(asked["id"], refused=errno.EAGAIN)


if __name__ == "__main__":
    main()

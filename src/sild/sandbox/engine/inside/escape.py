"""Tries to escape, from inside: run confined before each run, prints a JSON line for each attempt.

Each attempt returns whether the isolation held and what was seen. It uses the standard library alone.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import signal
import socket
import sys
from pathlib import Path

MOUNT_POINTS = ("/", "/usr", "/dev", "/sild")
NEW_USER = 0x10000000  # CLONE_NEWUSER, linux/sched.h
SHADOW = "/etc/shadow"
FORKS_AT_MOST = 4096
OURS = 2  # bubblewrap's first process and this one

Held = tuple[bool, str]  # whether the isolation held, and what was seen


def name(error: OSError) -> str:
    """The error's name, as in EPERM."""
    return errno.errorcode.get(error.errno or 0, str(error))


def network() -> Held:
    """Reach the loopback interface and a public address (RFC 5737's TEST-NET-1); look for an interface to the world."""
    interfaces = Path("/proc/net/dev").read_text().splitlines()
    reached = [line.split(":")[0].strip() for line in interfaces if ":" in line and "lo:" not in line]
    seen = ""
    for address in (("127.0.0.1", 80), ("192.0.2.1", 80)):
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attempt:
                attempt.settimeout(0.2)
                attempt.connect(address)
                reached.append(address[0])
        except OSError as error:
            seen = name(error)
    return (False, "reached " + ", ".join(reached)) if reached else (True, seen)


def secret_file() -> Held:
    """Read the host's password file."""
    try:
        Path(SHADOW).read_bytes()
    except OSError as error:
        return True, name(error)
    return False, f"{SHADOW} can be read"


def other_processes() -> Held:
    """Look for processes that are not ours: there are bubblewrap's own and this one."""
    seen = [folder for folder in Path("/proc").iterdir() if folder.name.isdigit()]
    return len(seen) <= OURS, f"{len(seen)} processes visible"


def write_outside() -> Held:
    """Write anywhere but in the scratch folder."""
    written, seen = [], ""
    for folder in MOUNT_POINTS:
        path = Path(folder, "escape")
        try:
            path.write_bytes(b"")
            written.append(str(path))
        except OSError as error:
            seen = name(error)
    return (False, "wrote " + ", ".join(written)) if written else (True, seen)


def forbidden_write() -> Held:
    """Write a file of its own process, which the mounts allow and Landlock does not."""
    if sys.argv[2] == "0":
        return True, "not in this kernel"
    try:
        Path("/proc/self/comm").write_text("escape")
    except OSError as error:
        return error.errno == errno.EACCES, name(error)
    return False, "/proc/self/comm can be written"


def nested_namespace() -> Held:
    """Make a user namespace, in which one has every capability again."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(NEW_USER) == 0:
        return False, "a user namespace was made"
    return True, errno.errorcode[ctypes.get_errno()]


def signals() -> Held:
    """Kill the parent, and whatever else can be named."""
    reached = []
    for pid in (os.getppid() or -1, -1):  # the first process of a container has no parent that it could name
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError as error:
            reached.append(name(error))
        else:
            reached.append("sent")
    # Whoever reads this line sees that the parent lives: it passes it on.
    return True, f"to the parent: {reached[0]}, to all others: {reached[1]}; the parent lives"


def forks() -> Held:
    """Fork until it is refused."""
    ours, theirs = os.pipe()
    children = []
    try:
        for _ in range(FORKS_AT_MOST):
            pid = os.fork()
            if pid == 0:
                os.close(theirs)
                os.read(ours, 1)
                os._exit(0)
            children.append(pid)
    except OSError as error:
        return True, f"{name(error)} after {len(children)}"
    finally:
        os.close(theirs)
        os.close(ours)
        for pid in children:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    return False, f"{len(children)} processes were made"


def memory() -> Held:
    """Take twice the memory that is allowed."""
    try:
        taken = bytearray(2 * int(sys.argv[1]))
    except MemoryError:
        return True, "MemoryError"
    return False, f"{len(taken)} bytes were taken"


ATTEMPTS = (
    network,
    secret_file,
    other_processes,
    write_outside,
    forbidden_write,
    nested_namespace,
    signals,
    forks,
    memory,
)

if __name__ == "__main__":
    for attempt in ATTEMPTS:
        held, detail = attempt()
        told = {"name": attempt.__name__.replace("_", "-"), "ok": held, "detail": detail}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()

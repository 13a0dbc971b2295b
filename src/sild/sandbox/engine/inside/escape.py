"""Tries to escape, from inside: run confined before each run, prints one JSON line for each attempt.

Each attempt returns whether the isolation held and what was seen. It uses the standard library alone.
"""

import ctypes
import errno
import json
import os
import signal
import socket
import sys

MOUNT_POINTS = ("/", "/usr", "/dev", "/sild")
NEW_USER = 0x10000000  # CLONE_NEWUSER, linux/sched.h
SHADOW = "/etc/shadow"
FORKS_AT_MOST = 4096


def network():
    """Reach the loopback interface and a public address (RFC 5737's TEST-NET-1); look for an interface to the world."""
    with open("/proc/net/dev") as interfaces:
        reached = [line.split(":")[0].strip() for line in interfaces if ":" in line and "lo:" not in line]
    for address in (("127.0.0.1", 80), ("192.0.2.1", 53)):
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attempt:
                attempt.settimeout(0.2)
                attempt.connect(address)
                reached.append(address[0])
        except OSError as error:
            seen = errno.errorcode.get(error.errno, str(error))
    return (False, "reached " + ", ".join(reached)) if reached else (True, seen)


def secret_file():
    """Read the host's password file."""
    try:
        with open(SHADOW, "rb"):
            return False, SHADOW + " can be read"
    except OSError as error:
        return True, errno.errorcode[error.errno]


def other_processes():
    """Look for processes that are not ours: there are bubblewrap's own and this one."""
    seen = [name for name in os.listdir("/proc") if name.isdigit()]
    return len(seen) <= 2, "%d processes visible" % len(seen)


def write_outside():
    """Write anywhere but in the scratch folder."""
    written = []
    for folder in MOUNT_POINTS:
        path = folder.rstrip("/") + "/escape"
        try:
            with open(path, "wb"):
                written.append(path)
        except OSError as error:
            seen = errno.errorcode[error.errno]
    return (False, "wrote " + ", ".join(written)) if written else (True, seen)


def nested_namespace():
    """Make a user namespace, in which one has every capability again."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(NEW_USER) == 0:
        return False, "a user namespace was made"
    return True, errno.errorcode[ctypes.get_errno()]


def signals():
    """Kill the parent, and whatever else can be named."""
    reached = []
    for pid in (os.getppid(), -1):
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError as error:
            reached.append(errno.errorcode[error.errno])
        else:
            reached.append("sent")
    # Whoever reads this line sees that the parent lives: it passes it on.
    return True, "to the parent: %s, to all others: %s; the parent lives" % tuple(reached)


def forks():
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
        return True, "%s after %d" % (errno.errorcode[error.errno], len(children))
    finally:
        os.close(theirs)
        os.close(ours)
        for pid in children:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    return False, "%d processes were made" % len(children)


def memory():
    """Take twice the memory that is allowed."""
    try:
        taken = bytearray(2 * int(sys.argv[1]))
    except MemoryError:
        return True, "MemoryError"
    return False, "%d bytes were taken" % len(taken)


ATTEMPTS = (network, secret_file, other_processes, write_outside, nested_namespace, signals, forks, memory)

if __name__ == "__main__":
    for attempt in ATTEMPTS:
        held, detail = attempt()
        print(json.dumps({"name": attempt.__name__.replace("_", "-"), "ok": held, "detail": detail}), flush=True)

"""The second filter: system calls about which the kernel asks the node, so that what a program tries is counted.

A program asks for an internet socket and gets one end of a pair of Unix sockets, whose other end the node holds: it
goes on to say where it wants to connect and which name it looks up; no code of the kernel's internet protocols runs.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sild.sandbox.engine import bpf
from sild.sandbox.engine.bpf import instruction, on, when

# Calls that are asked about; the numbers are those of x86-64 and aarch64.
CALLS: dict[str, bpf.Numbers] = {
    "socket": (41, 198),
    "connect": (42, 203),
    "sendto": (44, 206),
    "sendmsg": (46, 211),
    "open": (2, None),
    "creat": (85, None),
    "openat": (257, 56),
    "openat2": (437, 437),
    "clone": (56, 220),
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
}
_ALWAYS = ("connect", "sendmsg", "open", "creat", "openat", "openat2", "fork", "vfork", "execve", "execveat")
_SETSOCKOPT = (54, 208)
_CLONE_THREAD = 0x00010000  # linux/sched.h

# Requests and structures of the listener (linux/seccomp.h); sizes are in the requests.
_RECEIVE, _SEND, _VALID, _ADD, _SET_FLAGS = 0xC0502100, 0xC0182101, 0x40082102, 0x40182103, 0x40082104
_NOTIFICATION, _RESPONSE, _ADDITION = struct.Struct("<QIIiIQ6Q"), struct.Struct("<QqiI"), struct.Struct("<QIIII")
_CONTINUE = 1
_WAKE_HERE = 1  # SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP, since Linux 6.6: asker and answerer take turns on one processor
_ACTIONS = Path("/proc/sys/kernel/seccomp/actions_avail")


def supported() -> bool:
    """Whether this kernel asks (Linux 5.9 for handing over a descriptor)."""
    with suppress(OSError):
        return "user_notif" in _ACTIONS.read_text().split()
    return False


@lru_cache(maxsize=8)
def program(machine: str, *, loopback: bool = False) -> bytes | None:
    """The filter for a machine as `uname -m` names it; None where the numbers of its calls are not known here.

    Args:
        machine: as `uname -m` names it.
        loopback: internet sockets are real, in a network namespace that holds nothing but itself.
    """
    column = bpf.column(machine)
    if column is None:
        return None
    ask, allow = bpf.finish(bpf.NOTIFY), bpf.finish(bpf.ALLOW)
    numbers = {name: number for name, both in CALLS.items() if (number := both[column]) is not None}
    parts = [instruction(bpf.LOAD, bpf.NUMBER), *(on(numbers[name], ask) for name in _ALWAYS if name in numbers)]
    families = b"" if loopback else b"".join(on(family, ask) for family in (socket.AF_INET, socket.AF_INET6))
    options, socket_level = _SETSOCKOPT[column], instruction(bpf.LOAD, bpf.argument(1))
    assert options is not None
    parts += [
        when(numbers["clone"], _first() + instruction(bpf.ANY_BIT, _CLONE_THREAD, 0, 1) + allow + ask),
        when(numbers["socket"], _first() + families),
        when(numbers["sendto"], _unless_zero(4, ask)),
        # What is in a pair's place has no options of internet protocols; programs set some before they connect.
        b"" if loopback else when(options, socket_level + on(socket.SOL_SOCKET, allow) + bpf.refuse(0)),
        allow,
    ]
    return b"".join(parts)


def _first() -> bytes:
    """Load a call's first argument."""
    return instruction(bpf.LOAD, bpf.argument(0))


def _unless_zero(index: int, action: bytes) -> bytes:
    """Act when an argument of 64 bits is not zero."""
    halves = [instruction(bpf.LOAD, bpf.argument(index, high=high)) for high in (False, True)]
    return b"".join(half + instruction(bpf.EQUAL, 0, len(action) // 8, 0) + action for half in halves)


@dataclass(frozen=True, slots=True)
class Notification:
    """A call about which the kernel asks; its process waits meanwhile.

    Attributes:
        id: the kernel's number of the question.
        pid: the thread's id, as it is here.
        call: its name in `CALLS`.
        arguments: its six arguments.
    """

    id: int
    pid: int
    call: str
    arguments: tuple[int, ...]


class Listener:
    """The node's end of the filter. Every method may raise OSError when the process has died meanwhile."""

    def __init__(self, descriptor: int, machine: str) -> None:
        column = bpf.column(machine)
        assert column is not None  # nothing was started without a filter
        self._descriptor = descriptor
        self._names = {both[column]: name for name, both in CALLS.items()}
        with suppress(OSError):
            fcntl.ioctl(descriptor, _SET_FLAGS, _WAKE_HERE)

    def fileno(self) -> int:
        """The descriptor to wait on: readable when there is a question, at its end when nobody is left to ask."""
        return self._descriptor

    def receive(self) -> Notification:
        """The next question."""
        buffer = bytearray(_NOTIFICATION.size)
        fcntl.ioctl(self._descriptor, _RECEIVE, buffer)
        number, pid, _flags, call, _architecture, _address, *arguments = _NOTIFICATION.unpack(buffer)
        return Notification(number, pid, self._names.get(call, ""), tuple(arguments))

    def still_asks(self, asked: Notification) -> bool:
        """Whether the process still waits, so that what was read of its memory was its own."""
        try:
            fcntl.ioctl(self._descriptor, _VALID, struct.pack("<Q", asked.id))
        except OSError:
            return False
        return True

    def let(self, asked: Notification) -> None:
        """Let the kernel carry the call out. For show, never for safety: what was read can have been changed since."""
        self._answer(asked, 0, 0, _CONTINUE)

    def succeed(self, asked: Notification, value: int = 0) -> None:
        """Answer that it was done."""
        self._answer(asked, value, 0, 0)

    def fail(self, asked: Notification, error: int) -> None:
        """Answer with an errno."""
        self._answer(asked, 0, -error, 0)

    def give(self, asked: Notification, descriptor: int, *, close_on_exec: bool) -> None:
        """Answer with a descriptor of ours, which the process gets as its own."""
        flags = os.O_CLOEXEC if close_on_exec else 0
        addition = bytearray(_ADDITION.pack(asked.id, 0, descriptor, 0, flags))
        number = fcntl.ioctl(self._descriptor, _ADD, addition)  # a number only when the buffer can be written to
        self._answer(asked, number, 0, 0)

    def close(self) -> None:
        """Close it; calls that would be asked about then fail."""
        os.close(self._descriptor)

    def _answer(self, asked: Notification, value: int, error: int, flags: int) -> None:
        """Send an answer."""
        fcntl.ioctl(self._descriptor, _SEND, _RESPONSE.pack(asked.id, value, error, flags))

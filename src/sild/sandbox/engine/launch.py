"""The program between bubblewrap and the command: nothing but a list of system calls, written here as an ELF file.

Landlock can be applied, and the second filter's listener be handed over, only by the process itself, after bubblewrap
has made its mounts and before the command is loaded; and whatever else has to be given up there is given up here too,
since each further program between would take milliseconds to start. An interpreter would take ten, and a node has no
compiler. So the calls and their arguments are a table, and a few instructions walk through it: make the
call, keep its result where a later call needs it, end with the error if there is one.
"""

from __future__ import annotations

import socket
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from sild.sandbox.engine import bpf, landlock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PATH = "/launch"
_PATHS = ("/usr/bin", "/bin", "/usr/sbin", "/sbin")
_CODE_AT, _TABLE_AT = 0x400000, 0x500000
_ENTRY, _ENTRIES = 64, 96
_BECOMING = ("setgroups", "setresgid", "setresuid", "capset")
_NAMES = ("prctl", *_BECOMING, "openat", "dup3", "seccomp", "sendmmsg", "close", "execve", "create", "add", "restrict")
_X86 = (157, 116, 119, 117, 126, 257, 292, 317, 307, 3, 59, landlock.CREATE, landlock.ADD, landlock.RESTRICT)
_ARM = (167, 159, 149, 147, 91, 56, 24, 277, 269, 57, 221, landlock.CREATE, landlock.ADD, landlock.RESTRICT)
_NO_NEW_PRIVILEGES, _O_PATH, _O_CLOEXEC, _HERE = 38, 0o10000000, 0o2000000, (1 << 64) - 100
_SET_FILTER, _NEW_LISTENER = 1, 8
_BOUNDING_DROP, _CAPABILITIES_3 = 24, 0x20080522
_LAST_CAPABILITY = Path("/proc/sys/kernel/cap_last_cap")

_WALK = {
    "x86_64": bytes.fromhex(
        "bb00005000"  # mov ebx, 0x500000
        "488b03"  # next: mov rax, [rbx]
        "488b7b08 488b7310 488b5318"  # mov rdi, [rbx+8]; mov rsi, [rbx+16]; mov rdx, [rbx+24]
        "4c8b5320 4c8b4328 4c8b4b30"  # mov r10, [rbx+32]; mov r8, [rbx+40]; mov r9, [rbx+48]
        "0f05"  # syscall
        "488b4b38 488901"  # mov rcx, [rbx+56]; mov [rcx], rax
        "4883c340"  # add rbx, 64
        "483d01f0ffff 72d0"  # cmp rax, -4095; jb next
        "48f7d8 89c7 b8e7000000 0f05"  # neg rax; mov edi, eax; mov eax, exit_group; syscall
    ),
    "aarch64": bytes.fromhex(
        "130aa0d2"  # mov x19, 0x500000
        "680240f9"  # next: ldr x8, [x19]
        "608640a9 628e41a9 649642a9"  # ldp x0, x1, [x19, 8]; ldp x2, x3, [x19, 24]; ldp x4, x5, [x19, 40]
        "010000d4"  # svc 0
        "691e40f9 200100f9"  # ldr x9, [x19, 56]; str x0, [x9]
        "73020191"  # add x19, x19, 64
        "1ffc3fb1 e3feff54"  # cmn x0, 4095; b.lo next
        "e00300cb c80b80d2 010000d4"  # neg x0, x0; mov x8, exit_group; svc 0
    ),
}


class Calls:
    """A list of system calls for one machine, with the data that they point at."""

    def __init__(self, machine: str) -> None:
        self._machine = machine
        self._numbers = dict(zip(_NAMES, (_X86, _ARM)[bpf.column(machine) or 0], strict=True))
        self._entries: list[tuple[int, ...]] = []
        self._data = bytearray(8)  # where results go that nobody needs

    def data(self, content: bytes) -> int:
        """Put bytes somewhere; their address."""
        self._data += bytes(-len(self._data) % 8)
        address = self._nowhere + len(self._data)
        self._data += content
        return address

    def text(self, content: str) -> int:
        """Put a text somewhere, with the zero at its end; its address."""
        return self.data(content.encode() + b"\0")

    def list(self, texts: Sequence[str]) -> int:
        """Put a list of texts somewhere, as execve takes it; its address."""
        return self.data(struct.pack(f"<{len(texts) + 1}Q", *map(self.text, texts), 0))

    def add(self, name: str, *arguments: int, into: int = 0) -> None:
        """Add a call; its result is written, as 64 bits, to the address `into`."""
        padded = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
        self._entries.append((self._numbers[name], *padded, into or self._nowhere))

    def next_argument(self) -> int:
        """The address of the first argument of the call after the next one."""
        return _TABLE_AT + _ENTRY * (len(self._entries) + 1) + 8

    def image(self) -> bytes:
        """The program (elf(5)): one segment to execute, one to read and write."""
        table = b"".join(struct.pack("<8Q", *entry) for entry in self._entries).ljust(_ENTRY * _ENTRIES, b"\0")
        walk = _WALK[self._machine]
        start = 64 + 2 * 56
        at = 65536  # both segments begin at a page's start, whatever the size of a page
        machine = {"x86_64": 62, "aarch64": 183}[self._machine]
        header = struct.pack(
            "<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 2, machine, 1, _CODE_AT + start, 64, 0, 0, 64, 56, 2, 0, 0, 0
        )
        head = (
            header + _segment(5, 0, _CODE_AT, start + len(walk)) + _segment(6, at, _TABLE_AT, len(table + self._data))
        )
        return (head + walk).ljust(at, b"\0") + table + self._data

    @property
    def _nowhere(self) -> int:
        """Where results go that nobody needs."""
        return _TABLE_AT + _ENTRY * _ENTRIES


def _segment(flags: int, offset: int, address: int, size: int) -> bytes:
    """One program header of a segment to load."""
    return struct.pack("<IIQQQQQQ", 1, flags, offset, address, address, size, size, 65536)


def program(
    machine: str,
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    channel: int,
    notify: bytes,
    rules: landlock.Ruleset | None,
    uid: int | None = None,
) -> bytes:
    """The program that restricts itself and becomes a command.

    Args:
        machine: as `uname -m` names it.
        command: program and arguments.
        environment: all the variables it has.
        channel: the descriptor of the Unix socket on which the listener is handed over; closed before the command.
        notify: the second filter.
        rules: Landlock's; None where the kernel has none.
        uid: the user and group that it becomes for good, without any capability; None to stay who it is.
    """
    calls = Calls(machine)
    calls.add("prctl", _NO_NEW_PRIVILEGES, 1)
    if uid is not None:
        _become(calls, uid)
    if rules is not None:
        _landlock(calls, rules, kept=10 if channel != 10 else 11)  # noqa: PLR2004 -- any number but the other's
    _listener(calls, notify, channel)
    calls.add("close", channel)
    variables = [f"{name}={value}" for name, value in environment.items()]
    calls.add("execve", calls.text(_found(command[0])), calls.list(command), calls.list(variables))
    return calls.image()


def _become(calls: Calls, uid: int) -> None:
    """Become a user with nothing but its own group, and leave no set of capabilities in which there is one.

    To become another user than root empties the permitted, effective and ambient sets (capabilities(7)); the bounding
    set has to be emptied before, the inheritable one by itself.
    """
    for capability in range(int(_LAST_CAPABILITY.read_text()) + 1):
        calls.add("prctl", _BOUNDING_DROP, capability)
    calls.add("setgroups", 0, 0)
    calls.add("setresgid", uid, uid, uid)
    calls.add("setresuid", uid, uid, uid)
    calls.add("capset", calls.data(struct.pack("<Ii", _CAPABILITIES_3, 0)), calls.data(bytes(24)))


def _landlock(calls: Calls, rules: landlock.Ruleset, kept: int) -> None:
    """Make the rules and give up the rest. The descriptor is moved to a known number, so that many can use it."""
    attributes = calls.data(rules.attributes)
    calls.add("create", attributes, len(rules.attributes), 0, into=calls.next_argument())
    calls.add("dup3", 0, kept, _O_CLOEXEC)
    for folder, rights in rules.allowed:
        rule = calls.data(struct.pack("<QQ", rights, 0))
        calls.add("openat", _HERE, calls.text(folder), _O_PATH | _O_CLOEXEC, into=rule + 8)
        calls.add("add", kept, landlock.PATH_RULE, rule, 0)
    calls.add("restrict", kept, 0)


def _listener(calls: Calls, notify: bytes, channel: int) -> None:
    """Install the filter and send its listener: by sendmmsg, about which the filter does not ask."""
    filters = struct.pack("<HxxxxxxQ", len(notify) // 8, calls.data(notify))
    control = calls.data(struct.pack("<QiiQ", 20, socket.SOL_SOCKET, socket.SCM_RIGHTS, 0))
    byte = calls.data(struct.pack("<QQ", calls.data(b"."), 1))
    message = calls.data(struct.pack("<QQQQQQQQ", 0, 0, byte, 1, control, 24, 0, 0))
    calls.add("seccomp", _SET_FILTER, _NEW_LISTENER, calls.data(filters), into=control + 16)
    calls.add("sendmmsg", channel, message, 1, 0)


def _found(word: str) -> str:
    """The path of a program: a word without a slash is one of the system's."""
    if "/" in word:
        return word
    found = (path for folder in _PATHS if (path := Path(folder, word)).exists())
    return str(next(found, Path(_PATHS[0], word)))

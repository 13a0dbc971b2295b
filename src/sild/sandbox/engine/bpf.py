"""Classic BPF for filters of system calls, assembled here so that no library has to be on the host (seccomp(2))."""

from __future__ import annotations

import errno
import os
import struct

# Instruction codes (linux/bpf_common.h) and offsets in struct seccomp_data (linux/seccomp.h).
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCHITECTURE = 0, 4
ALLOW, NOTIFY, ERRNO, KILL = 0x7FFF0000, 0x7FC00000, 0x00050000, 0x80000000

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# Number on x86-64 and on aarch64 (asm/unistd_64.h, asm-generic/unistd.h); None where the call does not exist.
Numbers = tuple[int | None, int | None]


def column(machine: str) -> int | None:
    """Which of a call's numbers is the machine's; None where its calls are not known here."""
    return list(ARCHITECTURES).index(machine) if machine in ARCHITECTURES else None


def argument(index: int, *, high: bool = False) -> int:
    """Where one half of a call's argument stands; both machines are little-endian."""
    return 16 + 8 * index + (4 if high else 0)


def instruction(code: int, constant: int, if_true: int = 0, if_false: int = 0) -> bytes:
    """One struct sock_filter (linux/filter.h)."""
    return struct.pack("<HBBI", code, if_true, if_false, constant)


def finish(action: int) -> bytes:
    """End with this action."""
    return instruction(RETURN, action)


def refuse(error: int = errno.EPERM) -> bytes:
    """Let the call fail with this errno; with 0 it does nothing and succeeds."""
    return finish(ERRNO | error)


def on(number: int, action: bytes) -> bytes:
    """For one call whatever its arguments."""
    return instruction(EQUAL, number, 0, len(action) // 8) + action


def when(number: int, body: bytes) -> bytes:
    """Run `body` for one call, then load the number again for what follows."""
    body += instruction(LOAD, NUMBER)
    return instruction(EQUAL, number, 0, len(body) // 8) + body


def memory_file(assembled: bytes, name: str) -> int:
    """Bytes in an anonymous file, to be read from its start; the caller closes the descriptor."""
    descriptor = os.memfd_create(name)
    os.write(descriptor, assembled)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor

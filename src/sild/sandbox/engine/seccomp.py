"""The system-call filter, assembled here as classic BPF so that no library has to be on the host (seccomp(2)).

A deny list over default-allow: what a program needs to compute is left alone; what reaches other processes, other
namespaces, the network or rarely walked kernel code is refused.
"""

from __future__ import annotations

import errno
import os
import platform
import socket
import struct
from functools import lru_cache

# Instruction codes (linux/bpf_common.h) and offsets in struct seccomp_data (linux/seccomp.h).
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST, _SECOND = 0, 4, 16, 24
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000

_X32 = 0x40000000  # the x32 calls share x86-64's architecture and would slip past a filter by number
_NEW_NAMESPACES = 0x7E020080  # CLONE_NEWNS|CGROUP|UTS|IPC|USER|PID|NET and CLONE_NEWTIME (linux/sched.h)
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C  # type into the terminal of whoever started us

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# Number on x86-64 and on aarch64 (asm/unistd_64.h, asm-generic/unistd.h); None where the call does not exist.
_DENIED: dict[str, tuple[int | None, int | None]] = {
    "acct": (163, 89),
    "add_key": (248, 217),
    "adjtimex": (159, 171),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "clock_adjtime": (305, 266),
    "clock_settime": (227, 112),
    "delete_module": (176, 106),
    "fanotify_init": (300, 262),
    "finit_module": (313, 273),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "init_module": (175, 105),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioperm": (173, None),
    "iopl": (172, None),
    "kcmp": (312, 272),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "lookup_dcookie": (212, 18),
    "memfd_create": (319, 279),  # memory that no limit of a process counts
    "memfd_secret": (447, 447),
    "migrate_pages": (256, 238),
    "modify_ldt": (154, None),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "move_pages": (279, 239),
    "msgget": (68, 186),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "process_madvise": (440, 440),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "setdomainname": (171, 162),
    "sethostname": (170, 161),
    "setns": (308, 268),
    "settimeofday": (164, 170),
    "shmget": (29, 194),  # outlives its processes and is counted for none of them
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
    "vhangup": (153, 58),
}
_CLONE, _CLONE3, _SOCKET, _IOCTL = (56, 220), (435, 435), (41, 198), (16, 29)


def _instruction(code: int, constant: int, if_true: int = 0, if_false: int = 0) -> bytes:
    """One struct sock_filter (linux/filter.h)."""
    return struct.pack("<HBBI", code, if_true, if_false, constant)


def _refuse(error: int = errno.EPERM) -> bytes:
    """Let the call fail with this errno."""
    return _instruction(_RETURN, _ERRNO | error)


def _deny(number: int, error: int = errno.EPERM) -> bytes:
    """Refuse one call whatever its arguments."""
    return _instruction(_EQUAL, number, 0, 1) + _refuse(error)


def _when(number: int, body: bytes) -> bytes:
    """Run `body` for one call, then load the number again for what follows."""
    body += _instruction(_LOAD, _NUMBER)
    return _instruction(_EQUAL, number, 0, len(body) // 8) + body


@lru_cache(maxsize=4)
def program(machine: str) -> bytes | None:
    """The filter for a machine as `uname -m` names it; None where the numbers of its calls are not known here."""
    if machine not in _ARCHITECTURES:
        return None
    column = list(_ARCHITECTURES).index(machine)
    parts = [
        _instruction(_LOAD, _ARCHITECTURE),
        _instruction(_EQUAL, _ARCHITECTURES[machine], 1, 0) + _instruction(_RETURN, _KILL),
        _instruction(_LOAD, _NUMBER),
        _instruction(_AT_LEAST, _X32, 0, 1) + _refuse(),
        *(_deny(number) for numbers in _DENIED.values() if (number := numbers[column]) is not None),
        # glibc falls back to clone, whose flags can be read by a filter; those of clone3 cannot.
        _deny(_CLONE3[column], errno.ENOSYS),
        _when(_CLONE[column], _instruction(_LOAD, _FIRST) + _instruction(_ANY_BIT, _NEW_NAMESPACES, 0, 1) + _refuse()),
        _when(
            _SOCKET[column],
            _instruction(_LOAD, _FIRST) + _instruction(_EQUAL, socket.AF_UNIX, 1, 0) + _refuse(errno.EACCES),
        ),
        _when(
            _IOCTL[column],
            _instruction(_LOAD, _SECOND) + _deny(_TIOCSTI) + _deny(_TIOCLINUX),
        ),
        _instruction(_RETURN, _ALLOW),
    ]
    return b"".join(parts)


def memory_file() -> int | None:
    """The filter for this machine in an anonymous file, as bubblewrap takes it; the caller closes the descriptor."""
    assembled = program(platform.machine())
    if assembled is None:
        return None
    descriptor = os.memfd_create("seccomp")
    os.write(descriptor, assembled)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor

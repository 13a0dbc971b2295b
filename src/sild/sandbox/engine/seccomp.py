"""The system-call filter (seccomp(2)).

A deny list over default-allow: what a program needs to compute is left alone; what reaches other processes, other
namespaces, the network or rarely walked kernel code is refused.
"""

from __future__ import annotations

import errno
import platform
import socket
from functools import lru_cache
from typing import TYPE_CHECKING

from sild.sandbox.engine import bpf
from sild.sandbox.engine.bpf import instruction, on, refuse, when

if TYPE_CHECKING:
    from sild.sandbox.engine.bpf import Numbers

_X32 = 0x40000000  # the x32 calls share x86-64's architecture and would slip past a filter by number
NEW_NAMESPACES = 0x7E020080  # CLONE_NEWNS|CGROUP|UTS|IPC|USER|PID|NET and CLONE_NEWTIME (linux/sched.h)
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C  # type into the terminal of whoever started us

_DENIED: dict[str, Numbers] = {
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

# Internet sockets pass here and are answered by the second filter (notify.py), without which no command is started.
_FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6)
_FLAGS, _REQUEST = instruction(bpf.LOAD, bpf.argument(0)), instruction(bpf.LOAD, bpf.argument(1))
_ALLOW = bpf.finish(bpf.ALLOW)


@lru_cache(maxsize=4)
def program(machine: str) -> bytes | None:
    """The filter for a machine as `uname -m` names it; None where the numbers of its calls are not known here."""
    column = bpf.column(machine)
    if column is None:
        return None
    parts = [
        instruction(bpf.LOAD, bpf.ARCHITECTURE),
        instruction(bpf.EQUAL, bpf.ARCHITECTURES[machine], 1, 0) + bpf.finish(bpf.KILL),
        instruction(bpf.LOAD, bpf.NUMBER),
        instruction(bpf.AT_LEAST, _X32, 0, 1) + refuse(),
        *(on(number, refuse()) for numbers in _DENIED.values() if (number := numbers[column]) is not None),
        # glibc falls back to clone, whose flags can be read by a filter; those of clone3 cannot.
        on(_CLONE3[column], refuse(errno.ENOSYS)),
        when(_CLONE[column], _FLAGS + instruction(bpf.ANY_BIT, NEW_NAMESPACES, 0, 1) + refuse()),
        when(_SOCKET[column], _FLAGS + b"".join(on(family, _ALLOW) for family in _FAMILIES) + refuse(errno.EACCES)),
        when(_IOCTL[column], _REQUEST + on(_TIOCSTI, refuse()) + on(_TIOCLINUX, refuse())),
        _ALLOW,
    ]
    return b"".join(parts)


def refused() -> frozenset[str]:
    """The names of the calls that are refused whatever their arguments."""
    return frozenset(_DENIED)


def memory_file() -> int | None:
    """The filter for this machine in an anonymous file, as bubblewrap takes it; the caller closes the descriptor."""
    assembled = program(platform.machine())
    return None if assembled is None else bpf.memory_file(assembled, "seccomp")

"""Tries as root of a container what only root may try; prints a JSON line for each attempt, as `escape.py` does.

Argument: the name of a file that it writes wherever it can. Whether that is seen on the host, the node looks itself.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import socket
import stat
import sys
from pathlib import Path

NAME = sys.argv[1]
FOLDERS = ("/", "/etc", "/usr", "/usr/bin", "/sild")
DISKS = ((8, 0), (254, 0), (259, 0), (7, 0))  # SCSI, virtual, NVMe and loop devices

Held = tuple[bool, str]  # whether the isolation held, and what was seen


def name(error: OSError) -> str:
    """The error's name, as in EPERM."""
    return errno.errorcode.get(error.errno or 0, str(error))


def root_writes() -> Held:
    """Write next to the system's programs, which root may, into what nobody else sees."""
    written = []
    for folder in FOLDERS:
        try:
            Path(folder, NAME).write_text("written")
            written.append(folder)
        except OSError:
            continue
    return True, f"wrote in {', '.join(written)}, inside" if written else "nothing may be written"


def root_devices() -> Held:
    """Make files of the host's disks and read them."""
    seen = ""
    for number, (major, minor) in enumerate(DISKS):
        place = f"/tmp/disk-{number}"  # noqa: S108 -- the one inside
        try:
            os.mknod(place, stat.S_IFBLK | 0o600, os.makedev(major, minor))
            with Path(place).open("rb") as disk:
                disk.read(1)
        except OSError as error:
            seen = name(error)
        else:
            return False, f"the device {major}:{minor} was read"
    return True, seen


def root_mounts() -> Held:
    """Mount the host's file systems, or a disk."""
    libc = ctypes.CDLL(None, use_errno=True)
    for source, kind in (
        (b"/dev/sda", b"ext4"),
        (b"/dev/vda", b"ext4"),
        (b"none", b"debugfs"),
        (b"none", b"securityfs"),
    ):
        if libc.mount(source, b"/tmp", kind, 0, None) == 0:
            return False, f"{kind.decode()} was mounted"
    return True, errno.errorcode.get(ctypes.get_errno(), "")


def root_packets() -> Held:
    """Listen to packets of an interface, and send some."""
    try:
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as raw:
            raw.bind(("eth0", 0))
    except OSError as error:
        return True, name(error)
    return False, "packets of an interface can be read"


if __name__ == "__main__":
    for attempt in (root_writes, root_devices, root_mounts, root_packets):
        held, detail = attempt()
        told = {"name": attempt.__name__.replace("_", "-"), "ok": held, "detail": detail}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()

"""The smallest program that does nothing: the first process of a pod, so that no container's end is the pod's."""

from __future__ import annotations

import os
import struct

from sild.sandbox.engine.errors import IsolationError

_ADDRESS, _HEADERS = 0x400000, 64 + 56
# pause(2) without end on x86-64; on aarch64, which lacks it, ppoll(2) without anything to wait for.
_CODE = {
    "x86_64": (62, bytes.fromhex("b822000000 0f05 ebf7")),
    "aarch64": (183, bytes.fromhex("000080d2 010080d2 020080d2 030080d2 280980d2 010000d4 faffff17")),
}


def program() -> bytes:
    """An executable for this machine (ELF-64, System V gABI chapters 4 and 5).

    Raises:
        IsolationError: it is a machine of another kind.
    """
    machine = os.uname().machine
    if machine not in _CODE:
        raise IsolationError(f"Pods run on x86-64 and aarch64; this machine is {machine}.")
    number, code = _CODE[machine]
    size = _HEADERS + len(code)
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    header = struct.pack("<HHIQQQIHHHHHH", 2, number, 1, _ADDRESS + _HEADERS, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _ADDRESS, _ADDRESS, size, size, 0x1000)
    return ident + header + segment + code

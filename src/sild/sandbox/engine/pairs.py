"""What stands in the place of internet sockets: pairs of Unix sockets, one end with the program, one with the node."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

AT_MOST = 256
# A packet's end is told from silence only by SOCK_SEQPACKET.
_KINDS = {socket.SOCK_STREAM: socket.SOCK_STREAM, socket.SOCK_DGRAM: socket.SOCK_SEQPACKET}
_KIND_BITS, _PACKET_BYTES = 0xF, 4096


@dataclass(slots=True)
class Pair:
    """Our end of one.

    Attributes:
        end: ours.
        key: by which the program's end is known.
        packets: whether it stands for UDP.
        asks_names: whether what comes are questions to a name server.
    """

    end: socket.socket
    key: int
    packets: bool
    asks_names: bool = False

    def hear(self) -> bytes:
        """What the program sent, and the end of what it can hear; nothing when it has closed its own end."""
        try:
            packet = self.end.recv(_PACKET_BYTES)
            if packet:
                self.end.shutdown(socket.SHUT_WR)
        except OSError:
            return b""
        return packet


class Pairs:
    """All pairs of a run, bounded in number."""

    def __init__(self) -> None:
        self._known: dict[int, Pair] = {}

    def make(self, kind: int) -> tuple[socket.socket, Pair] | None:
        """A pair for a socket of this type, as in socket(2); None when there are too many, or it is no such type.

        The first of it is the program's end, which the caller closes when the program has it.
        """
        wanted = _KINDS.get(socket.SocketKind(kind & _KIND_BITS)) if kind & _KIND_BITS in _KINDS else None
        if wanted is None or len(self._known) >= AT_MOST:
            return None
        theirs, ours = socket.socketpair(socket.AF_UNIX, wanted)
        ours.setblocking(False)
        theirs.setblocking(not kind & socket.SOCK_NONBLOCK)
        pair = Pair(ours, os.fstat(theirs.fileno()).st_ino, wanted == socket.SOCK_SEQPACKET)
        self._known[pair.key] = pair
        return theirs, pair

    def of(self, pid: int, descriptor: int) -> Pair | None:
        """The pair whose other end is this descriptor of this process."""
        try:
            return self._known.get(Path(f"/proc/{pid}/fd/{descriptor}").stat().st_ino)
        except OSError:
            return None

    def forget(self, pair: Pair) -> None:
        """Our end belongs to somebody else now."""
        self._known.pop(pair.key, None)

    def close(self, pair: Pair) -> None:
        """Close one."""
        self.forget(pair)
        pair.end.close()

    def close_all(self) -> None:
        """Close what is left."""
        for pair in list(self._known.values()):
            self.close(pair)

"""Answers the calls about which the kernel asks, from a thread of the node: counts them, refuses what leads outside.

What a call says is read from the memory of its process, which can change it afterwards. So nothing that is let through
is safe because of what was read: files are kept apart by the mounts, and internet sockets do not exist inside at all,
or only in a network namespace without a way out.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import platform
import select
import socket
import struct
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from sild.sandbox.engine import memory
from sild.sandbox.engine.egress import PROXY, Egress
from sild.sandbox.engine.messages import DNS_PORT, address, name_asked
from sild.sandbox.engine.notify import Listener
from sild.sandbox.engine.pairs import Pairs
from sild.sandbox.engine.tried import Tried

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sild.sandbox.engine.messages import Address
    from sild.sandbox.engine.notify import Notification
    from sild.sandbox.engine.pairs import Pair

_ADDRESS_BYTES, _PACKET_BYTES = 28, 512
_BUSY_FREE, _BUSY_SHARE, _REST_SECONDS = 0.5, 0.25, 0.002
_JOIN_SECONDS = 5.0
_CLOSE_ON_EXEC = os.O_CLOEXEC  # the same bit as SOCK_CLOEXEC
# What the C library and interpreters look for by themselves; a program is not blamed for it.
_LOOKED_FOR = frozenset(
    {"/"}
    | {f"/etc/{name}" for name in ("gai.conf", "host.conf", "hosts", "nsswitch.conf", "resolv.conf")}
    | {f"/etc/{name}" for name in ("ld.so.cache", "ld.so.preload", "localtime", "ssl/openssl.cnf")}
)


class Supervisor:
    """One run's answers.

    The program inside sends the listener of its filter through `channel`; when that has not happened, the command never
    ran. The thread ends when nobody is left who could ask.
    """

    def __init__(self, own: Iterable[str], *, loopback: bool = False, egress: Iterable[str] = ()) -> None:
        """Prepare.

        Args:
            own: folders and files that the program may ask for; anything else is counted.
            loopback: whether internet sockets are real, in a network namespace without a way out.
            egress: what may be reached through the proxy; nothing when there is none.
        """
        self.egress = Egress(egress)
        self.tried = Tried()
        self.armed = False
        self._own = frozenset(own)
        self._below, self._loopback = tuple(f"{path}/" for path in self._own), loopback
        self._ours, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._pairs = Pairs()
        self._end = os.eventfd(0, os.EFD_CLOEXEC)
        self._poll = select.poll()
        self._heard: dict[int, Callable[[], None]] = {}
        self._started = False
        self._answers = {
            "socket": self._socket,
            "connect": self._connect,
            "sendto": self._send_to,
            "sendmsg": self._send_message,
            **dict.fromkeys(("open", "creat", "openat", "openat2"), self._open),
            **dict.fromkeys(("execve", "execveat"), self._execute),
            **dict.fromkeys(("clone", "fork", "vfork"), self._fork),
        }
        self._thread = threading.Thread(target=self._run, name="sandbox-supervisor", daemon=True)

    @property
    def channel(self) -> int:
        """The descriptor that the program inside gets."""
        return self._theirs.fileno()

    def start(self) -> None:
        """Start to answer; the program inside has its own copy of the channel now."""
        self._theirs.close()
        self._thread.start()

    def close(self) -> None:
        """Everything inside has ended: wait for the last answer."""
        self._theirs.close()
        if self._thread.ident is not None:
            os.eventfd_write(self._end, 1)
            with suppress(OSError):
                self._ours.shutdown(socket.SHUT_RDWR)
            self._thread.join(_JOIN_SECONDS)
        self.egress.close()
        self._ours.close()
        os.close(self._end)

    def _run(self) -> None:
        """Wait for the listener, then answer until the end."""
        with suppress(OSError):
            _byte, descriptors, _flags, _address = socket.recv_fds(self._ours, 1, 1)
            if descriptors:
                self.armed = True
                listener = Listener(descriptors[0], platform.machine())
                try:
                    self._serve(listener)
                    self._hear_the_rest()
                finally:
                    listener.close()
                    self._pairs.close_all()

    def _serve(self, listener: Listener) -> None:
        """Answer question after question, in at most a quarter of a processor's time once it has been a while."""
        began = time.monotonic()
        self._poll.register(listener.fileno(), select.POLLIN)
        self._poll.register(self._end, select.POLLIN)
        while True:
            for descriptor, event in self._poll.poll():
                if descriptor == self._end or (descriptor == listener.fileno() and not event & select.POLLIN):
                    return
                if descriptor == listener.fileno():
                    self._next(listener)
                else:
                    self._heard[descriptor]()
            if time.thread_time() > _BUSY_FREE + _BUSY_SHARE * (time.monotonic() - began):
                time.sleep(_REST_SECONDS)

    def _next(self, listener: Listener) -> None:
        """Answer one question; its process may die at any moment, which ends the matter."""
        with suppress(OSError):
            asked = listener.receive()
            try:
                self._answers[asked.call](listener, asked)
            except OSError as error:  # its memory could not be read: it is dying, hides it, or points at nothing
                if asked.call in _KEPT_APART:
                    listener.let(asked)
                else:
                    listener.fail(asked, errno.EFAULT if error.errno == errno.EIO else errno.EACCES)

    def _socket(self, listener: Listener, asked: Notification) -> None:
        """Give one end of a pair in place of an internet socket."""
        _family, kind, *_rest = asked.arguments
        made = self._pairs.make(kind)
        if made is None:
            listener.fail(asked, errno.EACCES)
            return
        theirs, pair = made
        with theirs:
            self._heard[pair.end.fileno()] = lambda: self._hear(pair)
            self._poll.register(pair.end.fileno(), select.POLLIN)
            listener.give(asked, theirs.fileno(), close_on_exec=bool(kind & _CLOSE_ON_EXEC))

    def _connect(self, listener: Listener, asked: Notification) -> None:
        """Count where it wants to; let it believe that it reached a name server, to hear which names it asks for."""
        descriptor, at, size, *_rest = asked.arguments
        to = address(memory.read(asked.pid, at, min(size, _ADDRESS_BYTES)))
        if to is None or (self._loopback and _is_loopback(to)):
            listener.let(asked)
            return
        pair = self._pairs.of(asked.pid, descriptor)
        if to == PROXY and self.egress.allowed and pair is not None and not pair.packets:
            self._let_out(pair)
            listener.succeed(asked)
            return
        self._count(to)
        if pair is not None and pair.packets and to.port == DNS_PORT:
            pair.asks_names = True
            listener.succeed(asked)
        else:
            listener.fail(asked, errno.EACCES)

    def _send_to(self, listener: Listener, asked: Notification) -> None:
        """Count where it wants to send a packet, and the name that it asks for in it."""
        _descriptor, data, length, _flags, at, size = asked.arguments
        to = address(memory.read(asked.pid, at, min(size, _ADDRESS_BYTES)))
        if to is None or (self._loopback and _is_loopback(to) and to.port != DNS_PORT):
            listener.let(asked)
            return
        if to.port == DNS_PORT:
            self._count_name(memory.read(asked.pid, data, min(length, _PACKET_BYTES)))
        self._count(to)
        listener.fail(asked, errno.EACCES)

    def _send_message(self, listener: Listener, asked: Notification) -> None:
        """The same for a packet whose address is in a struct msghdr."""
        at, size = struct.unpack("<QI", memory.read(asked.pid, asked.arguments[1], 12).ljust(12, b"\0"))
        to = address(memory.read(asked.pid, at, min(size, _ADDRESS_BYTES))) if size else None
        if to is None or (self._loopback and _is_loopback(to)):
            listener.let(asked)
            return
        self._count(to)
        listener.fail(asked, errno.EACCES)

    def _open(self, listener: Listener, asked: Notification) -> None:
        """Count a file outside its own folders."""
        self._count_file(_named(asked))
        listener.let(asked)

    def _execute(self, listener: Listener, asked: Notification) -> None:
        """Count a program; the first is the command itself."""
        if self._started:
            self.tried.programs.add(_named(asked))
        self._started = True
        listener.let(asked)

    def _fork(self, listener: Listener, asked: Notification) -> None:
        """Count a process."""
        self.tried.processes += 1
        listener.let(asked)

    def _count_file(self, path: str) -> None:
        """Count a path that is neither its own nor the system's."""
        if not (path.startswith(self._below) or path in self._own or path in _LOOKED_FOR):
            self.tried.files.add(path)

    def _count(self, to: Address) -> None:
        """Count an address. The name server that a C library asks by default is nobody's choice."""
        if not (to.port == DNS_PORT and _is_loopback(to)):
            self.tried.addresses.add(str(to))

    def _count_name(self, packet: bytes) -> None:
        """Count the name in a question to a name server."""
        if name := name_asked(packet):
            self.tried.names.add(name)

    def _hear(self, pair: Pair) -> None:
        """Something came through a pair, or its end."""
        if packet := pair.hear():
            if pair.asks_names:
                self._count_name(packet)
            return
        self._forget(pair)
        pair.end.close()

    def _hear_the_rest(self) -> None:
        """Nobody is left who could send more, but what was sent last may not have been heard yet."""
        while self._heard:
            next(iter(self._heard.values()))()

    def _let_out(self, pair: Pair) -> None:
        """The proxy has this connection now."""
        self._forget(pair)
        self.egress.serve(pair.end)

    def _forget(self, pair: Pair) -> None:
        """Listen to it no more."""
        self._poll.unregister(pair.end.fileno())
        del self._heard[pair.end.fileno()]
        self._pairs.forget(pair)


_KEPT_APART = frozenset({"open", "creat", "openat", "openat2", "execve", "execveat"})  # by the mounts, whatever is read
_BY_PATH = frozenset({"open", "creat", "execve"})


def _named(asked: Notification) -> str:
    """The path that a call names."""
    first, second, *_rest = asked.arguments
    return memory.path(asked.pid, first) if asked.call in _BY_PATH else memory.path(asked.pid, second, first)


def _is_loopback(to: Address) -> bool:
    """Whether an address never leaves the network namespace."""
    return ipaddress.ip_address(to.host).is_loopback

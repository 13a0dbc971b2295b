"""Links between nodes: TLS 1.3 with X25519MLKEM768 (RFC 10024) and pinned ML-DSA-65 keys on both sides.

pyOpenSSL cannot choose groups, only read the one that was negotiated. Both sides read it while the handshake still
runs, in the callback that checks the peer's key, and break off when it is another one.
"""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import urllib3
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import mldsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID
from OpenSSL import SSL, crypto
from twisted.internet.ssl import ContextFactory
from urllib3.contrib.pyopenssl import PyOpenSSLContext

from sild.trust.errors import LinkError

if TYPE_CHECKING:
    import socket

    from sild.trust.identity import NodeKeys

GROUP = "X25519MLKEM768"
CERTIFICATE_YEARS = 10
Check = Callable[[SSL.Connection, crypto.X509, int, int, int], bool]


def certificate_thumbprint(certificate: x509.Certificate) -> str:
    """SHA-256 in hex of the SubjectPublicKeyInfo in a certificate."""
    spki = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return sha256(spki).hexdigest()


@lru_cache(maxsize=8)
def _credentials(node: str, seed: bytes) -> tuple[x509.Certificate, crypto.PKey]:
    """A self-signed certificate over the node's TLS key; peers pin the key, so its names and dates say nothing."""
    key = mldsa.MLDSA65PrivateKey.from_seed_bytes(seed)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, node)])
    start = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=365 * CERTIFICATE_YEARS))
        .sign(key, None)
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate, crypto.load_privatekey(crypto.FILETYPE_PEM, pem)


class Peer:
    """Decides, while the handshake runs, whether the other side is acceptable, and remembers why not.

    Args:
        expected: SHA-256 thumbprints of the keys that may be at the other end; None for any key.
    """

    def __init__(self, expected: frozenset[str] | None) -> None:
        self._expected = expected
        self.refusal = ""
        self.code = ""

    def check(self, connection: SSL.Connection, certificate: crypto.X509, _code: int, depth: int, _ok: int) -> bool:
        """The verify callback of OpenSSL: names and dates are ignored, group and key decide."""
        group = connection.get_group_name()
        if group != GROUP:
            self.refusal, self.code = f"the link negotiated {group}, not {GROUP}", "link-group"
        elif depth == 0 and not self._is_expected(certificate):
            self.refusal, self.code = "the other side has another key than the one that was pinned", "link-key"
        return not self.refusal

    def _is_expected(self, certificate: crypto.X509) -> bool:
        """Tell whether the certificate's key is one of those that may be at the other end."""
        return self._expected is None or certificate_thumbprint(certificate.to_cryptography()) in self._expected


def _configure(context: SSL.Context, keys: NodeKeys, check: Check) -> None:
    """TLS 1.3 only, our key, the other side's key asked for, no resumption that would skip the checks."""
    certificate, key = _credentials(keys.node, keys.tls.seed)
    context.set_min_proto_version(SSL.TLS1_3_VERSION)
    context.use_certificate(certificate)
    with warnings.catch_warnings():
        # pyOpenSSL 26.4 wants cryptography's own key objects, but its list of them has no ML-DSA yet.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.use_privatekey(key)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_options(SSL.OP_NO_TICKET)
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, check)


class ServerContextFactory(ContextFactory):  # type: ignore[misc]  # Twisted's class is untyped
    """What Twisted asks for the context of each incoming link; which partner calls is decided by the application."""

    def __init__(self, keys: NodeKeys) -> None:
        self._context = SSL.Context(SSL.TLS_SERVER_METHOD)
        _configure(self._context, keys, Peer(None).check)

    def getContext(self) -> SSL.Context:  # noqa: N802 -- Twisted's name
        """The one context."""
        return self._context


class RotatingContextFactory(ServerContextFactory):
    """As `ServerContextFactory`, for a server that goes on while its keys change.

    Args:
        load: gives the keys as they are now; called for each incoming link, so it should be cheap.
    """

    def __init__(self, load: Callable[[], NodeKeys]) -> None:
        self._load = load
        self._use(load())

    def _use(self, keys: NodeKeys) -> None:
        """Make the context for these keys."""
        super().__init__(keys)
        self._tls = keys.tls

    def getContext(self) -> SSL.Context:  # noqa: N802 -- Twisted's name
        """The context with the keys of now."""
        keys = self._load()
        if keys.tls != self._tls:
            self._use(keys)
        return self._context


class PinnedContext(PyOpenSSLContext):
    """urllib3's context with our checks in place of names, dates and authorities."""

    def __init__(self, keys: NodeKeys, expected: frozenset[str] | None) -> None:
        super().__init__(ssl.PROTOCOL_TLS_CLIENT)
        self._peer = Peer(expected)
        _configure(self._ctx, keys, self._peer.check)

    @property
    def verify_mode(self) -> ssl.VerifyMode:
        """Always required; urllib3 would put a callback of its own in our place when it sets this."""
        return ssl.CERT_REQUIRED

    @verify_mode.setter
    def verify_mode(self, value: ssl.VerifyMode) -> None:
        """Leave our callback where it is."""

    def wrap_socket(self, *arguments: Any, **options: Any) -> Any:
        """Shake hands.

        Raises:
            LinkError: with the reason for which we broke off.
        """
        self._peer.refusal = ""
        try:
            return super().wrap_socket(*arguments, **options)
        except ssl.SSLError as error:
            if self._peer.refusal:
                raise LinkError(f"The link was closed: {self._peer.refusal}.", code=self._peer.code) from error
            raise


def open_pool(url: str, keys: NodeKeys, expected: frozenset[str] | None) -> urllib3.HTTPSConnectionPool:
    """A pool of one kept-open connection to a node; every link in it was checked before a byte is sent.

    Args:
        url: `https://host:port`.
        keys: our own; we show our TLS key.
        expected: thumbprints of the keys that may answer; None only to ask a stranger for its identity.

    Raises:
        LinkError: the address is not `https://host:port`.
    """
    parts = urlsplit(url)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if parts.scheme != "https" or not host or parts.path not in {"", "/"}:
        raise LinkError(f"“{url}” is no address of a node. Write it as https://host:port.", code="address")
    context = PinnedContext(keys, expected)
    return urllib3.HTTPSConnectionPool(
        host, port, maxsize=1, ssl_context=context, cert_reqs="CERT_REQUIRED", assert_hostname=False
    )


def client_handshake(connected: socket.socket, keys: NodeKeys) -> str:
    """Shake hands as a client over a connected socket; returns the negotiated group.

    Raises:
        LinkError: the handshake failed.
    """
    return _handshake(connected, keys, SSL.TLS_CLIENT_METHOD, SSL.Connection.set_connect_state)


def server_handshake(connected: socket.socket, keys: NodeKeys) -> str:
    """Shake hands as a server over a connected socket; returns the negotiated group.

    Raises:
        LinkError: the handshake failed.
    """
    return _handshake(connected, keys, SSL.TLS_SERVER_METHOD, SSL.Connection.set_accept_state)


def _handshake(
    connected: socket.socket, keys: NodeKeys, method: int, choose_side: Callable[[SSL.Connection], None]
) -> str:
    """Do one handshake and read the group."""
    peer = Peer(None)
    context = SSL.Context(method)
    _configure(context, keys, peer.check)
    connection = SSL.Connection(context, connected)
    choose_side(connection)
    try:
        connection.do_handshake()
    except SSL.Error as error:
        raise LinkError(f"The handshake failed: {peer.refusal or error}.") from error
    return str(connection.get_group_name())

"""Links: the hybrid group or nothing, the pinned key or nothing, on both sides, over real sockets."""

import socket
import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
import urllib3
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL

from sild.trust.errors import LinkError
from sild.trust.rotation import rotate
from sild.trust.tls import (
    GROUP,
    PinnedContext,
    RotatingContextFactory,
    ServerContextFactory,
    certificate_thumbprint,
    client_handshake,
    open_pool,
    server_handshake,
)

pytestmark = pytest.mark.integration
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"


@contextmanager
def server(context):
    """A server that answers each request with “ok”; yields its address and what it saw of its clients."""
    seen = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                raw, _address = listener.accept()
            except OSError:
                return
            connection = SSL.Connection(context, raw)
            connection.set_accept_state()
            try:
                connection.recv(65536)
                seen.append(certificate_thumbprint(connection.get_peer_certificate().to_cryptography()))
                connection.sendall(ANSWER)
                connection.shutdown()
            except SSL.Error:
                seen.append(None)
            finally:
                connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}", seen
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def get(url, keys, expected):
    with open_pool(url, keys, expected) as pool:
        return pool.request("GET", "/", retries=False, timeout=5)


def test_two_nodes_with_pinned_keys_talk_and_each_knows_the_other(tallinn, kyiv, tallinn_identity):
    with server(ServerContextFactory(tallinn).getContext()) as (url, seen):
        answer = get(url, kyiv, tallinn_identity.tls_thumbprints)
    assert answer.data == b"ok"
    assert seen == [kyiv.tls.public.spki_thumbprint]


def test_a_server_goes_on_while_its_key_is_rotated(tallinn, kyiv):
    new = rotate(tallinn, tallinn.root, ["tls"], now=datetime.now(UTC))
    current = [tallinn]
    factory = RotatingContextFactory(lambda: current[0])
    before = factory.getContext()
    assert factory.getContext() is before
    current[0] = new
    expected = frozenset({new.tls.public.spki_thumbprint})
    with server(factory.getContext()) as (url, _seen):
        assert get(url, kyiv, expected).data == b"ok"
    with server(before) as (url, _seen), pytest.raises(LinkError) as caught:
        get(url, kyiv, expected)
    assert caught.value.code == "link-key"


def test_the_group_is_the_hybrid_one(tallinn, kyiv):
    ours, theirs = socket.socketpair()
    groups = []
    thread = threading.Thread(target=lambda: groups.append(server_handshake(theirs, tallinn)))
    thread.start()
    groups.append(client_handshake(ours, kyiv))
    thread.join()
    ours.close()
    theirs.close()
    assert groups == [GROUP, GROUP] == ["X25519MLKEM768"] * 2


def test_another_key_than_the_pinned_one_is_refused_before_a_byte_is_sent(tallinn, kyiv, kyiv_identity):
    with server(ServerContextFactory(tallinn).getContext()) as (url, seen), pytest.raises(LinkError, match="pinned"):
        get(url, kyiv, kyiv_identity.tls_thumbprints)
    assert seen == [None]


def test_a_stranger_may_be_asked_who_it_is(tallinn, kyiv):
    with server(ServerContextFactory(tallinn).getContext()) as (url, _seen):
        assert get(url, kyiv, None).status == 200


def test_a_client_without_a_certificate_gets_nothing(tallinn):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    pool = urllib3.PoolManager(ssl_context=context)
    with (
        server(ServerContextFactory(tallinn).getContext()) as (url, seen),
        pytest.raises((urllib3.exceptions.HTTPError, OSError)),
    ):
        pool.request("GET", url, retries=False, timeout=5)
    assert seen == [None]


class ClassicalContext(PinnedContext):
    """A client of today's ordinary kind: it offers elliptic curves alone."""

    def __init__(self, keys, expected):
        super().__init__(keys, expected)
        self._ctx.set_tmp_ecdh(ec.SECP256R1())


def test_a_client_that_offers_no_hybrid_group_is_turned_away_by_the_server(tallinn, kyiv, monkeypatch):
    context = ClassicalContext(kyiv, None)
    context._ctx.set_verify(SSL.VERIFY_PEER, lambda *_: True)
    with server(ServerContextFactory(tallinn).getContext()) as (url, seen), pytest.raises(urllib3.exceptions.HTTPError):
        urllib3.PoolManager(ssl_context=context, assert_hostname=False).request("GET", url, retries=False, timeout=5)
    assert seen == [None]


def test_a_server_that_takes_no_hybrid_group_is_left_by_the_client_before_a_byte_is_sent(tallinn, kyiv):
    context = ServerContextFactory(tallinn).getContext()
    context.set_tmp_ecdh(ec.SECP256R1())
    context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
    with server(context) as (url, seen), pytest.raises(LinkError, match="negotiated"):
        get(url, kyiv, None)
    assert seen == [None]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "https://", "https://h:port", "https://h/path", "file:///etc/passwd", "x"]
)
def test_an_address_that_is_none_is_named(tallinn, url):
    with pytest.raises(LinkError, match="https://host:port"):
        open_pool(url, tallinn, None)


def test_a_handshake_with_something_else_fails_with_a_sentence(tallinn):
    ours, theirs = socket.socketpair()
    theirs.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    theirs.close()
    with pytest.raises(LinkError, match="handshake failed"):
        client_handshake(ours, tallinn)
    ours.close()

"""The proxy: what it refuses, that it connects to what it checked, and a confined program that goes through it."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager

import pytest

from sild.sandbox.engine import default_isolation, egress
from sild.sandbox.engine.egress import Egress, RefusedError, is_public
from sild.sandbox.engine.interpreter import interpreter
from sild.sandbox.engine.isolation import Job

pytestmark = pytest.mark.integration


@contextmanager
def server(reply=b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ntere"):
    """A server on this host that hears one request a connection; gives its place and what it heard."""
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            while True:
                try:
                    link, _address = listening.accept()
                except OSError:
                    return
                with link:
                    heard.append(link.recv(65536))
                    link.sendall(reply)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}", heard
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.fixture
def anywhere(monkeypatch):
    """Servers of these tests stand on this host, which is not public."""
    monkeypatch.setattr(egress, "is_public", lambda _address: True)


def ask(proxy, request):
    """One request to the proxy; all of its reply."""
    ours, theirs = socket.socketpair()
    proxy.serve(theirs)
    with ours:
        ours.sendall(request)
        reply = b""
        while chunk := ours.recv(65536):
            reply += chunk
        return reply


def log(proxy):
    proxy.close()
    return [(one["to"], one["outcome"], one["connections"]) for one in proxy.as_list()]


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "::",
        "::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::1",
    ],
)
def test_addresses_that_are_not_public(address):
    assert not is_public(address)


def test_a_plain_request_goes_to_a_listed_place_without_the_proxys_headers(anywhere):
    with server() as (place, heard):
        proxy = Egress([place])
        request = f"GET http://{place}/a?b HTTP/1.1\r\nHost: other\r\nProxy-Authorization: x\r\nAccept: */*\r\n\r\n"
        assert ask(proxy, request.encode()).endswith(b"tere")
        assert heard == [f"GET /a?b HTTP/1.1\r\nHost: {place}\r\nConnection: close\r\nAccept: */*\r\n\r\n".encode()]
        [told] = proxy.as_list()
        assert (told["to"], told["outcome"], told["connections"]) == (place, "allowed", 1)
        assert told["sent_bytes"] == len(heard[0])
        assert told["received_bytes"] > 4


def test_a_tunnel_passes_bytes_both_ways(anywhere):
    with server(b"pong") as (place, heard):
        proxy = Egress([place.upper()])
        reply = ask(proxy, f"CONNECT {place} HTTP/1.1\r\n\r\nping".encode())
        assert reply == b"HTTP/1.1 200 Connection established\r\n\r\npong"
        assert heard == [b"ping"]


@pytest.mark.parametrize(
    ("request_line", "place", "outcome"),
    [
        ("CONNECT other.example:443 HTTP/1.1", "other.example:443", "not-listed"),
        ("GET http://listed.example:81/ HTTP/1.1", "listed.example:81", "not-listed"),
        ("CONNECT localhost:80 HTTP/1.1", "localhost:80", "not-public"),
        ("CONNECT 169.254.169.254:80 HTTP/1.1", "169.254.169.254:80", "not-public"),
        ("CONNECT [::ffff:127.0.0.1]:80 HTTP/1.1", "[::ffff:127.0.0.1]:80", "not-public"),
        ("CONNECT no-such-name.invalid:80 HTTP/1.1", "no-such-name.invalid:80", "not-resolved"),
        ("GET / HTTP/1.1", "", "bad-request"),
        ("GET ftp://listed.example/ HTTP/1.1", "", "bad-request"),
        ("CONNECT listed.example HTTP/1.1", "", "bad-request"),
        ("CONNECT user@listed.example:80 HTTP/1.1", "", "bad-request"),
        ("\x16\x03\x01", "", "bad-request"),
    ],
)
def test_what_is_refused_and_how_it_is_logged(request_line, place, outcome):
    listed = [
        "listed.example:80",
        "localhost:80",
        "169.254.169.254:80",
        "[::ffff:127.0.0.1]:80",
        "no-such-name.invalid:80",
    ]
    proxy = Egress(listed)
    assert ask(proxy, f"{request_line}\r\n\r\n".encode()).startswith(b"HTTP/1.1 403 ")
    assert log(proxy) == [(place, outcome, 1)]


def test_a_name_that_leads_to_one_private_address_is_refused(monkeypatch):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, 80)) for host in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_named: found)
    with pytest.raises(RefusedError, match="not-public"):
        Egress(["rebinding.example:80"])._connect("rebinding.example:80")


def test_a_place_where_nobody_listens_is_unreachable(anywhere):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
    proxy = Egress([place])
    ask(proxy, f"CONNECT {place} HTTP/1.1\r\n\r\n".encode())
    assert log(proxy) == [(place, "unreachable", 1)]


def test_made_up_places_fill_no_memory(monkeypatch):
    monkeypatch.setattr(egress, "_KINDS_AT_MOST", 2)
    proxy = Egress(["a:1"])
    for number in range(5):
        ask(proxy, f"CONNECT h{number}:1 HTTP/1.1\r\n\r\n".encode())
    assert log(proxy) == [("", "not-listed", 3), ("h0:1", "not-listed", 1), ("h1:1", "not-listed", 1)]


def test_connections_are_bounded_and_end_with_the_proxy(monkeypatch):
    monkeypatch.setattr(egress, "CONNECTIONS", 1)
    proxy = Egress(["a:1"])
    (first, kept), (second, refused) = socket.socketpair(), socket.socketpair()
    proxy.serve(kept)
    proxy.serve(refused)
    with first, second:
        assert second.recv(1) == b""
        proxy.close()
        assert first.recv(1) == b""
    late, closed = socket.socketpair()
    proxy.serve(closed)
    with late:
        assert late.recv(1) == b""


def confined(code, **changes):
    python = interpreter()
    job = Job((python.program, "-I", "-c", code), python.binds, **changes)
    with default_isolation().start(job) as process:
        process.stdin.close()
        said, error = process.stdout.read(), process.stderr.read()
        process.finish()
        assert not error, error
        return json.loads(said), process


FETCH = """
import json, urllib.request, urllib.error
def fetch(place):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({{"http": "http://127.0.0.1:3128"}}))
    try:
        return opener.open("http://" + place + "/", timeout=5).read().decode()
    except urllib.error.HTTPError as error:
        return error.code
    except OSError as error:
        return str(error.reason)
print(json.dumps([fetch(place) for place in {places!r}]))
"""


def test_a_confined_program_reaches_what_is_listed_and_nothing_else(anywhere):
    with server() as (place, _heard):
        said, process = confined(FETCH.format(places=[place, "192.0.2.1:80"]), egress=(place,))
    assert said == ["tere", 403]
    assert [(one["to"], one["outcome"]) for one in process.contacts] == [
        ("127.0.0.1:" + place[10:], "allowed"),
        ("192.0.2.1:80", "not-listed"),
    ]
    assert process.tried.addresses.attempts == 0


def test_one_that_is_not_let_out_finds_no_proxy():
    said, process = confined(FETCH.format(places=["192.0.2.1:80"]))
    assert said == ["[Errno 13] Permission denied"]
    assert process.tried.addresses.seen == {"127.0.0.1:3128": 1}
    assert process.contacts == []

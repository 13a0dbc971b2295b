"""Answering a real confined program; what hostile ones try is in the corpus (tests/sandbox/hostile.py)."""

# ruff: noqa: E501 -- a program reads best in one piece

from __future__ import annotations

import json
import threading
import time

import pytest

from sild.sandbox.engine import default_isolation
from sild.sandbox.engine.interpreter import interpreter
from sild.sandbox.engine.isolation import Job
from sild.sandbox.engine.supervisor import Supervisor

pytestmark = pytest.mark.integration


def confined(code, **changes):
    python = interpreter()
    job = Job((python.program, "-I", "-S", "-c", "import socket, errno, json\n" + code), python.binds, **changes)
    with default_isolation().start(job) as process:
        process.stdin.close()
        said, error = process.stdout.read(), process.stderr.read()
        process.finish()
    assert not error, error
    return json.loads(said), process.tried


def test_a_program_that_tries_nothing_has_tried_nothing():
    _said, tried = confined("print(1)")
    told = tried.as_dict(0)
    assert [told[kind]["attempts"] for kind in ("addresses", "names", "files", "programs")] == [0, 0, 0, 0]
    assert told["processes"] == 0


def test_sockets_on_the_loopback_work_only_for_a_program_that_serves_itself():
    code = """
server = socket.socket()
server.bind(("127.0.0.1", 8080))
server.listen()
client = socket.create_connection(("127.0.0.1", 8080))
client.send(b"x")
packet = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
packet.sendto(b"x", ("127.0.0.1", 9))
packet.sendmsg([b"x"], [], 0, ("127.0.0.1", 9))
wrong = []
for connect in (lambda: socket.socket().connect(("192.0.2.1", 80)), lambda: packet.sendto(b"x", ("192.0.2.2", 53)), lambda: packet.sendmsg([b"x"], [], 0, ("192.0.2.3", 53))):
    try:
        connect()
    except OSError as error:
        wrong.append(errno.errorcode[error.errno])
print(json.dumps([server.accept()[0].recv(1).decode(), wrong]))
"""
    said, tried = confined(code, loopback=True)
    assert said == ["x", ["EACCES", "EACCES", "EACCES"]]
    assert set(tried.addresses.seen) == {"192.0.2.1:80", "192.0.2.2:53", "192.0.2.3:53"}


def test_what_was_asked_last_is_heard_though_the_program_has_ended(monkeypatch):
    hear = Supervisor._hear

    def late(supervisor, pair):
        time.sleep(0.02)
        hear(supervisor, pair)

    monkeypatch.setattr(Supervisor, "_hear", late)
    code = """
asked = bytes(5) + b"\\1" + bytes(6) + b"\\7example\\3org" + bytes(5)
packet = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
packet.connect(("192.0.2.1", 53))
print(sum(packet.send(asked) > 0 for _ in range(9)))
"""
    said, tried = confined(code)
    assert said == 9
    assert tried.names.seen == {"example.org": 9}


def test_unix_sockets_are_let_through():
    code = """
a, b = socket.socketpair()
a.sendmsg([b"x"])
server = socket.socket(socket.AF_UNIX)
server.bind("/scratch/s")
server.listen()
socket.socket(socket.AF_UNIX).connect("/scratch/s")
print(json.dumps(b.recv(1).decode()))
"""
    said, tried = confined(code)
    assert (said, tried.addresses.attempts) == ("x", 0)


def test_no_thread_is_left_when_all_is_over():
    before = threading.active_count()
    confined("print(1)")
    assert threading.active_count() == before


def test_one_that_nobody_answered_to_closes():
    supervisor = Supervisor([])
    supervisor.close()
    supervisor = Supervisor([])
    supervisor.start()
    supervisor.close()
    assert not supervisor.armed

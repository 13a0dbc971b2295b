"""The escape self-test of containers: it finds a hole that is there, also when the program inside lies about it."""

from __future__ import annotations

import json
import socket
import time
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from sild.sandbox.engine.containers import proof
from sild.sandbox.engine.containers.arguments import CRUN, RUNSC
from sild.sandbox.engine.containers.podman import Podman
from sild.sandbox.engine.probe import said_by

pytestmark = pytest.mark.integration


def test_the_same_program_finds_that_the_kernel_is_the_hosts():
    """It is asked for another kernel's sake: with crun it is the host's, so that the attempt must say so."""
    job = proof._job(1, own_kernel=True, gpus=0)
    with Podman(CRUN).start(job) as process:
        process.stdin.close()
        told = {one["name"]: one["ok"] for one in map(json.loads, said_by(process).splitlines())}
        process.finish()
    assert told["own-kernel"] is False
    assert told["network"] is True


class Leaking:
    """An isolation whose program says that all is well, after it has reached the node."""

    def __init__(self, *, reaches, stopped_by=""):
        self._reaches, self._stopped_by = reaches, stopped_by

    @contextmanager
    def start(self, job):
        if self._reaches:
            socket.create_connection(("127.0.0.1", int(job.command[4].split(",")[0].split(":")[1]))).close()
        said = [json.dumps({"name": name, "ok": True, "detail": ""}) for name in proof.ATTEMPTS]
        said = said[:-1] if self._stopped_by else said
        chunks = ["".join(f"{line}\n" for line in said).encode()]
        yield SimpleNamespace(
            stdin=SimpleNamespace(close=lambda: None),
            stdout=SimpleNamespace(read=lambda _size: chunks.pop() if chunks else b""),
            check=lambda: "",
            readable=lambda _seconds: True,
            finish=lambda: SimpleNamespace(stopped_by=self._stopped_by),
        )


def test_what_reaches_the_node_is_an_escape_whatever_is_said():
    found = proof.escape_checks(Leaking(reaches=True), own_kernel=False)
    assert [check.name for check in found if not check.ok] == ["network"]
    assert all(check.ok for check in proof.escape_checks(Leaking(reaches=False), own_kernel=False))


def test_being_ended_for_memory_is_how_a_limit_on_memory_holds():
    found = proof.escape_checks(Leaking(reaches=False, stopped_by="memory-limit"), own_kernel=False)
    assert (found[-1].name, found[-1].ok) == ("memory", True)
    found = proof.escape_checks(Leaking(reaches=False, stopped_by="wall-limit"), own_kernel=False)
    assert (found[-1].name, found[-1].ok) == ("memory", False)


class Slow:
    """Containers whose node looks after them seldom, as one with much to do: after that, memory is all taken."""

    @contextmanager
    def start(self, job):
        with Podman(RUNSC).start(job) as process:
            look = process._seen

            def seen():
                time.sleep(1.5)
                return look()

            process._seen = seen
            yield process


def test_a_node_that_has_much_to_do_hears_every_attempt():
    found = proof.escape_checks(Slow(), own_kernel=True)
    assert [(check.name, check.detail) for check in found if not check.ok] == []
    assert found[-1].detail == "ended for taking too much"

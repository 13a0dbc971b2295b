"""What is made of the self-test in a cluster."""

from __future__ import annotations

import json

import pytest

from sild.sandbox.engine.containers.proof import ATTEMPTS, OWN_KERNEL
from sild.sandbox.engine.kubernetes.proof import judged

pytestmark = pytest.mark.unit

NAMES = (*ATTEMPTS[:4], OWN_KERNEL, *ATTEMPTS[4:])


def said(names=NAMES, kernel="4.4.0 #1"):
    lines = [{"name": name, "ok": True, "detail": kernel if name == OWN_KERNEL else ""} for name in names]
    return "\n".join(map(json.dumps, lines)).encode()


def failed(found):
    return [check.name for check in found if not check.ok]


def test_a_kernel_that_is_the_machines_or_not_known_is_not_the_pods_own():
    assert failed(judged(said(), None, "6.1.0-9-amd64")) == []
    assert failed(judged(said(kernel="6.1.0-9-amd64 #1 SMP"), None, "6.1.0-9-amd64")) == [OWN_KERNEL]
    assert failed(judged(said(), None, "")) == [OWN_KERNEL]


def test_a_pod_that_was_ended_for_memory_has_held_it_and_another_end_has_not():
    assert failed(judged(said(NAMES[:-1]), {"reason": "OOMKilled"}, "6.1")) == []
    assert failed(judged(said(NAMES[:-1]), {"reason": "Error"}, "6.1")) == ["memory"]
    assert failed(judged(b"", {"reason": "OOMKilled"}, "6.1")) == list(NAMES[:-1])

"""The self-test before federating."""

import pytest

from sild.trust import selftest
from sild.trust.errors import SelfTestError
from sild.trust.keys import Public

pytestmark = pytest.mark.unit


def test_every_primitive_works_here():
    checks = list(selftest.run())
    assert {"SHA-256", "canonical JSON", "Ed25519", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"} < {
        one.name for one in checks
    }
    assert all(one.ok for one in checks)
    selftest.require()


def test_a_library_that_verifies_anything_is_found_out(monkeypatch):
    monkeypatch.setattr(Public, "verifies", lambda *_: True)
    with pytest.raises(SelfTestError, match="ML-DSA-65"):
        selftest.require()


def test_a_library_that_crashes_is_a_failure_and_no_crash(monkeypatch):
    def crash(_self, _data):
        raise RuntimeError("not built in")

    monkeypatch.setattr("sild.trust.keys.Pair.sign", crash)
    with pytest.raises(SelfTestError, match="not built in"):
        selftest.require()

"""Sizes, times, commands and volumes of compose files."""

from __future__ import annotations

import pytest

from sild.sandbox.engine.inspecting import compose_values as values
from sild.sandbox.engine.limits import GIB, KIB, MIB
from sild.sandbox.engine.pods.spec import CAPABILITIES

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "size"), [("512", 512), (64, 64), ("1k", KIB), ("0.5gb", GIB // 2), ("2 MB", 2 * MIB), ("3b", 3)]
)
def test_sizes(text, size):
    assert values.size(text) == size


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("1m30s", 90), ("500ms", 0.5), ("1h", 3600), (None, 7)])
def test_spans_of_time(text, seconds):
    assert values.seconds(text, 7) == seconds


def test_what_is_none_is_said():
    with pytest.raises(ValueError, match="is no size"):
        values.size("1x")
    with pytest.raises(ValueError, match="is no span of time"):
        values.seconds("5 parsecs", 1)


def test_commands_are_split_as_a_shell_would():
    assert values.words("sh -c 'a b'") == ("sh", "-c", "a b")
    assert values.words(["a b"]) == ("a b",)
    assert values.words(None) is None


def test_capabilities_are_added_and_dropped():
    assert values.held(set(), set()) == CAPABILITIES
    assert values.held({"NET_RAW"}, {"ALL"}) == {"NET_RAW"}
    assert values.held(set(), {"CHOWN"}) == CAPABILITIES - {"CHOWN"}


def test_volumes_in_their_short_form():
    assert values.volume("/data") == ("", "/data", False, "volume")
    assert values.volume("name:/data") == ("name", "/data", False, "volume")
    assert values.volume("./here:/data:ro") == ("./here", "/data", True, "bind")

"""Why something was refused, in the reader's language."""

import re
from pathlib import Path

import pytest
from django.utils import translation

import sild.exchange
from sild.exchange import wording

pytestmark = pytest.mark.unit
# Codes of what is refused when it arrives; `stale` is asked for again and never kept.
ARRIVING = ("entries", "history", "incoming", "forwarding")
SILENT = {"stale", "no-original"}


def codes():
    for name in ARRIVING:
        text = (Path(sild.exchange.__file__).parent / f"{name}.py").read_text(encoding="utf-8")
        yield from re.findall(r'code="([a-z-]+)"', text)


@pytest.mark.parametrize("language", ["en", "et", "uk"])
def test_every_refusal_has_a_reason(language):
    with translation.override(language):
        assert {code for code in codes() if not wording.reason(code)} - SILENT == set()


def test_reasons_of_signatures_and_proofs_are_those_of_the_verifier():
    with translation.override("et"):
        assert wording.reason("bad-signature").startswith("Üks allkiri ei kehti")
    assert wording.reason("of-tomorrow") == ""

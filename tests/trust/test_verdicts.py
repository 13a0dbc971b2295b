"""Verdicts in three languages: every reason has its sentence in each, and the process needs no Django."""

import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter

import pytest

import sild.trust
from sild.trust import documents, verdicts
from sild.trust.evidence import Verdict
from sild.trust.identity import NodeKeys

pytestmark = pytest.mark.unit
GOOD = Verdict(ok=True, code="verified", sentence="Verified.", issuer="kyiv", kind="a.b", fingerprint="AAAA")
# What a verdict on a file can run into; keys at rest, seals and links are not among it.
VERIFYING = ("evidence", "record", "identity", "keyset", "suites", "proof", "checkpoint", "note", "verify", "documents")
OTHERS = {"verified", "keys-damaged"}


def codes():
    """Every code that the verifying part of the package raises."""
    for name in VERIFYING:
        text = (Path(sild.trust.__file__).parent / f"{name}.py").read_text(encoding="utf-8")
        yield from re.findall(r'code="([a-z-]+)"', text)


@pytest.mark.parametrize("language", verdicts.LANGUAGES)
def test_every_reason_has_a_sentence(language):
    missing = {code for code in codes() if not verdicts.reason(code, language, "document")} - OTHERS
    assert missing == set()


def test_the_catalogues_say_the_same_things_with_the_same_places():
    english = verdicts.catalogue("en")
    for language in ("et", "uk"):
        other = verdicts.catalogue(language)
        assert {part: other[part].keys() for part in other} == {part: english[part].keys() for part in english}
        for part, sentences in english.items():
            for code, sentence in sentences.items():
                assert places(sentence) == places(other[part][code]), (language, code)


def places(sentence):
    return sorted(name for _text, name, _spec, _conversion in Formatter().parse(sentence) if name)


def test_a_good_verdict_says_whether_the_fingerprint_was_compared():
    said = verdicts.all_languages(GOOD)
    assert said["en"] == "Verified."
    assert "kyiv" in said["et"]
    assert "võrrelge" in said["et"]
    assert "звірте" in said["uk"]
    assert "звірте" not in verdicts.record_sentence(replace(GOOD, pinned=True), "uk")
    assert "поновлення" in verdicts.record_sentence(replace(GOOD, path=("renewal",)), "uk")


def test_a_bad_verdict_gives_its_reason_or_its_code():
    bad = replace(GOOD, ok=False, code="proof", sentence="Not verified.")
    assert verdicts.record_sentence(bad, "et").startswith("Ei kehti: Kirjet ei ole väljaandja logis")
    assert "brand-new" in verdicts.record_sentence(replace(bad, code="brand-new"), "uk")


def test_a_documents_verdict_names_signer_file_and_day():
    keys = NodeKeys.generate("kyiv", now=datetime.now(UTC))
    statement = documents.state(keys, [b"x"], name="угода.txt", now=datetime(2026, 11, 25, 12, tzinfo=UTC))
    signature = documents.sign(keys, statement)
    said = verdicts.all_languages(documents.verify([b"x"], signature))
    assert "kyiv підписав файл «угода.txt» 2026-11-25 12:00 UTC" in said["uk"]
    assert "sõrmejäljega" in said["et"]
    wrong = documents.verify([b"y"], signature)
    assert verdicts.document_sentence(wrong, "et") == "Ei kehti: See ei ole see fail, mis allkirjastati: sisu erineb."


def test_an_entry_of_the_log_is_named():
    verdict = documents.DocumentVerdict(
        ok=True,
        sentence="",
        code="verified",
        statement=documents.Statement("kyiv", "", 1, "x", datetime(2026, 11, 25, tzinfo=UTC)),
        record=replace(GOOD, index=7),
    )
    assert "kanne 7" in verdicts.document_sentence(verdict, "et")


def test_verifying_needs_no_django():
    code = "import sys, sild.trust.verdicts, sild.trust.evidence; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

"""One file, one verdict, no node."""

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from sild.trust.checkpoint import Checkpoint, add_cosignature, cosign, sign_checkpoint
from sild.trust.encoding import canonical
from sild.trust.evidence import Known, build_record_file, verify_record_file
from sild.trust.lifetimes import ROLES
from sild.trust.proof import format_proof
from sild.trust.record import build_record, parse_record
from sild.trust.rotation import revoke, rotate
from sild.trust.spoken import LANGUAGES, say
from sild.trust.tree import leaf_hash, levels_of, path_in
from trust.test_record import header

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def files(tallinn, kyiv):
    """The files of five records in one log, cosigned by kyiv."""
    raws = [build_record(header(), {"text": str(number)}) for number in range(5)]
    levels = levels_of([leaf_hash(raw) for raw in raws])
    text = sign_checkpoint(tallinn, Checkpoint("tallinn/log", 5, levels[-1][0]), timestamp=int(time.time()))
    text = add_cosignature(text, cosign(text, kyiv, timestamp=int(time.time())))
    return [
        build_record_file(
            raw,
            format_proof(number, path_in(levels, number), text),
            tallinn.identity_document(),
            [kyiv.identity_document()],
        )
        for number, raw in enumerate(raws)
    ]


def test_a_good_file_says_who_where_and_by_which_signatures(files, tallinn):
    verdict = verify_record_file(files[3], fingerprint=tallinn.fingerprint.lower().replace("-", " "))
    assert verdict.ok
    assert (verdict.issuer, verdict.index, verdict.tree_size) == ("tallinn", 3, 5)
    assert verdict.signatures == ("Ed25519", "ML-DSA-44")
    assert verdict.pinned
    assert verdict.cosigned_by == ("kyiv",)
    assert tallinn.fingerprint in verdict.sentence


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_fingerprint_may_be_given_in_words(files, tallinn, language):
    assert verify_record_file(files[3], fingerprint=say(tallinn.fingerprint, language)).pinned


@pytest.fixture(scope="module")
def revoked(tallinn):
    """The newest identity, in which the log key of the files is revoked as of now."""
    kid = tallinn.log["Ed25519"].public.kid
    return revoke(tallinn, tallinn.root, kid, "compromised", now=datetime.now(UTC) + timedelta(minutes=1))


def test_a_stolen_key_proves_nothing_by_itself(files, revoked):
    verdict = verify_record_file(files[0], known=Known(newest=revoked.document))
    assert verdict.code == "revoked"
    assert "compromised" in verdict.sentence


def test_what_was_there_before_a_key_was_stolen_still_counts(files, revoked, kyiv):
    before, after = datetime(2026, 11, 1, tzinfo=UTC), datetime.now(UTC) + timedelta(days=1)
    assert verify_record_file(files[0], known=Known(newest=revoked.document, seen=before)).ok
    assert not verify_record_file(files[0], known=Known(newest=revoked.document, seen=after)).ok
    witness = frozenset({kyiv.fingerprint})
    assert verify_record_file(files[0], known=Known(newest=revoked.document, witnesses=witness)).ok


def test_a_witness_after_the_theft_shows_nothing(tallinn, kyiv, revoked):
    raw = build_record(header(), {"text": "x"})
    late = int(time.time()) + 3600
    text = sign_checkpoint(tallinn, Checkpoint("tallinn/log", 1, leaf_hash(raw)), timestamp=late)
    text = add_cosignature(text, cosign(text, kyiv, timestamp=late))
    file = build_record_file(raw, format_proof(0, [], text), tallinn.document, [kyiv.document])
    witness = frozenset({kyiv.fingerprint})
    assert verify_record_file(file, known=Known(newest=revoked.document, witnesses=witness)).code == "revoked"


def test_a_superseded_key_goes_on_proving(files, tallinn):
    new = rotate(tallinn, tallinn.root, ROLES, now=datetime.now(UTC))
    assert verify_record_file(files[0], known=Known(newest=new.document)).ok


def test_the_newest_identity_must_be_of_the_same_root(files, kyiv):
    assert verify_record_file(files[0], known=Known(newest=kyiv.document)).code == "fingerprint"


def test_without_a_pinned_fingerprint_the_verdict_asks_to_compare(files):
    verdict = verify_record_file(files[0])
    assert verdict.ok
    assert not verdict.pinned
    assert "compare" in verdict.sentence


def test_somebody_elses_fingerprint_is_no(files, kyiv):
    verdict = verify_record_file(files[0], fingerprint=kyiv.fingerprint)
    assert not verdict.ok
    assert verdict.code == "fingerprint"


def altered(file, other, kyiv):
    """Files that differ from a good one, each in one way."""
    good, second = orjson.loads(file), orjson.loads(other)
    forged_issuer = build_record(header(issuer="kyiv"), {"text": "0"}).decode()
    return {
        "a changed word": {**good, "record": good["record"].replace('"text":"0"', '"text":"1"')},
        "another record's proof": {**good, "proof": second["proof"]},
        "another node's identity": {**good, "identity": kyiv.identity_document().decode()},
        "a record of somebody else": {**good, "record": forged_issuer},
        "no proof": {**good, "proof": ""},
        "a proof without its checkpoint": {**good, "proof": good["proof"].split("\n\n")[0]},
        "another format": {**good, "format": "sild-record/9"},
        "a member missing": {name: good[name] for name in good if name != "identity"},
        "a false witness": {**good, "witnesses": ["{}"]},
        "text for an object": "text",
    }


CASES = [
    "a changed word",
    "another record's proof",
    "another node's identity",
    "a record of somebody else",
    "no proof",
    "a proof without its checkpoint",
    "another format",
    "a member missing",
    "a false witness",
    "text for an object",
]


@pytest.mark.parametrize("case", CASES)
def test_an_altered_file_gets_a_verdict_and_never_an_exception(files, kyiv, case):
    verdict = verify_record_file(canonical(altered(files[0], files[1], kyiv)[case]))
    assert not verdict.ok
    assert verdict.sentence


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"{", b"x" * (17 * 1024 * 1024)], ids=["empty", "bytes", "half", "huge"]
)
def test_what_is_no_file_of_ours_gets_a_verdict_too(data):
    assert verify_record_file(data).code == "file-form"


def test_every_byte_counts(files):
    """Flipping any of a hundred bits spread over the file never leaves a good verdict on other content."""
    good = verify_record_file(files[2])
    data = files[2]
    for place in range(0, len(data), max(1, len(data) // 100)):
        flipped = data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :]
        verdict = verify_record_file(flipped)
        assert not verdict.ok or verdict.hash == good.hash, place


def test_verifying_needs_neither_django_nor_the_link_library(files, tmp_path):
    (tmp_path / "file").write_bytes(files[0])
    program = (
        "import sys, pathlib\nfrom sild.trust.evidence import verify_record_file\n"
        f"assert verify_record_file(pathlib.Path({str(tmp_path / 'file')!r}).read_bytes()).ok\n"
        "assert not {'django', 'OpenSSL', 'twisted', 'urllib3'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_hash_of_a_verdict_is_the_records(files):
    verdict = verify_record_file(files[4])
    assert verdict.hash == parse_record(orjson.loads(files[4])["record"].encode()).hash

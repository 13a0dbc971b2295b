"""The words `sild sign`, `verify`, `seal` and `open`, as people type them."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from sild.exchange import document_cli
from sild.trust.spoken import say

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def typed():
    app = typer.Typer()
    for name in ("sign", "verify", "seal", "open"):
        app.command(name)(getattr(document_cli, f"{name}_command"))

    def type_in(*words, status=0):
        done = CliRunner().invoke(app, list(map(str, words)), catch_exceptions=False)
        assert done.exit_code == status, done.output
        return done.output

    return type_in


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "plan.txt"
    path.write_bytes(b"The parties agree.")
    return path


def test_a_file_is_signed_and_verified(typed, file, tallinn):
    signature = json.loads(typed("sign", file, "--json"))["signature"]
    facts = json.loads(typed("verify", file, signature, "--fingerprint", say(tallinn.fingerprint, "et"), "--json"))
    assert (facts["ok"], facts["pinned"], facts["signer"], facts["index"]) == (True, True, "tallinn", 0)
    file.write_bytes(b"The parties argue.")
    assert "another content" in typed("verify", file, signature, status=1)


def test_the_newest_identity_is_taken_into_account(typed, file, tallinn, tmp_path):
    signature = json.loads(typed("sign", file, "--json"))["signature"]
    (tmp_path / "identity.json").write_bytes(tallinn.document)
    typed("verify", file, signature, "--identity", tmp_path / "identity.json")


def test_a_file_is_sealed_and_opened(typed, file):
    data = file.read_bytes()
    sealed = json.loads(typed("seal", file, "--to", "tallinn", "--json"))["sealed"]
    assert data not in Path(sealed).read_bytes()
    assert "exists already" in typed("open", sealed, status=1)
    file.unlink()
    assert "Verified" in typed("open", sealed)
    assert file.read_bytes() == data
    typed("verify", file, f"{file}.sig.json")


def test_what_does_not_open_leaves_nothing_behind(typed, file, tmp_path):
    (tmp_path / "junk.sealed").write_bytes(b"junk")
    with pytest.raises(Exception, match="Not a sealed file"):
        typed("open", tmp_path / "junk.sealed")
    with pytest.raises(Exception, match="no partner"):
        typed("seal", file, "--to", "riga")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["junk.sealed", "plan.txt"]


def test_a_missing_file_is_a_sentence(typed, tmp_path):
    assert "cannot be read" in typed("sign", tmp_path / "none", status=1)

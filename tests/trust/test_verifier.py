"""The offline verifier as a program: what it understands, what it prints, and what it never imports."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from sild.trust import documents, verifier
from sild.trust.checkpoint import Checkpoint, sign_checkpoint
from sild.trust.evidence import build_record_file
from sild.trust.proof import format_proof
from sild.trust.record import Header, build_record, uuid7
from sild.trust.tree import leaf_hash
from sild.trust.verifier import Asked, main, read

pytestmark = pytest.mark.integration


@dataclass
class Files:
    record: str
    text: str
    signature: str
    identity: str


@pytest.fixture(scope="module")
def files(tmp_path_factory, tallinn):
    """A record's file, and a document with its signature and its signer's identity."""
    folder = tmp_path_factory.mktemp("files")
    now = datetime.now(UTC)
    header = Header(
        id=str(uuid7()), kind="trust.document", version=1, suite="sild-2026", issuer="tallinn", subject="Example",
        issued=now.strftime("%Y-%m-%dT%H:%M:%SZ"), tlp="GREEN", audience="partners", salt="A" * 22,
    )  # fmt: skip
    text = b"The parties agree."
    raw = build_record(header, {"digest": documents.digest_of([text])[0]})
    checkpoint = sign_checkpoint(tallinn, Checkpoint("tallinn/log", 1, leaf_hash(raw)), timestamp=int(time.time()))
    record = build_record_file(raw, format_proof(0, [], checkpoint), tallinn.document)
    statement = documents.state(tallinn, [text], name="a.txt", now=now)
    written = {
        "record": record,
        "text": text,
        "signature": documents.sign(tallinn, statement, record=record),
        "identity": tallinn.document,
    }
    for name, data in written.items():
        (folder / name).write_bytes(data)
    return Files(**{name: str(folder / name) for name in written})


def verify(capsys, *words):
    """Status, output and errors."""
    asked = read([str(word) for word in words])
    assert asked is not None
    status = verifier.run(asked)
    return status, *capsys.readouterr()


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (["a"], Asked("a")),
        (["a", "b"], Asked("a", "b")),
        (["--json", "a", "--lang", "uk"], Asked("a", lang="uk", as_json=True)),
        (["--fingerprint=AB CD", "a", "--renewal", "r"], Asked("a", fingerprint="AB CD", renewal="r")),
        (["a", "b", "--identity", "--json"], Asked("a", "b", identity="--json")),
        ([], None),
        ([""], None),
        (["a", "b", "c"], None),
        (["a", "b", "--renewal", "r"], None),
        (["a", "--lang"], None),
        (["a", "--language", "uk"], None),
        (["a", "--json=yes"], None),
        (["--help"], None),
        (["-h"], None),
        (["--", "a"], None),
    ],
)
def test_arguments_are_understood_whole_or_not_at_all(arguments, asked):
    assert read(arguments) == asked


def test_a_good_record_is_one_line_and_status_0(capsys, files, tallinn):
    status, said, _ = verify(capsys, files.record, "--fingerprint", tallinn.fingerprint, "--lang", "en")
    assert (status, said.count("\n")) == (0, 1)
    assert said.startswith("Verified: tallinn published this trust.document under the pinned fingerprint")
    assert "відбитком" in verify(capsys, files.record, "--lang", "uk")[1]


def test_machines_get_all_facts_and_every_language(capsys, files):
    facts = json.loads(verify(capsys, files.record, "--json", "--identity", files.identity)[1])
    assert (facts["ok"], facts["code"], facts["issuer"], facts["index"]) == (True, "verified", "tallinn", 0)
    assert facts["sentences"].keys() == {"en", "et", "uk"}


def test_a_document_is_verified_with_its_signature(capsys, files):
    status, said, _ = verify(capsys, files.text, files.signature, "--json", "--identity", files.identity)
    facts = json.loads(said)
    assert (status, facts["signer"], facts["index"], facts["name"]) == (0, "tallinn", 0, "a.txt")
    status, said, _ = verify(capsys, files.identity, files.signature, "--lang", "et")
    assert (status, said) == (1, "Ei kehti: See ei ole see fail, mis allkirjastati: sisu erineb.\n")
    facts = json.loads(verify(capsys, files.text, files.identity, "--json")[1])
    assert (facts["ok"], facts["code"], "signer" in facts) == (False, "signature-form", False)


def test_a_bad_renewal_is_named_and_the_record_holds_without_it(capsys, files):
    status, said, _ = verify(capsys, files.record, "--renewal", files.identity, "--lang", "en")
    assert (status, "The renewal does not prove it" in said) == (0, True)


def test_a_file_that_is_no_record_is_told_about_signatures(capsys, files):
    status, said, hint = verify(capsys, files.text, "--lang", "en")
    assert (status, said.startswith("Not a record's file")) == (1, True)
    assert "sild verify FILE SIGNATURE" in hint
    status, said, hint = verify(capsys, files.text, "--json")
    assert (status, json.loads(said)["code"], hint) == (1, "file-form", "")


def test_a_file_that_cannot_be_read_is_named(capsys, files, tmp_path):
    status, said, error = verify(capsys, files.text, tmp_path / "none")
    assert (status, said, error) == (1, "", f"{tmp_path}/none cannot be read: No such file or directory.\n")


def test_nothing_in_a_file_moves_the_cursor_or_starts_a_line(capsys, tallinn, tmp_path):
    odd = documents.state(tallinn, [b"x"], name="a\x1b[2K\u202e\nVerified", now=datetime.now(UTC))
    (tmp_path / "x").write_bytes(b"x")
    (tmp_path / "x.sig").write_bytes(documents.sign(tallinn, odd))
    said = verify(capsys, tmp_path / "x", tmp_path / "x.sig", "--lang", "en")[1]
    assert "“a\ufffd[2K\ufffd Verified”" in said
    assert said.count("\n") == 1


def test_a_person_at_a_terminal_sees_colour_unless_they_do_not_want_it(monkeypatch):
    class Terminal:
        def __init__(self):
            self.written = ""

        def isatty(self):
            return True

        def write(self, text):
            self.written += text

    for variables, line in (
        ({"TERM": "xterm"}, "\033[31mNo\033[0m\n"),
        ({"NO_COLOR": "1"}, "No\n"),
        ({"TERM": "dumb"}, "No\n"),
    ):
        for name in ("TERM", "NO_COLOR"):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        terminal = Terminal()
        verifier.tell("No", "red", terminal)
        assert terminal.written == line


def test_the_program_says_how_it_is_used(capsys, monkeypatch, files):
    monkeypatch.setattr(sys, "argv", ["verifier", "--help"])
    assert (main(), capsys.readouterr().out) == (0, verifier.USAGE)
    monkeypatch.setattr(sys, "argv", ["verifier"])
    assert (main(), capsys.readouterr().err) == (2, verifier.USAGE)
    monkeypatch.setattr(sys, "argv", ["verifier", files.record])
    assert main() == 0


def test_a_verdict_imports_no_more_than_it_needs(files):
    code = (
        "import sys; from sild.trust import verifier; verifier.main();"
        "print(*sorted({'django', 'pydantic', 'typer', 'rich', 'asyncio', 'ssl', 'socket', 'argparse', 'pathlib',"
        "'rfc8785', 'importlib.metadata', 'sild.trust.keystore', '_strptime'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, files.record], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[1:] == [""]


def test_it_runs_as_a_program(files):
    done = subprocess.run(
        [sys.executable, "-m", "sild.trust.verifier", files.record, "--json"], capture_output=True, check=True
    )
    assert json.loads(done.stdout)["ok"]

"""The words `sild record sees`, `mark`, `withdraw`, `pass-on`, `original` and `outstanding`, as people type them."""

import json

import pytest
from typer.testing import CliRunner

from sild.exchange.cli import record_app
from sild.exchange.errors import ExchangeError
from sild.exchange.incoming import import_page
from sild.exchange.models import Record
from sild.trust.evidence import verify_record_file

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def typed():
    def type_in(*words, text=None):
        done = CliRunner().invoke(record_app, list(map(str, words)), input=text, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    return type_in


@pytest.fixture
def published(typed, pinned):
    words = ("publish", "exchange.comment", "-", "--subject", "x", "--to", "partners", "--tlp", "GREEN", "--json")
    return json.loads(typed(*words, text='{"text": "x"}'))


def test_a_draft_is_judged_with_what_it_names(typed, published):
    narrow = json.loads(typed("mark", published["id"], "--to", "kyiv", "--tlp", "AMBER", "--json"))
    words = ["publish", "exchange.comment", "-", "--subject", "x", "--tlp", "GREEN", "--preview"]
    shown = json.loads(typed(*words, "--to", "partners", "--answers", narrow["id"], "--json", text='{"text": "x"}'))
    assert (shown["code"], shown["names"]) == ("withheld-reference", [narrow["id"]])
    assert "It would be refused." in typed(*words, "--to", "partners", "--answers", narrow["id"], text='{"text": "x"}')
    assert "yes" in typed(*words, "--to", "kyiv", text='{"text": "x"}')
    assert Record.objects.filter(answers_id__isnull=False).count() == 0


def test_sight_is_printed_for_people_and_machines(typed, published):
    assert json.loads(typed("sees", published["id"], "--json"))[0]["stage"] == "waiting"
    assert "kyiv" in typed("sees", published["id"])


def test_there_may_be_nobody_to_see_it(typed, db):
    words = ("publish", "exchange.comment", "-", "--subject", "x", "--to", "partners", "--tlp", "GREEN", "--json")
    made = json.loads(typed(*words, text='{"text": "x"}'))
    assert "no partners" in typed("sees", made["id"])


def test_a_new_version_names_the_one_before(typed, published):
    words = ("publish", "exchange.comment", "-", "--subject", "x", "--to", "partners", "--tlp", "GREEN", "--json")
    made = json.loads(typed(*words, "--replaces", published["id"], text='{"text": "y"}'))
    assert str(Record.objects.get(pk=made["id"]).replaces_id) == published["id"]


def test_what_was_taken_back_is_outstanding(typed, published):
    assert "everything" in typed("outstanding")
    assert "Withdrawn" in typed("withdraw", published["id"], "--reason", "wrong")
    [row] = json.loads(typed("outstanding", "--json"))
    assert (row["withdraws"], row["node"]) == (published["id"], "kyiv")
    assert "kyiv" in typed("outstanding")
    assert len(json.loads(typed("outstanding", "--all", "--json"))) == 1


def test_a_partners_record_is_passed_on_and_its_original_written(typed, pinned, kyiv, tmp_path):
    kyiv.publish()
    [record] = import_page(pinned, kyiv.page()).records
    made = json.loads(typed("pass-on", record.pk, "--to", "partners", "--json"))
    assert "Wrote" in typed("original", made["id"], tmp_path / "o.json")
    assert verify_record_file((tmp_path / "o.json").read_bytes(), fingerprint=kyiv.keys.fingerprint).ok


def test_the_original_of_what_was_not_passed_on_is_refused(typed, published, tmp_path):
    with pytest.raises(ExchangeError, match="passed on"):
        typed("original", published["id"], tmp_path / "o.json")

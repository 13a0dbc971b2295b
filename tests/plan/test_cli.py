"""The words `sild plan`, as the command line runs them."""

import json

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from plan import abc
from sild.exchange.models import Record
from sild.plan.cli import app
from sild.plan.engine.errors import MemorandumError
from sild.plan.errors import AssessmentError, NotFoundError, PartiesError
from sild.plan.models import Claim, Plan

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def sild_plan(*words):
    return CliRunner().invoke(app, words, catch_exceptions=False, env={"COLUMNS": "300"}).stdout


def test_the_shipped_memorandum_is_loaded_by_name():
    printed = sild_plan("load", "estonia-ukraine", "--party", "EE=tallinn", "--party", "UA=kyiv")
    assert "10 commitments" in printed
    again = json.loads(sild_plan("load", "estonia-ukraine", "--party", "EE=tallinn", "--party", "UA=kyiv", "--json"))
    assert (again["slug"], again["commitments"]) == ("estonia-ukraine", 10)


def test_a_memorandum_is_loaded_from_a_file(tmp_path):
    file = tmp_path / "three.yaml"
    YAML().dump(abc.memorandum().model_dump(mode="json"), file)
    parties = [word for party in ("A=tallinn", "B=kyiv", "C=riga") for word in ("--party", party)]
    assert "Memorandum of three parties" in sild_plan("load", str(file), *parties)
    assert Plan.objects.get().party_of("riga") == "C"


def test_what_cannot_be_loaded_is_refused():
    with pytest.raises(MemorandumError):
        sild_plan("load", "none", "--party", "EE=tallinn")
    for party in ("EE", "EE=", "EE=tallinn"):
        with pytest.raises(PartiesError):
            sild_plan("load", "estonia-ukraine", "--party", party)


def test_the_plan_is_shown_for_people_and_for_machines(joint, say):
    record = say("passed")
    printed = sild_plan("show")
    assert "In progress" in printed
    assert "missing: Rule use" in printed
    shown = json.loads(sild_plan("show", "--plan", "three-parties", "--json"))
    [commitment] = shown["commitments"]
    assert shown["title"] == "Memorandum of three parties"
    assert {"slug", "title", "status", "why", "due", "url", "evidence", "assessments"} <= set(commitment)
    assert commitment["evidence"][0]["record"] == str(record.pk)


def test_without_a_plan_there_is_nothing_to_show(db):
    with pytest.raises(NotFoundError):
        sild_plan("show")


def test_a_claim_is_written_down(joint):
    assert "Written down" in sild_plan("claim", "joint", "--text", "We did it.")
    assert json.loads(sild_plan("claim", "joint", "--text", "And more.", "--json"))["commitment"] == "joint"
    assert Claim.objects.count() == 2


def test_a_verdict_is_published(joint, say, hear):
    say("passed")
    hear("in use")
    words = ("assess", "joint", "--verdict", "met", "--reason", "Verified.", "--to")
    published = json.loads(sild_plan(*words, "kyiv", "--json"))
    assert Record.objects.get(pk=published["id"]).audience == ["kyiv"]
    assert "Published" in sild_plan(*words, "partners", "--tlp", "GREEN")
    assert Record.objects.get(kind="plan.assessment", withdrawn=False).audience == "partners"


def test_a_verdict_that_cannot_be_given_is_refused(joint):
    with pytest.raises(AssessmentError):
        sild_plan("assess", "joint", "--verdict", "met", "--reason", "Verified.", "--to", "kyiv")

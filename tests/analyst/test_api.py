"""The analyst for machines, with a token."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from analyst.findings import TEXT
from sild.analyst.models import Activation, Reading
from sild.exchange.models import Record
from sild.people import services as people
from sild.people.actor import Actor
from sild.people.enums import Role

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
ROOT = "/api/v1/analyst"


@pytest.fixture
def machine(client, agency):
    _token, secret = people.issue_token(Actor.operator(), "robot", Role.PUBLISHER, agency=agency)

    def call(method, path, data=None):
        headers = {"authorization": f"Bearer {secret}"}
        return getattr(client, method)(f"{ROOT}{path}", data, content_type="application/json", headers=headers)

    return call


def test_a_text_is_read_listed_and_shared(machine, in_use):
    made = machine("post", "/readings", {"name": "A report", "text": TEXT})
    assert made.status_code == 201
    reading = made.json()
    assert reading["techniques"][0] == "T1003.001"
    assert reading["indicators"] == len(reading["findings"]["indicators"])
    assert [row["id"] for row in machine("get", "/readings").json()] == [reading["id"]]
    assert machine("get", f"/readings/{reading['id']}").json()["findings"] == reading["findings"]
    place = f"/readings/{reading['id']}/proposals"
    first = machine("get", place).json()[0]
    assert machine("post", f"{place}/{first['key']}", {"verdict": "accepted"}).json()["verdict"] == "accepted"
    fixed = {"kind": "technique", "value": "T1113", "words": "used Mimikatz"}
    assert machine("post", f"{place}/{first['key']}", fixed).json()["value"] == "T1113"
    assert machine("post", place, fixed).status_code == 201
    shared = machine("post", f"/readings/{reading['id']}/publish", {"audience": ["kyiv"], "tlp": "AMBER"})
    assert shared.status_code == 201
    assert shared.json()["hash"] == Record.objects.get(kind="analyst.findings").hash


def test_the_solution_is_taken_into_use(machine, report_from_kyiv):
    report = report_from_kyiv()
    made = machine("post", "/activations", {"report": str(report.pk), "audience": ["kyiv"], "tlp": "GREEN"})
    assert made.status_code == 201
    assert made.json()["record"] == str(Activation.objects.get().record_id)


def test_an_error_is_a_problem_with_the_sentence(machine):
    answer = machine("post", "/readings", {"name": "x", "text": TEXT})
    assert answer.status_code == 400
    assert answer.json()["code"] == "not-active"
    assert machine("get", "/readings/00000000-0000-4000-8000-000000000000").status_code == 404


def test_the_card_can_be_fetched(machine):
    assert machine("get", "/card").json()["notice"].startswith("© 2025")


def test_a_file_is_read_over_the_api(client, agency, in_use):
    _token, secret = people.issue_token(Actor.operator(), "robot", Role.PUBLISHER, agency=agency)
    file = SimpleUploadedFile("a.html", f"<html><p>{TEXT}</p><script>x</script>".encode())
    answer = client.post(
        f"{ROOT}/readings/file", {"file": file, "tlp": "GREEN"}, headers={"authorization": f"Bearer {secret}"}
    )
    assert answer.status_code == 201
    assert answer.json()["origin"]["notes"] == ["scripts"]
    assert Reading.objects.get().tlp == "GREEN"

"""`sild sandbox preregister`, `sealed` and `suite import`, as people and scripts type them."""

from __future__ import annotations

import json

import pytest

from sandbox.factories import write_solution, write_suite
from sandbox.test_cli import in_json, typed
from sandbox.test_sealed import deliver, items, send
from sild.exchange.models import Record
from sild.sandbox import services
from sild.sandbox.agreements import Offer

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_a_registration_and_a_sealed_suite_from_first_to_last(kyiv, operator, tmp_path):
    services.register(operator, write_solution(tmp_path / "s"))
    services.add_suite(operator, write_suite(tmp_path / "t", items(), name="hidden"))
    made = in_json("preregister", "echo", "hidden", "--to", "partners")
    assert Record.objects.get(pk=made["record"]).hash == made["hash"]
    assert "There are none yet" in typed("sealed", "requests")
    in_json("sealed", "offer", "hidden", "--to", "kyiv", "--tlp", "AMBER", "--submissions", "2", "--smallest", "5")
    offered = Offer.objects.get()
    first, second = send(kyiv, offered, tmp_path), send(kyiv, offered, tmp_path)
    assert {row["state"] for row in in_json("sealed", "requests")} == {"waiting"}
    assert in_json("sealed", "accept", str(first.pk))["passed"] is False
    assert in_json("sealed", "decline", str(second.record_id))["state"] == "declined"
    assert Record.objects.get(pk=in_json("sealed", "answer", str(first.pk))["record"]).audience == ["kyiv"]
    body = Record.objects.get(pk=offered.record_id).body
    kyiv.publish(body, kind="sandbox.offer", subject="theirs", tlp="AMBER", audience=["tallinn"])
    [theirs] = deliver(kyiv).records
    asked = in_json("sealed", "ask", "echo@1.0", str(theirs.pk))
    assert Record.objects.get(pk=asked["record"]).answers_id == theirs.pk


def test_a_suite_is_added_from_a_file_of_lm_eval(tallinn, tmp_path):
    file = tmp_path / "log.jsonl"
    file.write_text(json.dumps({"question": "Kus?", "choices": ["Riia", "Tartu"], "answer": 1}) + "\n")
    words = ("suite", "import", "lm-eval", file, "--name", "kus", "--licence", "CC0-1.0", "--language", "et")
    added = in_json(*words, "--folder", tmp_path / "kept")
    assert (added["name"], added["samples"]) == ("kus", 1)
    assert (tmp_path / "kept" / "suite.yaml").exists()

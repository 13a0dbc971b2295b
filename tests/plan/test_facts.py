"""A commitment as JSON: only what counts, and only what the actor may see."""

import pytest

from sild.exchange import services as exchange
from sild.plan import services, standing
from sild.plan.facts import facts

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_evidence_and_verdicts_are_named_with_their_issuers(operator, joint, say, hear):
    say("passed")
    theirs = hear("in use")
    record = services.assess(operator, joint, "not-met", "It does not start.", ["kyiv"])
    row = facts(operator, standing.view(joint))
    assert (row["slug"], row["status"], row["due"]) == ("joint", "disputed", "2027-06-30")
    assert [one["issuer"] for one in row["evidence"]] == ["tallinn", "kyiv"]
    assert row["evidence"][1]["url"] == theirs.get_absolute_url()
    assert [(one["party"], one["verdict"], one["record"]) for one in row["assessments"]] == [
        ("A", "not-met", str(record.pk))
    ]


def test_what_was_withdrawn_is_left_out(operator, joint, say):
    exchange.withdraw(operator, say("passed"), "wrong run")
    assert facts(operator, standing.view(joint))["evidence"] == []


def test_what_another_agency_keeps_to_itself_is_left_out(operator, acting, joint, db):
    from people.factories import MembershipFactory  # noqa: PLC0415 -- one test of many needs it
    from sild.people.actor import Actor  # noqa: PLC0415

    exchange.publish(
        acting("publisher"),
        kind="exchange.comment",
        subject="x",
        body={"text": "passed"},
        tlp="AMBER+STRICT",
        audience=["kyiv"],
    )
    other = Actor.of(MembershipFactory().person)
    assert facts(other, standing.view(joint))["evidence"] == []
    assert len(facts(operator, standing.view(joint))["evidence"]) == 1

"""The plan's pages, in three languages, for those who may do what."""

import re

import pytest
from django.urls import reverse

from people.factories import MembershipFactory
from plan import abc
from plan.conftest import PARTIES
from sild.exchange import services as exchange
from sild.exchange.models import Record
from sild.people.enums import Role
from sild.plan import services
from sild.plan.engine.read import read
from sild.plan.models import Claim

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def reader(client):
    """Sign somebody in with a role."""

    def sign_in(role=Role.VIEWER, language="en"):
        membership = MembershipFactory(role=role, person__language=language)
        client.force_login(membership.person)
        return client

    return sign_in


def page(answer):
    assert answer.status_code == 200, answer.content
    return re.sub(r"\s+", " ", answer.content.decode())


def address(commitment, name="commitment"):
    return reverse(f"plan:{name}", args=[commitment.plan_id, commitment.slug])


def entered(**changes):
    return {"verdict": "met", "reason": "Verified.", "tlp": "AMBER", "to": ["kyiv"], "step": "publish", **changes}


def test_nobody_sees_the_plan_without_signing_in(client, joint):
    assert client.get("/plan/").status_code == 302
    assert client.get(address(joint)).status_code == 302


def test_without_a_plan_the_page_says_how_to_load_one(reader):
    assert "sild plan load" in page(reader().get("/plan/"))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["Joint AI proof of concept", "Not started", "What is due when", "Open GovTech solutions"]),
        ("et", ["Ühine tehisaru kontseptsioonitõendus", "Alustamata", "Mis on millal tähtajaks", "Vastutajad"]),
        ("uk", ["Спільне підтвердження концепції ШІ", "Не розпочато", "Що і коли має бути зроблено", "Відповідальні"]),
    ],
)
def test_the_plan_at_a_glance_reads_in_each_language(reader, operator, language, words):
    services.load(operator, read("estonia-ukraine"), {"EE": "tallinn", "UA": "kyiv"})
    html = page(reader(language=language).get("/plan/"))
    for word in words:
        assert word in html


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            [
                "1 of 2 rules have evidence; missing: Rule use.",
                "not yet assessed by another party",
                "proposed by the plan",
            ],
        ),
        ("et", ["Tõendid on 1 nõude kohta 2-st; puudub: Rule use (et).", "teine osapool ei ole veel hinnanud"]),
        ("uk", ["Докази є для 1 із 2 вимог; бракує: Rule use (uk).", "інша сторона ще не оцінила"]),
    ],
)
def test_a_commitment_says_where_it_stands_in_each_language(reader, joint, say, language, words):
    record = say("passed")
    html = page(reader(language=language).get(address(joint)))
    for word in words:
        assert word in html
    assert record.get_absolute_url() in html, "the evidence is one click away"


def test_every_line_of_evidence_leads_to_its_record(reader, joint, say, hear):
    records = [say("passed"), hear("in use")]
    client = reader()
    html = page(client.get(address(joint)))
    for record in records:
        assert record.get_absolute_url() in html
        page(client.get(record.get_absolute_url()))


def test_several_plans_can_be_chosen(reader, operator, plan):
    services.load(operator, read("estonia-ukraine"), {"EE": "tallinn", "UA": "kyiv"})
    client = reader()
    assert "?plan=three-parties" in page(client.get("/plan/"))
    assert "Commitment joint" in page(client.get("/plan/?plan=three-parties"))
    assert client.get("/plan/?plan=none").status_code == 404


def test_a_milestone_is_shown_with_its_day_and_evidence(reader, operator, say):
    steps = [abc.milestone("first", "exchange.comment", "2020-01-02"), abc.milestone("second", "a.b", "2020-01-03")]
    plan = services.load(operator, abc.memorandum(abc.joint(milestones=steps)), PARTIES)
    say("anything")
    client = reader()
    for html in (page(client.get("/plan/")), page(client.get(address(plan.commitments.get())))):
        assert "Step first" in html
        assert "reached" in html
        assert "missed" in html


def test_a_withdrawn_record_is_shown_as_not_counting(reader, operator, joint, say):
    exchange.withdraw(operator, say("passed"), "wrong run")
    assert "withdrawn or replaced: does not count" in page(reader().get(address(joint)))


def test_reported_and_assessed_are_shown_apart_with_who_and_when(reader, operator, joint, say, hear, verdict):
    ours = say("passed")
    hear("in use")
    services.assess(operator, joint, "not-met", "It does not start.", ["kyiv"])
    services.assess(operator, joint, "met", "It starts now.", ["kyiv"])
    hear(verdict([ours], reason="Checked in Kyiv."), kind="plan.assessment")
    html = page(reader().get(address(joint)))
    assert "<strong>Party A</strong> (tallinn): 1 record" in html
    assert "<strong>Party B</strong> (kyiv): 1 record" in html
    assert "Checked in Kyiv." in html
    assert html.index("It starts now.") < html.index("Replaced and withdrawn") < html.index("It does not start.")
    assert '<span class="ds-tag" data-color="success">Met</span>' in html


def test_what_another_agency_keeps_to_itself_is_not_shown(reader, joint, acting):
    kept = exchange.publish(
        acting("publisher"),
        kind="exchange.comment",
        subject="Secret subject",
        body={"text": "passed"},
        tlp="AMBER+STRICT",
        audience=["kyiv"],
    )
    html = page(reader().get(address(joint)))
    assert "another agency keeps to itself" in html
    assert "Secret subject" not in html
    assert str(kept.pk) not in html


def test_a_viewer_has_no_forms_and_an_editor_can_only_claim(reader, joint):
    assert "<textarea" not in page(reader(Role.VIEWER).get(address(joint)))
    html = page(reader(Role.EDITOR).get(address(joint)))
    assert address(joint, "claim") in html
    assert address(joint, "assess") not in html


def test_a_claim_is_written_down_and_shown_as_one(reader, joint):
    client = reader(Role.EDITOR)
    answer = client.post(address(joint, "claim"), {"text": "We <b>did</b> it."}, follow=True)
    html = page(answer)
    assert "We &lt;b&gt;did&lt;/b&gt; it." in html
    assert "Not started" in html
    assert Claim.objects.get().commitment == joint


def test_an_empty_claim_is_refused_next_to_its_field(reader, joint):
    answer = reader(Role.EDITOR).post(address(joint, "claim"), {"text": " "})
    assert answer.status_code == 422
    assert b'id="id_text-error"' in answer.content
    assert not Claim.objects.exists()


def test_a_viewer_who_sends_a_claim_is_refused(reader, joint):
    assert reader(Role.VIEWER).post(address(joint, "claim"), {"text": "x"}).status_code == 403


def test_the_form_says_who_will_get_it_before_anything_is_sent(reader, joint, pinned):
    html = page(reader(Role.PUBLISHER).get(address(joint)))
    assert '<strong>kyiv</strong> <span class="ds-tag" data-color="success">would get it</span>' in html
    assert '<strong>riga</strong> <span class="ds-tag" data-color="danger">would not get it</span>' in html


def test_a_preview_publishes_nothing_and_judges_nothing(reader, joint, pinned):
    client = reader(Role.PUBLISHER)
    html = page(
        client.post(address(joint, "assess"), {"step": "preview", "tlp": "GREEN", "to": ["riga"], "reason": "So far"})
    )
    assert "So far" in html
    assert '<strong>kyiv</strong> <span class="ds-tag" data-color="danger">would not get it</span>' in html
    assert "ds-validation-message" not in html
    assert "Nobody is chosen." not in html
    assert not Record.objects.exists()


def test_a_verdict_is_published_from_the_page(reader, joint, say, hear):
    say("passed")
    hear("in use")
    client = reader(Role.PUBLISHER)
    html = page(client.post(address(joint, "assess"), entered(), follow=True))
    assert "The assessment was published" in html
    record = Record.objects.get(kind="plan.assessment")
    assert (record.audience, record.body["verdict"]) == (["kyiv"], "met")
    shown = page(client.get(record.get_absolute_url()))
    assert "Commitment joint" in shown
    assert "Verified." in shown


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reason": ""}, "id_reason-error"),
        ({"to": []}, "ds-validation-message"),
        ({"verdict": "maybe"}, "ds-validation-message"),
        ({"to": ["minsk"]}, "ds-validation-message"),
        ({}, "It cannot be assessed as met yet."),
    ],
)
def test_a_verdict_that_cannot_be_given_comes_back_with_its_reason(reader, joint, changes, words):
    answer = reader(Role.PUBLISHER).post(address(joint, "assess"), entered(**changes))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Record.objects.exists()


def test_an_editor_who_sends_a_verdict_is_refused(reader, joint, hear):
    hear("in use")
    answer = reader(Role.EDITOR).post(address(joint, "assess"), entered(verdict="not-met"))
    assert answer.status_code == 403


def test_a_commitment_that_is_not_there_is_not_found(reader, plan):
    assert reader().get("/plan/three-parties/none/").status_code == 404


def test_an_assessments_record_names_what_it_rests_on(reader, hear):
    missing = {"id": "0190a5a0-0000-7000-8000-000000000001", "hash": "sha256:" + "0" * 64}
    body = {"plan": "elsewhere", "commitment": "c", "verdict": "not-met", "reason": "Why.", "evidence": [missing]}
    html = page(reader().get(hear(body, kind="plan.assessment").get_absolute_url()))
    assert "elsewhere/c" in html
    assert "not on this node" in html
    assert "Not met" in html


def test_an_assessment_that_rests_on_nothing_says_so(reader, hear):
    body = {"plan": "elsewhere", "commitment": "c", "verdict": "not-met", "reason": "Why.", "evidence": []}
    assert "no record" in page(reader().get(hear(body, kind="plan.assessment").get_absolute_url()))


def test_the_home_page_shows_the_plan(reader, plan):
    html = page(reader().get("/"))
    assert "Memorandum of three parties: 0 of 1 commitment met." in html

"""Publishing: what is written, what is refused, and that a refusal leaves nothing behind."""

import pytest

from sild.exchange import evidence, services
from sild.exchange.errors import BodyError, ExchangeError, NotFoundError, UnknownKindError, WithheldError
from sild.exchange.log_models import Checkpoint, LogState
from sild.exchange.models import Delivery, Record
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.people.errors import NotAllowedError
from sild.people.models import Agency, AuditEntry

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def comment(actor, text="hello", **changes):
    values = {
        "kind": "exchange.comment",
        "subject": "x",
        "body": {"text": text},
        "tlp": "GREEN",
        "audience": "partners",
    }
    return services.publish(actor, **{**values, **changes})


def test_a_published_record_is_a_leaf_under_a_checkpoint_and_verifies_offline(operator):
    first, second = comment(operator), comment(operator, "again")
    assert [first.leaf_index, second.leaf_index] == [0, 1]
    assert [checkpoint.size for checkpoint in Checkpoint.objects.order_by("size")] == [1, 2]
    assert evidence.verify(first).ok
    assert evidence.verify(second).pinned


def test_a_batch_is_signed_once(operator):
    drafts = [
        services.Draft(kind="exchange.comment", subject=str(n), body={"text": "x"}, tlp="CLEAR", audience="public")
        for n in range(300)
    ]
    records = services.publish_batch(operator, drafts)
    assert Checkpoint.objects.count() == 1
    assert evidence.verify(records[0]).ok
    assert evidence.verify(records[299]).ok


def test_a_record_is_numbered_for_each_partner_that_may_have_it(operator, pinned):
    comment(operator, audience=["riga"], tlp="AMBER")
    wanted = comment(operator, audience=["kyiv"], tlp="AMBER")
    assert [(row.position, row.record) for row in Delivery.objects.filter(partner=pinned)] == [(1, wanted)]


def test_what_was_published_before_pinning_is_numbered_when_the_partner_is_pinned(operator, kyiv, request):
    early = comment(operator)
    comment(operator, audience=["riga"], tlp="AMBER")
    partner = request.getfixturevalue("pinned")
    assert [row.record for row in Delivery.objects.filter(partner=partner)] == [early]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"kind": "weather.report"}, UnknownKindError),
        ({"body": {"words": "no text"}}, BodyError),
        ({"body": {"text": float("nan")}}, BodyError),
        ({"tlp": "AMBER"}, WithheldError),
        ({"subject": "s" * 301}, BodyError),
    ],
)
def test_a_refused_draft_leaves_nothing_behind(operator, changes, error):
    with pytest.raises(error):
        comment(operator, **changes)
    assert not Record.objects.exists()
    assert not Checkpoint.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_batch_with_one_bad_draft_publishes_none(operator):
    good = services.Draft(kind="exchange.comment", subject="x", body={"text": "x"}, tlp="CLEAR", audience="public")
    bad = services.Draft(kind="exchange.comment", subject="x", body={}, tlp="CLEAR", audience="public")
    with pytest.raises(BodyError):
        services.publish_batch(operator, [good, bad])
    assert not LogState.objects.filter(size__gt=0).exists()


def test_publishing_is_a_right_of_its_own(db):
    agency = Agency.objects.create(slug="ria", name="Example agency")
    with pytest.raises(NotAllowedError, match="publish"):
        comment(Actor(who="editor", role=Role.EDITOR, agency=agency))
    assert comment(Actor(who="publisher", role=Role.PUBLISHER, agency=agency)).agency == agency


def test_what_an_agency_keeps_to_itself_other_agencies_do_not_see(db):
    ours, theirs = (Agency.objects.create(slug=slug, name=slug) for slug in ("ria", "ppa"))
    publisher = Actor(who="a", role=Role.PUBLISHER, agency=ours)
    kept = comment(publisher, tlp="RED", audience=["tallinn"])
    shown = comment(publisher)
    other = Actor(who="b", role=Role.VIEWER, agency=theirs)
    assert list(Record.objects.visible_to(other)) == [shown]
    with pytest.raises(NotFoundError):
        services.get(other, str(kept.pk))
    assert services.get(publisher, str(kept.pk)) == kept
    assert not Record.objects.visible_to(Actor(who="c", role=None)).exists()


def test_a_withdrawal_is_a_record_and_marks_what_it_withdraws(operator, pinned):
    record = comment(operator)
    withdrawal = services.withdraw(operator, record, "wrong case")
    record.refresh_from_db()
    assert record.withdrawn
    assert withdrawal.withdraws_id == record.pk
    assert Delivery.objects.filter(partner=pinned).count() == 2
    with pytest.raises(ExchangeError, match="already"):
        services.withdraw(operator, record, "again")


def test_a_revision_counts_up_and_names_what_it_replaces(operator):
    record = comment(operator)
    revised = comment(operator, "better", replaces=record)
    assert revised.version == 2
    assert revised.header["replaces"] == record.reference


def test_nobody_revises_or_withdraws_a_partners_record(operator, pinned, kyiv):
    from sild.exchange.incoming import import_page  # noqa: PLC0415 -- one test of many needs it

    kyiv.publish()
    theirs = import_page(pinned, kyiv.page()).records[0]
    with pytest.raises(ExchangeError, match="kyiv"):
        services.withdraw(operator, theirs, "not ours")
    with pytest.raises(ExchangeError, match="kyiv"):
        comment(operator, replaces=theirs)
    assert comment(operator, answers=theirs).answers_id == theirs.pk


def test_the_preview_says_what_each_partner_would_see(operator, pinned):
    [(partner, decision)] = services.preview("AMBER", ["kyiv"])
    assert (partner, decision.allowed) == (pinned, True)
    [(_partner, decision)] = services.preview("AMBER", ["riga"])
    assert not decision.allowed


def test_a_withdrawal_is_not_taken_back(operator, pinned):
    record = comment(operator)
    withdrawal = services.withdraw(operator, record, "wrong")
    with pytest.raises(ExchangeError, match="not taken back") as caught:
        services.withdraw(operator, withdrawal, "right after all")
    assert caught.value.code == "withdrawal"
    with pytest.raises(ExchangeError, match="not taken back"):
        services.mark(operator, withdrawal, "RED", ["tallinn"])

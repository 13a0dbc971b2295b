"""How an object stands."""

from datetime import UTC, datetime, timedelta

import pytest

from sild.exchange import services as exchange
from sild.threats import reading, sharing, standing, writing
from sild.threats.engine import decay
from sild.threats.writing import Context
from threats.examples import YARA

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_an_indicator_is_worth_less_each_day_by_its_sort(publisher):
    name = reading.get(publisher, writing.write_indicator(publisher, "evil.example", Context(confidence=80)))
    file = reading.get(publisher, writing.write_indicator(publisher, "ab" * 32, Context(confidence=80)))
    later = datetime.now(UTC) + timedelta(days=30)
    assert standing.worth(name, [], later).score == 40
    assert standing.worth(file, [], later).score > 70
    assert not standing.worth(name, [], later + timedelta(days=90)).is_alert


def test_a_rule_ages_too_and_nothing_else_has_a_worth(publisher):
    rule = reading.get(publisher, writing.write_rule(publisher, "yara", YARA, Context()))
    assert standing.worth(rule, []).model == decay.MODELS["other"]
    assert standing.worth(reading.get(publisher, writing.write_guidance(publisher, "x", Context())), []) is None


def test_what_was_revoked_is_worth_nothing(publisher):
    written = writing.write_indicator(publisher, "evil.example", Context())
    sharing.revoke(publisher, written)
    assert standing.worth(reading.get(publisher, written), []) is None


def test_the_last_time_that_a_sighting_names_counts():
    seen = {"first_seen": "2026-01-01T00:00:00Z", "modified": "2026-03-01T00:00:00.000Z"}
    assert standing.moment(seen) == datetime(2026, 1, 1, tzinfo=UTC)
    assert standing.moment({"last_seen": "soon"}) == datetime.fromtimestamp(0, UTC)


def test_a_record_that_the_reader_may_not_see_is_not_named(publisher, viewer, pinned):
    written = writing.write_indicator(publisher, "evil.example", Context(tlp="AMBER"))
    sharing.share(publisher, [written], ["kyiv"], "x")
    assert {one.who for one in standing.said(viewer, written)} == {"tallinn", "publisher"}


def test_partners_acknowledgements_are_told(publisher, pinned, hear):
    written = writing.write_indicator(publisher, "evil.example", Context(tlp="GREEN"))
    records = sharing.share(publisher, [written], ["kyiv"], "x")
    assert standing.acknowledged(records) == {}
    named = [record.reference for record in records]
    hear({"records": named}, kind="exchange.receipt", tlp="AMBER", audience=["tallinn"])
    withdrawn = exchange.withdraw(publisher, records[-1], "wrong")
    assert set(standing.acknowledged([*records, withdrawn])) == {record.pk for record in records}


def test_a_withdrawn_record_names_the_partners_that_know(publisher, pinned, hear):
    written = writing.write_indicator(publisher, "evil.example", Context(tlp="GREEN"))
    records = sharing.share(publisher, [written], ["kyiv"], "x")
    withdrawn = exchange.withdraw(publisher, records[-1], "wrong")
    [said] = [one for one in standing.said(publisher, written) if one.record]
    assert (said.is_standing, list(said.heard)) == (False, [])
    hear({"records": [withdrawn.reference]}, kind="exchange.receipt", tlp="AMBER", audience=["tallinn"])
    [said] = [one for one in standing.said(publisher, written) if one.record]
    assert said.heard == ["kyiv"]

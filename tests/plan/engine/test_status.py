"""The status of a commitment: examples for each way it can come out, and laws that hold for any facts."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plan import abc
from sild.plan.engine.status import AT_RISK_DAYS, Assessment, Evidence, Status, status

pytestmark = pytest.mark.unit

TODAY = date(2027, 1, 15)
DUE = date(2027, 6, 30)
RANKS = [Status.OVERDUE, Status.AT_RISK, Status.NOT_STARTED, Status.IN_PROGRESS, Status.REPORTED, Status.MET]


def build(**more):
    return abc.memorandum(abc.joint(**more)).commitments[0]


def shown(key, party, name="r", on=TODAY):
    return Evidence(key=key, record=f"{name}-{key}-{party}", hash=f"hash {name} {key} {party}", party=party, on=on)


def verdict(party, *items, met=True, sequence=1):
    named = frozenset((item.record, item.hash) for item in items)
    return Assessment(f"verdict-{party}-{sequence}", party, met, sequence, named)


TEST, USE = shown("test", "A"), shown("use", "B")
BOTH_WAYS = [verdict("B", TEST), verdict("A", USE)]


def outcome(evidence=(), assessments=(), withdrawals=(), today=TODAY, commitment=None):
    return status(commitment or build(), evidence, assessments, withdrawals, today)


def test_without_evidence_nothing_has_started():
    standing = outcome()
    assert standing.status is Status.NOT_STARTED
    assert standing.missing == ("test", "use")
    assert standing.days_left == (DUE - TODAY).days


def test_evidence_for_some_rules_is_progress():
    standing = outcome([TEST])
    assert standing.status is Status.IN_PROGRESS
    assert standing.missing == ("use",)


def test_evidence_for_every_rule_is_reported_and_waits_for_the_partners():
    standing = outcome([TEST, replace(USE, on=TODAY + timedelta(2))])
    assert standing.status is Status.REPORTED
    assert standing.unassessed == ("test", "use")
    assert standing.reported_on == TODAY + timedelta(2)


def test_evidence_countersigned_by_other_parties_is_met():
    assert outcome([TEST, USE], BOTH_WAYS).status is Status.MET


def test_one_partners_verdict_is_not_enough_when_both_showed_evidence():
    standing = outcome([TEST, USE], BOTH_WAYS[:1])
    assert standing.status is Status.REPORTED
    assert standing.unassessed == ("use",)


def test_a_third_party_can_assess_both():
    assert outcome([TEST, USE], [verdict("C", TEST, USE)]).status is Status.MET


def test_a_partner_that_says_not_met_disputes_it():
    standing = outcome([TEST, USE], [*BOTH_WAYS, verdict("C", TEST, met=False)])
    assert standing.status is Status.DISPUTED
    assert standing.disputed_by == ("C",)


def test_a_party_that_owes_it_alone_does_not_dispute_itself():
    alone = build(owners=["A"])
    assert outcome([], [verdict("A", met=False)], commitment=alone).disputed_by == ()
    assert outcome([], [verdict("B", met=False)], commitment=alone).disputed_by == ("B",)


def test_a_later_verdict_of_the_same_party_replaces_the_earlier_one():
    earlier = verdict("B", TEST, met=False, sequence=1)
    assert outcome([TEST, USE], [verdict("A", USE), earlier, verdict("B", TEST, sequence=2)]).status is Status.MET


def test_what_was_due_and_has_no_evidence_is_overdue():
    assert outcome([TEST], today=DUE).status is Status.AT_RISK
    assert outcome([TEST], today=DUE + timedelta(1)).status is Status.OVERDUE


def test_what_was_reported_is_not_overdue_while_partners_take_their_time():
    assert outcome([TEST, USE], today=DUE + timedelta(1)).status is Status.REPORTED


def test_the_last_days_without_evidence_are_a_risk():
    assert outcome(today=DUE - timedelta(AT_RISK_DAYS)).status is Status.AT_RISK
    assert outcome(today=DUE - timedelta(AT_RISK_DAYS + 1)).status is Status.NOT_STARTED


def test_a_missed_milestone_is_a_risk_until_it_has_evidence():
    commitment = build(milestones=[abc.milestone("first", "exchange.comment", "2027-01-14")])
    late = outcome(commitment=commitment)
    assert late.status is Status.AT_RISK
    assert late.milestones[0].late
    reached = outcome([shown("milestone:first", "C")], commitment=commitment)
    assert reached.status is Status.NOT_STARTED
    assert reached.milestones[0].has_evidence
    assert outcome(commitment=commitment, today=date(2027, 1, 14)).status is Status.NOT_STARTED


def test_a_party_cannot_meet_both_rules_alone():
    own_use = shown("use", "A")
    assert outcome([TEST, own_use]).missing == ("use",)
    assert outcome([TEST, own_use], [verdict("C", TEST, own_use)]).status is Status.IN_PROGRESS


def test_two_parties_that_did_both_meet_both_rules():
    assert outcome([TEST, shown("test", "B"), shown("use", "A")]).status is Status.REPORTED


def test_evidence_must_differ_among_what_was_assessed_too():
    """B's test makes A's use count as reported; while nobody assessed B's test, A's use is not assessed."""
    items = [TEST, shown("test", "B"), shown("use", "A")]
    standing = outcome(items, [verdict("C", items[0], items[2])])
    assert standing.status is Status.REPORTED
    assert standing.unassessed == ("use",)


def test_a_rule_for_each_party_wants_every_owner():
    commitment = abc.memorandum(abc.commitment("c", abc.rule("r", "a.b", at_least=2, **{"from": "each"}))).commitments[
        0
    ]
    items = [shown("r", party, name) for party in "AB" for name in "xyz"]
    part = outcome(items, commitment=commitment).rules[0]
    assert (part.needed, part.reported) == (6, 4)
    items += [shown("r", "C", name) for name in "xy"]
    assert outcome(items, commitment=commitment).status is Status.REPORTED


def test_the_same_record_counts_once():
    commitment = abc.memorandum(abc.commitment("c", abc.rule("r", "a.b", at_least=2))).commitments[0]
    assert outcome([shown("r", "A")] * 3, commitment=commitment).rules[0].reported == 1


# Laws, for any facts.

PARTIES = st.sampled_from("ABC")
ITEMS = st.builds(
    shown,
    key=st.sampled_from(["test", "use", "milestone:first"]),
    party=PARTIES,
    name=st.sampled_from("xyz"),
    on=st.dates(date(2026, 12, 1), date(2027, 7, 30)),
)
EVIDENCE = st.lists(ITEMS, max_size=8)
VERDICTS = st.lists(
    st.builds(
        lambda party, items, met, sequence: verdict(party, *items, met=met, sequence=sequence),
        PARTIES,
        EVIDENCE,
        st.booleans(),
        st.integers(0, 3),
    ),
    max_size=5,
    unique_by=lambda one: one.record,
)
DAYS = st.dates(date(2026, 12, 1), date(2027, 8, 30))
WITH_STEP = build(milestones=[abc.milestone("first", "exchange.comment", "2027-02-01")])


def rank(standing):
    return RANKS.index(standing.status)


@given(EVIDENCE, EVIDENCE, VERDICTS, DAYS)
def test_more_evidence_never_lowers_a_status(before, more, verdicts, today):
    first = outcome(before, verdicts, today=today, commitment=WITH_STEP)
    second = outcome(before + more, verdicts, today=today, commitment=WITH_STEP)
    if first.status is Status.DISPUTED:
        assert second.status is Status.DISPUTED
    else:
        assert rank(second) >= rank(first)


@given(EVIDENCE, VERDICTS, DAYS)
def test_what_is_met_is_also_reported(evidence, verdicts, today):
    standing = outcome(evidence, verdicts, today=today, commitment=WITH_STEP)
    for part in standing.rules:
        assert part.assessed <= part.reported <= part.needed
    if standing.status is Status.MET:
        assert standing.missing == ()
        assert standing.reported_on is not None
        assert outcome(evidence, [], today=today, commitment=WITH_STEP).status is Status.REPORTED


@given(EVIDENCE, DAYS)
def test_nobody_assesses_their_own_evidence(evidence, today):
    own = [verdict(party, *[item for item in evidence if item.party == party]) for party in "ABC"]
    assert outcome(evidence, own, today=today).status is not Status.MET


@given(EVIDENCE, VERDICTS, DAYS)
def test_no_party_alone_makes_a_commitment_met_that_asks_for_two(evidence, verdicts, today):
    only = [item for item in evidence if item.party == "A"]
    assert outcome(only, verdicts, today=today).status is not Status.MET


@given(EVIDENCE, VERDICTS, DAYS, st.data())
def test_what_was_withdrawn_counts_as_if_it_had_never_been(evidence, verdicts, today, data):
    records = sorted({item.record for item in evidence} | {one.record for one in verdicts})
    gone = data.draw(st.sets(st.sampled_from(records))) if records else set()
    kept = [item for item in evidence if item.record not in gone]
    spoken = [one for one in verdicts if one.record not in gone]
    assert outcome(evidence, verdicts, gone, today) == outcome(kept, spoken, (), today)


@given(EVIDENCE, VERDICTS, DAYS, st.randoms())
def test_the_order_of_facts_does_not_matter(evidence, verdicts, today, random):
    distinct = list({(one.party, one.sequence): one for one in verdicts}.values())
    shuffled, spoken = evidence[:], distinct[:]
    random.shuffle(shuffled)
    random.shuffle(spoken)
    assert outcome(evidence, distinct, today=today) == outcome(shuffled, spoken, today=today)


@given(EVIDENCE, VERDICTS, DAYS)
def test_a_verdict_on_other_bytes_is_no_verdict(evidence, verdicts, today):
    forged = [replace(one, evidence=frozenset((record, "other") for record, _hash in one.evidence)) for one in verdicts]
    assert outcome(evidence, forged, today=today).status is not Status.MET


@given(EVIDENCE, VERDICTS, DAYS, DAYS)
def test_time_alone_never_improves_a_status(evidence, verdicts, one_day, other_day):
    early, late = sorted([one_day, other_day])
    before = outcome(evidence, verdicts, today=early, commitment=WITH_STEP)
    after = outcome(evidence, verdicts, today=late, commitment=WITH_STEP)
    assert after.status is before.status or rank(after) < rank(before)

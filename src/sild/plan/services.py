"""What happens to a plan: it is loaded, records become its evidence, people claim and assess."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from sild.exchange import multilingual, own
from sild.exchange import services as exchange
from sild.people import audit
from sild.people.enums import Right
from sild.plan import overview, sentences, standing
from sild.plan.enums import Verdict
from sild.plan.errors import AssessmentError, ClaimError, NotFoundError, PartiesError, PlanError
from sild.plan.evidence import ASSESSMENT, backfill
from sild.plan.models import Claim, Commitment, Milestone, Plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sild.exchange.gate import Audience
    from sild.exchange.models import Record
    from sild.people.actor import Actor
    from sild.plan.engine import memorandum as engine
    from sild.plan.engine.memorandum import Memorandum
    from sild.plan.standing import View

MAX_TEXT = 4000


@transaction.atomic
def load(actor: Actor, memorandum: Memorandum, parties: Mapping[str, str]) -> Plan:
    """Load a memorandum, or load it anew: texts and dates follow the file, evidence, claims and verdicts stay.

    Args:
        actor: who loads; the plan is the whole node's, so it takes an administrator.
        memorandum: as read from its file.
        parties: node id by party code, as in `{"EE": "tallinn", "UA": "kyiv"}`.

    Raises:
        NotAllowedError: the actor does not administer.
        PartiesError: a party has no node, two have the same, or a code is unknown.
        PlanError: the file dropped a commitment that people or partners have spoken about.
    """
    actor.require(Right.ADMINISTER)
    _check_parties(memorandum, parties)
    plan, _created = Plan.objects.update_or_create(
        slug=memorandum.slug,
        defaults={
            "title": memorandum.title.model_dump(),
            "signed": memorandum.signed,
            "parties": {
                code: {"node": parties[code], "name": name.model_dump()} for code, name in memorandum.parties.items()
            },
            "kinds": sorted({rule.kind for one in memorandum.commitments for rule in one.conditions().values()}),
        },
    )
    _drop_missing(plan, memorandum)
    for position, commitment in enumerate(memorandum.commitments):
        _load_commitment(plan, position, commitment)
    backfill(plan)
    audit.note(actor, "plan.load", plan.slug, parties=dict(parties), commitments=len(memorandum.commitments))
    return plan


@transaction.atomic
def claim(actor: Actor, commitment: Commitment, text: str) -> Claim:
    """Write down what the actor's agency says about a commitment; no status follows from words.

    Raises:
        NotAllowedError: the actor may not edit.
        ClaimError: there is no text, or it is too long.
    """
    actor.require(Right.EDIT)
    text = text.strip()
    if not 1 <= len(text) <= MAX_TEXT:
        raise ClaimError(_("A claim has a text of 1 to %(most)d characters.") % {"most": MAX_TEXT})
    row = Claim.objects.create(commitment=commitment, text=text, who=actor.who, agency=actor.agency)
    audit.note(actor, "plan.claim", f"{commitment.plan_id}/{commitment.slug}")
    return row


@transaction.atomic
def assess(
    actor: Actor, commitment: Commitment, verdict: str, reason: str, audience: Audience, *, tlp: str = "AMBER"
) -> Record:
    """Publish this node's verdict on what the other parties showed; a later one replaces it.

    Raises:
        NotAllowedError: the actor may not publish.
        AssessmentError: this node is no party, the verdict is unknown, or there is nothing of others to judge.
        WithheldError: marking and audience contradict each other.
    """
    actor.require(Right.PUBLISH)
    shown = standing.view(commitment)
    party = _own_party(shown.plan)
    evidence = evidence_of_others(shown, party)
    _check_verdict(shown, party, verdict, evidence)
    draft = exchange.Draft(
        kind=ASSESSMENT,
        subject=multilingual.pick(commitment.title, "en"),
        body={
            "plan": commitment.plan_id,
            "commitment": commitment.slug,
            "verdict": verdict,
            "reason": _reason(reason),
            "evidence": [one.reference for one in evidence],
        },
        tlp=tlp,
        audience=audience,
    )
    earlier = next((row.record for row in shown.standing_assessments if row.party == party), None)
    record = exchange.publish_instead(actor, draft, earlier)
    audit.note(actor, "plan.assess", f"{commitment.plan_id}/{commitment.slug}", verdict=verdict, record=str(record.pk))
    return record


def evidence_of_others(shown: View, party: str | None) -> list[Record]:
    """The records that count and that another party than `party` issued."""
    theirs = {str(row.record_id) for row in shown.counted if row.party != party}
    return [record for key, record in shown.records.items() if key in theirs]


def plan_named(actor: Actor, slug: str = "") -> Plan:
    """The plan of that short name, or the first one; every agency of the node sees it.

    Raises:
        NotAllowedError: the actor may not view.
        NotFoundError: there is none.
    """
    actor.require(Right.VIEW)
    plan = (Plan.objects.filter(slug=slug) if slug else Plan.objects.all()).first()
    if plan is None:
        raise NotFoundError(_("There is no such plan here. Load one: sild plan load MEMORANDUM --party CODE=NODE."))
    return plan


def commitment_named(actor: Actor, slug: str, plan: str = "") -> Commitment:
    """The commitment of that short name in a plan, by default the first one, ready to be shown.

    Raises:
        NotAllowedError: the actor may not view.
        NotFoundError: there is none; the sentence lists what there is.
    """
    found = plan_named(actor, plan)
    rows = found.commitments.prefetch_related(*standing.PREFETCHED)
    commitment = rows.filter(slug=slug).first()
    if commitment is None:
        known = ", ".join(found.commitments.values_list("slug", flat=True))
        raise NotFoundError(
            _("“%(plan)s” has no commitment “%(slug)s”. It has: %(known)s.")
            % {"plan": found.slug, "slug": slug, "known": known}
        )
    return commitment


def own_party(plan: Plan) -> str | None:
    """The code of the party that this node is; None when it only watches."""
    return plan.party_of(own.node_id())


def _own_party(plan: Plan) -> str:
    """The code of the party that this node is, which must be one."""
    party = own_party(plan)
    if party is None:
        raise AssessmentError(
            _("%(node)s is no party to “%(plan)s”: only parties assess.") % {"node": own.node_id(), "plan": plan}
        )
    return party


def _check_verdict(shown: View, party: str, verdict: str, evidence: list[Record]) -> None:
    """Refuse an unknown verdict, one on one's own evidence alone, and “met” while a rule has no evidence."""
    if verdict not in Verdict.values:
        raise AssessmentError(
            _("“%(verdict)s” is no verdict. Choose one of %(known)s.")
            % {"verdict": verdict, "known": ", ".join(Verdict.values)}
        )
    if set(shown.data.owners) == {party} and not evidence:
        raise AssessmentError(_("This commitment and its evidence are your own: another party assesses it."))
    if verdict == Verdict.NOT_MET:
        return
    if shown.standing.missing:
        raise AssessmentError(
            _("It cannot be assessed as met yet. %(why)s") % {"why": sentences.evidence_so_far(shown)}
        )
    if not evidence:
        raise AssessmentError(_("All evidence here is your own: another party assesses it."))


def _reason(reason: str) -> str:
    """A verdict's reason, which must be given."""
    reason = reason.strip()
    if not 1 <= len(reason) <= MAX_TEXT:
        raise AssessmentError(_("Give a reason of 1 to %(most)d characters.") % {"most": MAX_TEXT})
    return reason


def _check_parties(memorandum: Memorandum, parties: Mapping[str, str]) -> None:
    """Every party has a node of its own, and no other code is given."""
    expected = ", ".join(memorandum.parties)
    if set(parties) != set(memorandum.parties) or not all(parties.values()):
        raise PartiesError(
            _("Give one node for each party of the memorandum: %(expected)s. You gave: %(given)s.")
            % {"expected": expected, "given": ", ".join(f"{code}={node}" for code, node in parties.items()) or "–"}
        )
    if len(set(parties.values())) < len(parties):
        raise PartiesError(_("Two parties cannot share a node: nobody assesses their own evidence."))


def _drop_missing(plan: Plan, memorandum: Memorandum) -> None:
    """Remove what the file no longer has, unless somebody's words would go with it."""
    for commitment in plan.commitments.exclude(slug__in=[one.slug for one in memorandum.commitments]):
        if commitment.claims.exists() or commitment.assessments.exists():
            raise PlanError(
                _("The file no longer has the commitment “%(slug)s”, which has claims or assessments. Keep it there.")
                % {"slug": commitment.slug}
            )
        commitment.delete()


def _load_commitment(plan: Plan, position: int, data: engine.Commitment) -> None:
    """Write one commitment and its milestones."""
    commitment, _created = Commitment.objects.update_or_create(
        plan=plan,
        slug=data.slug,
        defaults={
            "position": position,
            "title": data.title.model_dump(),
            "text": data.text.model_dump(),
            "owners": list(data.owners),
            "due": data.due,
            "due_set_by": data.due_set_by,
            "rules": [rule.model_dump(mode="json") for rule in data.evidence],
        },
    )
    commitment.milestones.exclude(slug__in=[step.slug for step in data.milestones]).delete()
    for step in data.milestones:
        Milestone.objects.update_or_create(
            commitment=commitment,
            slug=step.slug,
            defaults={
                "title": step.title.model_dump(),
                "due": step.due,
                "rule": step.evidence.model_dump(mode="json"),
            },
        )


def summary(actor: Actor) -> dict[str, Any]:
    """What the home page shows of every plan here (`plan/summary.html`); empty when there is none.

    Raises:
        NotAllowedError: the actor may not view.
    """
    actor.require(Right.VIEW)
    plans = [overview.glance(plan, standing.of_plan(plan)) for plan in Plan.objects.all()]
    return {"plans": plans} if plans else {}

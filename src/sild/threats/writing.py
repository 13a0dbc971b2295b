"""What people write at the desk: indicators, rules, reports, guidance and playbooks, each with what it is about."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from sild.exchange import own
from sild.people import audit
from sild.people.enums import Right
from sild.people.models import Agency
from sild.threats import reading, services
from sild.threats.access import access
from sild.threats.desk_errors import WritingError
from sild.threats.engine import attack, build, cacao, comparisons, detection
from sild.threats.engine.pasted import classify
from sild.threats.enums import Level, Origin
from sild.threats.errors import NotFoundError, RefusedError
from sild.threats.ingest import Source, add_objects
from sild.threats.models import Batch, Collection

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sild.people.actor import Actor

ALIAS = "desk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What every object written at the desk can say besides itself.

    Attributes:
        tlp: the TLP 2.0 level, as in `AMBER`.
        description: free text.
        confidence: 0 to 100; None when it is not stated.
        labels: words to find it by.
        techniques: ATT&CK ids that it is about.
        threat_actor: a name of the actor that it is about.
        about: ids of objects here that it serves or is about.
    """

    tlp: str = "AMBER"
    description: str = ""
    confidence: int | None = None
    labels: Sequence[str] = field(default=())
    techniques: Sequence[str] = field(default=())
    threat_actor: str = ""
    about: Sequence[str] = field(default=())

    @property
    def common(self) -> dict[str, Any]:
        """The properties that every domain object has."""
        return {"description": self.description, "confidence": self.confidence, "labels": list(self.labels)}


@transaction.atomic
def write_indicator(
    actor: Actor, value: str, context: Context, *, name: str = "", valid_until: datetime | None = None
) -> str:
    """Write an indicator for an address, a name, a URL or a hash, defanged or not; returns its id.

    Raises:
        NotAllowedError: the actor may not edit.
        DeskError: the value is none of these.
        WritingError: a technique or an object that it is about does not exist.
    """
    maker = _maker(actor, context.tlp)
    asked = classify(value)
    until = {"valid_until": build.stamp(valid_until)} if valid_until else {}
    made = maker.indicator(
        name or asked.value,
        comparisons.pattern_for(asked),
        indicator_types=["malicious-activity"],
        **context.common,
        **until,
    )
    return _keep(actor, made, context, maker, "indicates")


@transaction.atomic
def write_rule(actor: Actor, kind: str, text: str, context: Context, *, name: str = "") -> str:
    """Write a detection rule (Sigma, YARA, …) as an indicator beside those that it serves; returns its id.

    Raises:
        NotAllowedError: the actor may not edit.
        RuleError: the rule does not have the form of its language.
    """
    maker = _maker(actor, context.tlp)
    said = detection.check(kind, text)
    made = maker.indicator(name or said, text, kind, indicator_types=["malicious-activity"], **context.common)
    return _keep(actor, made, context, maker, "indicates")


@transaction.atomic
def write_report(actor: Actor, name: str, context: Context) -> str:
    """Write a report about objects that are here; returns its id.

    Raises:
        WritingError: it is about nothing.
    """
    maker = _maker(actor, context.tlp)
    beside = _beside(actor, context)
    refs = [*context.about, *(item["id"] for item in beside)]
    if not refs:
        raise WritingError(_("A report is about something: name objects, techniques or an actor."))
    made = maker.report(name, refs, report_types=["threat-report"], **context.common)
    return _store(actor, [maker.identity, *beside, made], made)


@transaction.atomic
def write_guidance(actor: Actor, name: str, context: Context) -> str:
    """Write guidance on what to do, as a course of action; returns its id."""
    maker = _maker(actor, context.tlp)
    return _keep(actor, maker.course_of_action(name, **context.common), context, maker, "mitigates")


@transaction.atomic
def write_playbook(actor: Actor, text: bytes | str, context: Context) -> str:
    """Keep a CACAO 2.0 playbook in a course of action; returns its id.

    Raises:
        PlaybookError: it is none.
    """
    maker = _maker(actor, context.tlp)
    playbook = cacao.parse(text)
    common = {**context.common, "description": context.description or playbook.get("description", "")}
    made = maker.course_of_action(playbook["name"], extensions=cacao.extension_of(playbook), **common)
    return _keep(actor, made, context, maker, "mitigates")


def now() -> str:
    """This moment as STIX writes it."""
    return build.stamp(datetime.now(UTC))


def agency_of(actor: Actor) -> Agency:
    """The agency that the actor writes for; the operator's is the only one that there is.

    Raises:
        RefusedError: the operator acts on a node of several agencies, or of none.
    """
    if actor.agency is not None:
        return actor.agency
    agencies = list(Agency.objects.all()[:2])
    if len(agencies) != 1:
        raise RefusedError(_("Threat information belongs to an agency: say for which one you act."))
    return agencies[0]


def identity_of(agency: Agency) -> dict[str, Any]:
    """The STIX identity of an agency of this node."""
    title = settings.CONFIG.title or own.node_id()
    return build.identity(own.node_id(), agency.slug, f"{agency.name} ({title})")


def desk_collection(actor: Actor) -> Collection:
    """The agency's collection of what its people write, set up when it is first needed.

    Raises:
        NotAllowedError: the actor may not edit.
    """
    actor.require(Right.EDIT)
    agency = agency_of(actor)
    found = Collection.objects.filter(agency=agency, alias=ALIAS).first()
    made = found or services.create_collection(
        actor, "Written at the desk", agency=agency, alias=ALIAS, unmarked_as=Level.AMBER
    )
    return access(actor, made.pk).require_write().collection


def store(actor: Actor, objects: Sequence[dict[str, Any]], origin: Origin, source: str) -> Batch:
    """Put objects into the desk's collection and say in the trail who did."""
    batch = add_objects(actor, desk_collection(actor), objects, Source(origin, source))
    audit.note(actor, "threats.write", batch.pk, objects=batch.success_count, source=source)
    return batch


def _maker(actor: Actor, level: str) -> build.Maker:
    """Makes objects that the actor's agency says now."""
    actor.require(Right.EDIT)
    return build.Maker(identity_of(agency_of(actor)), now(), level)


def _keep(actor: Actor, made: dict[str, Any], context: Context, maker: build.Maker, label: str) -> str:
    """Store an object with its relationships to what it is about."""
    beside = _beside(actor, context)
    links = [maker.relationship(made["id"], label, item["id"]) for item in beside]
    links += [maker.relationship(made["id"], "related-to", other) for other in context.about]
    return _store(actor, [maker.identity, *beside, made, *links], made)


def _store(actor: Actor, objects: Sequence[dict[str, Any]], made: dict[str, Any]) -> str:
    """Store what was made; a flaw that the form let through is told."""
    batch = store(actor, objects, Origin.DESK, actor.who)
    if batch.failures:
        raise WritingError(_("This cannot be kept: %(why)s") % {"why": batch.failures[0]["message"]})
    return str(made["id"])


def _beside(actor: Actor, context: Context) -> list[dict[str, Any]]:
    """The techniques and the actor that it is about; what else it is about has to be here already."""
    unknown = [name for name in context.techniques if name.upper() not in attack.techniques()]
    if unknown:
        raise WritingError(
            _("ATT&CK %(version)s has no technique %(name)s.") % {"version": attack.VERSION, "name": unknown[0]}
        )
    _require_here(actor, context.about)
    made = [build.technique(name) for name in context.techniques]
    return [*made, build.intrusion_set(context.threat_actor)] if context.threat_actor.strip() else made


def _require_here(actor: Actor, stix_ids: Iterable[str]) -> None:
    """Pass if the actor may see each of these objects."""
    wanted = list(stix_ids)
    missing = set(wanted) - set(reading.get_many(actor, wanted))
    if missing:
        raise NotFoundError(_("There is no object %(id)s here that you may see.") % {"id": min(missing)})

"""What people do on the analyst's desk: take the solution into use, read a text, share what was found."""

from __future__ import annotations

import gzip
import io
import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from sild.analyst import comparing, items, packing, similar
from sild.analyst.engine import stix
from sild.analyst.engine.errors import TextError
from sild.analyst.errors import (
    ActivationError,
    AnalystError,
    DecisionError,
    EndpointError,
    NotActiveError,
    NotFoundError,
    translated,
)
from sild.analyst.models import Activation, AttackVersion, Reading, Verdict
from sild.exchange import evidence, own
from sild.exchange import services as exchange
from sild.exchange.enums import Tlp
from sild.exchange.models import Record
from sild.people import audit
from sild.people.enums import Right

if TYPE_CHECKING:
    from sild.analyst.engine import model as engine_model
    from sild.analyst.engine.reader import Findings
    from sild.analyst.proposer import Endpoint
    from sild.analyst.training.knowledge import Knowledge
    from sild.exchange.gate import Audience
    from sild.people.actor import Actor

REPORT = "sandbox.report"
ACTIVATION = "analyst.activation"
FINDINGS = "analyst.findings"
MAX_NAME = 200
MAX_BUNDLE = 500_000_000


def model() -> engine_model.Model:
    """The model that ships, with the encoder where the operator asks for it, loaded once for each process.

    Raises:
        ModelError: its file is not the one that its card describes, or the extra `ai` is asked for and not there.
    """
    return _model(with_encoder=settings.CONFIG.analyst_encoder)


@cache
def _model(*, with_encoder: bool) -> engine_model.Model:
    from sild.analyst.engine import model as engine_model  # noqa: PLC0415 -- numpy is slow to load, few commands read

    return engine_model.load_with_encoder() if with_encoder else engine_model.load()


@transaction.atomic
def activate(actor: Actor, report_id: str, audience: Audience, tlp: str) -> Activation:
    """Take the solution into use on the strength of a report, and say so in a record that answers it.

    Raises:
        NotAllowedError: the actor may not publish.
        NotFoundError: there is no such record for this actor.
        ActivationError: the record is no report, does not verify, was withdrawn, did not pass, is about other files, or
            is worse than the report of what is in use.
    """
    actor.require(Right.PUBLISH)
    report = exchange.get(actor, report_id)
    _check_report(report)
    comparing.require_no_worse(actor, report.body)
    solution, suite = report.body["solution"], report.body["suite"]
    body = {
        "solution": {name: solution[name] for name in ("name", "version", "digest")},
        "suite": {name: suite[name] for name in ("name", "version") if name in suite},
        "report": report.reference,
        "tested_by": report.issuer,
        "used_by": actor.agency.name if actor.agency else settings.CONFIG.title or own.node_id(),
    }
    subject = f"{solution['name']} {solution['version']}"
    record = exchange.publish(
        actor, kind=ACTIVATION, subject=subject, body=body, tlp=tlp, audience=audience, answers=report
    )
    activation = Activation.objects.create(
        agency=actor.agency,
        solution=solution["digest"],
        name=solution["name"],
        version=solution["version"],
        report_id=report.pk,
        record_id=record.pk,
    )
    audit.note(actor, "analyst.activate", subject, report=str(report.pk), solution=solution["digest"])
    return activation


def standing(actor: Actor) -> Activation | None:
    """The activation on which the solution may read for this actor; None when no report stands behind it any more."""
    for activation in Activation.objects.standing_for(actor, packing.solution_digest()):
        if Record.objects.filter(pk=activation.report_id, withdrawn=False).exists():
            return activation
    return None


def endpoint() -> Endpoint | None:
    """The language model's endpoint that the operator set; None by default."""
    from sild.analyst.proposer import Endpoint  # noqa: PLC0415 -- few commands ask

    config = settings.CONFIG
    if not config.analyst_endpoint:
        return None
    return Endpoint(config.analyst_endpoint, config.analyst_model, config.analyst_key)


def _asked(text: str, findings: Findings) -> tuple[Findings, dict[str, Any]]:
    """The findings with what the endpoint claims beside them, and what of its claims was dropped.

    Raises:
        EndpointError: none is set, or it does not answer in the protocol's form.
    """
    from sild.analyst import proposer  # noqa: PLC0415 -- few commands ask

    asked = endpoint()
    if asked is None:
        raise EndpointError(_("No language model's endpoint is set. Set SILD_ANALYST_ENDPOINT, or work without it."))
    names = dict(zip(model().ids.tolist(), model().names.tolist(), strict=True))
    answer = proposer.propose(text, asked, names)
    own_ones = [(one.technique, one.start, one.end) for one in findings.proposals]
    new = [
        one
        for one in answer.proposals
        if not any(one.technique == name and start < one.end and one.start < end for name, start, end in own_ones)
    ]
    merged = sorted([*findings.proposals, *new], key=lambda one: one.start)
    return replace(findings, proposals=merged), {"model": asked.model, "dropped": answer.dropped}


def read_file(actor: Actor, name: str, data: bytes, tlp: str = Tlp.AMBER, *, ask: bool = False) -> Reading:
    """Take the text out of a file and read it; offsets count in that text, its places in the file are kept.

    Raises:
        TextError: the file is too large, binary, broken, protected, or holds no text.
    """
    from sild.analyst.extraction import parent  # noqa: PLC0415 -- few commands read

    actor.require(Right.EDIT)
    try:
        found = parent.extract(data, name)
    except TextError as error:
        raise TextError(translated(error)) from error
    return read(actor, name, found.text, tlp, found.as_dict(), ask=ask)


def read(
    actor: Actor,
    name: str,
    text: str,
    tlp: str = Tlp.AMBER,
    origin: dict[str, Any] | None = None,
    *,
    ask: bool = False,
) -> Reading:
    """Read a text and keep what was found in it.

    Args:
        actor: who.
        name: what the report is called.
        text: the text.
        tlp: the text's own marking; what is corrected in it leaves the agency only as that allows.
        origin: what is known of the file that the text was taken from.
        ask: also send it to the language model's endpoint that the operator set.

    Raises:
        NotAllowedError: the actor may not change what the agency has.
        NotActiveError: no report of the sandbox stands behind the solution.
        TextError: the text is empty, too long or binary.
    """
    from sild.analyst.engine import reader  # noqa: PLC0415 -- numpy is slow to load, few commands read

    actor.require(Right.EDIT)
    activation = standing(actor)
    if activation is None:
        raise NotActiveError(
            _(
                "The solution is not in use: no report of the sandbox that it passed stands behind it here."
                " Take it into use on the strength of one: sild analyst activate RECORD --to NODE"
            )
        )
    start = time.perf_counter()
    try:
        findings = reader.read(text, model())
    except TextError as error:
        raise TextError(translated(error)) from error
    told: dict[str, Any] = dict(origin or {})
    if ask:
        findings, told["endpoint"] = _asked(text, findings)
    milliseconds = round((time.perf_counter() - start) * 1000)
    reading = Reading(
        agency=actor.agency,
        name=name.strip()[:MAX_NAME] or _("Text without a name"),
        text=text,
        tlp=Tlp(tlp),
        digest=findings.digest,
        language=findings.language,
        origin=told,
        findings=findings.as_dict(),
        activation=activation,
        milliseconds=milliseconds,
    )
    return _keep(actor, reading)


@transaction.atomic
def publish(actor: Actor, reading_id: str, audience: Audience, tlp: str) -> Record:
    """Share what was found in a text as a STIX 2.1 bundle with its provenance.

    Raises:
        NotAllowedError: the actor may not publish.
        NotFoundError: there is no such reading for this actor.
        WithheldError: marking and audience contradict each other.
    """
    actor.require(Right.PUBLISH)
    reading = get(actor, reading_id)
    [record] = exchange.publish_batch(actor, [draft_of(reading, tlp, audience)])
    reading.record_id = record.pk
    reading.save(update_fields=["record_id"])
    audit.note(actor, "analyst.publish", reading.name, record=str(record.pk), tlp=tlp)
    return record


def draft_of(reading: Reading, tlp: str, audience: Audience) -> exchange.Draft:
    """The record that sharing would publish, for its preview."""
    body = findings_body(reading, tlp, datetime.now(UTC))
    return exchange.Draft(kind=FINDINGS, subject=reading.name, body=body, tlp=tlp, audience=audience)


def findings_body(reading: Reading, tlp: str, now: datetime) -> dict[str, Any]:
    """The body that publishing a reading would have: what was accepted, nothing else.

    Raises:
        DecisionError: nothing was accepted.
    """
    found = reading.found
    kept = [item for item in items.decided(found, reading.decisions.all()) if item.verdict == Verdict.ACCEPTED]
    if not kept:
        raise DecisionError(_("Nothing has been accepted yet, so there is nothing to share."))
    indicators, proposals, entities = items.accepted(kept, reading.text)
    author = stix.Author(settings.CONFIG.title or own.node_id(), own.node_id(), now.strftime("%Y-%m-%dT%H:%M:%S.000Z"))
    source = stix.Source(reading.name, reading.digest, reading.text, reading.language)
    card = model().card
    activation = Record.objects.get(pk=reading.activation.record_id)
    return {
        "bundle": stix.bundle(source, indicators, proposals, author, tlp, entities),
        "provenance": {
            "source": {"digest": reading.digest, "language": reading.language, "characters": len(reading.text)},
            "model": {"name": found.model, "sha256": card["file"]["sha256"], "data": card["data"]["origin"]},
            "solution": reading.activation.solution,
            "activation": activation.reference,
            "reviewed": not any(item.decision and item.decision.in_bulk for item in kept),
            "notice": card["notice"],
        },
    }


def unseen_bundle(reading: Reading) -> dict[str, Any]:
    """All proposals as a STIX bundle under the text's own marking, for this agency's tools; nobody has judged them."""
    found = reading.found
    author = stix.Author(settings.CONFIG.title or own.node_id(), own.node_id(), f"{reading.at:%Y-%m-%dT%H:%M:%S}.000Z")
    source = stix.Source(reading.name, reading.digest, reading.text, reading.language)
    return stix.bundle(source, found.indicators, found.proposals, author, reading.tlp, found.entities)


def get(actor: Actor, reading_id: str) -> Reading:
    """A reading that the actor may see.

    Raises:
        NotFoundError: there is none with that id, or not for this actor.
    """
    try:
        return actor.visible(Reading.objects.all()).get(pk=uuid.UUID(str(reading_id)))
    except (Reading.DoesNotExist, ValueError) as error:
        raise NotFoundError(_("There is no reading %(id)s here that you may see.") % {"id": reading_id}) from error


@transaction.atomic
def import_attack(actor: Actor, data: bytes, version: str = "") -> AttackVersion:
    """Keep a version of ATT&CK from MITRE's own bundle, once.

    Raises:
        NotAllowedError: the actor does not administer.
        KnowledgeError: the data is no such bundle.
    """
    from sild.analyst.training import knowledge  # noqa: PLC0415 -- only an import needs to understand ATT&CK

    actor.require(Right.ADMINISTER)
    content = plain(data)
    known = knowledge.from_bundle(content, version)
    kept, created = AttackVersion.objects.get_or_create(
        digest=known.digest,
        defaults={
            "version": known.version,
            "techniques": len(known.techniques),
            "sentences": len(known.of("procedure")),
            "data": gzip.compress(content, mtime=0),
        },
    )
    if created:
        audit.note(actor, "analyst.import-attack", kept.version, digest=kept.digest)
    return kept


def plain(data: bytes) -> bytes:
    """The content of a file that may be compressed with gzip, 500 MB at most.

    Raises:
        AnalystError: it is larger, or a broken gzip file.
    """
    if data[:2] == b"\x1f\x8b":
        try:
            with gzip.open(io.BytesIO(data)) as opened:
                data = opened.read(MAX_BUNDLE + 1)
        except (OSError, EOFError) as error:
            raise AnalystError(_("The gzip file is broken: %(why)s") % {"why": error}, code="file") from error
    if len(data) > MAX_BUNDLE:
        raise AnalystError(_("The file is larger than 500 MB, which no version of ATT&CK is."), code="file")
    return data


def imported_knowledge(digest: str) -> Knowledge:
    """An imported version of ATT&CK, by its hash or the beginning of it.

    Raises:
        NotFoundError: none was imported.
    """
    from sild.analyst.training import knowledge  # noqa: PLC0415 -- as above

    kept = AttackVersion.objects.filter(digest__startswith=digest).first()
    if kept is None:
        raise NotFoundError(_("No version of ATT&CK %(digest)s was imported here.") % {"digest": digest})
    return knowledge.from_bundle(gzip.decompress(bytes(kept.data)), kept.version)


def _check_report(report: Record) -> None:
    """Refuse what does not carry an activation, with the reason."""
    if report.kind != REPORT:
        raise ActivationError(
            _("%(id)s is a %(kind)s, not a report of the sandbox.") % {"id": report.pk, "kind": report.kind}
        )
    if report.withdrawn:
        raise ActivationError(_("Its issuer has withdrawn this report. Ask for a new one."))
    verdict = evidence.verify(report)
    if not verdict.ok:
        raise ActivationError(_("The report does not verify: %(why)s") % {"why": verdict.sentence})
    body = report.body
    if body.get("passed") is not True:
        raise ActivationError(
            _("The solution did not reach the thresholds in this report, so it is not taken into use.")
        )
    if body["solution"]["digest"] != packing.solution_digest():
        raise ActivationError(
            _("The report is about %(tested)s; this node would run %(own)s. Have this one tested.")
            % {"tested": body["solution"]["digest"], "own": packing.solution_digest()}
        )


@transaction.atomic
def _keep(actor: Actor, reading: Reading) -> Reading:
    """Write the reading, what it names and its line in the trail."""
    reading.save(force_insert=True)
    similar.note_reading(reading)
    audit.note(actor, "analyst.read", reading.name, digest=reading.digest)
    return reading

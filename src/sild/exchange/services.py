"""What people do with records: publish, revise, withdraw, and ask beforehand who would see what."""

from __future__ import annotations

import secrets
import uuid
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from sild.exchange import blobs, gate, kinds, log, naming, narrowing, numbering, own, rows, urgency
from sild.exchange.enums import PartnerState
from sild.exchange.errors import BodyError, ExchangeError, NotFoundError
from sild.exchange.models import Partner, Record
from sild.people import audit
from sild.people.enums import Right
from sild.people.inserting import insert
from sild.trust.errors import TrustError
from sild.trust.record import Attachment as AttachmentEntry
from sild.trust.record import Header, Reference, compose_record, uuid7
from sild.trust.suites import CURRENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sild.people.actor import Actor

WITHDRAWAL = "exchange.withdrawal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A record before it is published.

    Attributes:
        kind: a kind that a module here registered.
        subject: what it is about: a solution's name, a case number; 300 characters at most.
        body: in the form that the kind asks for.
        tlp: the TLP 2.0 marking.
        audience: node ids, "partners" or "public".
        answers, replaces, withdraws: an earlier record that this one names by id and hash.
        attachments: files that travel beside it.
        urgent: it overtakes whatever waits for its receivers; an agency may do so `URGENT_PER_DAY` times a day.
    """

    kind: str
    subject: str
    body: dict[str, Any]
    tlp: str
    audience: gate.Audience
    answers: Record | None = None
    replaces: Record | None = None
    withdraws: Record | None = None
    attachments: Sequence[blobs.Draft] = field(default=())
    urgent: bool = False


def publish(
    actor: Actor,
    *,
    kind: str,
    subject: str,
    body: dict[str, Any],
    tlp: str,
    audience: gate.Audience,
    answers: Record | None = None,
    replaces: Record | None = None,
    attachments: Sequence[blobs.Draft] = (),
    urgent: bool = False,
) -> Record:
    """Publish one record; see `Draft` for the arguments and `publish_batch` for the errors."""
    draft = Draft(
        kind=kind,
        subject=subject,
        body=body,
        tlp=tlp,
        audience=audience,
        answers=answers,
        replaces=replaces,
        attachments=attachments,
        urgent=urgent,
    )
    return publish_batch(actor, [draft])[0]


@transaction.atomic
def publish_batch(actor: Actor, drafts: Sequence[Draft]) -> list[Record]:
    """Publish records under one pair of signatures; all of them or none.

    Whoever had a version that one of them replaces, and may not have the new one, gets a withdrawal of it.

    Raises:
        NotAllowedError: the actor may not publish.
        UnknownKindError: no module here knows the kind.
        BodyError: the body has not the kind's form.
        WithheldError: marking and audience contradict each other, or a draft names what not all its readers may see.
        BlobError: an attachment is too large.
        ExchangeError: code `urgent-limit`.
    """
    actor.require(Right.PUBLISH)
    for draft in drafts:
        _check(draft)
    naming.check(drafts)
    notices = [notice for draft in drafts for notice in _notices(draft)]
    state = log.lock()
    urgency.check(actor, sum(draft.urgent for draft in drafts))
    records = [_build(actor, draft, state.size + offset) for offset, draft in enumerate([*drafts, *notices])]
    log.append(state, [bytes.fromhex(record.hash.removeprefix("sha256:")) for record in records])
    insert(records)
    insert([row for record in records for row in rows.attachment_rows(record)])
    numbering.enqueue(records, Partner.objects.exclude(state=PartnerState.ADDED))
    apply_withdrawals(records)
    audit.note_all(
        actor, "exchange.publish", [(record, {"hash": record.hash, "tlp": record.tlp}) for record in records]
    )
    kinds.announce(records)
    return records[: len(drafts)]


@transaction.atomic
def publish_instead(actor: Actor, draft: Draft, earlier: Record | None) -> Record:
    """Publish a draft that takes the place of one of our records, if there is one, whoever the readers of each are.

    Whoever loses it gets a withdrawal. Whoever gains it must not learn of the one that was not for them: so the new
    record names the old one only when all its readers may see that, and else the old one is withdrawn by itself.

    Raises:
        ExchangeError: `earlier` is a partner's, or withdrawn already.
        WithheldError: as `publish_batch`.
    """
    if earlier is None:
        return publish_batch(actor, [draft])[0]
    _require_own(earlier)
    if not gate.beyond(draft.tlp, draft.audience, earlier, own=own.node_id()):
        return publish_batch(actor, [replace(draft, replaces=earlier)])[0]
    [made] = publish_batch(actor, [draft])
    withdraw(actor, earlier, narrowing.REASON)
    return made


@transaction.atomic
def mark(actor: Actor, record: Record, tlp: str, audience: gate.Audience) -> Record:
    """Publish one of our records anew under another marking or for others; see `publish_instead`.

    Raises:
        ExchangeError: the record is a partner's, or withdrawn already.
        BlobError: a file of it was lost here.
        WithheldError: as `publish_batch`.
    """
    _require_own(record)
    files = [
        blobs.Draft(name=one.name, media_type=one.media_type, data=blobs.Kept(one.hash, one.size))
        for one in record.attachments.order_by("pk")
    ]
    draft = Draft(
        kind=record.kind,
        subject=record.subject,
        body=record.body,
        tlp=tlp,
        audience=audience,
        answers=Record.objects.filter(pk=record.answers_id).first() if record.answers_id else None,
        attachments=files,
    )
    made = publish_instead(actor, draft, record)
    audit.note(actor, "exchange.mark", record, tlp=tlp, audience=audience, record=str(made.pk))
    return made


def withdraw(actor: Actor, record: Record, reason: str) -> Record:
    """Withdraw one of our records by publishing a record that says so, to the same audience.

    Raises:
        ExchangeError: the record is a partner's, or withdrawn already.
    """
    _require_own(record)
    draft = Draft(
        kind=WITHDRAWAL,
        # Not its subject: some never had what is taken back, and nobody is to be shown it any more.
        subject=str(record.pk),
        body={"reason": reason},
        tlp=record.tlp,
        audience=record.audience,
        withdraws=record,
    )
    return publish_batch(actor, [draft])[0]


def preview(tlp: str, audience: gate.Audience) -> list[tuple[Partner, gate.Decision]]:
    """Answer “what would they see?”: the gate's decision for each partner."""
    return [
        (partner, gate.decide(tlp, audience, partner.node, pinned=partner.is_pinned))
        for partner in Partner.objects.all()
    ]


def get(actor: Actor, record_id: str) -> Record:
    """A record that the actor may see.

    Raises:
        NotFoundError: there is none with that id, or not for this actor.
    """
    try:
        return Record.objects.visible_to(actor).get(pk=uuid.UUID(str(record_id)))
    except (Record.DoesNotExist, ValueError) as error:
        raise NotFoundError(_("There is no record %(id)s here that you may see.") % {"id": record_id}) from error


def require_shown(record: Record) -> Record:
    """Pass a record on unless a partner took it back, so that it is shown no more.

    Raises:
        NotFoundError: code `withdrawn`.
    """
    if not record.is_shown:
        raise NotFoundError(
            _("%(issuer)s has withdrawn this record. It is shown no more.") % {"issuer": record.issuer},
            code="withdrawn",
        )
    return record


def apply_withdrawals(records: Sequence[Record]) -> None:
    """Mark what records withdraw, and those that were withdrawn before they came: a withdrawal may overtake.

    Only the same issuer's word counts (DESIGN: one writer).
    """
    for record in records:
        if record.withdraws_id:
            Record.objects.filter(pk=record.withdraws_id, issuer=record.issuer).update(withdrawn=True)
    by_id = {record.pk: record for record in records}
    for earlier in Record.objects.filter(withdraws_id__in=list(by_id)).only("withdraws_id", "issuer"):
        late = by_id[earlier.withdraws_id] if earlier.withdraws_id else None
        if late is not None and late.issuer == earlier.issuer:
            late.withdrawn = True
            late.save(update_fields=["withdrawn"])


def _require_own(record: Record) -> None:
    """Refuse to take back what is not ours, or what was taken back before."""
    if not record.is_own:
        raise ExchangeError(
            _("Only its issuer withdraws a record: %(issuer)s published this one.") % {"issuer": record.issuer}
        )
    if record.withdrawn:
        raise ExchangeError(_("This record has been withdrawn already."))


def _notices(draft: Draft) -> list[Draft]:
    """Withdrawals for those who had what a draft replaces and may not have the draft."""
    if draft.replaces is None:
        return []
    return [
        Draft(
            kind=WITHDRAWAL,
            subject=str(version.pk),
            body={"reason": narrowing.REASON},
            tlp=version.tlp,
            audience=nodes,
            withdraws=version,
        )
        for version, nodes in narrowing.losers(draft.replaces, draft.tlp, draft.audience)
    ]


def _check(draft: Draft) -> None:
    """Everything about a draft that can be refused before the log is touched."""
    kind = kinds.require(draft.kind)
    gate.check_marking(draft.tlp, draft.audience)
    try:
        kind.validate(draft.body)
    except ValueError as error:
        raise BodyError(_("This is not a valid %(kind)s: %(why)s") % {"kind": draft.kind, "why": error}) from error
    for named in (draft.replaces, draft.withdraws):
        if named is not None and not named.is_own:
            raise ExchangeError(
                _("Only its issuer revises or withdraws a record: %(issuer)s published this one.")
                % {"issuer": named.issuer}
            )
        if named is not None and named.withdraws_id:
            # Whoever has not fetched it yet would never learn of it, and go on showing what others do not.
            raise ExchangeError(_("A withdrawal is not taken back. Publish what it withdrew anew."), code="withdrawal")


def _build(actor: Actor, draft: Draft, leaf_index: int) -> Record:
    """Make the canonical bytes and the row of a record that will be the leaf at `leaf_index`."""
    audience = draft.audience if isinstance(draft.audience, str) else sorted(set(draft.audience))
    header = Header(
        id=str(uuid7()),
        kind=draft.kind,
        version=draft.replaces.version + 1 if draft.replaces else 1,
        suite=CURRENT,
        issuer=own.node_id(),
        subject=draft.subject,
        issued=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        tlp=draft.tlp,
        audience=audience,
        salt=urlsafe_b64encode(secrets.token_bytes(16)).rstrip(b"=").decode(),
        replaces=_reference(draft.replaces),
        withdraws=_reference(draft.withdraws),
        answers=_reference(draft.answers),
        urgent=draft.urgent or kinds.require(draft.kind).urgent,
        attachments=tuple(
            AttachmentEntry(hash=kept.hash, size=kept.size, type=file.media_type, name=file.name)
            for file in draft.attachments
            for kept in [file.keep()]
        ),
    )
    try:
        parsed = compose_record(header, draft.body)
    except TrustError as error:
        raise BodyError(str(error), code=error.code) from error
    return rows.row(parsed, leaf_index, agency=actor.agency)


def _reference(record: Record | None) -> Reference | None:
    """Name another record by id and hash."""
    return Reference(id=str(record.pk), hash=record.hash) if record else None

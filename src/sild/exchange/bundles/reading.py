"""Importing a bundle: what the wire checks, what a courier could have spoilt, and gaps named."""

from __future__ import annotations

import zipfile
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from sild.exchange import history, outgoing, own, partners, receipts, transfer
from sild.exchange.bundles.form import file_name, page_name, pieces, read_head, read_json
from sild.exchange.errors import BundleError, ExchangeError, TransferError
from sild.exchange.incoming import import_page
from sild.exchange.models import Attachment
from sild.people import audit
from sild.people.enums import Right

if TYPE_CHECKING:
    from pathlib import Path

    from sild.exchange.models import Partner
    from sild.people.actor import Actor


@dataclass(slots=True)
class Taken:
    """What a bundle brought; `known` entries were here already, `missing` files were not in it."""

    source: str
    records: int = 0
    refused: int = 0
    known: int = 0
    files: int = 0
    missing: int = 0

    @property
    def facts(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def take(actor: Actor, file: Path) -> Taken:
    """Import a bundle; what is here already is passed over, so that any bundle may be imported again.

    Raises:
        BundleError: it is no bundle (`bundle-form`), is for another node (`bundle-receiver`), starts beyond what is
            here (`bundle-gap`), or its log cannot be joined to what we verified (`bundle-old`, `bundle-consistency`).
        ExchangeError: as `incoming.import_page`, and as the wire has it.
    """
    actor.require(Right.ADMINISTER)
    try:
        with zipfile.ZipFile(file) as archive:
            taken = _take(actor, archive)
    except (OSError, NotImplementedError, zipfile.BadZipFile) as error:
        raise BundleError(
            _("%(file)s is no bundle: %(why)s.") % {"file": file, "why": error}, code="bundle-form"
        ) from error
    audit.note(actor, "exchange.import-bundle", taken.source, **taken.facts)
    return taken


def _take(actor: Actor, archive: zipfile.ZipFile) -> Taken:
    """Check the head, then take pages in order, files and the cosignature."""
    head = read_head(archive)
    partner = partners.get(head["from"])
    if not partner.is_pinned:
        raise BundleError(
            _("%(node)s is not pinned: compare fingerprints first.") % {"node": partner.node}, code="not-pinned"
        )
    taken = Taken(partner.node)
    for number in range(1, head["pages"] + 1):
        _take_page(partner, read_json(archive, page_name(number)), head["consistency"], taken)
    receipts.give(actor, partner)
    _take_files(archive, partner, taken)
    if head["cosignature"] is not None:
        outgoing.accept_cosignature(partner, head["cosignature"]["size"], head["cosignature"]["line"])
    return taken


def _take_page(partner: Partner, page: dict[str, Any], proofs: dict[str, list[str]], taken: Taken) -> None:
    """Import a page, unless everything in it is here."""
    history.check_page(partner, page)
    partner.refresh_from_db()
    new = [entry for entry in page["entries"] if _position(entry) > partner.positions["lane" in entry]]
    taken.known += len(page["entries"]) - len(new)
    size = history.signed_checkpoint(partner, partners.identity_of(partner), page["checkpoint"]).size
    if not new and size <= partner.their_size:
        return
    _check_joins(partner, new, size, proofs)
    imported = import_page(partner, {**page, "consistency": proofs.get(str(partner.their_size), [])}, carried=True)
    taken.records += len(imported.records)
    taken.refused += len(imported.refused)


def _check_joins(partner: Partner, new: list[dict[str, Any]], size: int, proofs: dict[str, list[str]]) -> None:
    """Refuse, before anything is written, what does not continue the index or the log that we have."""
    names = {"node": partner.node, "us": own.node_id(), "last": partner.position, "have": partner.their_size}
    for urgent, have in partner.positions.items():
        first = next((_position(entry) for entry in new if ("lane" in entry) is urgent), have + 1)
        if first > have + 1:
            raise BundleError(_gap(urgent=urgent) % {**names, "first": first, "known": have, "next": have + 1,
                              "before": first - 1}, code="bundle-gap")  # fmt: skip
    if size < partner.their_size:
        raise BundleError(
            _("The bundle of %(node)s was made at %(size)d leaves of its log, of which we verified %(have)d since. Ask "
              "there for a newer one: sild bundle export --to %(us)s --since %(last)d FILE")
            % {**names, "size": size},
            code="bundle-old",
        )  # fmt: skip
    if partner.their_size not in {0, size} and str(partner.their_size) not in proofs:
        raise BundleError(
            _("The bundle of %(node)s has no proof that its log continues the %(have)d leaves that we verified. Ask "
              "there for: sild bundle export --to %(us)s --since %(last)d --have %(have)d FILE") % names,
            code="bundle-consistency",
        )  # fmt: skip


def _gap(*, urgent: bool) -> str:
    """The sentence that names what is missing from one of the indexes."""
    if urgent:
        return _(
            "The bundle of %(node)s starts with urgent entry %(first)d; the last one here is %(known)d, so that urgent "
            "entries %(next)d to %(before)d are missing. Import the bundle that has them first, or ask there for: "
            "sild bundle export --to %(us)s --since %(last)d FILE"
        )
    return _(
        "The bundle of %(node)s starts with entry %(first)d; the last one here is %(last)d, so that entries "
        "%(next)d to %(before)d are missing. Import the bundle that has them first, or ask there for: "
        "sild bundle export --to %(us)s --since %(last)d FILE"
    )


def _take_files(archive: zipfile.ZipFile, partner: Partner, taken: Taken) -> None:
    """Take files that records name and that are not here; one that is bad stops no other, but is told at the end."""
    failure: ExchangeError | None = None
    names = set(archive.namelist())
    missing = Attachment.objects.filter(record__issuer=partner.node, record__withdrawn=False, is_here=False)
    for attachment in missing.select_related("record"):
        if file_name(attachment) not in names:
            taken.missing += 1
            continue
        try:
            transfer.accept_pieces(partner, attachment, pieces(archive, file_name(attachment)))
            taken.files += 1
        except TransferError as error:
            failure = error
    if failure is not None:
        raise failure


def _position(entry: dict[str, Any]) -> int:
    """An entry's number."""
    position = entry.get("position")
    if type(position) is not int or position < 1:
        raise TransferError("The bundle has an entry without a position.", code="page-form")
    return position

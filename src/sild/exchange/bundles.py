"""Records carried by hand: what a partner would get over the wire, in one file, imported with the same checks.

A bundle is a ZIP file: `bundle.json`, `pages/` with pages of the partner's index, `files/` with attachments, all of
them the bytes that the wire would carry, sealed where the wire seals. Each part proves itself, so that whoever carries
the bundle need not be trusted and can neither read what is narrow nor change anything unseen.
"""

from __future__ import annotations

import lzma
import time
import zipfile
import zlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import orjson
from django.db import transaction
from django.utils.translation import gettext as _

from sild.exchange import history, log, outgoing, own, partners, receipts
from sild.exchange.errors import BundleError, ExchangeError, TransferError
from sild.exchange.incoming import accept_attachment, import_page
from sild.exchange.models import Attachment, Checkpoint, Delivery
from sild.people import audit
from sild.people.enums import Right
from sild.trust.checkpoint import cosign
from sild.trust.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from sild.exchange.models import Partner
    from sild.people.actor import Actor

FORMAT = "sild-bundle/1"
HEAD = "bundle.json"
HEAD_MEMBERS = frozenset({"format", "from", "to", "after", "consistency", "pages", "cosignature"})
# What the ways of packing raise for damaged bytes.
PACKING = (zlib.error, lzma.LZMAError)
MAX_HEAD = 8 * 1024 * 1024
MAX_MEMBER = 96 * 1024 * 1024
# For how many of our latest checkpoints a bundle proves that the log only grew since; older ones are asked for by name.
PROVED_SIZES = 500


@dataclass(frozen=True, slots=True)
class Exported:
    """What a bundle holds: entries from `after` + 1 to `last`, and files."""

    after: int
    last: int
    files: int

    @property
    def facts(self) -> dict[str, int]:
        """As JSON."""
        return asdict(self)


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


@transaction.atomic
def export(actor: Actor, node: str, file: Path, *, since: int | None = None, have: Iterable[int] = ()) -> Exported:
    """Write what a partner lacks to a file, which is whole or absent.

    Args:
        actor: who administers.
        node: the partner.
        file: where to; an older file of that name is replaced.
        since: the last entry that the partner has; None for what it confirmed.
        have: further sizes of our log that the partner may have verified last.

    Raises:
        BundleError: this node has published nothing yet, or the file cannot be written.
        WithheldError: the partner is not pinned.
    """
    actor.require(Right.ADMINISTER)
    partner = partners.get(node)
    checkpoint = log.latest()
    if checkpoint is None:
        raise BundleError(_("This node has published nothing yet."), code="bundle-empty")
    after = partner.delivered if since is None else since
    temporary = file.with_name(f"{file.name}.new")
    try:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
            made = _write(archive, partner, checkpoint, after, have)
        temporary.replace(file)
    except OSError as error:
        raise BundleError(
            _("%(file)s cannot be written: %(why)s.") % {"file": file, "why": error.strerror}, code="bundle-file"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
    audit.note(actor, "exchange.export-bundle", node, **made.facts)
    return made


def _write(
    archive: zipfile.ZipFile, partner: Partner, checkpoint: Checkpoint, after: int, have: Iterable[int]
) -> Exported:
    """Write pages, files and last the head that names them."""
    tree = Tree(log.DatabaseTiles())
    last, pages, more = after, 0, True
    while more:
        entries, more = outgoing.entries_after(partner, last, checkpoint, tree)
        page = {"checkpoint": checkpoint.text, "consistency": [], "entries": entries, "more": more}
        pages += 1
        archive.writestr(_page_name(pages), orjson.dumps(page))
        last = entries[-1]["position"] if entries else last
    files = _write_files(archive, partner, after)
    sizes = set(Checkpoint.objects.values_list("size", flat=True)[:PROVED_SIZES]) | {
        size for size in have if 0 < size < checkpoint.size
    }
    head = {
        "format": FORMAT,
        "from": own.node_id(),
        "to": partner.node,
        "after": after,
        "pages": pages,
        "consistency": {str(size): outgoing.consistency(tree, size, checkpoint.size) for size in sorted(sizes)},
        "cosignature": _cosignature(partner),
    }
    archive.writestr(HEAD, orjson.dumps(head))
    return Exported(after, last, files)


def _write_files(archive: zipfile.ZipFile, partner: Partner, after: int) -> int:
    """Write the attachments of those entries, as they would travel over the wire; returns their number."""
    numbered = Delivery.objects.filter(partner=partner, position__gt=after)
    found = Attachment.objects.filter(record__in=numbered.values("record"), is_here=True)
    number = 0
    for attachment in found.order_by("pk").iterator():
        data = outgoing.attachment(partner, str(attachment.record_id), attachment.hash)
        archive.writestr(_file_name(attachment), data)
        number += 1
    return number


def _cosignature(partner: Partner) -> dict[str, Any] | None:
    """Our line, as the partner's witness, on the newest of its checkpoints that we verified."""
    if not partner.their_size:
        return None
    line = cosign(partner.their_checkpoint, own.node_keys(), timestamp=int(time.time()))
    return {"size": partner.their_size, "line": line}


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
    head = _head(archive)
    partner = partners.get(head["from"])
    if not partner.is_pinned:
        raise BundleError(
            _("%(node)s is not pinned: compare fingerprints first.") % {"node": partner.node}, code="not-pinned"
        )
    taken = Taken(partner.node)
    for number in range(1, head["pages"] + 1):
        _take_page(partner, _json(archive, _page_name(number)), head["consistency"], taken)
    receipts.give(actor, partner)
    _take_files(archive, partner, taken)
    if head["cosignature"] is not None:
        outgoing.accept_cosignature(partner, head["cosignature"]["size"], head["cosignature"]["line"])
    return taken


def _take_page(partner: Partner, page: dict[str, Any], proofs: dict[str, list[str]], taken: Taken) -> None:
    """Import a page, unless everything in it is here."""
    history.check_page(partner, page)
    partner.refresh_from_db()
    new = [entry for entry in page["entries"] if _position(entry) > partner.position]
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
    if new and _position(new[0]) > partner.position + 1:
        raise BundleError(
            _("The bundle of %(node)s starts with entry %(first)d; the last one here is %(last)d, so that entries "
              "%(next)d to %(before)d are missing. Import the bundle that has them first, or ask there for: "
              "sild bundle export --to %(us)s --since %(last)d FILE")
            % {**names, "first": _position(new[0]), "next": partner.position + 1, "before": _position(new[0]) - 1},
            code="bundle-gap",
        )  # fmt: skip
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


def _take_files(archive: zipfile.ZipFile, partner: Partner, taken: Taken) -> None:
    """Take files that records name and that are not here; one that is bad stops no other, but is told at the end."""
    failure: ExchangeError | None = None
    names = set(archive.namelist())
    missing = Attachment.objects.filter(record__issuer=partner.node, is_here=False).select_related("record")
    for attachment in missing:
        if _file_name(attachment) not in names:
            taken.missing += 1
            continue
        try:
            accept_attachment(partner, attachment, _read(archive, _file_name(attachment), MAX_MEMBER))
            taken.files += 1
        except TransferError as error:
            failure = error
    if failure is not None:
        raise failure


def _head(archive: zipfile.ZipFile) -> dict[str, Any]:
    """The head, its form checked."""
    head = _json(archive, HEAD)
    if len(set(archive.namelist())) != len(archive.namelist()):
        raise BundleError(_("The bundle has two parts of the same name."), code="bundle-form")
    if (
        not isinstance(head, dict)
        or head.get("format") != FORMAT
        or set(head) != HEAD_MEMBERS
        or not all(_well_formed(head))
    ):
        raise BundleError(_("The bundle's head is not one of %(format)s.") % {"format": FORMAT}, code="bundle-form")
    if head["to"] != own.node_id():
        raise BundleError(
            _("The bundle is for %(to)s; this node is %(us)s.") % {"to": head["to"], "us": own.node_id()},
            code="bundle-receiver",
        )
    return head


def _well_formed(head: dict[str, Any]) -> Iterator[bool]:
    """Whether each member of the head is of its type."""
    yield head["format"] == FORMAT
    yield isinstance(head["from"], str) and isinstance(head["to"], str)
    yield type(head["after"]) is int and type(head["pages"]) is int
    proofs, line = head["consistency"], head["cosignature"]
    yield isinstance(proofs, dict) and all(isinstance(one, list) for one in proofs.values())
    yield line is None or (
        isinstance(line, dict)
        and set(line) == {"size", "line"}
        and type(line["size"]) is int
        and isinstance(line["line"], str)
    )


def _json(archive: zipfile.ZipFile, name: str) -> Any:
    """A part as JSON."""
    try:
        return orjson.loads(_read(archive, name, MAX_HEAD if name == HEAD else MAX_MEMBER))
    except ValueError as error:
        raise BundleError(_("The bundle's part %(name)s is no JSON.") % {"name": name}, code="bundle-form") from error


def _read(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """A part's bytes, however well they were compressed."""
    try:
        with archive.open(name) as part:
            data = part.read(most + 1)
    except (KeyError, ValueError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, *PACKING) as error:
        raise BundleError(
            _("The bundle's part %(name)s cannot be read: %(why)s.") % {"name": name, "why": error}, code="bundle-form"
        ) from error
    if len(data) > most:
        raise BundleError(_("The bundle's part %(name)s is too large.") % {"name": name}, code="oversized")
    return data


def _position(entry: dict[str, Any]) -> int:
    """An entry's number."""
    position = entry.get("position")
    if type(position) is not int or position < 1:
        raise TransferError("The bundle has an entry without a position.", code="page-form")
    return position


def _page_name(number: int) -> str:
    """Where a page stands in the archive."""
    return f"pages/{number:08}.json"


def _file_name(attachment: Attachment) -> str:
    """Where an attachment stands in the archive."""
    return f"files/{attachment.record_id}/{attachment.hash.partition(':')[2]}"

"""Writing a bundle: pages of a partner's index, files, and proofs that the log only grew."""

from __future__ import annotations

import time
import zipfile
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import orjson
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from sild.exchange import log, narrowing, outgoing, own, partners
from sild.exchange.bundles.form import FORMAT, HEAD, file_name, page_name
from sild.exchange.errors import BundleError
from sild.exchange.log_models import Checkpoint
from sild.exchange.models import Attachment, Delivery
from sild.people import audit
from sild.people.enums import Right
from sild.trust.checkpoint import cosign
from sild.trust.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sild.exchange.models import Partner
    from sild.people.actor import Actor

# For how many of our latest checkpoints a bundle proves that the log only grew since; older ones are asked for by name.
PROVED_SIZES = 500


@dataclass(frozen=True, slots=True)
class Exported:
    """What a bundle holds: ordinary entries from `after` + 1 to `last`, urgent ones, and files."""

    after: int
    last: int
    urgent: int
    files: int

    @property
    def facts(self) -> dict[str, int]:
        """As JSON."""
        return asdict(self)


@transaction.atomic
def export(actor: Actor, node: str, file: Path, *, since: int | None = None, have: Iterable[int] = ()) -> Exported:
    """Write what a partner lacks to a file, which is whole or absent.

    Args:
        actor: who administers.
        node: the partner.
        file: where to; an older file of that name is replaced.
        since: the last ordinary entry that the partner has, with which all urgent ones go; None for what it confirmed.
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
    after = partner.confirmed if since is None else {True: 0, False: since}
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
    archive: zipfile.ZipFile, partner: Partner, checkpoint: Checkpoint, after: dict[bool, int], have: Iterable[int]
) -> Exported:
    """Write pages, files and last the head that names them."""
    tree = Tree(log.DatabaseTiles())
    last, pages, more = dict(after), 0, True
    while more:
        entries, more = outgoing.entries_after(partner, last, checkpoint, tree)
        page = {"checkpoint": checkpoint.text, "consistency": [], "entries": entries, "more": more}
        pages += 1
        archive.writestr(page_name(pages), orjson.dumps(page))
        for entry in entries:
            last["lane" in entry] = entry["position"]
    files = _write_files(archive, partner, after)
    sizes = set(Checkpoint.objects.values_list("size", flat=True)[:PROVED_SIZES]) | {
        size for size in have if 0 < size < checkpoint.size
    }
    head = {
        "format": FORMAT,
        "from": own.node_id(),
        "to": partner.node,
        "after": after[False],
        "pages": pages,
        "consistency": {str(size): outgoing.consistency(tree, size, checkpoint.size) for size in sorted(sizes)},
        "cosignature": _cosignature(partner),
    }
    archive.writestr(HEAD, orjson.dumps(head))
    return Exported(after[False], last[False], last[True] - after[True], files)


def _write_files(archive: zipfile.ZipFile, partner: Partner, after: dict[bool, int]) -> int:
    """Write the attachments of those entries, as they would travel over the wire; returns their number."""
    lanes = Q(urgent=True, position__gt=after[True]) | Q(urgent=False, position__gt=after[False])
    numbered = Delivery.objects.filter(lanes, partner=partner)
    found = Attachment.objects.filter(record__in=numbered.values("record"), is_here=True).select_related("record")
    number = 0
    for attachment in found.order_by("pk").iterator():
        if narrowing.is_ended(attachment.record, partner):
            continue
        file = outgoing.attachment(partner, str(attachment.record_id), attachment.hash)
        with archive.open(file_name(attachment), "w", force_zip64=True) as part:
            part.writelines(file.pieces())
        number += 1
    return number


def _cosignature(partner: Partner) -> dict[str, Any] | None:
    """Our line, as the partner's witness, on the newest of its checkpoints that we verified."""
    if not partner.their_size:
        return None
    line = cosign(partner.their_checkpoint, own.node_keys(), timestamp=int(time.time()))
    return {"size": partner.their_size, "line": line}

"""Archives follow the keys: what is sealed for a key that was replaced is sealed anew before that key is destroyed."""

from __future__ import annotations

import zipfile
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson
from django.utils.translation import gettext as _

from sild.exchange import documents, evidence, own, partners
from sild.exchange.errors import ExchangeError
from sild.exchange.models import Partner
from sild.exchange.outgoing import attachment_context, seal_context
from sild.exchange.stores import PREFIX
from sild.people import audit
from sild.people.enums import Right
from sild.trust import sealed, sealed_blob
from sild.trust.documents import digest_of, pieces
from sild.trust.errors import SealError
from sild.trust.seal import open_sealed, seal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sild.people.actor import Actor
    from sild.trust.identity import Identity

HEAD = "bundle.json"
# How a sealed attachment begins.
START = b'{"format":"' + sealed_blob.FORMAT.encode()


@dataclass(frozen=True, slots=True)
class Resealed:
    """A file that was sealed anew: what it is, its digest before and after, and for which nodes it is sealed now."""

    kind: str
    before: str
    after: str
    nodes: tuple[str, ...]


def reseal(actor: Actor, path: Path) -> Resealed:
    """Seal a file or a bundle anew, in its place, for the keys that its receivers have now.

    Args:
        actor: an administrator.
        path: a file that `sild seal` made, or a bundle for this node; one of our keys has to open it.

    Raises:
        NotAllowedError: the actor does not administer.
        SealError: no key of ours opens it; it stays as it is.
        SignatureError: it does not verify; it stays as it is.
        ExchangeError: it cannot be read or written, or its signature does not verify.
    """
    actor.require(Right.ADMINISTER)
    temporary = path.with_name(f"{path.name}.new")
    try:
        with path.open("rb") as source, temporary.open("wb") as target:
            kind, nodes = _reseal(source, target)
        before, after = _digest(path), _digest(temporary)
        temporary.replace(path)
    except OSError as error:
        raise ExchangeError(
            _("%(file)s cannot be sealed anew: %(why)s.") % {"file": path, "why": error.strerror}, code="file"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
    done = Resealed(kind, before, after, nodes)
    audit.note(actor, "trust.reseal", path.name, **asdict(done))
    return done


def _reseal(source: BinaryIO, target: BinaryIO) -> tuple[str, tuple[str, ...]]:
    """Do it by what the file is."""
    if zipfile.is_zipfile(source):
        _reseal_bundle(source, target)
        return "bundle", (own.node_id(),)
    source.seek(0)
    verdict, receivers = sealed.reseal_file(source, target, own.node_keys(), _receiver, documents.known_of)
    if not verdict.ok:
        raise ExchangeError(verdict.sentence, code=verdict.code)
    return "file", tuple(one.node for one in receivers)


def _receiver(node: str) -> Identity | None:
    """A receiver's identity; None when it is not known here, or was never compared."""
    if node == own.node_id():
        return evidence.own_identity()
    partner = Partner.objects.filter(node=node).exclude(pinned_at=None).first()
    return partners.identity_of(partner) if partner else None


def _reseal_bundle(source: BinaryIO, target: BinaryIO) -> None:
    """Copy a bundle part by part, what is sealed in it sealed anew; what signs and proves it is inside and stays."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        head = orjson.loads(old.read(HEAD))
        if head["to"] != own.node_id():
            raise SealError(f"The bundle is for {head['to']}, whose keys are not here.", code="not-for-us")
        for name in old.namelist():
            with old.open(name) as part, new.open(name, "w", force_zip64=True) as copy:
                copy.writelines(_part(name, part, head["from"]))


def _part(name: str, part: Any, sender: str) -> Iterator[bytes]:
    """A part of the bundle as it is from now on."""
    folder, *place = name.split("/")
    if folder == "pages":
        yield _page(orjson.loads(part.read()), sender)
    elif folder == "files" and part.peek(len(START)).startswith(START):
        context = {"sender": sender, **attachment_context(own.node_id(), place[0], PREFIX + place[1])}
        yield from sealed_blob.resealed(part, own.node_keys(), [own.node_keys().seal.public], context)
    else:
        yield from pieces(part)


def _page(page: dict[str, Any], sender: str) -> bytes:
    """A page of the index whose sealed entries are for our key of now."""
    for entry in page["entries"]:
        if "sealed" in entry:
            context = seal_context(own.node_id(), entry["position"])
            raw = open_sealed(entry["sealed"], own.node_keys(), sender=sender, context=context)
            entry["sealed"] = seal(raw, [evidence.own_identity()], sender=sender, context=context)
    return orjson.dumps(page)


def _digest(path: Path) -> str:
    """A file's SHA-512."""
    with path.open("rb") as file:
        return digest_of(pieces(file))[0]

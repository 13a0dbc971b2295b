"""The form of a bundle: names of its parts, its head, and reading parts that a courier may have spoilt."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import orjson
from django.utils.translation import gettext as _

from sild.exchange import blobs, own
from sild.exchange.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sild.exchange.models import Attachment

FORMAT = "sild-bundle/2"
HEAD = "bundle.json"
HEAD_MEMBERS = frozenset({"format", "from", "to", "after", "consistency", "pages", "cosignature"})
# What the ways of packing raise for damaged bytes.
PACKING = (zlib.error, lzma.LZMAError)
MAX_HEAD = 8 * 1024 * 1024
MAX_MEMBER = 96 * 1024 * 1024


def page_name(number: int) -> str:
    """Where a page stands in the archive."""
    return f"pages/{number:08}.json"


def file_name(attachment: Attachment) -> str:
    """Where an attachment stands in the archive."""
    return f"files/{attachment.record_id}/{attachment.hash.partition(':')[2]}"


def read_head(archive: zipfile.ZipFile) -> dict[str, Any]:
    """The head, its form checked.

    Raises:
        BundleError: code `bundle-form`, `bundle-receiver` or `oversized`.
    """
    head = read_json(archive, HEAD)
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


def read_json(archive: zipfile.ZipFile, name: str) -> Any:
    """A part as JSON; errors as in `read_part`."""
    try:
        return orjson.loads(read_part(archive, name, MAX_HEAD if name == HEAD else MAX_MEMBER))
    except ValueError as error:
        raise BundleError(_("The bundle's part %(name)s is no JSON.") % {"name": name}, code="bundle-form") from error


def read_part(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """A part's bytes, however well they were compressed.

    Raises:
        BundleError: it is missing or damaged (`bundle-form`), or longer than `most` (`oversized`).
    """
    data = bytearray()
    for piece in pieces(archive, name):
        data += piece
        if len(data) > most:
            raise BundleError(_("The bundle's part %(name)s is too large.") % {"name": name}, code="oversized")
    return bytes(data)


def pieces(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """A part's bytes in pieces; errors as in `read_part`."""
    try:
        with archive.open(name) as part:
            while piece := part.read(blobs.PIECE):
                yield piece
    except (KeyError, ValueError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, *PACKING) as error:
        raise BundleError(
            _("The bundle's part %(name)s cannot be read: %(why)s.") % {"name": name, "why": error}, code="bundle-form"
        ) from error

"""Packed folders in the node's blob store: put in, taken out, unpacked, checked against their digest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from sild.exchange import blobs
from sild.exchange.errors import BlobError
from sild.sandbox.engine import pack
from sild.sandbox.engine.errors import PackError
from sild.sandbox.models import Solution, Suite
from sild.trust import folder as folders

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sild.sandbox.models import Described

MEDIA_TYPE = "application/zip"


def keep(folder: Path) -> str:
    """Pack a folder into the blob store; the package's hash.

    Raises:
        PackError: it cannot be packed.
    """
    return blobs.put(pack.pack(folder))


def needed() -> Iterator[str]:
    """The hashes of all packages that this module refers to."""
    for model in (Solution, Suite):
        yield from model.objects.values_list("package", flat=True).iterator()


def draft(thing: Described) -> blobs.Draft:
    """The package as an attachment of a record."""
    return blobs.Draft(f"{thing.name}-{thing.version}.zip", MEDIA_TYPE, blobs.read(thing.package))


def take_out(thing: Described, folder: Path) -> None:
    """Unpack the thing's package into a new folder.

    Raises:
        PackError: the package is not here yet, is hostile, or is not what its digest says.
    """
    try:
        data = blobs.read(thing.package)
    except BlobError as error:
        raise PackError(
            _("The package of %(thing)s is not on this node yet. Try again when it has been fetched.")
            % {"thing": thing}
        ) from error
    pack.unpack(data, folder)
    if folders.digest(folder) != thing.digest:
        raise PackError(_("The package of %(thing)s holds other files than its digest says.") % {"thing": thing})

"""Arrays as one compressed file: read without pickle, written the same bytes each time."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_THEN = (1980, 1, 1, 0, 0, 0)  # the first day that the format knows
_LEVEL = 6


def read(folder: Path, file: str, card_file: str) -> tuple[bytes, dict[str, Any]]:
    """The bytes of a file and its card; only bytes that have the SHA-256 of the card are returned.

    Raises:
        ModelError: a file is missing, or the hash is not the card's.
    """
    try:
        data = (folder / file).read_bytes()
        card = json.loads((folder / card_file).read_text(encoding="utf-8"))
        expected = card["file"]["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"There is no model with a readable card in {folder}. Make one: sild analyst train") from error
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        raise ModelError(
            f"{folder / file} is not the model that its card describes: {found[:16]}…, not {expected[:16]}…."
            " It is not loaded. Restore both files, or make them anew: sild analyst train"
        )
    return data, card


def pack(arrays: Mapping[str, Any]) -> bytes:
    """The arrays as a compressed npz file; the same arrays give the same bytes, whichever Python writes them.

    numpy's own writer streams, and what a streamed member's header says changed between releases of Python 3.11.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, values in arrays.items():
            array = io.BytesIO()
            np.lib.format.write_array(array, np.asarray(values), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", _THEN)
            archive.writestr(entry, array.getvalue(), zipfile.ZIP_DEFLATED, _LEVEL)
    return buffer.getvalue()


def unpack(data: bytes, kinds: Mapping[str, str]) -> dict[str, Any]:
    """The arrays of a file that `pack` wrote; pickled content is refused.

    Args:
        data: the file.
        kinds: which arrays it holds, each with the beginning of its type as numpy writes it without byte order.

    Raises:
        ModelError: the bytes are no such file, or an array has another type.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in kinds}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ModelError(f"The model's file has not the form of a model: {error}") from error
    wrong = sorted(name for name, kind in kinds.items() if not arrays[name].dtype.str[1:].startswith(kind))
    if wrong:
        raise ModelError(f"The model's file has not the form of a model: wrong type of {', '.join(wrong)}")
    return arrays

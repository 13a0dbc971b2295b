"""One digest for a folder of files, so that two parties can name the same solution or suite without sending it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import rfc8785

if TYPE_CHECKING:
    from pathlib import Path

IGNORED = frozenset({"__pycache__", ".DS_Store"})


def manifest(folder: Path) -> dict[str, str]:
    """The SHA-256 in hex of every file below `folder`, by its POSIX path relative to it.

    Raises:
        ValueError: the folder holds a link or a special file, which could stand for anything.
    """
    digests: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if IGNORED.intersection(name.parts):
            continue
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise ValueError(f"{name} in {folder} is a link or a special file. Put the file itself there.")
        if path.is_file():
            digests[name.as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
    return digests


def digest(folder: Path) -> str:
    """`sha256:` and the SHA-256 of the folder's manifest in canonical JSON (RFC 8785).

    Raises:
        ValueError: as `manifest`.
    """
    return "sha256:" + hashlib.sha256(rfc8785.dumps(manifest(folder))).hexdigest()

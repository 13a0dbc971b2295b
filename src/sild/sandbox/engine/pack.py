"""Folders as one file and back: the same bytes for the same content, and nothing hostile comes out of it."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from sild.sandbox.engine.errors import PackError
from sild.trust import folder as folders

MAX_PACKED = 64 * 1024 * 1024
MAX_UNPACKED = 256 * 1024 * 1024
MAX_FILES = 5000
_NAME_BYTES = 255
_THEN = (1980, 1, 1, 0, 0, 0)  # the earliest time that the format knows
_MODE = 0o644
# Readable by the run's own user and executable, since a command may be one of the files.
_UNPACKED_MODE = 0o755


def pack(folder: Path) -> bytes:
    """A zip with the folder's files in order, without times, owners and rights; two packs of the same files are equal.

    Raises:
        PackError: the folder holds a link or a special file, or is too large.
    """
    buffer = io.BytesIO()
    total = 0
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in _names(folder):
            data = (folder / name).read_bytes()
            total += len(data)
            if total > MAX_UNPACKED:
                raise PackError(f"{folder} holds over {MAX_UNPACKED} bytes. Remove what it does not need.")
            entry = zipfile.ZipInfo(name, _THEN)
            entry.create_system = 3
            entry.external_attr = (stat.S_IFREG | _MODE) << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED, 6)
    return buffer.getvalue()


def unpack(data: bytes, folder: Path) -> None:
    """Write a package's files below `folder`, new or empty; checked as a whole before anything is written.

    Raises:
        PackError: it is no package, it is too large, or a name in it leads elsewhere, is a link or comes twice.
    """
    if len(data) > MAX_PACKED:
        raise PackError(f"The package is larger than {MAX_PACKED} bytes.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _check(entries)
            contents = [(entry.filename, _content(archive, entry)) for entry in entries if not entry.is_dir()]
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, RuntimeError, ValueError) as error:
        raise PackError(f"The package is not a readable zip file: {error}.") from error
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise PackError(f"{folder} is not empty.")
    folder.chmod(_UNPACKED_MODE)
    for name, content in contents:
        _write(folder, name, content)


def copy(source: Path, target: Path) -> None:
    """Copy a folder's files as `pack` and `unpack` would, so that nobody changes them between reading and running.

    Raises:
        PackError: as `pack`.
    """
    unpack(pack(source), target)


def _names(folder: Path) -> list[str]:
    """The folder's files by name, in order."""
    try:
        names = sorted(folders.manifest(folder))
    except (OSError, ValueError) as error:
        raise PackError(str(error)) from error
    if not names:
        raise PackError(f"{folder} is no folder or holds no files.")
    if len(names) > MAX_FILES:
        raise PackError(f"{folder} holds {len(names)} files; at most {MAX_FILES} are packed.")
    return names


def _check(entries: list[zipfile.ZipInfo]) -> None:
    """Refuse everything that an honest package does not hold."""
    if len(entries) > MAX_FILES:
        raise PackError(f"The package holds {len(entries)} files; at most {MAX_FILES} are unpacked.")
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise PackError(f"The package would unpack to more than {MAX_UNPACKED} bytes.")
    seen: set[str] = set()
    for entry in entries:
        _check_name(entry)
        name = entry.filename.rstrip("/")
        if name in seen:
            raise PackError(f"The package holds {entry.filename!r} twice.")
        seen.add(name)
    plain = {entry.filename for entry in entries if not entry.is_dir()}
    for name in seen:
        if plain.intersection(map(str, PurePosixPath(name).parents)):
            raise PackError(f"The package holds {name!r} below something that is a file.")


def _check_name(entry: zipfile.ZipInfo) -> None:
    """Refuse a name that leads out of the folder, or that is not a plain file's."""
    name = entry.filename
    parts = name.rstrip("/").split("/")
    bad = not name or any(part in {"", ".", ".."} or len(part.encode()) > _NAME_BYTES for part in parts)
    if (
        bad
        or "\\" in name
        or entry.orig_filename != name
        or not name.isprintable()
        or PurePosixPath(name).is_absolute()
    ):
        raise PackError(f"The package holds the name {name!r}, which leads out of its folder or is not allowed.")
    if folders.IGNORED.intersection(parts):
        raise PackError(
            f"The package holds {name!r}, which a folder's digest leaves out, so it could hide what is run."
        )
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise PackError(f"The package holds {name!r}, which is a link or a special file.")


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """A file's content, never more than it was said to be."""
    with archive.open(entry) as file:
        data = file.read(entry.file_size + 1)
    if len(data) != entry.file_size:
        raise PackError(f"The package says that {entry.filename!r} has {entry.file_size} bytes, which it has not.")
    return data


def _write(folder: Path, name: str, content: bytes) -> None:
    """Write one file and the folders above it."""
    path = folder / name
    try:
        for parent in reversed(path.relative_to(folder).parents[:-1]):
            (folder / parent).mkdir(mode=_UNPACKED_MODE, exist_ok=True)
            (folder / parent).chmod(_UNPACKED_MODE)
        path.write_bytes(content)
        path.chmod(_UNPACKED_MODE)
    except OSError as error:
        raise PackError(f"The package's {name!r} cannot be written: {error.strerror}.") from error

"""What a container sees: for an image its own files, else a root made of the host's programs, as at level L1."""

from __future__ import annotations

import shutil
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from sild.sandbox.engine.containers import arguments, images, profile
from sild.sandbox.engine.errors import IsolationError

if TYPE_CHECKING:
    from sild.sandbox.engine.containers.room import Room
    from sild.sandbox.engine.isolation import Job

_SYSTEM_LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_FOLDERS = ("dev", "dev/shm", "etc", "proc", "run", "scratch", "sys", "tmp", "usr", "var")
# What Podman puts there has to be there: nothing can be made in a root that is read-only.
_FILES = ("etc/group", "etc/hostname", "etc/hosts", "etc/passwd", "etc/resolv.conf", "run/.containerenv")


def prepare(room: Room, job: Job) -> list[tuple[str, str]]:
    """Put into the room's folder what the container needs; pairs of source and target that are still to be bound.

    Raises:
        IsolationError: the image is not there, or Podman's list of system calls is not.
    """
    listed = profile.path()
    if listed is None:
        raise IsolationError("Podman's list of system calls is missing, so nothing was run.")
    (room.folder / arguments.PROFILE).write_text(profile.profile(listed))
    (room.folder / arguments.CONFIG).write_text(arguments.configuration())
    binds = [] if job.image else _host(room.folder / "root", room.folder / "empty", job)
    if job.image:
        _archive(job.image, room.folder / arguments.ARCHIVE)
    room.own()
    return binds


def _archive(image: str, target: Path) -> None:
    """The image as an archive that the user namespace's root may read."""
    if images.is_reference(image):
        images.put(image, target)
        return
    try:
        shutil.copyfile(image, target)
    except OSError as error:
        raise IsolationError(f"The image {Path(image).name} could not be read: {error.strerror}.") from error


def _host(root: Path, empty: Path, job: Job) -> list[tuple[str, str]]:
    """A root with the host's programs and libraries, and what the job is shown."""
    for name in _FOLDERS:
        (root / name).mkdir(exist_ok=True)
    for name in _FILES:
        (root / name).touch()
    binds = [("/usr", str(root / "usr"))]
    for name in _SYSTEM_LINKS:
        folder = Path("/", name)
        if folder.is_symlink():
            (root / name).symlink_to(folder.readlink())
        elif folder.is_dir():
            (root / name).mkdir()
            binds.append((str(folder), str(root / name)))
    shown = [("/etc/ld.so.cache", "/etc/ld.so.cache"), *((bind.source, bind.target) for bind in job.binds)]
    binds += [(source, _place(root, source, target)) for source, target in shown if Path(source).exists()]
    return binds + [(str(empty), f"{root}{folder}") for folder in job.masked]


def _place(root: Path, source: str, target: str) -> str:
    """Make the place where a source is bound, unless it is below another bind."""
    place = root / PurePosixPath(target).relative_to("/")
    if not target.startswith("/usr/"):
        place.parent.mkdir(parents=True, exist_ok=True)
        if Path(source).is_dir():
            place.mkdir(exist_ok=True)
        else:
            place.touch()
    return str(place)

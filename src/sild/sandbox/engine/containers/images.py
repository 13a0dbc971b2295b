"""Container images of solutions: an OCI archive in the solution's folder, or a name with the digest of its manifest."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

from sild.sandbox.engine.errors import IsolationError

if TYPE_CHECKING:
    from pathlib import Path

ARCHIVE = r"[A-Za-z0-9_][A-Za-z0-9._/-]{0,190}\.tar"
REFERENCE = r"[a-z0-9]([a-z0-9._:/-]{0,200}[a-z0-9])?@sha256:[0-9a-f]{64}"
_SECONDS = 600


def is_archive(word: str) -> bool:
    """Whether it names an archive in the solution's folder."""
    return re.fullmatch(ARCHIVE, word) is not None and ".." not in word


def is_reference(word: str) -> bool:
    """Whether it names an image by the digest of its manifest. A tag is refused: it is not the same thing tomorrow."""
    return re.fullmatch(REFERENCE, word) is not None


def named(folder: Path, image: str) -> str:
    """What a report calls an image: its name with the digest of its manifest, or its file with the file's digest."""
    if is_reference(image):
        return image
    with (folder / image).open("rb") as file:
        return f"{image}, sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def put(image: str, target: Path) -> None:
    """Write an image that stands in the store of this user's Podman to an OCI archive; nothing is fetched.

    Args:
        image: its name with the digest.
        target: the file to write.

    Raises:
        IsolationError: it is not there, or not readable.
    """
    program = shutil.which("podman") or "podman"
    _asked(program, image)
    done = _run([program, "save", "--quiet", "--format", "oci-archive", "--output", str(target), image])
    if done.returncode != 0:
        raise IsolationError(f"The image {image} could not be read from Podman's store: {_said(done)}")


def _asked(program: str, image: str) -> None:
    """See that the store has the image under this digest.

    Raises:
        IsolationError: it has not.
    """
    done = _run([program, "image", "inspect", image])
    told: list[dict[str, Any]] = json.loads(done.stdout) if done.returncode == 0 else []
    digest = image.rpartition("@")[2]
    if not any(digest == one.get("Digest") or image in one.get("RepoDigests", ()) for one in told):
        raise IsolationError(
            f"The image {image} is not in the store of this user's Podman, and the node fetches none by itself. "
            f"Bring it: podman pull {image}"
        )


def _run(command: list[str]) -> subprocess.CompletedProcess[bytes]:
    """Run Podman as the user that we are, on that user's own store."""
    try:
        return subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False, env=dict(os.environ))
    except (OSError, subprocess.SubprocessError) as error:
        raise IsolationError(f"Podman could not be run: {error}. Install it: apt-get install podman") from error


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    """What Podman said last."""
    return (done.stderr.decode(errors="replace").strip().splitlines() or [f"status {done.returncode}"])[-1]

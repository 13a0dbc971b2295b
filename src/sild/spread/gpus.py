"""The GPUs of this machine: which there are, which of them this worker was given, and that nobody else has one of them.

They are NVIDIA's, by the names under which specifications of the Container Device Interface describe them (CDI 0.8.0,
kind `nvidia.com/gpu`), else by their device files. One that is in use is held by a socket with its name: no other
process of the machine can bind it, and the kernel lets go of it when its process ends, however it ends.
"""

from __future__ import annotations

import errno
import os
import socket
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sild.spread.errors import SpreadError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

KIND = "nvidia.com/gpu"
CDI = "SILD_CDI"  # the folders with specifications, with colons between them
VISIBLE = "CUDA_VISIBLE_DEVICES"  # as CUDA reads it: numbers or UUIDs, with commas between them
_FOLDERS = "/etc/cdi:/var/run/cdi"  # where CDI has them; the later one goes before
_TURN_SECONDS = 0.1
WAIT_SECONDS = 30.0
_assigned: list[tuple[tuple[str, ...], bool]] = []  # in a worker: its GPUs, and whether the pool holds them for it


def assign(names: Sequence[str], *, held: bool) -> None:
    """In a worker: take these as the only ones that it may use.

    Args:
        names: of the devices.
        held: whether the pool holds them already, for as long as the worker lives.
    """
    _assigned[:] = [(tuple(names), held)]
    os.environ[VISIBLE] = ",".join(names)


def devices() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Specification and device by the device's name, as CDI's files describe them; what is no such file is left out."""
    found: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
    for folder in os.environ.get(CDI, _FOLDERS).split(":"):
        for file in sorted(Path(folder).glob("*.[jy]*")):
            told = _read(file)
            if told.get("kind") == KIND:
                found |= {str(device.get("name")): (told, device) for device in told["devices"]}
    return found


def names() -> list[str]:
    """The GPUs that this process may use: all of the machine, unless CUDA's variable names some of them."""
    described = list(devices())
    known = described or [path.name[6:] for path in sorted(Path("/dev").glob("nvidia[0-9]*")) if _numbered(path)]
    visible = os.environ.get(VISIBLE)
    if visible is not None:
        return [name for name in visible.split(",") if name in known]
    # The same device has more names: its number, its UUID, and `all`.
    return [name for name in known if name.isdecimal()] or [name for name in known if name != "all"]


@contextmanager
def taken(least: int, most: int = 0, seconds: float = WAIT_SECONDS) -> Iterator[list[str]]:
    """Hold GPUs that nobody else on this machine holds; they are let go of at the end.

    Args:
        least: how many are needed.
        most: as many of them as are free; by default no more than are needed.
        seconds: to wait for those that are in use.

    Raises:
        SpreadError: there are not so many, or others use them.
    """
    if not least:
        yield []
        return
    given, held = _assigned[-1] if _assigned else (tuple(names()), False)
    if least > len(given):
        raise SpreadError(f"{least} GPUs are asked for at once; this machine has {len(given)} to give.")
    with ExitStack() as holding:
        yield list(given[:least]) if held else _hold(holding, given, least, max(least, most), seconds)


def _hold(holding: ExitStack, given: Sequence[str], least: int, most: int, seconds: float) -> list[str]:
    """Hold some of these, once there are enough that nobody else holds."""
    deadline = time.monotonic() + seconds
    while True:
        with ExitStack() as trying:
            found: list[str] = []
            for name in given:
                if len(found) < most and _bound(trying, name):
                    found.append(name)
            if len(found) >= least:
                holding.enter_context(trying.pop_all())
                return found
        if time.monotonic() > deadline:
            raise SpreadError(
                f"{least} GPUs are asked for at once; this machine has {len(given)}, and others use them. "
                "Try again when they are done."
            )
        time.sleep(_TURN_SECONDS)


def _bound(holding: ExitStack, name: str) -> bool:
    """Bind the socket of a GPU (unix(7), abstract: it has no file); whether nobody else has."""
    mark = socket.socket(socket.AF_UNIX)
    try:
        mark.bind(f"\0sild {KIND}={name}")
    except OSError as error:
        mark.close()
        if error.errno != errno.EADDRINUSE:
            raise
        return False
    holding.enter_context(mark)
    return True


def _numbered(path: Path) -> bool:
    """Whether it is the file of one GPU, as `/dev/nvidia0` is."""
    return path.name[6:].isdecimal()


def _read(file: Path) -> dict[str, Any]:
    """A specification; empty when it cannot be read as one."""
    from ruamel.yaml import YAML  # noqa: PLC0415 -- slow, and only machines with GPUs have such files
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415

    with suppress(OSError, UnicodeDecodeError, YAMLError):
        told = YAML(typ="safe").load(file.read_text())
        if isinstance(told, dict) and isinstance(told.get("devices"), list):
            return told
    return {}

"""Where Python stands on this host, and which files belong to a package: what a solution is shown, and no more."""

from __future__ import annotations

import platform
import sys
import sysconfig
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path, PurePosixPath

from sild.sandbox.engine.errors import RuntimeMissingError
from sild.sandbox.engine.isolation import PACKAGES, Bind

PYTHONS = frozenset({"python", "python3"})


@dataclass(frozen=True, slots=True)
class Interpreter:
    """The interpreter that runs this node, without the packages that the node has.

    Attributes:
        program: its path, the same inside as outside.
        version: as in `3.11.2`.
        binds: what has to be bound for it besides /usr.
        masked: its folders of installed packages, shown empty.
    """

    program: str
    version: str
    binds: tuple[Bind, ...]
    masked: tuple[str, ...]


@lru_cache(maxsize=1)
def interpreter() -> Interpreter:
    """The base interpreter, not the virtual environment that stands on it."""
    prefix = Path(sys.base_prefix).resolve()
    program = prefix / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    if not program.exists():
        program = Path(sys._base_executable).resolve()  # type: ignore[attr-defined]  # noqa: SLF001 -- no public name for it
    in_system = Path("/usr") in (prefix, *prefix.parents)
    binds = () if in_system else (Bind(str(prefix), str(prefix)),)
    return Interpreter(str(program), platform.python_version(), binds, tuple(_package_folders(prefix)))


def _package_folders(prefix: Path) -> list[str]:
    """Folders of the base interpreter in which packages are installed: its own, and Debian's."""
    paths = sysconfig.get_paths(vars={"base": str(prefix), "platbase": str(prefix)})
    names = {
        paths["purelib"],
        paths["platlib"],
        "/usr/lib/python3/dist-packages",
        "/usr/local/lib/python3/dist-packages",
    }
    return sorted(name for name in names if Path(name).is_dir())


@lru_cache(maxsize=64)
def package(name: str) -> tuple[str, tuple[Bind, ...]]:
    """The installed version of a distribution and its own files and folders, each bound below the packages' folder.

    Raises:
        RuntimeMissingError: it is not installed on this node, or not in a way that can be bound.
    """
    try:
        distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError as error:
        raise RuntimeMissingError(
            f"The solution needs the package {name}, which this node has not. Install it: pip install {name}"
        ) from error
    base = Path(str(distribution.locate_file("")))
    tops = {file.parts[0] for file in distribution.files or () if ".." not in file.parts and not file.is_absolute()}
    tops = {top for top in tops - {"__pycache__"} if (base / top).exists()}
    if all(top.endswith((".dist-info", ".libs", ".pth")) for top in tops):
        raise RuntimeMissingError(f"The package {name} is installed here without files of its own that could be shown.")
    return distribution.version, tuple(Bind(str(base / top), str(PurePosixPath(PACKAGES, top))) for top in sorted(tops))

"""Solutions that are a model file: which program of ours runs it inside the isolation, and which packages it needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from sild.sandbox.engine.errors import RuntimeMissingError
from sild.sandbox.engine.interpreter import package


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of model file.

    Attributes:
        program: ours, in the folder `inside`.
        packages: distributions that it is shown.
        extra: the extra of this product that installs them.
    """

    program: str
    packages: tuple[str, ...]
    extra: str


KINDS = {
    ".onnx": Kind("run_onnx.py", ("onnxruntime", "numpy"), "onnx"),
    ".gguf": Kind("run_gguf.py", ("xllamacpp",), "gguf"),
}


def kind_of(file: str) -> Kind | None:
    """The kind of a model file by the end of its name; None when it cannot be run."""
    return KINDS.get(PurePosixPath(file).suffix.lower())


def versions(kind: Kind) -> dict[str, str]:
    """The packages that a kind needs, with the versions installed here.

    Raises:
        RuntimeMissingError: naming the extra to install.
    """
    try:
        return {name: package(name)[0] for name in kind.packages}
    except RuntimeMissingError as error:
        missing = kind.packages[0]
        raise RuntimeMissingError(
            f"A model file of this kind is run by {missing}, which this node has not in full. "
            f"Install it: pip install 'sild[{kind.extra}]'"
        ) from error

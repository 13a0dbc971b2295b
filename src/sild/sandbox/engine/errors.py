"""What can go wrong in the sandbox; each error is a sentence with a stable code."""

from __future__ import annotations

from dataclasses import dataclass


class SandboxError(Exception):
    """Base of this module's errors."""

    code = "sandbox"


class IsolationError(SandboxError):
    """The isolation that was asked for is not to be had here, so nothing is run."""

    code = "isolation"


class PackError(SandboxError):
    """A folder cannot be packed, or a package holds what must not be unpacked."""

    code = "package"


class RuntimeMissingError(SandboxError):
    """The solution asks for an interpreter or a package that is not installed on this node."""

    code = "runtime"


class EndpointError(SandboxError):
    """An endpoint does not answer as it should, however often it was asked; what is finished is kept."""

    code = "endpoint"


class CancelledError(SandboxError):
    """Somebody stopped the run; what is finished is kept."""

    code = "cancelled"


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong in a file.

    Attributes:
        file: its name as the reader knows it.
        line, column: counted from 1; 0 when the flaw has no place in the file.
        path: the member, as in `limits.memory`.
        message: what is wrong and what is expected.
    """

    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.path + ': ' if self.path else ''}{self.message}"


class FormError(SandboxError):
    """A description does not have its form; all flaws come at once, one a line."""

    code = "form"

    def __init__(self, flaws: list[Flaw]) -> None:
        super().__init__("\n".join(map(str, flaws)))
        self.flaws = flaws

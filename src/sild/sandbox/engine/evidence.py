"""A run's evidence as one file: the report, and a line for each sample; verified without node and network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import ValidationError

from sild.sandbox.engine.errors import SandboxError
from sild.sandbox.engine.result import Result
from sild.trust import tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

FORMAT = "sild-evidence/1"
MAX_BYTES = 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verified file says.

    Attributes:
        report: the report, whose form and figures of samples were checked.
        samples: how many lines there were, every one covered by the report's root.
        withheld: of how many the output was not shown.
    """

    report: dict[str, Any]
    samples: int
    withheld: int


def write(report: dict[str, Any], results: Iterable[tuple[Result, Sequence[str]]]) -> Iterator[bytes]:
    """The file's lines.

    Args:
        report: as it was published.
        results: each result with the kinds of personal data for which its output is not shown.
    """
    yield orjson.dumps({"format": FORMAT, "report": report}) + b"\n"
    for result, kinds in results:
        line = _with(result.leaf(), {"withheld": list(kinds)}) if kinds else result.line()
        yield line + b"\n"


def _with(line: bytes, more: dict[str, Any]) -> bytes:
    """A line with further members at its end."""
    return orjson.dumps(orjson.loads(line) | more)


def verify(data: bytes) -> Verified:
    """Verify that every line belongs to the report and none is missing, and that the report has its form.

    It does not say who made the report: that is what the record of it is for; see `sild.trust.evidence`.

    Raises:
        SandboxError: it is no evidence, a line was changed, added or left out, or the report contradicts itself.
    """
    first, _end, rest = data.partition(b"\n")
    try:
        head = orjson.loads(first)
        report: dict[str, Any] = head["report"] if head["format"] == FORMAT else {}
        read = [_leaf(line) for line in rest.splitlines()]
        results = report["results"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise SandboxError(f"This is no evidence of the form {FORMAT}, or a line of it is broken.") from error
    _check_form(report)
    leaves = tree.leaf_hashes(leaf for leaf, _withheld in read)
    root = tree.levels_of(leaves)[-1][0] if leaves else tree.EMPTY_ROOT
    if len(leaves) != results["leaves"] or root.hex() != results["root"]:
        raise SandboxError("The samples are not those of the report: one was changed, added or left out.")
    return Verified(report, len(leaves), sum(withheld for _leaf, withheld in read))


def _leaf(line: bytes) -> tuple[bytes, bool]:
    """What the tree is over, from a line of either sort, and whether its output is withheld."""
    told = orjson.loads(line)
    if told.pop("withheld", None):
        return orjson.dumps(told), True
    return Result.parse(line).leaf(), False


def _check_form(report: dict[str, Any]) -> None:
    """Check the report as a receiving node does."""
    from sild.sandbox.engine.report import check  # noqa: PLC0415 -- its forms load numpy, which a broken file need not

    try:
        check(report)
    except (ValidationError, ValueError) as error:
        raise SandboxError(f"The report in the file contradicts itself or has not its form: {error}") from error

"""One sample of a finished run, shown and proved to belong to the report without showing the others."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

import orjson

from sild.sandbox.engine.errors import SandboxError
from sild.sandbox.engine.result import Result, digest_of
from sild.trust import tree, verify
from sild.trust.errors import ProofError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

FORMAT = "sild-sample/2"


def prove(results: Iterable[Result], index: int, *, withheld: Sequence[str] = ()) -> dict[str, Any]:
    """A sample with its inclusion proof; see `prove_some`."""
    return prove_some(results, {index: withheld})[0]


def prove_some(results: Iterable[Result], wanted: Mapping[int, Sequence[str]]) -> list[dict[str, Any]]:
    """Samples with their inclusion proofs.

    Args:
        results: all results of the run, in order.
        wanted: which ones, from 0, each with the kinds of personal data for which its output stays here; none to
            show it.
    """
    shown: dict[int, Result] = {}

    def leaves() -> Iterator[bytes]:
        for index, result in enumerate(results):
            if index in wanted:
                shown[index] = result
            yield result.leaf()

    levels = tree.levels_of(tree.leaf_hashes(leaves()))
    return [
        {
            "format": FORMAT,
            **({"leaf": shown[index].leaf().decode(), "withheld": list(kinds)} if kinds else _line(shown[index])),
            "index": index,
            "leaves": len(levels[0]),
            "path": [b64encode(node).decode() for node in tree.path_in(levels, index)],
        }
        for index, kinds in wanted.items()
    ]


def _line(result: Result) -> dict[str, str]:
    """The whole sample."""
    return {"line": result.line().decode()}


def check(proved: dict[str, Any], root: str, leaves: int) -> str:
    """Check a proved sample against a report's root; its line, or its leaf when the output was not shown.

    Args:
        proved: as `prove` made it.
        root: the report's Merkle root, in hex.
        leaves: the report's number of leaves.

    Raises:
        SandboxError: it has not the form, or does not belong to the report.
    """
    if proved.get("format", FORMAT) != FORMAT or proved.get("leaves", leaves) != leaves:
        raise SandboxError("The proof is for another form or another number of samples than the report has.")
    try:
        path = [b64decode(node, validate=True) for node in proved["path"]]
        shown = str(proved["line"] if "line" in proved else proved["leaf"])
        leaf = Result.parse(shown.encode()).leaf() if "line" in proved else shown.encode()
        verify.verify_inclusion(tree.leaf_hash(leaf), int(proved["index"]), leaves, path, bytes.fromhex(root))
    except (KeyError, TypeError, ValueError) as error:
        raise SandboxError("This is no proof of a sample.") from error
    except ProofError as error:
        raise SandboxError("The sample does not belong to the report: its proof leads to another root.") from error
    return shown


def opens(leaf: str, output: Any, salt: str) -> bool:
    """Whether this output, with the salt that the run's node gives out, is the one that a leaf has the digest of."""
    return bool(orjson.loads(leaf).get("digest") == digest_of(output, salt))

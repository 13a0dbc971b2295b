"""One sample of a finished run, shown and proved to belong to the report without showing the others."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

from sild.sandbox.engine.errors import SandboxError
from sild.trust import tree, verify
from sild.trust.errors import ProofError

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMAT = "sild-sample/1"


def prove(lines: Sequence[bytes], index: int) -> dict[str, Any]:
    """A line of the results with its inclusion proof.

    Args:
        lines: all lines of the results file, without their ends, in order.
        index: which one, from 0.
    """
    levels = tree.levels_of([tree.leaf_hash(line) for line in lines])
    path = tree.path_in(levels, index)
    return {
        "format": FORMAT,
        "line": lines[index].decode(),
        "index": index,
        "leaves": len(lines),
        "path": [b64encode(node).decode() for node in path],
    }


def check(proved: dict[str, Any], root: str, leaves: int) -> str:
    """Check a proved line against a report's root; the line.

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
        line = str(proved["line"])
        verify.verify_inclusion(tree.leaf_hash(line.encode()), int(proved["index"]), leaves, path, bytes.fromhex(root))
    except (KeyError, TypeError, ValueError) as error:
        raise SandboxError("This is no proof of a sample.") from error
    except ProofError as error:
        raise SandboxError("The sample does not belong to the report: its proof leads to another root.") from error
    return line

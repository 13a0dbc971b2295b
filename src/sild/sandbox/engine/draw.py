"""Which samples a partner runs again, by a seed that neither side could choose alone; and the two results compared.

The order of things is what makes it fair; `docs/sandbox.md` has it for people.

1. The report fixes what each sample's result was: it holds the root of the tree over all of them.
2. Whoever checks commits to a secret, by its hash, in a record that names the report by hash.
3. Whoever is checked answers that record with 32 random bytes of its own, knowing the hash of the secret alone.
4. The seed is a hash over report, request, secret and answer. The checker could not know the answer when it chose the
   secret, the checked could not know the secret when it chose the answer, and neither can change what it said.
"""

from __future__ import annotations

import hashlib
import heapq
import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sild.sandbox.engine.result import Result

_DOMAIN = b"sild-rerun/1"
RANDOM_BYTES = 32
# Scores are kept to six digits.
TOLERANCE = 1e-6


def random_hex() -> str:
    """32 random bytes, in hex."""
    return secrets.token_hex(RANDOM_BYTES)


def commitment(report: str, secret: str) -> str:
    """The hash that binds a secret to a report without telling it.

    Args:
        report: `sha256:` and the report record's hash.
        secret: 32 random bytes in hex.
    """
    return _hash(b"commitment", report, secret).hex()


def seed(report: str, request: str, secret: str, answer: str) -> str:
    """The seed of the draw, in hex.

    Args:
        report: hash of the report's record.
        request: hash of the request's record.
        secret: what the request's commitment is to.
        answer: the random bytes of whoever is checked, in hex.
    """
    return _hash(b"seed", report, request, secret, answer).hex()


def draw(seed: str, leaves: int, count: int) -> list[int]:
    """As many of the leaves 0 to `leaves` - 1, in order, as `count` says: those whose hash with the seed is smallest.

    Anybody can do the same in a few lines of any language; every set of that size is as likely as any other.
    """
    key = bytes.fromhex(seed)
    ranked = ((hashlib.sha256(key + number.to_bytes(8, "big")).digest(), number) for number in range(leaves))
    return sorted(number for _hash, number in heapq.nsmallest(count, ranked))


def _hash(what: bytes, *parts: str) -> bytes:
    """SHA-256 over a domain and the parts, none of which holds a zero byte."""
    return hashlib.sha256(b"\0".join([_DOMAIN, what, *(part.encode() for part in parts)])).digest()


@dataclass(frozen=True, slots=True)
class Difference:
    """A sample that did not come out the same.

    Attributes:
        index: its leaf.
        sample: its id.
        theirs, ours: the scores.
        what: `score`, `output` (the score is the same), `error` (one had no answer), `proof` (it does not belong to the
            report).
    """

    index: int
    sample: str
    theirs: float
    ours: float
    what: str

    @property
    def facts(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def differences(theirs: dict[int, Result | None], ours: dict[int, Result], shown: Sequence[int]) -> list[Difference]:
    """How our results differ from theirs, in the order of the leaves.

    Args:
        theirs: by leaf; None for one whose proof does not lead to the report's root.
        ours: by leaf.
        shown: leaves of which they showed the output; of the others only score and error are compared.
    """
    found = []
    for index, own in sorted(ours.items()):
        other = theirs.get(index)
        what = "proof" if other is None else _what(other, own, outputs=index in shown)
        if what:
            found.append(Difference(index, own.sample, other.score if other else 0.0, own.score, what))
    return found


def _what(other: Result, own: Result, *, outputs: bool) -> str:
    """What differs most; nothing when it is the same."""
    if other.sample != own.sample or other.position != own.position:
        return "proof"
    if bool(other.error) != bool(own.error):
        return "error"
    if abs(other.score - own.score) > TOLERANCE:
        return "score"
    return "output" if outputs and other.output != own.output else ""

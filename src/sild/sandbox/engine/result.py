"""What came of one sample: as it is stored, and as a partner can check it."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any

import orjson
import rfc8785

_SALT_BYTES = 12  # 96 bits: what was left out cannot be guessed, even a code of ten digits


def _salt() -> str:
    """A salt for one sample's output."""
    return secrets.token_urlsafe(_SALT_BYTES)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one sample.

    Attributes:
        position: of the sample in the suite's data.
        sample: its id.
        output: as the solution gave it; None without an answer.
        error: why there is no output; empty when there is one.
        score: from 0 to 1.
        milliseconds: from asking to answering; 0 without an answer.
        alone: whether no other question was in flight.
        repeat: which time the sample was asked, from 0.
        salt: of the output's digest, so that an output that is not shown cannot be guessed from it.
    """

    position: int
    sample: str
    output: Any
    error: str
    score: float
    milliseconds: float
    alone: bool
    repeat: int = 0
    salt: str = field(default_factory=_salt, compare=False)

    def line(self) -> bytes:
        """The result as it is stored; members in order, what is empty left out."""
        return self._dump({"error": self.error} if self.error else {"output": self.output, "salt": self.salt})

    def leaf(self) -> bytes:
        """What the tree is over and a proof shows: the line with the output's salted digest instead of the output.

        So a sample can be proved with its score while its output stays where it is, and the output later.
        """
        digest = None if self.error else digest_of(self.output, self.salt)
        return self._dump({"error": self.error} if self.error else {"digest": digest})

    def _dump(self, middle: dict[str, Any]) -> bytes:
        """The members that line and leaf share, around those that they do not."""
        told: dict[str, Any] = {"at": self.position, "id": self.sample}
        told |= {"repeat": self.repeat} if self.repeat else {}
        told |= middle
        told |= {"score": round(self.score, 6), "ms": round(self.milliseconds, 3)}
        return orjson.dumps(told | ({"alone": True} if self.alone else {}))

    @classmethod
    def parse(cls, line: bytes) -> Result:
        """Read a stored line."""
        told = orjson.loads(line)
        return cls(
            position=told["at"],
            sample=told["id"],
            output=told.get("output"),
            error=told.get("error", ""),
            score=told["score"],
            milliseconds=told["ms"],
            alone=told.get("alone", False),
            repeat=told.get("repeat", 0),
            salt=told.get("salt", ""),
        )


def digest_of(output: Any, salt: str) -> str:
    """SHA-256 in hex over the salt and the output in canonical JSON (RFC 8785)."""
    # For a text, orjson writes the same bytes in a twentieth of the time.
    canonical = orjson.dumps(output) if isinstance(output, str) else rfc8785.dumps(output)
    return hashlib.sha256(salt.encode() + canonical).hexdigest()

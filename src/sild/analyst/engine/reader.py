"""Reads one text: language, indicators and techniques, as one value that is easy to keep, show and send."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .entities import Entity, find
from .indicators import Indicator, extract
from .language import tell
from .roles import with_roles
from .techniques import Proposal, propose
from .text import digest

if TYPE_CHECKING:
    from .model import Model


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found in a text.

    Attributes:
        digest: `sha256:` and the SHA-256 of the text.
        language: BCP 47, `und` when it could not be told.
        model: name and version of the model that proposed.
        entities: names of actors and of malware.
    """

    digest: str
    language: str
    model: str
    indicators: list[Indicator]
    proposals: list[Proposal]
    entities: list[Entity] = field(default_factory=list)

    @property
    def techniques(self) -> list[str]:
        """The techniques, each once, the likeliest first."""
        best: dict[str, float] = {}
        for proposal in self.proposals:
            best[proposal.technique] = max(best.get(proposal.technique, 0), proposal.score)
        return sorted(best, key=lambda name: (-best[name], name))

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "digest": self.digest,
            "language": self.language,
            "model": self.model,
            "techniques": self.techniques,
            "indicators": [indicator.as_dict() for indicator in self.indicators],
            "proposals": [proposal.as_dict() for proposal in self.proposals],
            "entities": [entity.as_dict() for entity in self.entities],
        }


def from_dict(value: dict[str, Any]) -> Findings:
    """The findings that `as_dict` gave."""
    return Findings(
        value["digest"],
        value["language"],
        value["model"],
        [Indicator(**indicator) for indicator in value["indicators"]],
        [Proposal(**proposal) for proposal in value["proposals"]],
        [Entity(**entity) for entity in value.get("entities", [])],
    )


def read(text: str, model: Model) -> Findings:
    """Read a text. What it says is data: no sentence in it is ever taken as an instruction.

    Raises:
        TextError: the text is empty, too long, binary, or a feed of indicators.
    """
    indicators = with_roles(text, extract(text))
    return Findings(digest(text), tell(text), model.label, indicators, propose(text, model, indicators), find(text))

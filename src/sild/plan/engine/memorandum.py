"""A memorandum as data: parties, commitments, milestones, and the rules by which records count as evidence."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

LANGUAGES = ("en", "et", "uk")
ANY_PARTY = "any"
EACH_PARTY = "each"

Text = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
PartyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9-]{0,15}$")]
KindName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*$", max_length=80)]
Member = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$", max_length=120)]


class _Part(BaseModel):
    """Base of everything in the file: nothing unknown is accepted and nothing is changed afterwards."""

    model_config = ConfigDict(extra="forbid", defer_build=True, frozen=True, populate_by_name=True)


class Words(_Part):
    """A text in the three languages of the project."""

    en: Text
    et: Text
    uk: Text


class AtLeast(_Part):
    """A condition on a number in a record's body."""

    min: float


class Condition(_Part):
    """Which records count, and how many are needed.

    Attributes:
        kind: the kind of record, as in `sandbox.report`; no module need publish it yet.
        where: members of the body, nested ones with dots, and the value or least number that each must have.
        at_least: how many such records.
        issuer: `any` party, `each` owner of the commitment, or the code of one party.
    """

    kind: KindName
    where: dict[Member, bool | int | float | str | AtLeast] = Field(default_factory=dict)
    at_least: int = Field(default=1, ge=1, le=1000)
    issuer: Literal["any", "each"] | PartyCode = Field(default=ANY_PARTY, alias="from")


class Rule(Condition):
    """One thing that must be shown for a commitment to be met.

    Attributes:
        title: what it asks for, in people's words.
        differs_from: slug of a rule of the same commitment; evidence of a party counts here only when another party has
            evidence there, so that nobody can meet both alone.
    """

    slug: Slug
    title: Words
    differs_from: Slug | None = None


class Milestone(_Part):
    """A step on the way, with its own date and what shows that it was reached."""

    slug: Slug
    title: Words
    due: date
    evidence: Condition

    @property
    def key(self) -> str:
        """Name under which evidence is linked; a rule's slug never has a colon."""
        return f"milestone:{self.slug}"


class Commitment(_Part):
    """Something that the parties promised.

    Attributes:
        owners: codes of the parties that promised it.
        due: the last day on which it may be met.
        due_set_by: whether the memorandum itself names that day or the plan proposes it.
    """

    slug: Slug
    title: Words
    text: Words
    owners: tuple[PartyCode, ...] = Field(min_length=1)
    due: date
    due_set_by: Literal["memorandum", "plan"] = "plan"
    evidence: tuple[Rule, ...] = Field(min_length=1)
    milestones: tuple[Milestone, ...] = ()

    def conditions(self) -> dict[str, Condition]:
        """Every rule and milestone by the key under which evidence is linked to it."""
        return {rule.slug: rule for rule in self.evidence} | {step.key: step.evidence for step in self.milestones}


class Memorandum(_Part):
    """What two or more parties agreed.

    Attributes:
        parties: names by code; a code stands for a node only when the memorandum is loaded.
        signed: the day of signature; None when the file does not say.
    """

    slug: Slug
    title: Words
    parties: dict[PartyCode, Words] = Field(min_length=2)
    signed: date | None
    commitments: tuple[Commitment, ...] = Field(min_length=1)

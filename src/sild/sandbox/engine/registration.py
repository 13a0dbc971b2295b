"""Pre-registration: which thresholds were a record before a run, and all attempts, so that none can be left out."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Literal, Self

import rfc8785
from pydantic import ConfigDict, Field, model_validator

from sild.sandbox.engine.forms import Form, Name, Version

Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Short = Annotated[str, Field(max_length=200)]
MOST_ATTEMPTS = 1000


class _Part(Form):
    """Base of these forms: numbers that came through JSON are taken as they are."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Registered(_Part):
    """A threshold as it was registered."""

    metric: Short
    at_least: float | int | None
    at_most: float | int | None
    use: Literal["value", "bound"]
    slice: Short


class Named(_Part):
    """What is named by name, version and digest."""

    name: Name
    version: Version
    digest: Digest


class NamedSuite(Named):
    """A suite, with the digests of its data and its thresholds."""

    data_sha256: Sha256
    thresholds_digest: Digest
    samples: Annotated[int, Field(ge=1)]


class Body(_Part):
    """The body of `sandbox.registration`: this solution will be tested on this suite with these thresholds.

    `earlier_attempts` counts the runs that the node had made of the solution on the same data when it registered.
    """

    solution: Named
    suite: NamedSuite
    thresholds: Annotated[list[Registered], Field(min_length=1, max_length=100)]
    earlier_attempts: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _digest_fits(self) -> Self:
        """Refuse thresholds that are not those of the digest."""
        if digest([one.model_dump() for one in self.thresholds]) != self.suite.thresholds_digest:
            raise ValueError("the thresholds are not those that their digest names")
        return self


class Attempt(_Part):
    """One run of the solution on the same data or a suite of the same name."""

    attempt: Annotated[int, Field(ge=1)]
    suite: Digest
    thresholds_digest: Digest
    started: Short
    state: Literal["waiting", "running", "finished", "failed", "cancelled"]
    passed: bool | None


class Part(_Part):
    """What a report says of registration.

    `state` is `registered` when this suite with these thresholds was; `other-thresholds` when the solution was
    registered with others; `other-suite` when the thresholds are the same and something else in the suite is not;
    `none` when nothing was registered before the run.
    """

    state: Literal["registered", "other-thresholds", "other-suite", "none"]
    record: Short
    hash: Short
    registered: Short
    suite: Short
    thresholds_digest: Short
    attempts: Annotated[list[Attempt], Field(max_length=MOST_ATTEMPTS)]


def digest(thresholds: list[dict[str, Any]]) -> str:
    """`sha256:` over thresholds in canonical JSON (RFC 8785)."""
    return "sha256:" + hashlib.sha256(rfc8785.dumps(thresholds)).hexdigest()


def state(suite: str, thresholds: str, registered_suite: str, registered_thresholds: str) -> str:
    """How what is run relates to what was registered, by the digests of suite and thresholds."""
    if thresholds != registered_thresholds:
        return "other-thresholds"
    return "registered" if suite == registered_suite else "other-suite"


def agree(part: Part, thresholds: str, suite: str, started: str) -> None:
    """Refuse a part that contradicts its report.

    Args:
        part: the report's registration.
        thresholds: digest of the thresholds that were run.
        suite: digest of the suite that was run.
        started: when, in RFC 3339 form and UTC, so that texts compare as times do.

    Raises:
        ValueError: saying what contradicts what.
    """
    if part.state == "none":
        if part.record or part.hash or part.registered or part.suite or part.thresholds_digest:
            raise ValueError("the report says that nothing was registered, and names a registration")
        return
    if not (part.record and part.hash and part.registered):
        raise ValueError("the report says that its run was registered, and names no record of it")
    if part.registered > started:
        raise ValueError("the report's registration is younger than its run")
    if part.state != state(suite, thresholds, part.suite, part.thresholds_digest):
        raise ValueError("the report's registration is for other digests than it says")

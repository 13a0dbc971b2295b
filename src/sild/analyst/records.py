"""The kinds that the analyst publishes: a solution was taken into use, and what was found in a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, ConfigDict, Field

from sild.analyst import similar
from sild.analyst.engine.validate import check_bundle
from sild.analyst.services import ACTIVATION, FINDINGS
from sild.exchange.kinds import Kind, record_added, register

if TYPE_CHECKING:
    from sild.exchange.models import Record

Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Line = Annotated[str, Field(min_length=1, max_length=300)]


class Form(BaseModel):
    """Base of the bodies: members that are not known are refused, types are not guessed."""

    model_config = ConfigDict(extra="forbid", defer_build=True, frozen=True, strict=True)


class Named(Form):
    """Something with a version."""

    name: Line
    version: Line = "unstated"


class TestedSolution(Named):
    """A solution, by the digest of its folder."""

    digest: Digest


class RecordReference(Form):
    """A record, by id and hash."""

    id: Annotated[str, Field(pattern=r"^[0-9a-f-]{36}$")]
    hash: Digest


class ActivationBody(Form):
    """Body of `analyst.activation`."""

    solution: TestedSolution
    suite: Named
    report: RecordReference
    tested_by: Line
    used_by: Line


class SourcePart(Form):
    """The text that was read, which stays where it was read."""

    digest: Digest
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
    characters: Annotated[int, Field(ge=1)]


class ModelPart(Form):
    """The model that proposed."""

    name: Line
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    data: Line


class Provenance(Form):
    """How the findings came about; `reviewed` says whether a person went through each of them."""

    source: SourcePart
    model: ModelPart
    solution: Digest
    activation: RecordReference
    reviewed: bool
    notice: Line


class FindingsBody(Form):
    """Body of `analyst.findings`."""

    bundle: dict[str, Any]
    provenance: Provenance


def check_activation(body: dict[str, Any]) -> None:
    """Check the form of an activation; ValueError says what is wrong."""
    ActivationBody.model_validate(body)


def check_findings(body: dict[str, Any]) -> None:
    """Check the form of findings, and the bundle by the rules of STIX 2.1; ValueError says what is wrong."""
    check_bundle(FindingsBody.model_validate(body).bundle)


def _watch(record: Record, **_more: object) -> None:
    """Keep what each record names, in the transaction that adds it."""
    similar.note_record(record)


register(Kind(ACTIVATION, _("Solution taken into use"), check_activation, template="analyst/record_activation.html"))
register(Kind(FINDINGS, _("Findings in a threat report"), check_findings, template="analyst/record_findings.html"))
record_added.connect(_watch, dispatch_uid="sild.analyst")

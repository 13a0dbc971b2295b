"""The kind that the plan publishes, and its watch over every record that is added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from sild.exchange.kinds import Kind, record_added, register
from sild.plan.engine.memorandum import Slug, Text
from sild.plan.evidence import ASSESSMENT, take
from sild.plan.models import Plan

if TYPE_CHECKING:
    from sild.exchange.models import Record


class _Named(BaseModel):
    """A record that was assessed."""

    model_config = ConfigDict(extra="forbid")
    id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    hash: Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]


class AssessmentBody(BaseModel):
    """A party's verdict on what the others showed for a commitment."""

    model_config = ConfigDict(extra="forbid")
    plan: Slug
    commitment: Slug
    verdict: Literal["met", "not-met"]
    reason: Text
    evidence: list[_Named] = Field(max_length=10_000)


def _validate(body: dict[str, Any]) -> None:
    """Raise ValueError with a sentence when a body is no assessment."""
    try:
        parsed = AssessmentBody.model_validate(body, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(map(str, first['loc'])) or 'the body'}: {first['msg']}") from error
    if parsed.verdict == "met" and not parsed.evidence:
        raise ValueError("evidence: a verdict of met names the records that it rests on")


def _watch(record: Record, batch: dict[str, Any], **_: object) -> None:
    """Take each record, ours or a partner's, in the transaction that adds it; plans are read once for a batch."""
    if "plan" not in batch:
        batch["plan"] = list(Plan.objects.all())
    take(record, batch["plan"])


register(Kind(ASSESSMENT, _("Assessment of a commitment"), _validate, template="plan/record.html"))
record_added.connect(_watch, dispatch_uid="sild.plan")

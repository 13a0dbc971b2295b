"""Looking up, for the page of an assessment's record, what the record names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template

from sild.exchange import multilingual
from sild.exchange.models import Record
from sild.plan.models import Assessment

if TYPE_CHECKING:
    from collections.abc import Mapping

register = template.Library()
register.filter("pick", multilingual.pick)


@register.simple_tag
def assessment_of(record: Record) -> Assessment | None:
    """The assessment that came with a record; None when its plan is not loaded here."""
    return Assessment.objects.select_related("commitment__plan").filter(record=record).first()


@register.simple_tag
def named_records(named: list[Mapping[str, str]]) -> list[tuple[str, Record | None]]:
    """Id and record of each reference; None where this node does not have exactly those bytes."""
    known = {
        (str(record.pk), record.hash): record for record in Record.objects.filter(pk__in=[one["id"] for one in named])
    }
    return [(one["id"], known.get((one["id"], one["hash"]))) for one in named]

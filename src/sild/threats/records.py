"""The kinds that the threat desk publishes, and its watch over every record that is added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from sild.exchange.kinds import Kind, record_added, register
from sild.threats import inbox
from sild.threats.engine import form

if TYPE_CHECKING:
    from sild.exchange.models import Record


def check_bundle(body: dict[str, Any]) -> None:
    """Raise ValueError with a sentence when a body is no STIX 2.1 bundle."""
    form.check_bundle(body)


def check_sighting(body: dict[str, Any]) -> None:
    """Raise ValueError with a sentence when a body is no bundle with a sighting."""
    form.check_bundle(body, needs="sighting", allows=form.BESIDE_A_SIGHTING)


def check_feedback(body: dict[str, Any]) -> None:
    """Raise ValueError with a sentence when a body is no bundle with an opinion."""
    form.check_bundle(body, needs="opinion", allows=form.BESIDE_AN_OPINION)


def _watch(record: Record, **_more: object) -> None:
    """Take each record in, ours or a partner's, in the transaction that adds it."""
    inbox.take(record)


register(Kind(inbox.BUNDLE, _("Threat information"), check_bundle, template="threats/record.html"))
register(Kind(inbox.SIGHTING, _("Sighting"), check_sighting, template="threats/record.html"))
register(Kind(inbox.FEEDBACK, _("Feedback on threat information"), check_feedback, template="threats/record.html"))
record_added.connect(_watch, dispatch_uid="sild.threats")

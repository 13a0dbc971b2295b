"""What can go wrong at the sharing desk; each error is a sentence with a stable code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from sild.threats.errors import ThreatsError

if TYPE_CHECKING:
    from sild.threats.engine.sentences import DeskError


class WritingError(ThreatsError):
    """What was written cannot be kept."""

    code = "writing"


class SharingError(ThreatsError):
    """Nothing can be shared, answered or revoked like that."""

    code = "sharing"


class ImportingError(ThreatsError):
    """The file is not what it is said to be."""

    code = "import"


class WebhookError(ThreatsError):
    """The webhook cannot be set up or called."""

    code = "webhook"


def translated(error: DeskError) -> str:
    """The sentence of an engine's error in the reader's language."""
    return _(error.sentence) % error.values

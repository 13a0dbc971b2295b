"""What can go wrong on the analyst's desk; each error is a sentence with a stable code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from sild.analyst.engine.errors import TextError


class AnalystError(Exception):
    """Base of this module's errors."""

    code = "analyst"

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code or type(self).code


def translated(error: TextError) -> str:
    """The sentence of the engine's error in the reader's language."""
    return _(error.sentence) % error.values


class FolderError(AnalystError):
    """The folder to write is not empty."""

    code = "folder"


class NotActiveError(AnalystError):
    """No report of the sandbox stands behind the solution, so it does not read."""

    code = "not-active"


class ActivationError(AnalystError):
    """The record does not allow this solution to be taken into use."""

    code = "activation"


class NotFoundError(AnalystError):
    """There is no such reading for this actor."""

    code = "not-found"


class EndpointError(AnalystError):
    """The language model's endpoint may not be used, does not answer, or not in the protocol's form."""

    code = "endpoint"


class DecisionError(AnalystError):
    """A correction or an addition that cannot be kept, or sharing what nobody decided about."""

    code = "decision"

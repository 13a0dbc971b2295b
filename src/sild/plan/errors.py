"""What can go wrong with a plan; each error is a sentence with a stable code."""

from __future__ import annotations


class PlanError(Exception):
    """Base of this module's errors."""

    code = "plan"


class NotFoundError(PlanError):
    """No such plan or commitment here."""

    code = "not-found"


class PartiesError(PlanError):
    """The nodes given for the parties do not fit the memorandum."""

    code = "parties"


class ClaimError(PlanError):
    """The claim cannot be kept."""

    code = "claim"


class AssessmentError(PlanError):
    """The verdict cannot be given by this node, or there is nothing to give it on."""

    code = "assessment"

"""The closed sets of the plan, with the words that people read."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from sild.plan.engine.status import Status


class Verdict(models.TextChoices):
    """What a party says about the evidence that the others showed."""

    MET = "met", _("Met")
    NOT_MET = "not-met", _("Not met")


STATUS_LABELS = {
    Status.NOT_STARTED: _("Not started"),
    Status.IN_PROGRESS: _("In progress"),
    Status.AT_RISK: _("At risk"),
    Status.OVERDUE: _("Overdue"),
    Status.REPORTED: _("Reported"),
    Status.MET: _("Met"),
    Status.DISPUTED: _("Disputed"),
}

# Colours of Designsystemet's tags; the words carry the meaning, colours only help.
STATUS_COLOURS = {
    Status.NOT_STARTED: "neutral",
    Status.IN_PROGRESS: "info",
    Status.AT_RISK: "warning",
    Status.OVERDUE: "danger",
    Status.REPORTED: "info",
    Status.MET: "success",
    Status.DISPUTED: "danger",
}

"""The states of a run, and the words for what engines name by code."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class RunState(models.TextChoices):
    """Where a run stands."""

    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    FINISHED = "finished", _("Finished")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class Risk(models.TextChoices):
    """Risk classes of the EU AI Act that may be tested."""

    MINIMAL = "minimal", _("Minimal risk")
    LIMITED = "limited", _("Limited risk")
    HIGH = "high", _("High risk")


class RequestState(models.TextChoices):
    """Where a partner's request stands."""

    WAITING = "waiting", _("Waiting")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    OVER = "limit", _("Over the limit")
    ANSWERED = "answered", _("Answered")

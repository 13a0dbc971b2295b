"""The states of runs, requests, re-runs and watches, and the words for what engines name by code."""

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


class Side(models.TextChoices):
    """Which part this node has in a re-run."""

    CHECKING = "checking", _("we check")
    CHECKED = "checked", _("we are checked")


class RerunState(models.TextChoices):
    """Where a re-run stands."""

    ASKED = "asked", _("asked for")
    ANSWERED = "answered", _("the draw is fixed")
    TESTED = "tested", _("run again")
    SHOWN = "shown", _("the original results are shown")
    COUNTERSIGNED = "countersigned", _("countersigned")
    DISPUTED = "disputed", _("disputed")


class Drift(models.TextChoices):
    """What the last re-test of a watched solution showed."""

    STEADY = "steady", _("no drift beyond the bound")
    UNCLEAR = "unclear", _("drift beyond the bound is neither shown nor excluded")
    DRIFTED = "drifted", _("drift beyond the bound")
    FAILED = "failed", _("the re-test failed")

"""Tables for what happens to evidence after a run: a partner's re-run, and the watch over what was adopted."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sild.exchange.models import Record
from sild.people.models import Agency
from sild.sandbox.enums import Drift, RerunState, Side

if TYPE_CHECKING:
    from pathlib import Path


def _record() -> models.ForeignKey[Record | None, Record | None]:
    """A column for one of the records that a re-run consists of."""
    return models.ForeignKey(Record, null=True, blank=True, on_delete=models.PROTECT, related_name="+")


class Rerun(models.Model):
    """A random choice of a report's samples, run again by the node that did not make the report."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    side = models.CharField(max_length=10, choices=Side.choices)
    partner = models.CharField(_("partner"), max_length=63)
    report = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="+")
    samples = models.PositiveIntegerField(_("samples"))
    state = models.CharField(_("state"), max_length=15, choices=RerunState.choices, default=RerunState.ASKED)
    # Ours, while we check: nobody else has it before the samples were run.
    secret = models.CharField(max_length=64, blank=True, default="")
    request = _record()
    answer = _record()
    outcome = _record()
    shown = _record()
    verdict = _record()
    differences = models.JSONField(default=list)
    # What was wrong with a record of the other side, or why our own run failed.
    error = models.TextField(blank=True, default="")
    started_by = models.CharField(max_length=200, blank=True, default="")
    created = models.DateTimeField(_("created"), default=timezone.now)

    class Meta:
        verbose_name = _("re-run")
        verbose_name_plural = _("re-runs")
        ordering = ["-created"]

    def __str__(self) -> str:
        return f"{self.report.subject} · {self.partner}"

    def get_absolute_url(self) -> str:
        """Address of the re-run's page."""
        return reverse("sandbox:rerun", args=[self.pk])

    def folder(self, home: Path) -> Path:
        """Where its results are kept."""
        return home / "sandbox" / "reruns" / str(self.pk)


class Watch(models.Model):
    """A solution in use that is tested again on a schedule, against the run on which it was adopted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    baseline = models.ForeignKey("sandbox.Run", on_delete=models.PROTECT, related_name="watches")
    every_hours = models.PositiveIntegerField(_("hours between tests"))
    # How far the mean score of the samples may fall, from 0 to 1.
    bound = models.FloatField(_("bound"))
    tlp = models.CharField(_("marking"), max_length=15)
    audience = models.JSONField(_("audience"))
    started_by = models.CharField(_("set by"), max_length=200)
    created = models.DateTimeField(_("created"), default=timezone.now)
    due = models.DateTimeField(_("next test"), default=timezone.now)
    ended = models.DateTimeField(_("ended"), null=True, blank=True)
    last = models.ForeignKey("sandbox.Run", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    tested = models.DateTimeField(_("last test"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=Drift.choices, blank=True, default="")
    findings = models.JSONField(default=dict)
    record = models.ForeignKey(Record, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("watch")
        verbose_name_plural = _("watches")
        ordering = ["-created"]

    def __str__(self) -> str:
        return f"{self.baseline.solution} · {self.baseline.suite}"

    def get_absolute_url(self) -> str:
        """Address of the watch's page."""
        return reverse("sandbox:watch", args=[self.pk])

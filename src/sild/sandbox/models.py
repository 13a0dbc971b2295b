"""Tables for solutions, suites and runs."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Self, TypeVar

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sild.people.models import Agency
from sild.sandbox.agreements import Offer, Registration, Request  # noqa: F401 -- Django looks for tables here
from sild.sandbox.enums import RunState
from sild.sandbox.evidence_models import Rerun, Watch  # noqa: F401 -- Django looks for tables here

if TYPE_CHECKING:
    from pathlib import Path

    from sild.people.actor import Actor


M = TypeVar("M", bound=models.Model)


class SharedQuerySet(models.QuerySet[M]):
    """Queries over what an agency has and what came from partners."""

    def visible_to(self, actor: Actor) -> Self:
        """What the actor's agency registered, and what belongs to no agency because a partner sent it."""
        if actor.is_operator:
            return self
        if actor.agency is None:
            return self.none()
        return self.filter(models.Q(agency=None) | models.Q(agency=actor.agency))


class Described(models.Model):
    """What solutions and suites have in common: a described folder, packed and kept by hash."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(
        Agency, verbose_name=_("agency"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    name = models.CharField(_("name"), max_length=63)
    version = models.CharField(_("version"), max_length=40)
    digest = models.CharField(_("digest"), max_length=71, db_index=True)
    description = models.JSONField(_("description"))
    # Hash under which the packed folder is in the node's blob store, once it is there.
    package = models.CharField(max_length=71)
    created = models.DateTimeField(_("added"), default=timezone.now)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class Solution(Described):
    """An AI solution: registered here, or sent by a partner."""

    # The node whose record brought it; empty for what was registered here.
    origin = models.CharField(_("origin"), max_length=63, blank=True, default="")
    record_id = models.UUIDField(null=True, blank=True, unique=True)

    objects = SharedQuerySet.as_manager()

    class Meta:
        verbose_name = _("solution")
        verbose_name_plural = _("solutions")
        ordering = ["name", "-created"]
        constraints = [
            models.UniqueConstraint(fields=["agency", "digest", "origin"], name="one_solution_per_agency"),
            models.UniqueConstraint(
                fields=["digest", "origin"], condition=models.Q(agency=None), name="one_solution_per_node"
            ),
        ]

    def get_absolute_url(self) -> str:
        """Address of the solution's page."""
        return reverse("sandbox:solution", args=[self.pk])


class Suite(Described):
    """A suite of samples with a scorer and thresholds."""

    samples = models.PositiveIntegerField(_("samples"))

    objects = SharedQuerySet.as_manager()

    class Meta:
        verbose_name = _("suite")
        verbose_name_plural = _("suites")
        ordering = ["name", "-created"]
        constraints = [
            models.UniqueConstraint(fields=["agency", "digest"], name="one_suite_per_agency"),
            models.UniqueConstraint(fields=["digest"], condition=models.Q(agency=None), name="one_suite_per_node"),
        ]

    def get_absolute_url(self) -> str:
        """Address of the suite's page."""
        return reverse("sandbox:suite", args=[self.pk])


class Run(models.Model):
    """One attempt of a solution on a suite."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(
        Agency, verbose_name=_("agency"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    solution = models.ForeignKey(Solution, on_delete=models.PROTECT, related_name="runs")
    suite = models.ForeignKey(Suite, on_delete=models.PROTECT, related_name="runs")
    attempt = models.PositiveIntegerField(_("attempt"))
    state = models.CharField(_("state"), max_length=10, choices=RunState.choices, default=RunState.WAITING)
    done = models.PositiveIntegerField(_("done"), default=0)
    total = models.PositiveIntegerField(_("samples"), default=0)
    # Whether whoever started it lets the solution reach the places that it asks for.
    let_out = models.BooleanField(_("may reach what it asks for"), default=False)
    # The level of isolation that was asked for; empty for the lowest that fits.
    level = models.CharField(_("level of isolation"), max_length=2, blank=True, default="")
    stopping = models.BooleanField(default=False)
    error = models.TextField(_("why it failed"), blank=True, default="")
    report = models.JSONField(_("report"), null=True, blank=True)
    record_id = models.UUIDField(null=True, blank=True)
    started_by = models.CharField(_("started by"), max_length=200)
    created = models.DateTimeField(_("created"), default=timezone.now)
    # When the process that runs it last said so.
    seen = models.DateTimeField(null=True, blank=True)
    ended = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        ordering = ["-created"]
        constraints = [models.UniqueConstraint(fields=["solution", "suite", "attempt"], name="one_run_per_attempt")]

    def __str__(self) -> str:
        return f"{self.solution} · {self.suite} #{self.attempt}"

    def get_absolute_url(self) -> str:
        """Address of the run's page."""
        return reverse("sandbox:run", args=[self.pk])

    @property
    def is_over(self) -> bool:
        """True when nothing more will happen by itself."""
        return self.state not in {RunState.WAITING, RunState.RUNNING}

    @property
    def passed(self) -> bool:
        """True when every threshold was met."""
        return bool(self.report and self.report["passed"])

    def folder(self, home: Path) -> Path:
        """Where its journal and results are kept."""
        return home / "sandbox" / "runs" / str(self.pk)

"""Tables for what was read, which solution is in use, and the versions of ATT&CK that an operator imported."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sild.people.models import Agency

if TYPE_CHECKING:
    from sild.analyst.engine.reader import Findings
    from sild.people.actor import Actor


class ActivationQuerySet(models.QuerySet["Activation"]):
    """Queries that know for whom an activation stands."""

    def standing_for(self, actor: Actor, digest: str) -> ActivationQuerySet:
        """Activations of that solution by the node's operator, or by the actor's agency; the newest first."""
        mine = models.Q(agency=None) | models.Q(agency=actor.agency)
        return self.filter(mine, solution=digest)


class Activation(models.Model):
    """A solution is in use on the strength of a report of the sandbox."""

    agency = models.ForeignKey(Agency, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    solution = models.CharField(_("solution"), max_length=71, db_index=True)
    name = models.CharField(_("name"), max_length=100)
    version = models.CharField(_("version"), max_length=40)
    report_id = models.UUIDField(_("report"))
    record_id = models.UUIDField(_("record"), unique=True)
    at = models.DateTimeField(_("time"), default=timezone.now)

    objects = ActivationQuerySet.as_manager()

    class Meta:
        verbose_name = _("activation")
        verbose_name_plural = _("activations")
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class Reading(models.Model):
    """A text that was read, with what was found in it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=200)
    text = models.TextField(_("text"))
    digest = models.CharField(_("hash"), max_length=71)
    language = models.CharField(_("language"), max_length=10)
    findings = models.JSONField(_("findings"))
    activation = models.ForeignKey(Activation, on_delete=models.PROTECT, related_name="readings")
    milliseconds = models.PositiveIntegerField(_("milliseconds"))
    at = models.DateTimeField(_("time"), default=timezone.now, db_index=True)
    record_id = models.UUIDField(_("record"), null=True, blank=True)

    class Meta:
        verbose_name = _("reading")
        verbose_name_plural = _("readings")
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Address of the reading's page."""
        return reverse("analyst:reading", args=[self.id])

    @property
    def found(self) -> Findings:
        """The findings as the engine gave them."""
        from sild.analyst.engine.reader import from_dict  # noqa: PLC0415 -- numpy is slow to load, few commands read

        return from_dict(self.findings)


class AttackVersion(models.Model):
    """A version of ATT&CK that an operator imported from MITRE's own bundle."""

    version = models.CharField(_("version"), max_length=40)
    digest = models.CharField(_("hash"), max_length=71, unique=True)
    techniques = models.PositiveIntegerField(_("techniques"))
    sentences = models.PositiveIntegerField(_("sentences"))
    at = models.DateTimeField(_("time"), default=timezone.now)
    data = models.BinaryField(editable=False)

    class Meta:
        verbose_name = _("ATT&CK version")
        verbose_name_plural = _("ATT&CK versions")
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.version

"""Tables for what was read, which solution is in use, and the versions of ATT&CK that an operator imported."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sild.exchange.enums import Tlp
from sild.people.models import Agency

if TYPE_CHECKING:
    from sild.analyst.engine.reader import Findings
    from sild.people.actor import Actor


class ActivationQuerySet(models.QuerySet["Activation"]):
    """Queries that know for whom an activation stands."""

    def standing_for(self, actor: Actor, digest: str) -> ActivationQuerySet:
        """Activations of that solution by the node's operator, or by the actor's agency; the newest first."""
        return self.for_actor(actor).filter(solution=digest)

    def for_actor(self, actor: Actor) -> ActivationQuerySet:
        """Activations by the node's operator, or by the actor's agency; the newest first."""
        return self.filter(models.Q(agency=None) | models.Q(agency=actor.agency))


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
    # Of the text: what an analyst corrects in it leaves the agency only as this allows.
    tlp = models.CharField(_("marking"), max_length=15, choices=Tlp.choices, default=Tlp.AMBER)
    language = models.CharField(_("language"), max_length=10)
    # Format, places and notes of the file that the text was taken from; empty for a text that was pasted.
    origin = models.JSONField(_("origin"), default=dict, blank=True)
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


class Verdict(models.TextChoices):
    """What an analyst says of a proposal."""

    ACCEPTED = "accepted", _("accepted")
    REJECTED = "rejected", _("rejected")
    OPEN = "open", _("open again")


class Decision(models.Model):
    """What somebody decided about one proposal, or added; nothing is overwritten, the latest counts."""

    reading = models.ForeignKey(Reading, on_delete=models.CASCADE, related_name="decisions")
    item = models.CharField(_("proposal"), max_length=40)
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict.choices)
    # What it should have been, in full, when it was corrected or added; else empty.
    correction = models.JSONField(_("correction"), default=dict, blank=True)
    # Decided together with all others, not looked at by itself.
    in_bulk = models.BooleanField(default=False)
    who = models.CharField(_("who"), max_length=150)
    at = models.DateTimeField(_("time"), default=timezone.now)

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.item}: {self.verdict}"


class Mention(models.Model):
    """A value that a record's bundle or a reading names, so that who meets it again finds where it was met before."""

    record_id = models.UUIDField(null=True, blank=True, db_index=True)
    reading = models.ForeignKey(Reading, null=True, blank=True, on_delete=models.CASCADE, related_name="mentions")
    value = models.CharField(max_length=500)

    class Meta:
        indexes = [models.Index(fields=["value"], name="mentions_by_value")]
        constraints = [
            models.UniqueConstraint(fields=["record_id", "value"], name="one_mention_per_record"),
            models.UniqueConstraint(fields=["reading", "value"], name="one_mention_per_reading"),
        ]

    def __str__(self) -> str:
        return self.value


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

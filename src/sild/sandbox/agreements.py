"""Tables for what is agreed before a run: registered thresholds, sealed suites on offer, what partners ask of them."""

from __future__ import annotations

import secrets
import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sild.people.models import Agency
from sild.sandbox.enums import RequestState


def _opening() -> str:
    """A key of 256 bits, in hex."""
    return secrets.token_hex(32)


class Registration(models.Model):
    """That a solution will be tested on a suite with these thresholds: a record from before the run."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(
        Agency, verbose_name=_("agency"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    solution = models.ForeignKey("sandbox.Solution", on_delete=models.PROTECT, related_name="registrations")
    suite = models.ForeignKey("sandbox.Suite", on_delete=models.PROTECT, related_name="registrations")
    record_id = models.UUIDField(unique=True)
    record_hash = models.CharField(max_length=71)
    created = models.DateTimeField(_("registered"), default=timezone.now)

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        ordering = ["-created"]

    def __str__(self) -> str:
        return f"{self.solution} · {self.suite}"


class Offer(models.Model):
    """A sealed suite: partners may have solutions tested on it, and its items never leave. There is no way back."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(
        Agency, verbose_name=_("agency"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    suite = models.OneToOneField("sandbox.Suite", on_delete=models.PROTECT, related_name="offer")
    record_id = models.UUIDField(unique=True)
    submissions = models.PositiveSmallIntegerField(_("submissions of a partner"))
    smallest = models.PositiveSmallIntegerField(_("smallest group shown"))
    created = models.DateTimeField(_("created"), default=timezone.now)

    class Meta:
        verbose_name = _("sealed suite")
        verbose_name_plural = _("sealed suites")
        ordering = ["-created"]

    def __str__(self) -> str:
        return str(self.suite)


class Request(models.Model):
    """A partner's request to have a solution tested on a sealed suite of ours."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="requests")
    solution = models.ForeignKey("sandbox.Solution", on_delete=models.PROTECT, related_name="requests")
    run = models.OneToOneField("sandbox.Run", null=True, blank=True, on_delete=models.PROTECT, related_name="request")
    origin = models.CharField(_("partner"), max_length=63, db_index=True)
    record_id = models.UUIDField(unique=True)
    answer_id = models.UUIDField(null=True, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=RequestState.choices, default=RequestState.WAITING)
    # With this key an auditor can check that the answer's commitment is to these results; it stays here.
    opening = models.CharField(max_length=64, default=_opening, editable=False)
    created = models.DateTimeField(_("created"), default=timezone.now)

    class Meta:
        verbose_name = _("request")
        verbose_name_plural = _("requests")
        ordering = ["-created"]

    def __str__(self) -> str:
        return f"{self.origin}: {self.solution} · {self.offer}"

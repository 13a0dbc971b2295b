"""Tables for agencies, people, memberships, tokens and the audit trail."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sild.people.enums import Role


class Agency(models.Model):
    """A public body whose people work on this node; everything that a module keeps belongs to one."""

    slug = models.SlugField(_("short name"), unique=True, max_length=40)
    name = models.CharField(_("name"), max_length=200)

    class Meta:
        verbose_name = _("agency")
        verbose_name_plural = _("agencies")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Person(AbstractUser):
    """Somebody who signs in."""

    language = models.CharField(_("language"), max_length=5, blank=True, default="")
    acts_for = models.ForeignKey(
        Agency, verbose_name=_("acts for"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta(AbstractUser.Meta):
        verbose_name = _("person")  # type: ignore[assignment]  # the stubs know only plain text here
        verbose_name_plural = _("people")  # type: ignore[assignment]  # as above

    def __str__(self) -> str:
        return self.get_full_name() or self.username


class Membership(models.Model):
    """The role that a person holds in an agency."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="memberships")
    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=20, choices=Role.choices, default=Role.VIEWER)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [models.UniqueConstraint(fields=["person", "agency"], name="one_role_per_agency")]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_role_display()} ({self.agency})"


class ApiToken(models.Model):
    """A secret with which a machine acts for an agency; only its hash is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=100)
    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="tokens")
    issued_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    role = models.CharField(_("role"), max_length=20, choices=Role.choices, default=Role.VIEWER)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created = models.DateTimeField(_("created"), default=timezone.now)
    expires = models.DateTimeField(_("expires"))
    revoked = models.DateTimeField(_("revoked"), null=True, blank=True)
    # What it may be used for, as in `threats:read`; empty for everything that its role may do.
    scopes = models.JSONField(_("scopes"), default=list, blank=True)
    # Calls in a minute to each web process; null for as many as it likes.
    per_minute = models.PositiveIntegerField(_("calls a minute"), null=True, blank=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-created"]

    def __str__(self) -> str:
        return f"{self.name} ({self.agency})"


class AuditEntry(models.Model):
    """One line of the trail: who did what to which thing, for whom and when. Never changed, never removed."""

    at = models.DateTimeField(_("time"), default=timezone.now, db_index=True)
    who = models.CharField(_("who"), max_length=200)
    person = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    agency = models.ForeignKey(Agency, null=True, on_delete=models.SET_NULL, related_name="+")
    via = models.CharField(_("by way of"), max_length=20)
    action = models.CharField(_("action"), max_length=60)
    target = models.CharField(_("of what"), max_length=200, blank=True)
    details = models.JSONField(_("details"), default=dict, blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.who}: {self.action} {self.target}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write a new line; an existing one is refused, since a trail that can be edited proves nothing."""
        if self.pk is not None:
            raise ValueError("An audit entry is never changed.")
        super().save(*args, **kwargs)

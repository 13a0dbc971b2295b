"""Deliveries to webhooks as background jobs, and what sets them off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models.signals import post_save
from django.utils import timezone
from django_tasks import task

from sild.people.models import Agency
from sild.threats import inbox
from sild.threats.models import Batch, Webhook

if TYPE_CHECKING:
    from datetime import timedelta


@task()
def deliver(hook_id: str) -> None:
    """Send a webhook what is new; what fails is tried again later."""
    from sild.threats import hooks  # noqa: PLC0415 -- its libraries are slow to load, and every command loads this file

    hook = Webhook.objects.select_related("agency").filter(pk=hook_id).first()
    pause = hooks.deliver(hook) if hook is not None else None
    if hook is not None and pause is not None:
        _enqueue(hook, pause)


@task()
def catch_up(agency_id: int) -> None:
    """Take in for a new agency what came before it was founded."""
    inbox.catch_up(Agency.objects.get(pk=agency_id))


def notice(sender: type[Batch], instance: Batch, *, created: bool, **_more: object) -> None:
    """After a batch came in: one job for each webhook that does not wait for one already."""
    del sender, instance
    if created:
        for hook in Webhook.objects.filter(is_active=True, is_waiting=False):
            _enqueue(hook, None)


def welcome(sender: type[Agency], instance: Agency, *, created: bool, **_more: object) -> None:
    """After an agency was founded: let it catch up."""
    del sender
    if created:
        catch_up.enqueue(instance.pk)


def _enqueue(hook: Webhook, pause: timedelta | None) -> None:
    """One job, now or after a pause, in the caller's transaction."""
    with transaction.atomic():
        Webhook.objects.filter(pk=hook.pk).update(is_waiting=True)
        job = deliver.using(run_after=timezone.now() + pause) if pause is not None else deliver
        job.enqueue(str(hook.pk))


post_save.connect(notice, sender=Batch, dispatch_uid="sild.threats.webhooks")
post_save.connect(welcome, sender=Agency, dispatch_uid="sild.threats.agencies")

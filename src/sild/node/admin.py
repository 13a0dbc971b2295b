"""Django's administration, for superusers: people may be changed, evidence may only be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from sild.exchange.log_models import Checkpoint, Cosignature
from sild.exchange.models import Delivery, Partner, Record, Refusal
from sild.people import audit
from sild.people.actor import Actor
from sild.people.models import Agency, ApiToken, AuditEntry, Membership, Person

if TYPE_CHECKING:
    from django.http import HttpRequest


class Evidence(admin.ModelAdmin[Any]):
    """A table that is read and never changed by hand."""

    def has_add_permission(self, _request: HttpRequest, *_args: Any) -> bool:
        """Never."""
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """Never."""
        return False


class Audited(admin.ModelAdmin[Any]):
    """A table that superusers may change; each change is a line of the node's audit trail too."""

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Note what was added."""
        _note(request, "admin.add", obj)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Note which fields were changed."""
        _note(request, "admin.change", obj, change=message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Note what was removed."""
        for obj in queryset:
            _note(request, "admin.remove", obj)
        return super().log_deletions(request, queryset)


class PersonAdmin(Audited, UserAdmin):  # type: ignore[type-arg]  # no generic when it runs
    """People who sign in."""


def _note(request: HttpRequest, action: str, obj: Any, **details: Any) -> None:
    """Write the line for the superuser who is at work."""
    person = request.user
    assert isinstance(person, Person)
    audit.note(Actor.of(person), action, f"{type(obj).__name__}: {obj}", **details)


admin.site.register(Person, PersonAdmin)
admin.site.register([Agency, Membership], Audited)
admin.site.register([ApiToken, AuditEntry, Partner, Record, Checkpoint, Cosignature, Delivery, Refusal], Evidence)

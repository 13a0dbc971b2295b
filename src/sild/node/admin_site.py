"""Where Django's administration lives: behind the node's own sign-in, for superusers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class NodeAdminSite(admin.AdminSite):
    """The administration behind the node's own sign-in, so that one-time codes and passkeys hold here too."""

    site_header = site_title = _("Administration of the node")
    index_title = _("Tables")

    def has_permission(self, request: HttpRequest) -> bool:
        """Superusers only; `is_staff` means nothing here."""
        return request.user.is_active and request.user.is_superuser

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send whoever has not signed in, or is no superuser, to the node's own sign-in."""
        del extra_context
        return redirect_to_login(request.get_full_path())

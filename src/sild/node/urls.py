"""The addresses of the pages and of the API."""

from __future__ import annotations

from allauth.account import views as account
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.templatetags.static import static
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic.base import RedirectView

from sild.node import health, metrics, views
from sild.node.api import api

Patterns = list[URLPattern | URLResolver]

node: Patterns = [
    path("", views.home, name="home"),
    path("language/", views.language, name="language"),
    path("notices/", views.notices, name="notices"),
]
# Only what a node offers: nobody signs up, and there is no mail to send a forgotten password by.
accounts: Patterns = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("signup/", account.signup, name="account_signup"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("password/set/", account.password_set, name="account_set_password"),
    path("2fa/", include("allauth.mfa.urls")),
    path("provider/", include("allauth.socialaccount.urls")),
    path("", include("allauth.socialaccount.providers.openid_connect.urls")),
]
urlpatterns: Patterns = [
    path("", include((node, "node"))),
    path("", include("sild.people.urls")),
    path("", include("sild.exchange.urls")),
    path("accounts/", include(accounts)),
    path("admin/", admin.site.urls),
    path("api/v1/", api.urls),
    path("favicon.ico", login_not_required(RedirectView.as_view(url=static("node/mark.svg"))), name="favicon"),
    path("healthz", health.live, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
]
urlpatterns += [
    path(f"{label}/", include(f"sild.{label}.urls"))
    for label in ("plan", "sandbox", "analyst", "threats")
    if apps.is_installed(f"sild.{label}")
]

handler400 = "sild.node.problems.bad_request"
handler403 = "sild.node.problems.forbidden"
handler404 = "sild.node.problems.not_found"
handler500 = "sild.node.problems.server_error"

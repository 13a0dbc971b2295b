"""Pages for administrators and for whoever issues tokens: people and roles, API tokens, the audit trail."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sild.people import services
from sild.people.enums import Right, Role
from sild.people.errors import AlreadyExistsError, NotAllowedError, ScopeError
from sild.people.forms import AuditFilter, PersonForm, TokenForm
from sild.people.models import Agency, ApiToken, AuditEntry, Membership

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpResponse

    from sild.people.actor import Actor
    from sild.people.middleware import ActingRequest

PER_PAGE = 50


@require_http_methods(["GET", "POST"])
def people(request: ActingRequest) -> HttpResponse:
    """Who acts for the actor's agency and in which role; add somebody, whose first password is shown this once."""
    actor = request.actor
    actor.require(Right.ADMINISTER)
    form = PersonForm(request.POST or None, initial={"agency": actor.agency})
    cast("Any", form.fields["agency"]).queryset = _agencies(actor)
    password = ""
    if request.method == "POST" and form.is_valid():
        password = _add(actor, form)
    memberships = actor.visible(Membership.objects.select_related("person", "agency"))
    context = {
        "form": form,
        "memberships": memberships.order_by("agency__name", "person__username"),
        "roles": Role.choices,
        "password": password,
        "added": form.cleaned_data["username"] if password else "",
    }
    return render(request, "people/people.html", context, status=400 if form.errors else 200)


@require_POST
def role(request: ActingRequest, membership_id: int) -> HttpResponse:
    """Give another role, or take the role away when none is chosen."""
    membership = get_object_or_404(request.actor.visible(Membership.objects.all()), pk=membership_id)
    wanted = request.POST.get("role", "")
    if wanted:
        services.give_role(request.actor, membership.person, membership.agency, services.role_named(wanted))
        done = _("%(person)s is now %(role)s of %(agency)s.")
        label = str(Role(wanted).label).lower()
    else:
        services.remove_role(request.actor, membership)
        done, label = _("%(person)s no longer acts for %(agency)s."), ""
    messages.success(request, done % {"person": membership.person, "role": label, "agency": membership.agency})
    return redirect("people:people")


@require_http_methods(["GET", "POST"])
def tokens(request: ActingRequest) -> HttpResponse:
    """The agency's tokens; issue one, whose secret is shown this once."""
    actor = request.actor
    actor.require(Right.EDIT)
    form = TokenForm(request.POST or None)
    secret = ""
    if request.method == "POST" and form.is_valid():
        try:
            data = form.cleaned_data
            scopes, most = data["scopes"].split(), data["per_minute"]
            _token, secret = services.issue_token(
                actor, data["name"], Role(data["role"]), scopes=scopes, per_minute=most
            )
        except ScopeError as error:
            form.add_error("scopes", str(error))
        except NotAllowedError as error:
            form.add_error("role", str(error))
    rows = actor.visible(ApiToken.objects.select_related("issued_by", "agency"))
    context = {"form": form, "tokens": rows, "secret": secret, "days": services.TOKEN_DAYS}
    return render(request, "people/tokens.html", context, status=400 if form.errors else 200)


@require_POST
def revoke(request: ActingRequest, token_id: str) -> HttpResponse:
    """End a token at once."""
    request.actor.require(Right.EDIT)
    token = services.revoke_token(request.actor, token_id)
    messages.success(request, _("The token “%(name)s” works no longer.") % {"name": token.name})
    return redirect("people:tokens")


@require_GET
def audit(request: ActingRequest) -> HttpResponse:
    """Who did what to which thing, for whom and when, newest first."""
    request.actor.require(Right.ADMINISTER)
    form = AuditFilter(request.GET or None)
    entries = request.actor.visible(AuditEntry.objects.select_related("agency"))
    if form.is_valid():
        entries = _filtered(entries, form.cleaned_data)
    page = Paginator(entries, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "people/audit.html", {"form": form, "page": page})


@require_POST
def act_for(request: ActingRequest) -> HttpResponse:
    """Act for another of one's agencies from now on, and stay on the page."""
    person = request.actor.person
    if person is not None:
        agency = services.act_for(person, request.POST.get("agency", ""))
        messages.success(request, _("You act for %(agency)s now.") % {"agency": agency})
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return redirect(wanted if safe else "/")


def _agencies(actor: Actor) -> QuerySet[Agency]:
    """The agencies that the actor administers."""
    if actor.is_operator:
        return Agency.objects.all()
    return Agency.objects.filter(pk=actor.agency.pk) if actor.agency else Agency.objects.none()


def _add(actor: Actor, form: PersonForm) -> str:
    """Add the person of a valid form and return their first password; empty when the name is taken."""
    data, password = form.cleaned_data, secrets.token_urlsafe(12)
    try:
        services.add_with_role(
            actor,
            data["username"],
            agency_slug=data["agency"].slug,
            role=data["role"],
            email=data["email"],
            password=password,
        )
    except AlreadyExistsError as error:
        form.add_error("username", str(error))
        return ""
    return password


def _filtered(entries: QuerySet[AuditEntry], wanted: dict[str, Any]) -> QuerySet[AuditEntry]:
    """Narrow by whatever was filled in; the days are UTC, both included."""
    lookups = {
        "who": "who__icontains",
        "action": "action__icontains",
        "since": "at__date__gte",
        "until": "at__date__lte",
    }
    return entries.filter(**{lookups[name]: value for name, value in wanted.items() if value})

"""Pages for records and partners."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from sild.exchange import evidence, gate, keys, kinds, lag, partners, receipts, services, watchdog
from sild.exchange.enums import Tlp
from sild.exchange.models import Delivery, Partner, Record
from sild.people.enums import Right
from sild.trust.identity import Identity
from sild.trust.spoken import LANGUAGES, say

if TYPE_CHECKING:
    from sild.people.actor import Actor

PER_PAGE = 25


class ActingRequest(HttpRequest):
    """A request of somebody who signed in; the middleware adds for whom they act."""

    actor: Actor


@require_GET
def record_list(request: ActingRequest) -> HttpResponse:
    """Records that this node published or received, newest first, filtered by kind and origin."""
    request.actor.require(Right.VIEW)
    queryset = Record.objects.visible_to(request.actor).select_related("agency")
    kind, origin = request.GET.get("kind", ""), request.GET.get("origin", "")
    # Receipts are shown on the records that they acknowledge, and here when asked for.
    queryset = queryset.filter(kind=kind) if kind else queryset.exclude(kind=receipts.KIND)
    if origin in {"own", "partners"}:
        queryset = queryset.filter(received__isnull=origin == "own")
    page = Paginator(queryset, PER_PAGE).get_page(request.GET.get("page"))
    known = {known.name: known.title for known in kinds.all_kinds()}
    context = {"page": page, "kinds": known, "kind": kind, "origin": origin}
    return render(request, "exchange/record_list.html", context)


@require_GET
def record(request: ActingRequest, record_id: str) -> HttpResponse:
    """One record: what it says, who signed it, and what proves it."""
    request.actor.require(Right.VIEW)
    shown = services.get(request.actor, record_id)
    kind = kinds.find(shown.kind)
    withdrawals = Record.objects.filter(withdraws_id=shown.pk, received=None)
    context = {
        "record": shown,
        "kind": kind,
        "template": kind.template if kind else "exchange/body.html",
        "verdict": evidence.verify(shown),
        "answers": Record.objects.visible_to(request.actor).filter(answers_id=shown.pk),
        "deliveries": receipts.of_deliveries(Delivery.objects.filter(record=shown).select_related("partner")),
        "unaware": [one for made in withdrawals for one in receipts.outstanding(made)],
        "json": json.dumps(shown.content, indent=2, ensure_ascii=False, sort_keys=True),
    }
    return render(request, "exchange/record.html", context)


@require_GET
def record_file(request: ActingRequest, record_id: str) -> HttpResponse:
    """The record with its proof as one file, to be verified without any node."""
    request.actor.require(Right.VIEW)
    shown = services.get(request.actor, record_id)
    answer = HttpResponse(evidence.record_file(shown), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="{shown.kind}-{shown.pk}.sild.json"'
    return answer


@require_GET
def partner_list(request: ActingRequest) -> HttpResponse:
    """Partners, how far each is trusted, and how delivery stands."""
    request.actor.require(Right.VIEW)
    rows = [(partner, lag.of(partner), watchdog.is_silent(partner)) for partner in Partner.objects.all()]
    own = evidence.own_identity()
    context = {"rows": rows, "own": own, "spoken": _spoken(own.fingerprint), "endings": keys.endings_of(own)}
    return render(request, "exchange/partner_list.html", context)


@require_GET
def partner(request: ActingRequest, node: str) -> HttpResponse:
    """One partner: its fingerprint, what was verified, what waits and what was refused."""
    request.actor.require(Right.VIEW)
    shown = partners.get(node)
    context = {
        "partner": shown,
        "spoken": _spoken(shown.fingerprint),
        "endings": keys.endings_of(Identity.parse(bytes(shown.identity), on=None)),
        "lag": lag.of(shown),
        "silent_since": watchdog.last_reached(shown) if watchdog.is_silent(shown) else None,
        "received": Record.objects.filter(issuer=node).count(),
        "refusals": shown.refusals.all()[:PER_PAGE],
        "may_decide": request.actor.may(Right.ADMINISTER),
    }
    return render(request, "exchange/partner.html", context)


@login_not_required
@require_GET
def identity(_request: HttpRequest) -> HttpResponse:
    """This node's signed identity, which is a JWK Set (RFC 7517 section 8.5.2), for whoever asks."""
    return HttpResponse(evidence.own_identity().document, content_type="application/jwk-set+json")


def _spoken(fingerprint: str) -> list[tuple[str, str, str]]:
    """The fingerprint in words: language, its own name, the words."""
    return [(code, get_language_info(code)["name_local"], say(fingerprint, code)) for code in LANGUAGES]


@require_POST
def partner_unfreeze(request: ActingRequest, node: str) -> HttpResponse:
    """Let a frozen partner go on, with the reason for the decision."""
    decision = request.POST.get("decision", "").strip()
    if decision:
        partners.unfreeze(request.actor, node, decision)
        messages.success(request, _("Import from %(node)s goes on.") % {"node": node})
    else:
        messages.error(request, _("Write down why import may go on; the audit trail keeps it."))
    return redirect("exchange:partner", node)


@require_GET
def preview(request: ActingRequest) -> HttpResponse:
    """What would they see? The gate's decision for each partner, before anything is published."""
    request.actor.require(Right.VIEW)
    tlp = request.GET.get("tlp", "AMBER")
    nodes = request.GET.getlist("node")
    audience: gate.Audience = request.GET.get("audience") or nodes
    decisions = []
    if request.GET:
        gate.check_marking(tlp, audience)
        decisions = services.preview(tlp, audience)
    context = {
        "decisions": decisions,
        "tlp": tlp,
        "audience": audience,
        "nodes": nodes,
        "partners": Partner.objects.all(),
        "markings": Tlp.choices,
    }
    return render(request, "exchange/preview.html", context)

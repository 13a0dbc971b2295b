"""Pages for records and partners."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, get_language_info
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from sild.exchange import (
    evidence,
    forwarding,
    guard,
    keys,
    kinds,
    lag,
    log,
    partners,
    receipts,
    services,
    watchdog,
    wording,
)
from sild.exchange.models import Delivery, Partner, Record
from sild.language import language_of
from sild.people.enums import Right
from sild.trust.identity import Identity
from sild.trust.spoken import LANGUAGES, say
from sild.trust.verdicts import record_sentence

if TYPE_CHECKING:
    from sild.people.middleware import ActingRequest

PER_PAGE = 25


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
    withdrawals = Record.objects.filter(withdraws_id=shown.pk, issuer=shown.issuer)
    verdict = evidence.verify(shown)
    context = {
        "record": shown,
        "kind": kind,
        "template": kind.template if kind else "exchange/body.html",
        "verdict": verdict,
        "sentence": record_sentence(verdict, language_of(get_language() or "en")),
        "origin": _origin(shown),
        "newer": Record.objects.visible_to(request.actor).filter(replaces_id=shown.pk, issuer=shown.issuer).last(),
        "withdrawals": withdrawals,
        "answers": Record.objects.visible_to(request.actor).filter(answers_id=shown.pk),
        "deliveries": receipts.of_deliveries(Delivery.objects.filter(record=shown).select_related("partner")),
        "unaware": [one for made in withdrawals if shown.is_own for one in receipts.outstanding(made)],
        "json": json.dumps(shown.content, indent=2, ensure_ascii=False, sort_keys=True),
    }
    return render(request, "exchange/record.html", context)


@require_GET
def record_file(request: ActingRequest, record_id: str) -> HttpResponse:
    """The record with its proof as one file, to be verified without any node."""
    request.actor.require(Right.VIEW)
    shown = services.require_shown(services.get(request.actor, record_id))
    return _download(evidence.record_file(shown), f"{shown.kind}-{shown.pk}.sild.json")


@require_GET
def original_file(request: ActingRequest, record_id: str) -> HttpResponse:
    """What a partner passed on, with its own issuer's proof, as one file."""
    request.actor.require(Right.VIEW)
    shown = services.require_shown(services.get(request.actor, record_id))
    original = forwarding.original_of(shown).header
    return _download(forwarding.original_file(shown), f"{original.kind}-{original.id}.sild.json")


def _download(data: bytes, name: str) -> HttpResponse:
    """A file to keep."""
    answer = HttpResponse(data, content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _origin(shown: Record) -> dict[str, Any] | None:
    """Whose record a partner passed on; None for everything else."""
    if shown.kind != forwarding.KIND or not shown.is_shown:
        return None
    found = forwarding.origin(shown)
    kind = kinds.find(found.record.kind)
    return {
        "record": found.record,
        "kind": kind,
        "template": kind.template if kind else "exchange/body.html",
        "verdict": found.verdict,
        "sentence": record_sentence(found.verdict, language_of(get_language() or "en")),
        "carrier": found.carrier,
        "pinned": found.is_pinned,
        "words": _spoken(found.verdict.fingerprint) if found.verdict.fingerprint else [],
    }


@require_GET
def partner_list(request: ActingRequest) -> HttpResponse:
    """Partners, how far each is trusted, and how delivery stands."""
    request.actor.require(Right.VIEW)
    rows = [(partner, lag.of(partner), watchdog.is_silent(partner)) for partner in Partner.objects.all()]
    own = evidence.own_identity()
    context = {"rows": rows, "own": own, "spoken": _spoken(own.fingerprint), "endings": keys.endings_of(own)}
    context |= {"held": log.held(), "unsigned": 0 if guard.may_sign() else log.unsigned()}
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
        "refusals": [(refusal, wording.reason(refusal.code)) for refusal in shown.refusals.all()[:PER_PAGE]],
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
    return [(code, get_language_info(code)["name_local"].capitalize(), say(fingerprint, code)) for code in LANGUAGES]


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

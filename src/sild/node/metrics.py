"""Figures for Prometheus: requests as they happen, the node's state when asked."""

from __future__ import annotations

import time
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.auth.decorators import login_not_required
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET
from django_tasks_db.models import DBTaskResult
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from sild.exchange import watchdog
from sild.exchange.log_models import LogState
from sild.exchange.models import Delivery, Heartbeat, Partner, Record, Refusal
from sild.people import services

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client import Metric

REGISTRY = CollectorRegistry()
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
LABELS = ["method", "route", "status"]
REQUESTS = Counter("sild_requests", "Requests answered", LABELS, registry=REGISTRY)
SECONDS = Histogram("sild_request_seconds", "Seconds until a request was answered", ["route"], registry=REGISTRY)


class MetricsMiddleware:
    """Counts and times every request by its route, so that addresses with ids in them do not each become a series."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Time what comes after."""
        started = time.perf_counter()
        response = self.get_response(request)
        route = f"/{request.resolver_match.route}" if request.resolver_match else "other"
        REQUESTS.labels(request.method, route, str(response.status_code)).inc()
        SECONDS.labels(route).observe(time.perf_counter() - started)
        return response


def counted(application: Any, route: Callable[[str], str]) -> Any:
    """An ASGI application that stands beside Django, its requests counted and timed as those of the pages are.

    Args:
        application: what answers.
        route: the name under which an address is counted.
    """

    async def count(scope: Any, receive: Any, send: Any) -> None:
        status = ["500"]

        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                status[0] = str(message["status"])
            await send(message)

        started, name = time.perf_counter(), route(scope["path"])
        method = scope["method"] if scope["method"] in METHODS else "other"
        try:
            await application(scope, receive, sending)
        finally:
            REQUESTS.labels(method, name, status[0]).inc()
            SECONDS.labels(name).observe(time.perf_counter() - started)

    return count


class NodeCollector(Collector):
    """The node's state, read from the database at each scrape, so that every web process says the same."""

    def collect(self) -> Iterator[Metric]:
        """Records, log, partners and jobs."""
        records = GaugeMetricFamily("sild_records", "Records kept", labels=["kind", "origin"])
        for origin, own in (("own", True), ("partner", False)):
            rows = Record.objects.filter(received__isnull=own)
            for row in rows.values("kind").annotate(number=Count("pk")).order_by("kind"):
                records.add_metric([row["kind"], origin], row["number"])
        yield records
        state = LogState.objects.first()
        yield GaugeMetricFamily("sild_log_size", "Leaves in the node's own log", value=state.size if state else 0)
        yield GaugeMetricFamily("sild_refusals", "Refused records kept", value=Refusal.objects.count())
        yield from _partners()
        jobs = GaugeMetricFamily("sild_jobs", "Jobs by state", labels=["state"])
        for job in DBTaskResult.objects.values("status").annotate(number=Count("pk")).order_by("status"):
            jobs.add_metric([job["status"].lower()], job["number"])
        yield jobs
        if apps.is_installed("sild.sandbox"):
            yield _runs()


def _runs() -> Metric:
    """The sandbox's runs by state."""
    runs = GaugeMetricFamily("sild_runs", "Runs of the sandbox by state", labels=["state"])
    model = apps.get_model("sandbox", "Run")
    for run in model.objects.order_by("state").values("state").annotate(number=Count("pk")):
        runs.add_metric([run["state"]], run["number"])
    return runs


def _partners() -> Iterator[Metric]:
    """How it stands with each partner."""
    waiting = GaugeMetricFamily("sild_deliveries_waiting", "Records that a partner has not fetched", labels=["partner"])
    contact = GaugeMetricFamily("sild_seconds_since_contact", "Seconds since the last contact", labels=["partner"])
    failures = GaugeMetricFamily("sild_pull_failures", "Rounds in a row that failed", labels=["partner"])
    silent = GaugeMetricFamily("sild_partner_silent", "1 for a partner not reached for long", labels=["partner"])
    for partner in Partner.objects.all():
        sent = Delivery.objects.filter(partner=partner).count()
        waiting.add_metric([partner.node], sent - sum(partner.confirmed.values()))
        failures.add_metric([partner.node], partner.failures)
        silent.add_metric([partner.node], watchdog.is_silent(partner))
        if partner.last_contact:
            contact.add_metric([partner.node], (timezone.now() - partner.last_contact).total_seconds())
    yield from (waiting, contact, failures, silent)
    beats = GaugeMetricFamily("sild_seconds_since_beat", "Seconds since a part said that it works", labels=["part"])
    for beat in Heartbeat.objects.all():
        beats.add_metric([beat.part], (timezone.now() - beat.at).total_seconds())
    yield beats


REGISTRY.register(NodeCollector())


@login_not_required
@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures in Prometheus' text format, for this machine itself or for whoever has a token."""
    if not (_is_local(request) or _has_token(request)):
        return HttpResponse("Ask from this machine, or send a token.\n", status=403, content_type="text/plain")
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)


def _is_local(request: HttpRequest) -> bool:
    """The caller is on this machine and no proxy speaks for somebody else."""
    forwarded = {"HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_FORWARDED"} & set(request.META)
    return not forwarded and ip_address(request.META["REMOTE_ADDR"]).is_loopback


def _has_token(request: HttpRequest) -> bool:
    """A valid token of any role."""
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    actor = services.actor_of_token(secret.strip()) if scheme.lower() == "bearer" else None
    return actor is not None and actor.covers("metrics")

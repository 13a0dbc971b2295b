"""The kinds of what is agreed before a run: registrations, offers of sealed suites, requests and their answers."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from sild.exchange.kinds import Kind, register
from sild.sandbox import registration, sealed
from sild.sandbox.engine import registration as registrations
from sild.sandbox.engine.forms import Form
from sild.sandbox.records import Hash, SolutionBody, in_one_sentence


class RequestBody(Form):
    """The body of `sandbox.request`: the sealed suite by digest, and the solution, whose package is attached."""

    suite: Hash
    solution: SolutionBody


def _registration(body: dict[str, Any]) -> None:
    """Check the form of a registration's record."""
    in_one_sentence(registrations.Body.model_validate, body)


def _offer(body: dict[str, Any]) -> None:
    """Check the form of an offer's record."""
    from sild.sandbox.engine.sealed import Offer  # noqa: PLC0415 -- its forms load numpy, which is slow

    in_one_sentence(Offer.model_validate, body)


def _request(body: dict[str, Any]) -> None:
    """Check the form of a request's record."""
    in_one_sentence(RequestBody.model_validate, body)


def _answer(body: dict[str, Any]) -> None:
    """Check the form of an answer's record, and that it does not contradict itself."""
    from sild.sandbox.engine import sealed as engine  # noqa: PLC0415 -- as in _offer

    in_one_sentence(engine.check, body)


register(
    Kind(
        registration.REGISTRATION,
        _("Thresholds registered before a run"),
        _registration,
        template="sandbox/record_registration.html",
    )
)
register(Kind(sealed.OFFER, _("Offer of a sealed suite"), _offer, template="sandbox/record_offer.html"))
register(
    Kind(
        sealed.REQUEST,
        _("Request to test on a sealed suite"),
        _request,
        sealed.request_arrived,
        template="sandbox/record_request.html",
    )
)
register(Kind(sealed.ANSWER, _("Report on a sealed suite"), _answer, template="sandbox/record_answer.html"))

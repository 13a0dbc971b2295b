"""Errors as a person or a machine should get them: a page with the sentence, or a JSON problem (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from sild.node.sentences import told

if TYPE_CHECKING:
    from collections.abc import Callable

API = "/api/"
STATUS = {
    "not-allowed": HTTPStatus.FORBIDDEN,
    "not-found": HTTPStatus.NOT_FOUND,
    "no-original": HTTPStatus.NOT_FOUND,
    "withdrawn": HTTPStatus.NOT_FOUND,
    "already-exists": HTTPStatus.CONFLICT,
    "run-state": HTTPStatus.CONFLICT,
}


class ProblemMiddleware:
    """Turns this project's own errors, which carry a code and a sentence, into answers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Go on; errors come back through `process_exception`."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer for an error of ours; any other is Django's to handle."""
        code = getattr(error, "code", None)
        if not isinstance(code, str) or not type(error).__module__.startswith("sild."):
            return None
        sentence = str(error) if request.path.startswith(API) else told(error, _)
        return answer(request, STATUS.get(code, HTTPStatus.BAD_REQUEST), sentence, code)


def answer(request: HttpRequest, status: HTTPStatus, sentence: str, code: str = "", **extra: Any) -> HttpResponse:
    """A page for people, `application/problem+json` under /api/."""
    if not request.path.startswith(API):
        context = {"sentence": sentence, "heading": _headings()[status], "status": status.value}
        return render(request, "node/problem.html", context, status=status)
    problem = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": sentence, **extra}
    if code:
        problem["code"] = code
    return JsonResponse(problem, status=status, content_type="application/problem+json")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400."""
    del exception  # what was suspicious is for the log, not for whoever sent it
    return answer(request, HTTPStatus.BAD_REQUEST, _("The node cannot make sense of this request."), "bad-request")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    return answer(request, HTTPStatus.FORBIDDEN, str(exception) or _("You may not see this page."), "not-allowed")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW."""
    del reason  # names an implementation detail
    sentence = _("The form had expired or came from another site. Go back, load the page again and send it once more.")
    return answer(request, HTTPStatus.FORBIDDEN, sentence, "csrf")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    del exception  # Django's text lists addresses
    return answer(request, HTTPStatus.NOT_FOUND, _("There is no page at this address."), "not-found")


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: rests on nothing that may be what broke, neither database nor session."""
    sentence = _("The node made a mistake; it is in its log. Try again, and tell the node's operator if it stays so.")
    if request.path.startswith(API):
        return answer(request, HTTPStatus.INTERNAL_SERVER_ERROR, sentence, "internal")
    context = {"heading": _headings()[HTTPStatus.INTERNAL_SERVER_ERROR], "sentence": sentence}
    page = render_to_string("node/server_error.html", context)
    return HttpResponse(page, status=HTTPStatus.INTERNAL_SERVER_ERROR)


def _headings() -> dict[HTTPStatus, str]:
    """What each status means, in the reader's language."""
    return {
        HTTPStatus.BAD_REQUEST: _("This cannot be done"),
        HTTPStatus.FORBIDDEN: _("Not allowed"),
        HTTPStatus.NOT_FOUND: _("Not found"),
        HTTPStatus.CONFLICT: _("Already there"),
        HTTPStatus.INTERNAL_SERVER_ERROR: _("Something went wrong here"),
    }

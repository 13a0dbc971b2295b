"""Finds out who acts before any view runs, and lets nobody further who has not signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import translation
from django.utils.translation import gettext as _

from sild.people import limits, services
from sild.people.actor import Actor

if TYPE_CHECKING:
    from collections.abc import Callable

API = "/api/"
SAFE = {"GET", "HEAD", "OPTIONS"}
NOBODY = Actor(who="nobody", role=None)
WINDOWS = limits.Windows()


class ActingRequest(HttpRequest):
    """A request for which the middleware found out who acts, and for which agency."""

    actor: Actor


class ActorMiddleware:
    """Sets `request.actor`, speaks the person's language, and asks whoever has not signed in to do so.

    Views marked with Django's `login_not_required` are open. Under `/api/` a token acts; a signed-in person may read
    there, but changes nothing, so that no foreign page can use their session.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: ActingRequest) -> HttpResponse:
        """Find the actor, then go on."""
        request.actor = _actor(request)
        person = request.actor.person
        if person is not None and person.language:
            translation.activate(person.language)
            request.LANGUAGE_CODE = translation.get_language()
        return self.get_response(request)

    def process_view(self, request: ActingRequest, view: Any, _args: Any, _kwargs: Any) -> HttpResponse | None:
        """Stop here whoever has not signed in, unless the view is open to all."""
        if request.actor.token_id is not None:
            return _narrowed(request)
        if request.actor is not NOBODY or not getattr(view, "login_required", True):
            return None
        if request.path.startswith(API):
            return _unauthorised()
        return cast("HttpResponse", redirect_to_login(request.get_full_path()))


def _actor(request: HttpRequest) -> Actor:
    """Whoever the token or the session says it is."""
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    if request.path.startswith(API) and scheme.lower() == "bearer":
        return services.actor_of_token(secret.strip()) or NOBODY
    if not request.user.is_authenticated or (request.path.startswith(API) and request.method not in SAFE):
        return NOBODY
    return Actor.of(request.user, via="api" if request.path.startswith(API) else "page")


def _narrowed(request: ActingRequest) -> JsonResponse | None:
    """Stop a token that is used for what its scopes do not name (RFC 6750, section 3.1), or too often (RFC 6585)."""
    scope = limits.scope_of(request.path, changes=request.method not in SAFE)
    if not request.actor.covers(scope):
        sentence = _("This token may not be used for %(scope)s.") % {"scope": scope}
        challenge = f'Bearer realm="sild", error="insufficient_scope", scope="{scope}"'
        return _problem(403, "Forbidden", "scope", sentence, {"WWW-Authenticate": challenge})
    seconds = WINDOWS.wait(request.actor)
    if seconds:
        sentence = _("This token has made its calls for this minute. Go on in %(seconds)s seconds.")
        headers = {"Retry-After": str(seconds)}
        return _problem(429, "Too Many Requests", "too-many-requests", sentence % {"seconds": seconds}, headers)
    return None


def _problem(status: int, title: str, code: str, sentence: str, headers: dict[str, str]) -> JsonResponse:
    """A JSON problem (RFC 9457)."""
    problem = {"type": "about:blank", "title": title, "status": status, "code": code, "detail": sentence}
    return JsonResponse(problem, status=status, content_type="application/problem+json", headers=headers)


def _unauthorised() -> JsonResponse:
    """The JSON problem for a call without a valid token (RFC 9457; RFC 6750, section 3)."""
    sentence = _("Send a valid token: Authorization: Bearer sild_…")
    return _problem(401, "Unauthorized", "unauthorised", sentence, {"WWW-Authenticate": 'Bearer realm="sild"'})

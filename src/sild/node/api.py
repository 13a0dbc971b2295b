"""The REST API for machines: one OpenAPI document, to which each installed module adds its router."""

from __future__ import annotations

from http import HTTPStatus
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.security import HttpBearer

from sild.node import problems
from sild.people.actor import Actor


class Token(HttpBearer):
    """A token in the Authorization header, or the session of somebody who only reads (see people.middleware)."""

    def __call__(self, request: HttpRequest) -> Actor | None:
        """Whoever the middleware found; it lets nobody else this far."""
        return self.authenticate(request, "")

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """The actor, who has been found already."""
        del token
        actor: Actor | None = getattr(request, "actor", None)
        return actor if actor is not None and actor.role is not None else None


PROBLEM = {
    "description": "A problem (RFC 9457)",
    "content": {
        "application/problem+json": {
            "schema": {
                "type": "object",
                "properties": {
                    "type": {"type": "string"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "detail": {"type": "string"},
                    "code": {"type": "string"},
                },
                "required": ["type", "title", "status", "detail"],
            }
        }
    },
}


class Api(NinjaAPI):
    """Describes with each operation that it may answer with a problem."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """The OpenAPI document."""
        document = super().get_openapi_schema(**options)
        for methods in document["paths"].values():
            for operation in methods.values():
                operation["responses"]["4XX"] = PROBLEM
        return document


api = Api(
    title="Sild",
    version=version("sild"),
    description="Records, partners, the action plan and the modules of one node. Errors are problems (RFC 9457).",
    auth=Token(),
    docs_url=None,  # the usual viewers load scripts from elsewhere
    urls_namespace="api",
)


def compose() -> None:
    """Add the router of every installed module that has an `api.py`."""
    for app in apps.get_app_configs():
        name = f"{app.name}.api"
        if app.name.startswith("sild.") and app.name != "sild.node" and find_spec(name):
            api.add_router(f"/{app.label}", import_module(name).router, tags=[app.label])


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """What was sent does not have the form that the API describes."""
    sentence = _("What was sent does not have the form that the API describes; see “errors”.")
    return problems.answer(request, HTTPStatus.UNPROCESSABLE_ENTITY, sentence, "invalid", errors=error.errors)


@api.exception_handler(HttpError)
def http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """An error that a router raised with its status."""
    return problems.answer(request, HTTPStatus(error.status_code), str(error))


@api.exception_handler(Http404)
def missing(request: HttpRequest, _error: Any) -> HttpResponse:
    """No such thing."""
    return problems.answer(request, HTTPStatus.NOT_FOUND, _("There is nothing at this address."), "not-found")


compose()

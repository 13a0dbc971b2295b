"""The TAXII 2.1 server on plain data: a request in, an answer out. Section numbers are those of the OASIS standard.

Each agency is an API root, because an agency is whom rights are held for. Who calls is told by an API token.
"""

from __future__ import annotations

import binascii
import uuid
from base64 import b64decode
from dataclasses import dataclass, field, replace
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson
import structlog
from django.db import DatabaseError, connection
from django.utils.translation import gettext as _

from sild.people.middleware import WINDOWS
from sild.people.models import Agency
from sild.threats import ingest, memo, pages, removal
from sild.threats.access import Access, access, accesses
from sild.threats.ahead import ahead, following
from sild.threats.engine.times import text
from sild.threats.enums import Origin
from sild.threats.errors import NotFoundError
from sild.threats.models import Batch
from sild.threats.taxii_query import MEDIA_TYPE, STIX, TaxiiError, accepts, filter_of, is_taxii

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sild.people.actor import Actor

logger = structlog.get_logger(__name__)
ROOT = "/taxii2/"
# Section 4.2.1: how large a request may be, for every API root.
MAX_CONTENT_LENGTH = 10 * 1024 * 1024
CHALLENGE = 'Basic realm="TAXII", charset="UTF-8"'


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent.

    Attributes:
        path: as in `/taxii2/ria/collections/`.
        query: the values of each parameter.
        headers: by their names in lower case.
        body: None when it was longer than `MAX_CONTENT_LENGTH`.
    """

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes | None = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What it gets; `afterwards` is what can be done when it was sent, for what comes next."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    afterwards: Callable[[], None] | None = None


def answer(request: Request) -> Answer:
    """Answer one request; what goes wrong becomes an error message (section 3.6.1), never an exception."""
    try:
        return _route(request, _actor(request))
    except TaxiiError as error:
        return _error(error.status, str(error), error.code, error.headers)
    except DatabaseError:
        logger.exception("TAXII request failed in the database", path=request.path)
        connection.close()
        return _error(HTTPStatus.SERVICE_UNAVAILABLE, _("The store is busy. Try again."), "busy", {"Retry-After": "5"})
    except Exception as error:
        code = getattr(error, "code", None)
        if isinstance(code, str) and type(error).__module__.startswith("sild."):
            return _error(_STATUS.get(code, HTTPStatus.UNPROCESSABLE_ENTITY), str(error), code)
        logger.exception("TAXII request failed", path=request.path)
        sentence = _("This node made a mistake; its log says more. Try again later.")
        return _error(HTTPStatus.INTERNAL_SERVER_ERROR, sentence, "internal")


_STATUS = {"not-found": HTTPStatus.NOT_FOUND, "not-allowed": HTTPStatus.FORBIDDEN}


def _route(request: Request, actor: Actor) -> Answer:
    """Section 1.6.1: the endpoints."""
    if not accepts(request.headers.get("accept", "")):
        raise TaxiiError(HTTPStatus.NOT_ACCEPTABLE, _("Ask for “Accept: %(type)s”.") % {"type": MEDIA_TYPE})
    steps = [step for step in request.path.removeprefix(ROOT).split("/") if step]
    match request.method, steps:
        case "GET", []:
            found = _discovery(actor)
        case "GET", [root]:
            found = _api_root(_agency(actor, root))
        case "GET", [root, "status", name]:
            found = _status(_agency(actor, root), actor, name)
        case "GET", [root, "collections"]:
            found = _collections(_agency(actor, root), actor)
        case method, [root, "collections", name, *rest]:
            found = _collection(
                request, actor, _in_root(_agency(actor, root), memo.collection_access(actor, name)), (method, *rest)
            )
        case _:
            raise _no_such(request)
    return found


def _collection(request: Request, actor: Actor, found: Access, what: tuple[str, ...]) -> Answer:
    """Sections 5.2 to 5.8: what can be done with one collection."""
    match what:
        case ("GET",):
            done = _json(_describe(found))
        case ("GET", "objects"):
            done = _objects(found.require_read(), filter_of(request.query))
        case ("POST", "objects"):
            done = _add(request, actor, found.require_write())
        case ("GET", "manifest"):
            done = _manifest(found.require_read(), filter_of(request.query))
        case ("GET", "objects", name):
            done = _objects(_holding(found.require_read(), name), filter_of(request.query, ids=[name]))
        case ("GET", "objects", name, "versions"):
            wanted = filter_of(request.query, ids=[name], words=frozenset({"all"}))
            done = _versions(_holding(found.require_read(), name), wanted)
        case ("DELETE", "objects", name):
            _holding(found.require_read().require_write(), name)
            removal.remove_objects(actor, found.collection, filter_of(request.query, ids=[name], default="all"))
            done = _json({})
        case _:
            raise _no_such(request)
    return done


def _actor(request: Request) -> Actor:
    """Section 1.6.9: HTTP Basic with a token as the password, or the token itself; the user name says nothing."""
    scheme, _space, value = request.headers.get("authorization", "").partition(" ")
    # “Token” is what taxii2-client's TokenAuth sends, and with it OpenCTI.
    secret = value.strip() if scheme.lower() in {"bearer", "token"} else ""
    if scheme.lower() == "basic":
        try:
            secret = b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, ValueError):
            secret = ""
    actor = memo.caller(secret) if secret else None
    if actor is not None and not actor.covers("taxii"):
        actor = None
    if actor is None:
        sentence = _("Send an API token: as the password of HTTP Basic, or as a bearer token.")
        raise TaxiiError(HTTPStatus.UNAUTHORIZED, sentence, "unauthorised", {"WWW-Authenticate": CHALLENGE})
    seconds = WINDOWS.wait(actor)
    if seconds:
        sentence = _("This token has made its calls for this minute. Go on in %(seconds)s seconds.")
        headers = {"Retry-After": str(seconds)}
        raise TaxiiError(HTTPStatus.TOO_MANY_REQUESTS, sentence % {"seconds": seconds}, "too-many-requests", headers)
    return actor


_ROUTES = {
    *("", "{root}", "{root}/status/{id}", "{root}/collections", "{root}/collections/{id}"),
    *(f"{{root}}/collections/{{id}}/{rest}" for rest in ("objects", "manifest", "objects/{object}")),
    "{root}/collections/{id}/objects/{object}/versions",
}


def route(path: str) -> str:
    """The address with names in place of what stands for one thing, as figures are kept by; “other” for no address."""
    names = {0: "{root}", 2: "{id}", 4: "{object}"}
    steps = [step for step in path.removeprefix(ROOT).split("/") if step]
    shape = "/".join(names.get(place, step) for place, step in enumerate(steps))
    return f"{ROOT}{shape}{'/' if shape else ''}" if shape in _ROUTES else "other"


def _agency(actor: Actor, slug: str) -> Agency:
    """The agency whose API root this is; unknown to whoever may use none of its collections."""
    if actor.agency is not None and actor.agency.slug == slug:
        return actor.agency
    agency = Agency.objects.filter(slug=slug).first()
    if agency is None or not any(one.collection.agency_id == agency.pk for one in accesses(actor)):
        raise NotFoundError(_("There is no API root %(name)s here that you may use.") % {"name": slug})
    return agency


def _in_root(agency: Agency, found: Access) -> Access:
    """The collection, if it is under this API root."""
    if found.collection.agency_id != agency.pk:
        raise NotFoundError(_("There is no such collection under this API root."))
    return found


def _holding(found: Access, name: str) -> Access:
    """The collection, if it has the object."""
    if not pages.holds(found, name):
        raise NotFoundError(_("There is no object %(name)s in this collection.") % {"name": name[:300]})
    return found


def _discovery(actor: Actor) -> Answer:
    """Section 4.1."""
    slugs = {one.collection.agency.slug for one in accesses(actor)}
    own = actor.agency.slug if actor.agency else ""
    roots = [f"{ROOT}{slug}/" for slug in sorted(slugs | {own}) if slug]
    found: dict[str, Any] = {
        "title": "Sild",
        "description": _("Threat information of one node, an API root an agency."),
    }
    if roots:
        found |= {"api_roots": roots, "default": f"{ROOT}{own}/" if own else roots[0]}
    return _json(found)


def _api_root(agency: Agency) -> Answer:
    """Section 4.2."""
    return _json({"title": agency.name, "versions": [MEDIA_TYPE], "max_content_length": MAX_CONTENT_LENGTH})


def _status(agency: Agency, actor: Actor, name: str) -> Answer:
    """Section 4.3: for whoever may write the collection."""
    try:
        batch = Batch.objects.filter(pk=uuid.UUID(name), collection__agency=agency).first()
    except ValueError:
        batch = None
    if batch is None or batch.collection_id is None or not access(actor, batch.collection_id).may_write:
        raise NotFoundError(_("There is no status %(name)s that you may see.") % {"name": name[:80]})
    return _json(_status_of(batch))


def _status_of(batch: Batch) -> dict[str, Any]:
    """A status resource (section 4.3.1), with details of what failed and of what was taken with remarks."""
    found: dict[str, Any] = {
        "id": str(batch.pk),
        "status": batch.state,
        "request_timestamp": text(int(batch.at.timestamp() * 1_000_000), 6),
        "total_count": batch.total,
        "success_count": batch.success_count,
        "failure_count": len(batch.failures),
        "pending_count": batch.total - batch.success_count - len(batch.failures),
    }
    if batch.failures:
        found["failures"] = [_detail(line, with_index=True) for line in batch.failures]
    if batch.warnings:
        found["x_sild_warnings"] = [_detail(line, with_index=True) for line in batch.warnings]
    return found


def _detail(line: dict[str, Any], *, with_index: bool) -> dict[str, Any]:
    """A status detail (section 4.3.1.1); the message begins with the object's index in the envelope."""
    message = f"objects[{line['index']}]: {line['message']}" if with_index else line["message"]
    version = {"version": line["version"]} if line["version"] else {}
    return {"id": line["id"], "message": message, **version}


def _collections(agency: Agency, actor: Actor) -> Answer:
    """Section 5.1."""
    found = [_describe(one) for one in accesses(actor) if one.collection.agency_id == agency.pk]
    return _json({"collections": found} if found else {})


def _describe(found: Access) -> dict[str, Any]:
    """Section 5.2.1."""
    row = found.collection
    optional = {"description": row.description, "alias": row.alias}
    return {
        "id": str(row.pk),
        "title": row.title,
        **{name: value for name, value in optional.items() if value},
        "can_read": found.may_read,
        "can_write": found.may_write,
        "media_types": [STIX],
    }


def _objects(found: Access, wanted: pages.Filter) -> Answer:
    """Sections 5.4 and 5.6; who goes on after a page will probably go on after this one."""
    made = ahead.take(found, wanted)
    answer = Answer(200, made.body, made.headers)
    if not wanted.after or made.next is None:
        return answer
    return replace(answer, afterwards=partial(ahead.read, found, following(wanted, made.next)))


def _manifest(found: Access, wanted: pages.Filter) -> Answer:
    """Section 5.3."""
    page = pages.manifest(found, wanted)
    entries = [
        {
            "id": stix_id,
            "date_added": pages.date_added(position),
            "version": text(stamp),
            "media_type": f"application/stix+json;version={spec_version}",
        }
        for position, stix_id, stamp, spec_version in page.rows
    ]
    return _json({**_paging(page), "objects": entries} if entries else {}, pages.dates(page))


def _versions(found: Access, wanted: pages.Filter) -> Answer:
    """Section 5.8."""
    page = pages.manifest(found, wanted)
    stamps = [text(row[2]) for row in page.rows]
    return _json({**_paging(page), "versions": stamps} if stamps else {}, pages.dates(page))


def _add(request: Request, actor: Actor, found: Access) -> Answer:
    """Section 5.5: everything is written, or refused by name, before the answer."""
    if not is_taxii(request.headers.get("content-type", "")):
        sentence = _("Send “Content-Type: %(type)s”.") % {"type": MEDIA_TYPE}
        raise TaxiiError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, sentence)
    if request.body is None:
        sentence = _("An envelope has at most %(most)d bytes here. Send the objects in several.")
        raise TaxiiError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, sentence % {"most": MAX_CONTENT_LENGTH})
    try:
        envelope = orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise TaxiiError(HTTPStatus.BAD_REQUEST, _("This is no JSON: %(why)s.") % {"why": error}) from error
    objects = envelope.get("objects") if isinstance(envelope, dict) else None
    if not isinstance(objects, list) or not objects:
        sentence = _("This is no envelope: an object with a list of at least one object as its “objects”.")
        raise TaxiiError(HTTPStatus.UNPROCESSABLE_ENTITY, sentence)
    batch = ingest.add_objects(actor, found.collection, objects, ingest.Source(Origin.TAXII, actor.who))
    return _json(_status_of(batch), status=HTTPStatus.ACCEPTED)


def _paging(page: pages.Page) -> dict[str, Any]:
    """Whether more follow, and from where (section 3.5)."""
    return {"more": True, "next": str(page.last)} if page.more else {"more": False}


def _json(content: Any, headers: dict[str, str] | None = None, status: int = HTTPStatus.OK) -> Answer:
    """An answer in JSON."""
    return Answer(int(status), orjson.dumps(content), headers or {})


def _no_such(request: Request) -> TaxiiError:
    """Nothing there for this method."""
    sentence = _("There is nothing at this address for %(method)s.") % {"method": request.method}
    known = {"GET", "POST", "DELETE"}
    status = HTTPStatus.NOT_FOUND if request.method in known else HTTPStatus.METHOD_NOT_ALLOWED
    return TaxiiError(
        status, sentence, headers={"Allow": "GET, POST, DELETE"} if status != HTTPStatus.NOT_FOUND else {}
    )


def _error(status: int, sentence: str, code: str = "", headers: dict[str, str] | None = None) -> Answer:
    """An error message (section 3.6.1)."""
    phrase = HTTPStatus(status).phrase
    content = {
        "title": phrase,
        "description": sentence,
        "error_code": code or phrase.lower().replace(" ", "-"),
        "http_status": str(int(status)),
    }
    return Answer(int(status), orjson.dumps(content), headers or {})

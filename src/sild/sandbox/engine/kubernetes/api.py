"""A small client of the Kubernetes API: JSON in, JSON out."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sild.sandbox.engine.errors import IsolationError

if TYPE_CHECKING:
    from sild.sandbox.engine.kubernetes.settings import Settings

_SECONDS = 30
_OK, _MULTIPLE, _NOT_FOUND, _CONFLICT = 200, 300, 404, 409
_MOST_BYTES = 16 * 1024 * 1024


class RefusedError(IsolationError):
    """The API answered that it will not.

    Attributes:
        status: of HTTP.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"The cluster refused ({status}): {message}")
        self.status = status

    @property
    def is_missing(self) -> bool:
        """What was asked for is not there."""
        return self.status == _NOT_FOUND

    @property
    def is_there(self) -> bool:
        """What was to be made is there already."""
        return self.status == _CONFLICT


class Api:
    """One cluster's API."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """Read an object or a list.

        Raises:
            RefusedError, IsolationError: the cluster said no, or could not be reached.
        """
        told: dict[str, Any] = json.loads(self.ask("GET", path, query=query))
        return told

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Make an object; as `get`."""
        told: dict[str, Any] = json.loads(self.ask("POST", path, body))
        return told

    def delete(self, path: str) -> None:
        """Delete an object with what depends on it, at once; as `get`."""
        options = {
            "kind": "DeleteOptions",
            "apiVersion": "v1",
            "propagationPolicy": "Background",
            "gracePeriodSeconds": 0,
        }
        self.ask("DELETE", path, options)

    def ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, query: dict[str, str] | None = None
    ) -> bytes:
        """One request; what came back.

        Raises:
            RefusedError, IsolationError: the cluster said no, or could not be reached.
        """
        known = self.settings
        connection = http.client.HTTPSConnection(known.host, known.port, timeout=_SECONDS, context=known.context)
        try:
            target = f"{path}?{urlencode(query)}" if query else path
            connection.request(method, target, None if body is None else json.dumps(body), self.headers())
            answer = connection.getresponse()
            content = answer.read(_MOST_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise IsolationError(f"The cluster at {known.host}:{known.port} could not be reached: {error}.") from error
        finally:
            connection.close()
        if not _OK <= answer.status < _MULTIPLE:
            raise RefusedError(answer.status, _message(content))
        return content

    def headers(self) -> dict[str, str]:
        """Who we are and what we speak."""
        told = {"Accept": "application/json, */*", "Content-Type": "application/json"}
        return told | ({"Authorization": f"Bearer {self.settings.token}"} if self.settings.token else {})


def _message(content: bytes) -> str:
    """What a Status object says."""
    try:
        return str(json.loads(content)["message"])[:500]
    except (ValueError, KeyError, TypeError):
        return content[:200].decode(errors="replace")

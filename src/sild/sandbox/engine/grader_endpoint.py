"""An OpenAI-compatible endpoint that may fail, throttle or lie about its model: asked again, with pauses, counted."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import orjson
import urllib3

from sild.sandbox.engine.errors import EndpointError

if TYPE_CHECKING:
    from collections.abc import Callable

TOO_MANY, SERVER_ERROR, OK = 429, 500, 200
LONGEST_PAUSE = 60.0
MAX_REPLY = 1024 * 1024


class _FailedError(Exception):
    """One call failed; worth asking again after a pause."""

    def __init__(self, why: str, pause: float = 0.0) -> None:
        super().__init__(why)
        self.why, self.pause = why, pause


class Endpoint:
    """One endpoint and one model of it; may be asked from several threads.

    Attributes:
        counts: `calls`, `retries`, and failures by kind: `throttled` (429), `server-error` (5xx), `timeout`,
            `unreachable`, `other-model` (the answer names another model than was asked), `malformed`.
    """

    def __init__(
        self,
        url: str,
        model: str,
        key: str = "",
        *,
        seconds: float = 60.0,
        attempts: int = 6,
        pause: float = 1.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Prepare; nothing is asked yet.

        Args:
            url: the API's base address, as in `http://127.0.0.1:8000/v1`.
            model: the name that is asked for, and that every answer has to name.
            key: the bearer token, if the endpoint wants one.
            seconds: patience with one call.
            attempts: how often one question is asked at most.
            pause: seconds before the second attempt; doubled for each further one, with up to half of it at random.
            sleep: how to wait.
        """
        self.model, self.counts = model, Counter[str]()
        self._url = url.rstrip("/") + "/chat/completions"
        self._headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        self._pool = urllib3.PoolManager(maxsize=16, retries=False, timeout=urllib3.Timeout(seconds))
        self._attempts, self._pause, self._sleep = attempts, pause, sleep
        self._counting = threading.Lock()

    def ask(self, messages: list[dict[str, str]], **more: Any) -> str:
        """The text of the reply.

        Args:
            messages: of the chat.
            more: other members of the request, as `temperature`.

        Raises:
            EndpointError: it refused the request, or every attempt failed.
        """
        body = orjson.dumps({"model": self.model, "messages": messages, "stream": False, **more})
        why, wish = "", 0.0
        for attempt in range(self._attempts):
            try:
                return self._call(body)
            except _FailedError as failed:
                why, wish = failed.why, failed.pause
                self._count(why)
            if attempt + 1 < self._attempts:
                self._count("retries")
                self._sleep(min(LONGEST_PAUSE, max(_spread(self._pause * 2**attempt), wish)))
        raise EndpointError(f"The endpoint gave no answer in {self._attempts} attempts; the last one: {why}.")

    def _call(self, body: bytes) -> str:
        """One call."""
        self._count("calls")
        try:
            answer = self._pool.request("POST", self._url, body=body, headers=self._headers, preload_content=False)
            data = answer.read(MAX_REPLY + 1)
        except urllib3.exceptions.NewConnectionError as error:  # urllib3 calls it a timeout too
            raise _FailedError("unreachable") from error
        except urllib3.exceptions.TimeoutError as error:
            raise _FailedError("timeout") from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise _FailedError("unreachable") from error
        answer.release_conn()
        if answer.status == TOO_MANY:
            raise _FailedError("throttled", _after(answer.headers.get("Retry-After", "")))
        if answer.status >= SERVER_ERROR:
            raise _FailedError("server-error", _after(answer.headers.get("Retry-After", "")))
        if answer.status != OK:
            raise EndpointError(f"The endpoint refused the request with status {answer.status}. Check address and key.")
        return self._text(data)

    def _text(self, data: bytes) -> str:
        """The text in an answer."""
        try:
            told = orjson.loads(data)
            content, model = told["choices"][0]["message"]["content"], told.get("model")
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            raise _FailedError("malformed") from error
        if model != self.model:
            raise _FailedError("other-model")
        if not isinstance(content, str):
            raise _FailedError("malformed")
        return content

    def _count(self, what: str) -> None:
        """Count something."""
        with self._counting:
            self.counts[what] += 1


def _spread(grown: float) -> float:
    """A pause with up to half of it at random, so that many askers do not come back at once."""
    return grown * (0.5 + random.random() / 2)  # noqa: S311 -- spreading, no secret


def _after(told: str) -> float:
    """The seconds that an endpoint asks to wait; 0 when it names none."""
    return float(told) if told.isascii() and told.isdecimal() else 0.0

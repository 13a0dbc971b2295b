"""The endpoint of a grader: asked from several threads, one question each, and what it does wrong is counted."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import orjson

from sild.sandbox.engine.endpoint import NO_TEXT, Client, Connection, Target
from sild.sandbox.engine.errors import EndpointError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sild.sandbox.engine.endpoint import TryAgainError


class Endpoint:
    """One endpoint and one model of it; may be asked from several threads.

    Each question has a connection of its own: a grader thinks for longer than it takes to connect.

    Attributes:
        counts: `calls`, `retries`, and tries that came to nothing by their kind, see `TryAgainError`.
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
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Prepare; nothing is asked yet.

        Args:
            url: the API's base address, as in `http://127.0.0.1:8000/v1`.
            model: the name that is asked for, and that answers have to name.
            key: the bearer token, if the endpoint wants one.
            seconds: patience with one call.
            attempts: how often one question is asked at most.
            pause: seconds before the second attempt, as `Client` has it.
            sleep: how to wait.
        """
        self.model, self.counts = model, Counter[str]()
        target = Target(url, model, key=key, seconds=seconds)
        self._client = Client(target, self._failed, tries=attempts, pause=pause, sleep=sleep)
        self._counting = threading.Lock()

    def ask(self, messages: list[dict[str, str]], **more: Any) -> str:
        """The text of the reply; empty when it has none.

        Args:
            messages: of the chat.
            more: other members of the request, as `temperature`.

        Raises:
            EndpointError: it refused the request, or every attempt failed.
        """
        body = orjson.dumps({"model": self.model, "messages": messages, "stream": False, **more})
        self._count("calls")
        text, error = asyncio.run(self._ask(body))
        if error and error != NO_TEXT:
            raise EndpointError(f"The endpoint refused the request. {error}")
        return text or ""

    async def _ask(self, body: bytes) -> tuple[str | None, str]:
        """One question: text and error."""
        connection = Connection(self._client.target)
        try:
            text, error, _started = await self._client.ask(connection, body)
        finally:
            connection.close()
            await asyncio.sleep(0)  # it closes in the loop's next turn
        return text, error

    def _failed(self, why: TryAgainError, again: bool) -> None:  # noqa: FBT001 -- as `Client` calls it
        """Count a try that came to nothing."""
        self._count(why.kind, *(("calls", "retries") if again else ()))

    def _count(self, *what: str) -> None:
        """Count something."""
        with self._counting:
            self.counts.update(what)

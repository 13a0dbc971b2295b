"""Asks an OpenAI-compatible chat endpoint; many questions at once: one event loop, connections that stay open.

What the endpoint does wrong is not the solution's wrong answer: it is asked again with growing pauses, counted, and
when it goes on so, the run ends and can be resumed. HTTP/1.1 as in RFC 9112, written out, since little of it is needed.
"""

from __future__ import annotations

import asyncio
import random
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

from sild.sandbox.engine.errors import EndpointError
from sild.sandbox.engine.faults import Faults, harmless

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from sild.sandbox.engine.jsonl import Receiver

TRIES = 7
LONGEST_PAUSE, _FIRST_PAUSE = 60.0, 0.25  # seconds
_TURN_SECONDS = 0.05
_HEAD_BYTES = 64 * 1024
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504, 529})
_THROTTLED = frozenset({429, 529})
_FAULTS = frozenset({"throttled", "other-model"})  # kinds that a report tells apart from other failures
_OF_THE_QUESTION = frozenset({400, 413, 422})  # refused for what was asked: an answer, if not a good one
_NOT_HTTP = "it does not speak HTTP/1.1"
NO_TEXT = "the reply has no text"


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked.

    Attributes:
        url: up to `/v1`; `/chat/completions` is added.
        model: as it is asked for.
        served_as: how the endpoint names it in its answers; the same by default, or with a date behind it.
        key: the bearer token; empty for none.
        connections: open at one time.
        seconds: for one answer.
        reply_bytes: of one answer, at most.
    """

    url: str
    model: str
    served_as: str = ""
    key: str = field(default="", repr=False)
    connections: int = 16
    seconds: float = 60.0
    reply_bytes: int = 1024 * 1024

    def is_served(self, name: object) -> bool:
        """Whether an answer that names this model is from the one that was asked for; not all say it."""
        wanted = self.served_as or self.model
        return name is None or name == wanted or (not self.served_as and str(name).startswith(f"{wanted}-"))


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: status, the pause that it asks for in seconds, its body."""

    status: int
    pause: float
    body: bytes


class TryAgainError(Exception):
    """This try came to nothing; what was seen, and the pause that was asked for.

    Its kind is `throttled`, `server-error`, `timeout`, `unreachable`, `malformed` or `other-model`.
    """

    def __init__(self, kind: str, detail: str, pause: float = 0.0) -> None:
        super().__init__(detail)
        self.kind, self.pause = kind, pause


class Connection:
    """One connection that is opened when it is needed and kept as long as the endpoint keeps it."""

    def __init__(self, target: Target) -> None:
        split = urlsplit(target.url)
        self._target = target
        self._host, self._secure = split.hostname or "", split.scheme == "https"
        self._port = split.port or (443 if self._secure else 80)
        key = f"Authorization: Bearer {target.key}\r\n" if target.key else ""
        self._head = (
            f"POST {split.path.rstrip('/')}/chat/completions HTTP/1.1\r\nHost: {split.netloc.rpartition('@')[2]}\r\n"
            f"{key}Content-Type: application/json\r\nAccept: application/json\r\nContent-Length: "
        ).encode()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, body: bytes) -> Reply:
        """Send one request.

        Raises:
            TryAgainError: the connection broke, nothing came in time, or what came is no HTTP.
        """
        try:
            async with asyncio.timeout(self._target.seconds):
                reader, writer = self._streams or await self._open()
                writer.write(b"%b%d\r\n\r\n%b" % (self._head, len(body), body))
                return await self._read(reader)
        except TimeoutError as error:
            self.close()
            raise TryAgainError("timeout", f"nothing came within {self._target.seconds:g} s") from error
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
            self.close()
            kind = "unreachable" if isinstance(error, OSError | EOFError) else "malformed"
            raise TryAgainError(kind, f"{type(error).__name__}: {error}") from error

    def close(self) -> None:
        """Close it; the next request opens another."""
        if self._streams:
            self._streams[1].close()
            self._streams = None

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect."""
        context = ssl.create_default_context() if self._secure else None
        self._streams = await asyncio.open_connection(self._host, self._port, ssl=context, limit=_HEAD_BYTES)
        return self._streams

    async def _read(self, reader: asyncio.StreamReader) -> Reply:
        """Read one answer (RFC 9112, sections 4 to 7)."""
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        if not first.startswith(b"HTTP/1.") or not first[9:12].isdigit():
            raise ValueError(_NOT_HTTP)
        fields = {
            name.strip().lower(): value.strip() for name, _colon, value in (line.partition(b":") for line in lines)
        }
        if fields.get(b"transfer-encoding", b"").lower() == b"chunked":
            body = await self._chunks(reader)
        else:
            body = await reader.readexactly(self._bounded(int(fields.get(b"content-length", b"0"))))
        if fields.get(b"connection", b"").lower() == b"close":
            self.close()
        asked = fields.get(b"retry-after", b"")
        return Reply(int(first[9:12]), float(asked) if asked.isdigit() else 0.0, body)

    async def _chunks(self, reader: asyncio.StreamReader) -> bytes:
        """A body in chunks (RFC 9112, section 7.1); trailers are thrown away."""
        parts, total = [], 0
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            total = self._bounded(total + size)
            parts.append((await reader.readexactly(size + 2))[:size])
        while await reader.readuntil(b"\r\n") != b"\r\n":
            pass
        return b"".join(parts)

    def _bounded(self, size: int) -> int:
        """The size, if it may be that large."""
        if not 0 <= size <= self._target.reply_bytes:
            raise ValueError(f"an answer of {size} bytes is larger than {self._target.reply_bytes}")
        return size


class Client:
    """One endpoint, asked again with growing pauses while it fails."""

    def __init__(
        self,
        target: Target,
        failed: Callable[[TryAgainError, bool], None],
        *,
        tries: int,
        pause: float,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Prepare; nothing is asked yet.

        Args:
            target: what is asked.
            failed: called for each try that came to nothing, with whether another one follows.
            tries: how often one question is asked at most.
            pause: seconds before the second try; doubled for each further one, down to half of it at random, so that
                many who ask do not come back at once.
            sleep: how to wait.
        """
        self.target, self.output_bytes = target, 0
        self._failed, self._tries, self._pause, self._sleep = failed, tries, pause, sleep

    async def ask(self, connection: Connection, body: bytes) -> tuple[str | None, str, float]:
        """One question: output, error, and when the try that counts began.

        Raises:
            EndpointError: it failed too often, or refuses whoever asks.
        """
        for left in reversed(range(self._tries)):
            started = time.monotonic()
            try:
                reply = await connection.post(body)
                self.output_bytes += len(reply.body)
                return *self._answer(reply), started
            except TryAgainError as why:
                self._failed(why, left > 0)
                last = why
            if left:
                pause = self._pause * 2 ** (self._tries - 1 - left) * random.uniform(0.5, 1)  # noqa: S311 -- jitter
                await self._sleep(min(LONGEST_PAUSE, max(pause, last.pause)))
        raise EndpointError(
            f"The endpoint failed {self._tries} times with the same question: {last} ({last.kind}). "
            "Resume the run when it works again."
        ) from last

    def _answer(self, reply: Reply) -> tuple[str | None, str]:
        """What a reply says: an output, or an error that is the solution's own.

        Raises:
            TryAgainError: it is to be asked again.
            EndpointError: it refuses whoever asks.
        """
        if reply.status in _AGAIN:
            kind = "throttled" if reply.status in _THROTTLED else "server-error"
            raise TryAgainError(kind, f"status {reply.status}", reply.pause)
        if reply.status in _OF_THE_QUESTION:
            return None, f"status {reply.status}: {self._shown(reply)}"
        if reply.status != HTTPStatus.OK:
            raise EndpointError(f"The endpoint answers with status {reply.status}: {self._shown(reply)}")
        try:
            told = orjson.loads(reply.body)
            content, model = told["choices"][0]["message"]["content"], told.get("model")
        except (orjson.JSONDecodeError, KeyError, IndexError, TypeError, AttributeError) as error:
            raise TryAgainError("malformed", f"no chat completion: {self._shown(reply)}") from error
        if not self.target.is_served(model):
            raise TryAgainError("other-model", f"{self.target.model} was asked for, {model} answered")
        return (content, "") if isinstance(content, str) else (None, NO_TEXT)

    def _shown(self, reply: Reply) -> str:
        """The beginning of a body; an endpoint that repeats the key in it does not bring it into a report."""
        key = self.target.key.encode()
        return harmless(reply.body.replace(key, b"[key]") if key else reply.body)


class Inquiry:
    """All questions of a run to one endpoint."""

    def __init__(self, target: Target, receive: Receiver, faults: Faults) -> None:
        self._target, self._receive, self._faults = target, receive, faults
        self._client = Client(target, self._failed, tries=TRIES, pause=_FIRST_PAUSE)
        self._many, self._since, self._until = 0, 0.0, 0.0

    @property
    def output_bytes(self) -> int:
        """How much the endpoint said."""
        return self._client.output_bytes

    @property
    def pipelined(self) -> tuple[int, float]:
        """Answers that came while many questions were in flight, and the seconds from the first to the last of them."""
        return self._many, max(0.0, self._until - self._since)

    def run(self, questions: Iterator[bytes], turn: Callable[[], None], alone: int = 0) -> None:
        """Ask everything.

        Args:
            questions: bodies of requests.
            turn: called every 0.05 s; what it raises ends the inquiry.
            alone: how many are asked one at a time first.

        Raises:
            EndpointError: it failed too often, or refuses whoever asks.
        """
        asyncio.run(self._run(enumerate(questions, 1), turn, alone))

    async def _run(self, questions: Iterator[tuple[int, bytes]], turn: Callable[[], None], alone: int) -> None:
        """One at a time first, then all connections; the first error ends them all."""
        ticking = asyncio.create_task(self._tick(turn))
        first = Connection(self._target)
        connections = [first, *(Connection(self._target) for _ in range(self._target.connections - 1))]
        try:
            await self._until_one_fails([self._work(first, questions, alone, alone=True)], ticking)
            self._since = time.monotonic()
            await self._until_one_fails([self._work(one, questions, None, alone=False) for one in connections], ticking)
        finally:
            ticking.cancel()
            for connection in connections:
                connection.close()
            await asyncio.sleep(0)  # they close in the loop's next turn

    @staticmethod
    async def _until_one_fails(work: list[Any], ticking: asyncio.Task[None]) -> None:
        """Wait for all of them; an error of one, or of the ticking, ends them and is raised."""
        working = asyncio.gather(*work)
        both: set[asyncio.Future[Any]] = {working, ticking}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working
            ticking.result()
        await working

    @staticmethod
    async def _tick(turn: Callable[[], None]) -> None:
        """Save, tell and listen, some times a second."""
        while True:
            turn()
            await asyncio.sleep(_TURN_SECONDS)

    async def _work(
        self, connection: Connection, questions: Iterator[tuple[int, bytes]], most: int | None, *, alone: bool
    ) -> None:
        """Ask questions on one connection until there are none left."""
        while most != 0 and (question := next(questions, None)) is not None:
            number, body = question
            output, error, last = await self._client.ask(connection, body)
            now = time.monotonic()
            if error:
                self._faults.add("error-answer", error)
            self._receive(number, output, error, now - last, alone=alone and number > 1)
            if not alone:
                self._many, self._until = self._many + 1, now
            most = None if most is None else most - 1

    def _failed(self, why: TryAgainError, _again: bool) -> None:  # noqa: FBT001 -- as `Client` calls it
        """Count a try that came to nothing."""
        self._faults.add(why.kind if why.kind in _FAULTS else "endpoint-failed", str(why))

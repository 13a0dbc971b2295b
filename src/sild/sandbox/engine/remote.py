"""A run at level L0: nothing is run here, an endpoint elsewhere is asked."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, cast

import orjson

from sild.sandbox.engine.endpoint import Inquiry, Target
from sild.sandbox.engine.errors import EndpointError
from sild.sandbox.engine.process import Usage
from sild.sandbox.engine.runner import Run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sild.sandbox.engine.journal import Journal
    from sild.sandbox.engine.jsonl import Conversation
    from sild.sandbox.engine.probe import Check
    from sild.sandbox.engine.solution import Solution


class Asked(Inquiry):
    """An inquiry, with what a conversation with a process has beside it."""

    error_bytes = 0
    said_on_stderr = b""
    incomplete = False


def target(solution: Solution) -> Target:
    """The endpoint of a solution; its key comes from the node's environment.

    Raises:
        EndpointError: the variable with its key is not set.
    """
    start, limits = solution.form.start, solution.form.limits
    if start.key and start.key not in os.environ:
        raise EndpointError(f"The endpoint's key is not here. Set the variable {start.key} for the node.")
    key = os.environ[start.key] if start.key else ""
    return Target(
        start.url,
        start.model or "",
        start.served_as,
        key,
        limits.window,
        float(limits.sample_seconds),
        limits.line_bytes,
    )


def request(question: Any, model: str, seed: int | None = None) -> bytes:
    """The request for a sample's input, as `inside/chat.py` makes it: a text, or an object with `messages`.

    Args:
        question: the sample's, as the suite's template and solver make it.
        model: to ask for.
        seed: where questions are repeated.
    """
    more = {"model": model} if seed is None else {"model": model, "seed": seed}
    if isinstance(question, dict) and "messages" in question:
        return orjson.dumps({"temperature": 0, **question, "stream": False, **more})
    content = question if isinstance(question, str) else orjson.dumps(question).decode()
    return orjson.dumps({"temperature": 0, "messages": [{"role": "user", "content": content}], **more})


class EndpointRun(Run):
    """A run that asks an endpoint."""

    def _prove(self) -> list[Check]:
        """Nothing runs here that could break out."""
        return []

    def _converse(self, journal: Journal) -> tuple[Usage, Conversation]:
        """Ask what has not been answered yet."""
        self._leave_out_finished(journal)
        started = time.monotonic()
        asked = Asked(target(self.solution), self._receiver(journal), self.faults)
        asked.run(self._bodies(), lambda: self._turn(journal), self._alone(journal))
        usage = Usage(0, "", time.monotonic() - started, 0.0, 0, 0, 0, 0, 0)
        return usage, cast("Conversation", asked)

    def _bodies(self) -> Iterator[bytes]:
        """The requests."""
        form = self.suite.form
        for position, repeat in self.asked:
            seed = form.seed + repeat if form.repeats > 1 else None
            yield request(self.suite.question(position), self.solution.form.start.model or "", seed)

    def _isolation(self) -> dict[str, Any]:
        """None; what was asked instead."""
        start = self.solution.form.start
        return {"level": "L0", "backend": f"none: {start.model} at {start.url}"[:1000], "measures": []}

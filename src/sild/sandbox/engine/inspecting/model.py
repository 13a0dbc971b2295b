"""A solution of ours as a model of Inspect's: `--model sild/NAME -M folder=PATH`, isolated as in any run."""

from __future__ import annotations

import queue
import tempfile
import threading
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import orjson
from inspect_ai.model import GenerateConfig, ModelAPI, ModelOutput, modelapi

from sild.sandbox.engine import default_isolation, pack, probe
from sild.sandbox.engine.errors import SandboxError
from sild.sandbox.engine.faults import Faults
from sild.sandbox.engine.inspecting.tasks import ENDED_BY_US
from sild.sandbox.engine.solution import job, load
from sild.sandbox.engine.warm import Lasting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inspect_ai.model import ChatMessage
    from inspect_ai.tool import ToolChoice, ToolInfo

    from sild.sandbox.engine.process import Process, Usage

_LOOK_SECONDS = 0.1
_CHARACTERS_A_TOKEN = 4
Question = tuple[Any, "Future[Any]"]


class Answering:
    """A solution that stays and is asked from many places; a thread of its own, since it ends with its thread."""

    def __init__(self, folder: Path) -> None:
        self.faults = Faults()
        self.usage: Usage | None = None
        self.checks: list[probe.Check] = []
        self._folder = folder
        self._waiting: queue.Queue[Question | None] = queue.Queue()
        self._asked: list[Future[Any]] = []
        self._why: SandboxError | None = None
        self._thread = threading.Thread(target=self._live, daemon=True, name="solution")
        self._thread.start()

    def ask(self, question: Any) -> Any:
        """Ask one question and wait for its output.

        Raises:
            SandboxError: the solution cannot be run here, has ended, or answered that it could not.
        """
        future: Future[Any] = Future()
        self._waiting.put((question, future))
        if self._why:
            self._refuse_the_rest()
        return future.result()

    def close(self) -> None:
        """Let it end."""
        self._waiting.put(None)
        self._thread.join()

    def _live(self) -> None:
        """The thread."""
        try:
            isolation = default_isolation()
            self.checks = isolation.prove()
            probe.require(self.checks)
            with tempfile.TemporaryDirectory(prefix="sild-model-") as place:
                copy = Path(place, "solution")
                pack.copy(self._folder, copy)
                with isolation.start(job(load(copy))) as process:
                    self._converse(process)
            self._why = SandboxError(self._ending())
        except SandboxError as error:
            self._why = error
        self._refuse_the_rest()

    def _converse(self, process: Process) -> None:
        """Ask what comes until nothing more comes, or it has ended."""
        talk = Lasting(process, self._receive, self.faults)
        talk.begin()
        while (first := self._next(process)) is not None:
            talk.go_on(self._questions(first))
            if not talk.can_go_on:
                break
        with suppress(OSError):
            process.stdin.close()
        process.kill(ENDED_BY_US)
        self.usage = process.finish()

    def _ending(self) -> str:
        """Why it answers no more, as far as is known."""
        stopped = self.usage.stopped_by if self.usage else ""
        found = [fault["code"] for fault in self.faults.as_list()]
        if stopped and stopped != ENDED_BY_US:
            found.append(stopped)
        return f"The solution has ended: {', '.join(dict.fromkeys(found))}." if found else "The solution has ended."

    def _next(self, process: Process) -> Question | None:
        """The next question; the limits are looked after meanwhile."""
        while not process.check():
            with suppress(queue.Empty):
                return self._waiting.get(timeout=_LOOK_SECONDS)
        return None

    def _questions(self, first: Question) -> Iterator[bytes]:
        """This one and all that wait."""
        found: Question | None = first
        while found is not None:
            self._asked.append(found[1])
            yield orjson.dumps(found[0])
            try:
                found = self._waiting.get_nowait()
            except queue.Empty:
                return
        self._waiting.put(None)  # the end is for whoever waits for the next

    def _receive(self, number: int, output: object, error: str, seconds: float, *, alone: bool) -> None:  # noqa: ARG002
        """Hand an answer to whoever asked."""
        future = self._asked[number - 1]
        if error:
            future.set_exception(SandboxError(error))
        else:
            future.set_result(output)

    def _refuse_the_rest(self) -> None:
        """Nobody may wait for an answer that never comes."""
        with suppress(queue.Empty):
            while True:
                if (found := self._waiting.get_nowait()) is not None:
                    self._asked.append(found[1])
        for future in self._asked:
            if not future.done():
                future.set_exception(self._why or SandboxError("The solution has ended."))


@modelapi(name="sild")
class SildModel(ModelAPI):
    """A solution's folder as a model. It is given no tools: what it says is text."""

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = GenerateConfig(),  # noqa: B008 -- Inspect's API
        folder: str = "",
        **model_args: Any,  # noqa: ARG002 -- Inspect's API
    ) -> None:
        """Read the solution; it is started when it is first asked.

        Raises:
            SandboxError: it names an endpoint, which Inspect asks by its own providers.
            FormError: all that is wrong with it.
        """
        super().__init__(model_name, base_url, api_key, [], config)
        self.solution = load(Path(folder or model_name))
        if self.solution.form.start.protocol == "endpoint":
            raise SandboxError("This solution is an endpoint; let Inspect ask it: --model openai-api/…")
        self.answering: Answering | None = None
        self._lock = threading.Lock()

    async def generate(
        self,
        input: list[ChatMessage],  # noqa: A002 -- Inspect's API
        tools: list[ToolInfo],  # noqa: ARG002 -- Inspect's API
        tool_choice: ToolChoice,  # noqa: ARG002 -- Inspect's API
        config: GenerateConfig,  # noqa: ARG002 -- Inspect's API
    ) -> ModelOutput:
        """Ask it."""
        question = self._question(input)
        output = await anyio.to_thread.run_sync(self._ask, question, limiter=_limiter(self.max_connections()))
        text = output if isinstance(output, str) else orjson.dumps(output).decode()
        return ModelOutput.from_content(self.model_name, text)

    def _ask(self, question: Any) -> Any:
        """In a thread: start it if need be, and wait for its answer."""
        with self._lock:
            self.answering = self.answering or Answering(self.solution.folder)
        return self.answering.ask(question)

    def _question(self, messages: list[ChatMessage]) -> Any:
        """The input as suites have it: a text where there is one message, else the conversation."""
        told = [{"role": message.role, "content": message.text} for message in messages]
        if len(told) == 1 and self.solution.form.start.protocol == "jsonl":
            return told[0]["content"]
        return {"messages": told}

    async def count_text_tokens(self, text: str) -> int:
        """An estimate that needs no tokenizer from the network."""
        return 1 + len(text) // _CHARACTERS_A_TOKEN

    def max_connections(self) -> int:
        """As many questions as the solution takes at one time."""
        return self.solution.form.limits.window

    def close(self) -> None:
        """Let the solution end."""
        if self.answering:
            self.answering.close()


_limiters: dict[int, anyio.CapacityLimiter] = {}


def _limiter(width: int) -> anyio.CapacityLimiter:
    """Threads that may wait for answers, apart from those that Inspect uses for its own work."""
    return _limiters.setdefault(width, anyio.CapacityLimiter(width))

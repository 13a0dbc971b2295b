"""Our isolation as an Inspect sandbox provider: `inspect eval TASK --sandbox sild`.

Each sample has a fresh sandbox of level L1 with a folder of its own, kept for the sample's life. Files are read and
written inside the isolation, so neither a path nor a link leads anywhere else.
"""

from __future__ import annotations

import errno
import os
import threading
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn, overload

import anyio
import anyio.from_thread
import anyio.lowlevel
import anyio.to_thread
from inspect_ai.util import (
    ExecResult,
    OutputLimitExceededError,
    SandboxEnvironment,
    SandboxEnvironmentLimits,
    SandboxUnavailableError,
    SandboxUserUnsupportedError,
    sandboxenv,
)
from pydantic import BaseModel, Field

from sild.sandbox.engine import default_isolation, forms, probe
from sild.sandbox.engine.forms import Form
from sild.sandbox.engine.isolation import SCRATCH
from sild.sandbox.engine.kept import ROOMY, EndedError, Kept, kept_job
from sild.sandbox.engine.limits import Limits  # noqa: TC001 -- pydantic reads annotations when it runs

if TYPE_CHECKING:
    from concurrent.futures import Future

    from sild.sandbox.engine.kept import Answer

CONFIG = "sild-sandbox.yaml"
_FILE_SECONDS = 60.0
_GRACE_SECONDS = 5.0  # for the program inside to say itself that a command was too slow
_NOT_PERMITTED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


class SandboxForm(Form):
    """The form of `sild-sandbox.yaml` beside a task.

    Attributes:
        limits: of one sample's sandbox; what is left out is generous, for an agent that works in it.
        packages: installed distributions that its Python is shown.
    """

    limits: Limits = ROOMY
    packages: Annotated[list[Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")]], Field(max_length=100)] = []


@lru_cache(maxsize=1)
def _proved() -> None:
    """Try to break out of the isolation once in this process, before anything of a task runs in it.

    Raises:
        IsolationError: there is none, or it does not hold.
    """
    isolation = default_isolation()
    isolation.require()
    probe.require(isolation.prove())


def _form(config: BaseModel | str | None) -> SandboxForm:
    """A task's configuration: none, a file's name, or the form itself. Other providers' files are not ours to read."""
    if isinstance(config, str):
        return forms.read(Path(config), SandboxForm)
    return config if isinstance(config, SandboxForm) else SandboxForm()


@sandboxenv(name="sild")
class SildSandbox(SandboxEnvironment):
    """One sample's sandbox."""

    def __init__(self, kept: Kept) -> None:
        super().__init__()
        self._kept = kept

    @classmethod
    async def task_init(cls, task_name: str, config: BaseModel | str | None) -> None:  # noqa: ARG003 -- Inspect's API
        """Prove the isolation; a task whose code cannot be isolated is not run."""
        _form(config)
        await anyio.to_thread.run_sync(_proved)

    @classmethod
    async def sample_init(
        cls,
        task_name: str,  # noqa: ARG003 -- Inspect's API
        config: BaseModel | str | None,
        metadata: dict[str, str],  # noqa: ARG003 -- Inspect's API
    ) -> dict[str, SandboxEnvironment]:
        """Start a fresh sandbox."""
        form = _form(config)
        kept = Kept(default_isolation(), kept_job(form.limits, form.packages))
        await anyio.to_thread.run_sync(kept.open)
        return {"default": cls(kept)}

    @classmethod
    async def sample_cleanup(
        cls,
        task_name: str,  # noqa: ARG003 -- Inspect's API
        config: BaseModel | str | None,  # noqa: ARG003 -- Inspect's API
        environments: dict[str, SandboxEnvironment],
        interrupted: bool,  # noqa: ARG003, FBT001 -- Inspect's API
    ) -> None:
        """End the sandbox with everything in it."""
        for environment in environments.values():
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(environment.as_type(cls)._kept.close)  # noqa: SLF001 -- its own class

    @classmethod
    def config_files(cls) -> list[str]:
        """Found beside a task without being named."""
        return [CONFIG]

    @classmethod
    def config_deserialize(cls, config: dict[str, Any]) -> BaseModel:
        """The form, from a log's JSON."""
        return SandboxForm.model_validate(config)

    @classmethod
    def default_concurrency(cls) -> int | None:
        """Sandboxes at one time: they wait for a model more than they compute."""
        return 8 * len(os.sched_getaffinity(0))

    def default_polling_interval(self) -> float:
        """Seconds; asking one of ours is cheap."""
        return 0.2

    async def exec(  # noqa: PLR0917 -- Inspect's API
        self,
        cmd: list[str],
        input: str | bytes | None = None,  # noqa: A002 -- Inspect's API
        cwd: str | None = None,
        env: dict[str, str] | None = None,
        user: str | None = None,
        timeout: int | None = None,  # noqa: ASYNC109 -- Inspect's API
        timeout_retry: bool = True,  # noqa: ARG002, FBT001, FBT002 -- nothing here is lost on a link
        concurrency: bool = True,  # noqa: ARG002, FBT001, FBT002 -- Inspect's API
    ) -> ExecResult[str]:
        """Run a command; what is undecodable in its output is replaced.

        Raises:
            TimeoutError: it took longer; it and all that it started were ended.
            PermissionError: it may not be executed.
            OutputLimitExceededError: a stream went over Inspect's limit; it was ended.
            SandboxUserUnsupportedError: a sandbox of level L1 has one user without any privilege.
            SandboxUnavailableError: the sandbox is no more.
        """
        if user is not None:
            raise SandboxUserUnsupportedError(
                f"This sandbox has one user without privileges and cannot run a command as {user!r}."
            )
        most = SandboxEnvironmentLimits.MAX_EXEC_OUTPUT_SIZE
        asked = {
            "do": "exec",
            "command": cmd,
            "folder": os.path.join(SCRATCH, cwd or ""),  # noqa: PTH118 -- a path inside
            "environment": env or {},
            "most": most,
            "seconds": timeout,
            "has_input": input is not None,
        }
        given = input.encode() if isinstance(input, str) else input or b""
        seconds = None if timeout is None else timeout + _GRACE_SECONDS
        answer = await self._ask(asked, given, 2 * most, seconds)
        return _result(cmd, timeout, answer)

    async def write_file(self, file: str, contents: str | bytes) -> None:
        """Write a file and the folders above it, inside.

        Raises:
            PermissionError, IsADirectoryError, TimeoutError: as Inspect's interface has them.
        """
        data = contents.encode() if isinstance(contents, str) else contents
        answer = await self._ask({"do": "write", "file": _inside(file)}, data, 0, _FILE_SECONDS)
        _raise_if_refused(answer, file)

    @overload
    async def read_file(self, file: str, text: Literal[True] = True) -> str: ...  # noqa: FBT002 -- Inspect's API

    @overload
    async def read_file(self, file: str, text: Literal[False]) -> bytes: ...

    async def read_file(self, file: str, text: bool = True) -> str | bytes:  # noqa: FBT001, FBT002 -- Inspect's API
        """Read a file, inside.

        Raises:
            FileNotFoundError, PermissionError, IsADirectoryError, UnicodeDecodeError, TimeoutError,
            OutputLimitExceededError: as Inspect's interface has them.
        """
        most = SandboxEnvironmentLimits.MAX_READ_FILE_SIZE
        asked = {"do": "read", "file": _inside(file), "most": most}
        answer = await self._ask(asked, b"", most, _FILE_SECONDS)
        _raise_if_refused(answer, file)
        if answer.over:
            raise OutputLimitExceededError(SandboxEnvironmentLimits.MAX_READ_FILE_SIZE_STR, None)
        return answer.payload.decode() if text else answer.payload

    async def _ask(self, asked: dict[str, Any], given: bytes, most: int, seconds: float | None) -> Answer:
        """Ask the program inside and wait for its answer, without holding the event loop."""
        try:
            number, future = await anyio.to_thread.run_sync(
                lambda: self._kept.ask(asked, given, most=most), abandon_on_cancel=True
            )
            try:
                with anyio.fail_after(seconds):
                    await _arrival(future)
            except BaseException:
                with anyio.CancelScope(shield=True):
                    await anyio.to_thread.run_sync(self._kept.cancel, number)
                raise
            return future.result()
        except EndedError as error:
            raise SandboxUnavailableError(str(error)) from error


async def _arrival(future: Future[Answer]) -> None:
    """Wait until the answer is there; works on asyncio and on Trio."""
    there, token, here = anyio.Event(), anyio.lowlevel.current_token(), threading.get_ident()

    def tell(_future: Future[Answer]) -> None:
        if threading.get_ident() == here:  # the answer was there already
            there.set()
            return
        with suppress(RuntimeError):  # the loop is gone, and with it whoever waited
            anyio.from_thread.run_sync(there.set, token=token)

    future.add_done_callback(tell)
    await there.wait()


def _inside(file: str) -> str:
    """A path inside; relative ones start in the sample's folder."""
    return os.path.join(SCRATCH, file)  # noqa: PTH118 -- a path inside


def _raise_if_refused(answer: Answer, file: str) -> None:
    """Raise what the system said inside, as one of the interface's errors."""
    if answer.errno:
        _refuse(answer.errno, file)


def _refuse(number: int, file: str) -> NoReturn:
    """The error of the interface for an errno: what may not be touched is not permitted, whatever the reason."""
    words = os.strerror(number)
    if number in _NOT_PERMITTED:
        raise PermissionError(number, words, file)
    if number == errno.ENOTDIR:
        raise FileNotFoundError(number, words, file)
    raise OSError(number, words, file)  # Python makes it FileNotFoundError or IsADirectoryError where it is one


def _result(cmd: list[str], timeout: int | None, answer: Answer) -> ExecResult[str]:
    """An answer as Inspect has it."""
    _raise_if_refused(answer, cmd[0])
    out = answer.payload[: answer.split].decode(errors="replace")
    err = answer.payload[answer.split :].decode(errors="replace")
    if answer.late:
        raise TimeoutError(f"{cmd[0]} took longer than {timeout} s and was ended.")
    if answer.over:
        raise OutputLimitExceededError(SandboxEnvironmentLimits.MAX_EXEC_OUTPUT_SIZE_STR, out or err)
    return ExecResult(success=answer.code == 0, returncode=answer.code, stdout=out, stderr=err)

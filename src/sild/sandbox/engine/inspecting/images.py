"""Tasks that ask for images, several machines or root, in Inspect: `inspect eval TASK --sandbox sild-images`.

Each sample has a pod of level L2: its machines share one kernel of gVisor's and one loopback interface, and nothing of
the host's. Images come from the store of this user's Podman, or are built there where nothing reaches the host either.
"""

from __future__ import annotations

import atexit
import os
import posixpath
import threading
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar, overload

import anyio
import anyio.to_thread
from inspect_ai.util import (
    ExecResult,
    OutputLimitExceededError,
    SandboxConnection,
    SandboxEnvironment,
    SandboxEnvironmentLimits,
    SandboxUnavailableError,
    sandboxenv,
)

from sild.sandbox.engine import probe
from sild.sandbox.engine.containers import room
from sild.sandbox.engine.inspecting import compose, within
from sild.sandbox.engine.inspecting.machines import Machines, image_of
from sild.sandbox.engine.pods import proof
from sild.sandbox.engine.pods.commands import Cancel
from sild.sandbox.engine.pods.pod import PodError
from sild.sandbox.engine.pods.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pydantic import BaseModel

    from sild.sandbox.engine.inspecting.machines import Machine
    from sild.sandbox.engine.inspecting.services import Service
    from sild.sandbox.engine.pods.commands import Ran

T = TypeVar("T")

NAME = "sild-images"
_FILE_SECONDS, _SAID_BYTES = 600.0, 4096
_NOT_FOUND, _NOT_EXECUTED = 127, 126  # a shell's statuses (POSIX, 2.8.2)


class _Shared:
    """The images of the tasks that run in this process, and the pods made of them."""

    def __init__(self) -> None:
        self._lock, self._users = threading.RLock(), 0
        self._store: Store | None = None

    def take(self, services: list[Service]) -> None:
        """Have the images of a task; given back by `give`."""
        store = self.store()
        for service in services:
            image_of(store, service)
        with self._lock:
            self._users += 1

    def store(self) -> Store:
        """The store, made when it is first asked for."""
        with self._lock:
            if self._store is None:
                proved()
                self._store = Store().__enter__()
            return self._store

    def give(self) -> None:
        """One task less; with the last one everything goes."""
        with self._lock:
            self._users -= 1
            if self._users <= 0:
                self.close()

    def close(self) -> None:
        """Remove the images."""
        with self._lock:
            if self._store is not None:
                self._store.__exit__()
            self._store, self._users = None, 0


shared = _Shared()
atexit.register(shared.close)


@lru_cache(maxsize=1)
def proved() -> list[probe.Check]:
    """Try to break out of a pod once in this process, before anything of a task runs in one.

    Raises:
        IsolationError: there are none, or they do not hold.
    """
    checks = proof.require()
    probe.require(checks)
    return checks


@sandboxenv(name=NAME)
class SildImages(SandboxEnvironment):
    """One machine of a sample."""

    def __init__(self, machines: Machines, machine: Machine) -> None:
        super().__init__()
        self._machines, self._machine = machines, machine

    @classmethod
    async def task_init(cls, task_name: str, config: BaseModel | str | None) -> None:  # noqa: ARG003 -- Inspect's API
        """Prove the isolation, and have the images of the task."""
        await anyio.to_thread.run_sync(shared.take, compose.read(config, {}))

    @classmethod
    async def task_init_environment(cls, config: BaseModel | str | None, metadata: dict[str, str]) -> dict[str, str]:
        """What of a sample's metadata its images depend on."""
        return compose.variables(config, metadata)

    @classmethod
    async def sample_init(
        cls,
        task_name: str,  # noqa: ARG003 -- Inspect's API
        config: BaseModel | str | None,
        metadata: dict[str, str],
    ) -> dict[str, SandboxEnvironment]:
        """Start fresh machines, the default one first."""
        services = compose.read(config, metadata)
        machines = await anyio.to_thread.run_sync(lambda: Machines(shared.store(), services))
        try:
            await anyio.to_thread.run_sync(machines.open)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(machines.close)
            raise
        return {name: cls(machines, machine) for name, machine in machines.machines.items()}

    @classmethod
    async def sample_cleanup(
        cls,
        task_name: str,  # noqa: ARG003 -- Inspect's API
        config: BaseModel | str | None,  # noqa: ARG003 -- Inspect's API
        environments: dict[str, SandboxEnvironment],
        interrupted: bool,  # noqa: ARG003, FBT001 -- Inspect's API
    ) -> None:
        """End the machines with everything in them."""
        for environment in list(environments.values())[:1]:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(environment.as_type(cls)._machines.close)  # noqa: SLF001 -- its own class

    @classmethod
    async def task_cleanup(
        cls,
        task_name: str,  # noqa: ARG003 -- Inspect's API
        config: BaseModel | str | None,  # noqa: ARG003 -- Inspect's API
        cleanup: bool,  # noqa: ARG003, FBT001 -- machines end with this process, whatever is asked
    ) -> None:
        """Let go of the images."""
        await anyio.to_thread.run_sync(shared.give)

    @classmethod
    async def cli_cleanup(cls, id: str | None) -> None:  # noqa: A002, ARG003 -- Inspect's API
        """Remove what processes left that were killed; their machines have ended with them."""
        await anyio.to_thread.run_sync(room.sweep, Path(os.environ.get("TMPDIR", "/var/tmp")))  # noqa: S108

    @classmethod
    def config_files(cls) -> list[str]:
        """Found beside a task without being named, in Inspect's order."""
        return list(compose.FILES)

    @classmethod
    def is_docker_compatible(cls) -> bool:
        """A task's compose file or Dockerfile is what we run, also where the task names Docker."""
        return True

    @classmethod
    def default_concurrency(cls) -> int | None:
        """Pods at one time, as many as Inspect allows Docker."""
        return 2 * len(os.sched_getaffinity(0))

    def default_polling_interval(self) -> float:
        """Seconds."""
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
            TimeoutError: it took longer; it and its session were ended.
            PermissionError: it may not be executed.
            OutputLimitExceededError: a stream went over Inspect's limit; it was ended.
            SandboxUnavailableError: the machines are no more.
        """
        folder = posixpath.join(self._machine.container.folder, cwd or "")
        given = input.encode() if isinstance(input, str) else input or b""
        most = SandboxEnvironmentLimits.MAX_EXEC_OUTPUT_SIZE

        def ask(cancel: Cancel) -> tuple[Ran, bool] | None:
            who = None if user is None else self._machine.who(user)
            if user is not None and who is None:
                cancel.close()
                return None
            return self._machine.pod.run(
                self._machine.key, cmd, given, most=most, environment=env, user=who, folder=folder, seconds=timeout,
                cancel=cancel,
            )  # fmt: skip

        told = await _waited(ask)
        if told is None:
            words = f"unable to find user {user}: no matching entries in passwd file"
            return ExecResult(success=False, returncode=_NOT_EXECUTED, stdout="", stderr=words)
        return _result(cmd, timeout, *told)

    async def write_file(self, file: str, contents: str | bytes) -> None:
        """Write a file and the folders above it, inside, as the machine's user.

        Raises:
            PermissionError, IsADirectoryError, TimeoutError: as Inspect's interface has them.
        """
        data = contents.encode() if isinstance(contents, str) else contents
        await self._file(within.writing(self._place(file)), data, _SAID_BYTES, file)

    @overload
    async def read_file(self, file: str, text: Literal[True] = True) -> str: ...  # noqa: FBT002 -- Inspect's API

    @overload
    async def read_file(self, file: str, text: Literal[False]) -> bytes: ...

    async def read_file(self, file: str, text: bool = True) -> str | bytes:  # noqa: FBT001, FBT002 -- Inspect's API
        """Read a file, inside, as the machine's user.

        Raises:
            FileNotFoundError, PermissionError, IsADirectoryError, UnicodeDecodeError, TimeoutError,
            OutputLimitExceededError: as Inspect's interface has them.
        """
        most = SandboxEnvironmentLimits.MAX_READ_FILE_SIZE
        data = await self._file(within.reading(self._place(file)), b"", most, file)
        return data.decode() if text else data

    async def connection(self, *, user: str | None = None) -> SandboxConnection:
        """A shell in the machine, for a person at the host's terminal.

        Raises:
            ConnectionError: the machines are no more.
            NotImplementedError: for another user than the runtime's own.
        """
        if user not in {None, "root"}:
            raise NotImplementedError("A connection is given as root alone.")
        if not self._machine.pod.alive():
            raise ConnectionError("The machines are no more.")
        command = self._machine.pod.line(self._machine.key, "/bin/sh", "-i")
        return SandboxConnection(type=NAME, command=command, container=self._machine.key)

    async def _file(self, command: Sequence[str], data: bytes, most: int, file: str) -> bytes:
        """Touch a file by a command inside; what it said."""
        told = await _waited(
            lambda cancel: self._machine.pod.run(
                self._machine.key, command, data, most=most, folder="/", seconds=_FILE_SECONDS, cancel=cancel
            )
        )
        ran, started = told
        if not started:
            raise SandboxUnavailableError(f"The machine has no /bin/sh that runs: {_last(ran.err)}")
        if ran.over:
            raise OutputLimitExceededError(SandboxEnvironmentLimits.MAX_READ_FILE_SIZE_STR, None)
        if ran.late:
            raise TimeoutError(f"{file} took longer than {_FILE_SECONDS:g} s.")
        if number := within.refusal(ran.code):
            within.refuse(number, file)
        return ran.out

    def _place(self, file: str) -> str:
        """A path inside; relative ones start in the machine's folder."""
        return posixpath.join(self._machine.container.folder, file)


async def _waited(ask: Callable[[Cancel], T]) -> T:
    """Do something in a thread of its own; it is told when nobody waits any more.

    Raises:
        SandboxUnavailableError: the machines are no more.
    """
    cancel = Cancel()
    try:
        return await anyio.to_thread.run_sync(ask, cancel, abandon_on_cancel=True, limiter=anyio.CapacityLimiter(1))
    except PodError as error:
        raise SandboxUnavailableError(str(error)) from error
    except BaseException:
        cancel.set()
        raise


def _result(cmd: list[str], timeout: int | None, ran: Ran, started: bool) -> ExecResult[str]:  # noqa: FBT001
    """How a command ended, as Inspect has it."""
    out, err = ran.out.decode(errors="replace"), ran.err.decode(errors="replace")
    if not started and not ran.late:
        return _not_started(cmd, _last(ran.err))
    if ran.late:
        raise TimeoutError(f"{cmd[0]} took longer than {timeout} s and was ended.")
    if ran.over:
        raise OutputLimitExceededError(SandboxEnvironmentLimits.MAX_EXEC_OUTPUT_SIZE_STR, out or err)
    return ExecResult(success=ran.code == 0, returncode=ran.code, stdout=out, stderr=err)


def _not_started(cmd: list[str], said: str) -> ExecResult[str]:
    """What the runtime said of a command that it did not start."""
    if "permission denied" in said:
        raise PermissionError(f"{cmd[0]} may not be executed: {said}")
    if "cannot execute in container" in said or "not running" in said:
        raise SandboxUnavailableError(f"The machine is no more: {said}")
    code = _NOT_FOUND if "error finding executable" in said or f"failed to load {cmd[0]}" in said else _NOT_EXECUTED
    return ExecResult(
        success=False, returncode=code, stdout="", stderr=f"{cmd[0]}: {said.rpartition(' in sandbox: ')[2]}"
    )


def _last(said: bytes) -> str:
    """The last line of what the runtime said."""
    return (said.decode(errors="replace").strip().splitlines() or ["no reason was given"])[-1]

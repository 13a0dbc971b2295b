"""A pod: containers in one kernel of gVisor's, which share one loopback interface and nothing of the host's.

Everything is a process of one process namespace. Its first one reads from the node what to start; when the node ends,
however it ends, that one does, and the kernel ends all others with it. The files of images are only read: what
containers write is memory of the pod, bounded by its control group together with all else.
"""

from __future__ import annotations

import json
import os
import secrets
import select
import shlex
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sild.sandbox.engine import cgroup, watch
from sild.sandbox.engine.containers.arguments import ROOM, RUNSC
from sild.sandbox.engine.containers.room import Room
from sild.sandbox.engine.errors import IsolationError, SandboxError
from sild.sandbox.engine.limits import MIB, Limits
from sild.sandbox.engine.pods import commands, spec
from sild.sandbox.engine.pods.spec import Container

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sild.sandbox.engine.pods.commands import Cancel, Ran
    from sild.sandbox.engine.pods.users import User

PODS, PAUSE = "pods", "pause"
_START_SECONDS, _TOOL_SECONDS = 60.0, 30.0
_LOG_BYTES, _SAID_SECONDS = 64 * 1024, 1.0  # what was said takes a moment to be in the log
_RUNTIME_FAILED = 128  # runsc's own status
_TOOL_BYTES = MIB
# One line for each container: it is made and started, its output goes to a bounded log, and its status is told.
_SERVE = """
folder="$1"; shift
while read -r id; do
  mkfifo "$folder/$id/said"
  { dd of="$folder/$id/log" bs=1024 count=64 2> /dev/null; exec cat > /dev/null; } < "$folder/$id/said" &
  { "$@" create --bundle "$folder/$id" "$id" && "$@" start "$id"; } < /dev/null > "$folder/$id/said" 2>&1
  echo $?
done
"""
# The kernel ends a confined process with the thread that started it: these threads live as long as the node.
_STARTERS = ThreadPoolExecutor(4, thread_name_prefix="pods")
# Within the container: every process of the sessions whose first process was started from outside and stands still.
# The shell alone does it, since an image may hold little else; proc(5) on the members of stat.
_KILL = """
for round in 1 2 3; do
  for file in /proc/[0-9]*/stat; do
    read -r line < "$file" || continue
    set -- ${line##*) }
    [ "$1" = T ] && [ "$2" = 0 ] && stopped="$stopped $4 "
  done
  for file in /proc/[0-9]*/stat; do
    read -r line < "$file" || continue
    set -- ${line##*) }
    case "$stopped" in *" $4 "*) kill -KILL "${line%% *}" ;; esac
  done
done 2> /dev/null
"""


class PodError(SandboxError):
    """A container could not be started, or the pod is no more; `said` is what a command said until then."""

    code = "sandbox-ended"

    def __init__(self, message: str, said: bytes = b"") -> None:
        super().__init__(message)
        self.said = said


@dataclass(slots=True)
class Pod:
    """The machines of one sample.

    Attributes:
        made: the room, which holds the images too.
        limits: memory and processes of all containers together.
        cpus: processors that they may use; 0 for all.
        hostname: what all of them call themselves: one kernel has one name.
        binds: pairs of source and target on the host, bound read-only before anything else.
        name: of its folder.
        containers: those that were started.
        lost: whether its kernel was seen to have ended.
    """

    made: Room
    limits: Limits
    cpus: int = 0
    hostname: str = "sandbox"
    binds: Sequence[tuple[str, str]] = ()
    name: str = field(default_factory=lambda: secrets.token_hex(6))
    containers: dict[str, Container] = field(default_factory=dict)
    lost: bool = False
    _group: cgroup.Group | None = None
    _popen: subprocess.Popen[bytes] | None = None
    _init: int = 0

    @property
    def folder(self) -> Path:
        """The pod's own folder, as the host sees it."""
        return self.made.folder / PODS / self.name

    def open(self) -> None:
        """Make the pod with a first container that does nothing.

        Raises:
            IsolationError: this host does not let us, and nothing was run.
            PodError: the runtime cannot.
        """
        for name in ("", "runtime"):
            (self.folder / name).mkdir(parents=True)
        self._own(self.folder)
        try:
            self._group = cgroup.make(_together(self.limits))
            _STARTERS.submit(self._spawn, self._group).result()
            # Its bound on processes is the one of every command that is started from outside, in whichever container.
            self.start(
                self.name,
                Container(f"{ROOM}/{PAUSE}", ("/pause",), hostname=self.hostname, processes=self.limits.processes),
            )
        except BaseException:
            self.close()
            raise

    def _spawn(self, group: cgroup.Group) -> None:
        """Start the first process, in the control groups before its first instruction."""
        # The runtime's control sockets have names in a whole network: this one is the pod's own, without a way out.
        script = ["unshare", "--net", "sh", "-c", _SERVE, "sh", f"{ROOM}/{PODS}/{self.name}", *self._runtime()]
        with group.entered():
            held = self.made.spawn(
                script, self.binds, {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/bin"}
            )
        self._popen = held.popen
        if self.cpus:
            os.sched_setaffinity(held.popen.pid, sorted(os.sched_getaffinity(0))[: self.cpus])
        group.add(held.popen.pid)
        held.let_go()
        deadline = time.monotonic() + _START_SECONDS
        while not (inside := watch.children(held.popen.pid)):
            if held.popen.poll() is not None or time.monotonic() > deadline:
                raise IsolationError("The pod could not be prepared, so nothing was run.")
            time.sleep(0.001)
        self._init = inside[0]

    def _runtime(self) -> list[str]:
        """The runtime, with a folder of this pod's own; what containers write stays in memory."""
        flags = (*RUNSC.flags, "overlay2=all:memory", "host-uds=none")
        return [RUNSC.name, f"--root={ROOM}/{PODS}/{self.name}/runtime", *(f"--{flag}" for flag in flags)]

    def _within(self, *words: str) -> list[str]:
        """A command of the runtime's in the pod's namespaces, with the rights of their root, which has none outside."""
        return ["nsenter", "-t", str(self._init), "-U", "-m", "-n", "-p", *self._runtime(), *words]

    def start(self, name: str, container: Container) -> None:
        """Start one more container.

        Args:
            name: a word by which it is asked for later.
            container: what it is.

        Raises:
            PodError: with what the runtime or the program said.
        """
        assert self._popen is not None
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        folder = self.folder / name
        folder.mkdir()
        _put(folder / "config.json", spec.config(container, "" if name == self.name else self.name))
        self._own(folder)
        with suppress(OSError):
            self._popen.stdin.write(f"{name}\n".encode())
        ready, _write, _error = select.select([self._popen.stdout], [], [], _START_SECONDS)
        told = self._popen.stdout.readline().strip() if ready else b""
        if told != b"0":
            raise PodError(f"Its container could not be started: {self.said(name) or 'no reason was given'}")
        self.containers[name] = container

    def put(self, name: str, text: str) -> None:
        """Put a file into the pod's folder, which containers may be shown; what they write to it stays inside."""
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o644)

    def said(self, name: str) -> str:
        """The end of what a container's first process said, one line."""
        deadline = time.monotonic() + _SAID_SECONDS
        while True:
            with suppress(OSError), (self.folder / name / "log").open("rb") as log:
                lines = log.read(_LOG_BYTES).decode(errors="replace").strip().splitlines()
                if lines or time.monotonic() > deadline:
                    return " ".join(lines[-3:])[-500:]
            if time.monotonic() > deadline:
                return ""
            time.sleep(0.02)

    def run(
        self,
        name: str,
        command: Sequence[str],
        given: bytes = b"",
        *,
        most: int,
        environment: Mapping[str, str] | None = None,
        user: User | None = None,
        folder: str = "",
        seconds: float | None = None,
        cancel: Cancel | None = None,
    ) -> tuple[Ran, bool]:
        """Run a command in a container; how it ended, and whether it was started at all.

        Args:
            name: of the container.
            command: program and arguments, found by the container's own PATH.
            given: on its standard input.
            most: bytes of each stream.
            environment: further variables.
            user: who it is; the container's user if left out.
            folder: where it starts; the container's if left out.
            seconds: from now; then it is ended.
            cancel: as `commands.run` has it.

        Raises:
            PodError: the pod is no more.
        """
        self._require()
        asked = spec.process(self.containers[name], command, environment=environment, user=user, folder=folder)
        file = self.folder / name / f"command-{secrets.token_hex(6)}"
        _put(file, asked)
        pid = file.with_suffix(".pid")
        inside = f"{ROOM}/{PODS}/{self.name}/{name}/{file.name}"
        line = self._within("exec", "--process", inside, "--internal-pid-file", f"{inside}.pid", name)
        try:
            ran = commands.run(line, given, most=most, seconds=seconds, cancel=cancel, end=lambda: self._end(name, pid))
            if ran.code == _RUNTIME_FAILED and not self.running(self.name):
                self.lost = True
                self._require(ran.out)
            return ran, pid.exists()
        finally:
            file.unlink(missing_ok=True)
            pid.unlink(missing_ok=True)

    def _end(self, name: str, pid: Path) -> None:
        """End a command with all of its session: its first process is stopped, by which it is known inside."""
        number = pid.read_text().strip() if pid.exists() else ""
        if not number:
            return
        self._tool("kill", "--pid", number, name, "STOP")
        killer = Container("", (), processes=self.limits.processes)
        file = pid.with_suffix(".end")
        _put(file, spec.process(killer, ["/bin/sh", "-c", _KILL]))
        self._tool("exec", "--process", f"{ROOM}/{PODS}/{self.name}/{name}/{file.name}", name)
        file.unlink()
        self._tool("kill", "--pid", number, name, "KILL")

    def _tool(self, *words: str) -> Ran:
        """A short command of the runtime's own."""
        return commands.run(self._within(*words), most=_TOOL_BYTES, seconds=_TOOL_SECONDS)

    def running(self, name: str) -> bool:
        """Whether a container's first process is alive."""
        if not self.alive():
            return False
        with suppress(ValueError):
            return bool(json.loads(self._tool("state", name).out)["status"] == "running")
        return False

    def status(self, name: str) -> int:
        """The status with which a container's first process ended; it has ended."""
        with suppress(ValueError, KeyError):
            return int(json.loads(self._tool("wait", name).out)["exitStatus"])
        return -1

    def alive(self) -> bool:
        """Whether there is a pod still."""
        return not self.lost and self._popen is not None and self._popen.poll() is None

    def _require(self, said: bytes = b"") -> None:
        """Pass if there is a pod still.

        Raises:
            PodError: saying why not, where that is known.
        """
        if not self.alive():
            most = f"its machines used more than {self.limits.memory_bytes // MIB} MiB of memory together"
            memory = self._group is not None and self._group.out_of_memory()
            raise PodError(f"The sandbox is no more: {most if memory else 'it has ended'}.", said)

    def line(self, name: str, *command: str) -> str:
        """A command line for the host's terminal that runs a command in a container."""
        return shlex.join(self._within("exec", name, *command))

    def close(self) -> None:
        """End everything in the pod and remove its folder."""
        if self._popen is not None:
            self._popen.kill()
            self._popen.communicate()
        if self._group is not None:
            self._group.remove()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _own(self, folder: Path) -> None:
        """Give a folder to the root of the pod's user namespace."""
        Room(folder, self.made.ids).own()


def _put(file: Path, content: dict[str, Any]) -> None:
    """Write what the runtime reads, with the rights of another user than ours, in a folder that is closed to others."""
    file.write_text(json.dumps(content))
    file.chmod(0o644)


def _together(limits: Limits) -> Limits:
    """What the control groups bound: the containers and what runs them; scratch folders are memory of theirs."""
    memory = limits.memory_bytes + RUNSC.own_bytes
    threads = limits.processes * RUNSC.threads_each + 2 * RUNSC.own_threads
    return limits.model_copy(update={"memory_bytes": memory, "processes": threads, "scratch_bytes": 0})

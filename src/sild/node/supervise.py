"""`sild up`: one process group with web, worker and exchange; a part that dies is started again."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from sild.language import gettext as _
from sild.node.config import ConfigError

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType

logger = structlog.get_logger(__name__)
PARTS = ("web", "worker", "exchange")
LOCK_FILE = "up.lock"
PR_SET_PDEATHSIG = 1
STOP_SECONDS = 10.0
FORGIVEN_SECONDS = 60.0


@dataclass(slots=True)
class Part:
    """One child process and when it may be started again."""

    name: str
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    not_before: float = 0.0
    started: float = field(default=0.0)

    def start(self) -> None:
        """Start the child; it dies with us even if we are killed."""
        environment = {**os.environ, "SILD_PARENT": str(os.getpid())}
        command = [sys.executable, "-m", "sild.node.part", self.name]
        self.process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL)
        self.started = time.monotonic()

    def tend(self) -> None:
        """Start the child when it is due; note its death and wait a little longer after each early one."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is not None:
            lived = now - self.started
            self.failures = 0 if lived > FORGIVEN_SECONDS else self.failures + 1
            self.not_before = now + min(0.5 * 2**self.failures, 30.0)
            logger.error("part ended", part=self.name, status=self.process.returncode, lived_seconds=round(lived, 1))
            self.process = None
        if self.process is None and now >= self.not_before:
            self.start()


def up(home: Path) -> None:
    """Run all parts until SIGTERM or SIGINT, then stop them in order.

    Raises:
        ConfigError: this node is running already.
    """
    with (home / LOCK_FILE).open("w") as lock:
        if not _take(lock.fileno()):
            raise ConfigError(_("The node in %(home)s is running already.") % {"home": home})
        stopping = False

        def stop(_number: int, _frame: FrameType | None) -> None:
            nonlocal stopping
            stopping = True

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        parts = [Part(name) for name in PARTS]
        while not stopping:
            for part in parts:
                part.tend()
            time.sleep(0.1)
        stop_all(parts)


def stop_all(parts: list[Part]) -> None:
    """Ask each child to end, and end it after a while."""
    running = [part.process for part in parts if part.process is not None and part.process.poll() is None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in running:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def is_running(home: Path) -> bool:
    """Tell whether `sild up` runs for this home."""
    path = home / LOCK_FILE
    if not path.exists():
        return False
    with path.open("r+") as lock:
        return not _take(lock.fileno())


def die_with_parent() -> None:
    """In a child: be killed when the supervisor is, and end now if it is gone already (prctl(2))."""
    parent = int(os.environ.get("SILD_PARENT", "0"))
    if parent:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            raise SystemExit(0)


def _take(descriptor: int) -> bool:
    """Take the lock without waiting; False when somebody has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

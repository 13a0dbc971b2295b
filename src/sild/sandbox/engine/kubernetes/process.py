"""A running pod, seen through the program that is attached to it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from sild.sandbox.engine import watch
from sild.sandbox.engine.cgroup import Group
from sild.sandbox.engine.process import NOT_STARTED, Process

if TYPE_CHECKING:
    import subprocess
    from contextlib import ExitStack

    from sild.sandbox.engine.limits import Limits

# Reasons of Kubernetes for the end of a container or a pod, and the limit that each means.
REASONS = {"OOMKilled": "memory-limit", "DeadlineExceeded": "wall-limit", "Evicted": "scratch-limit"}


class PodProcess(Process):
    """A pod; what it uses is counted on its node and not seen here."""

    def __init__(self, popen: subprocess.Popen[bytes], status: int, *, limits: Limits, held: ExitStack) -> None:
        super().__init__(popen, popen.pid, status, limits=limits, group=Group(), supervisor=None, held=held)
        self._ended: dict[str, Any] | None = None

    def _seen(self) -> watch.Sample:
        """Nothing of it is on this host."""
        return watch.Sample()

    def _limit_of(self, exit_code: int) -> str:
        """The limit that the cluster enforced, as it says itself."""
        del exit_code
        said = os.read(self._status, 4096)
        self._ended = json.loads(said) if said else None
        return REASONS.get(self._ended["reason"], "") if self._ended else ""

    def _never_started(self) -> str:
        """Without a word about the end there was no container that we reached."""
        return "" if self._ended else NOT_STARTED

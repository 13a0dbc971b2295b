"""What can go wrong with solutions, suites and runs of a node; what goes wrong inside a run is in engine/errors.py."""

from __future__ import annotations

from sild.sandbox.engine.errors import SandboxError


class NotFoundError(SandboxError):
    """No such solution, suite or run for this actor."""

    code = "not-found"


class StateError(SandboxError):
    """The run is not in a state in which this can be done."""

    code = "run-state"


class CheckError(SandboxError):
    """There is no such check."""

    code = "no-check"

"""The machines that a task asks for, as our pods have them: what a compose file says, once it was read and allowed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sild.sandbox.engine.pods.spec import CAPABILITIES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sild.sandbox.engine.pods.store import Build

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Health:
    """When a machine is ready: a command that succeeds, asked every so many seconds, given up after so many."""

    command: tuple[str, ...]
    every: float
    within: float


@dataclass(frozen=True, slots=True)
class Service:
    """One machine; what is left out is the image's.

    Attributes:
        image: its name; with `build` too, what is taken where the store has it already.
        build: how its image is made.
        needs: services that are started before it, ended first where the value is true.
        memory_bytes, processes: of all machines together, added up.
        processors: of the host.
        binds: pairs of a file or folder beside the task and its place inside; what is written there stays inside.
        hosts: further names with their addresses.
        init: whether a first process of ours reaps what is orphaned.
        default: whether it is the one that the task works in.
    """

    name: str
    image: str = ""
    build: Build | None = None
    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    folder: str = ""
    hostname: str = ""
    init: bool = False
    memory_bytes: int = 0
    processes: int = 0
    processors: float = 0
    open_files: int = 0
    read_only: bool = False
    memory_folders: tuple[tuple[str, int], ...] = ()
    shared_memory: int = 0
    capabilities: frozenset[str] = CAPABILITIES
    binds: tuple[tuple[Path, str, bool], ...] = ()
    hosts: tuple[tuple[str, str], ...] = ()
    needs: Mapping[str, bool] = field(default_factory=dict)
    health: Health | None = None
    default: bool = False


def in_order(services: list[Service]) -> list[Service]:
    """The services, each after those that it needs.

    Raises:
        ValueError: some need each other.
    """
    waiting, done = {service.name: service for service in services}, dict[str, Service]()
    while waiting:
        ready = [one for one in waiting.values() if all(need in done for need in one.needs)]
        if not ready:
            raise ValueError(f"the services {', '.join(waiting)} wait for each other")
        for one in ready:
            done[one.name] = waiting.pop(one.name)
    return list(done.values())

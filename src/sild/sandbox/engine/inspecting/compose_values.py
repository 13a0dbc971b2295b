"""The values of a compose file as our pods have them (Compose specification): sizes, times, commands, places."""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sild.sandbox.engine.inspecting.services import Health, Service
from sild.sandbox.engine.limits import GIB, KIB, MIB
from sild.sandbox.engine.pods.spec import CAPABILITIES, MORE
from sild.sandbox.engine.pods.store import Build

if TYPE_CHECKING:
    from pathlib import Path

    from inspect_ai.util import ComposeBuild, ComposeHealthcheck, ComposeService

    from sild.sandbox.engine.inspecting.compose import Refusals

_SIZES = {"": 1, "b": 1, "k": KIB, "kb": KIB, "m": MIB, "mb": MIB, "g": GIB, "gb": GIB}
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_SIZE, _SPAN = re.compile(r"([0-9.]+) *([a-z]*)"), re.compile(r"([0-9.]+)(us|ms|s|m|h)")
_TMPFS_BYTES = 256 * MIB
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
_POLL_SECONDS = 1.0


def words(command: list[str] | str | None) -> tuple[str, ...] | None:
    """A command; a text is split as a shell would."""
    if isinstance(command, str):
        return tuple(shlex.split(command))
    return None if command is None else tuple(command)


def size(text: str | int) -> int:
    """Bytes, as in `512m` or `1.5gb`.

    Raises:
        ValueError: it is no size.
    """
    found = _SIZE.fullmatch(str(text).strip().lower())
    if found is None or found[2] not in _SIZES:
        raise ValueError(f"{text} is no size; write one as in 512m or 2g")
    return int(float(found[1]) * _SIZES[found[2]])


def seconds(text: str | None, other: float) -> float:
    """Seconds, as in `30s` or `1m30s`.

    Raises:
        ValueError: it is no span of time.
    """
    if not text:
        return other
    parts = _SPAN.findall(text)
    if "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{text} is no span of time; write one as in 30s or 1m30s")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def needs(depends: list[str] | dict[str, Any] | None) -> dict[str, bool]:
    """Services that are started before, and whether each must have ended well first."""
    if isinstance(depends, dict):
        return {name: (how or {}).get("condition") == "service_completed_successfully" for name, how in depends.items()}
    return dict.fromkeys(depends or (), False)


def as_default(service: Service) -> Service:
    """The service marked as the one that the task works in."""
    return replace(service, default=True)


def held(added: set[str], dropped: set[str]) -> frozenset[str]:
    """The capabilities of a service's root."""
    kept = frozenset() if "ALL" in dropped else CAPABILITIES - dropped
    return kept | (added - {"ALL"})


def volume(one: Any) -> tuple[str, str, bool, str]:
    """Source, target, whether it is read-only, and kind of a volume; without a source it has no name."""
    if isinstance(one, str):
        parts = one.split(":")
        if len(parts) == 1:
            return "", parts[0], False, "volume"
        kind = "bind" if is_path(parts[0]) else "volume"
        return parts[0], parts[1], "ro" in parts[2:3] and parts[2:3] == ["ro"], kind
    source = one.source or ""
    return source, one.target or "", bool(one.read_only), one.type or ("bind" if is_path(source) else "volume")


def is_path(source: str) -> bool:
    """Whether a volume's source is a place of the host's."""
    return source.startswith((".", "/", "~"))


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the values of one service; what cannot be had is noted with its place."""

    folder: Path
    refused: Refusals
    at: tuple[str, ...]

    def _note(self, message: str, *key: Any) -> None:
        """Note a refusal."""
        self.refused.append(((*self.at, *key), message))

    def size(self, text: Any, key: str) -> int:
        """Bytes; 0 where nothing is said."""
        try:
            return size(text) if text else 0
        except ValueError as error:
            self._note(str(error), key)
            return 0

    def number(self, text: Any, key: str) -> int:
        """A whole number; 0 where nothing or no limit is said."""
        try:
            return max(0, int(text or 0))
        except ValueError:
            self._note(f"{text} is no whole number", key)
            return 0

    def decimal(self, text: Any, key: str) -> float:
        """A number; 0 where nothing is said."""
        try:
            return float(text or 0)
        except ValueError:
            self._note(f"{text} is no number", key)
            return 0

    def build(self, build: ComposeBuild | str | None) -> Build | None:
        """What is built, from a folder that is there."""
        if build is None:
            return None
        context = build if isinstance(build, str) else build.context or "."
        name = "Dockerfile" if isinstance(build, str) else build.dockerfile or "Dockerfile"
        folder = (self.folder / context).resolve()
        if not (folder / name).is_file():
            self._note(f"there is no {name} in {context}", "build")
        if not isinstance(build, str) and build.pull:
            self._note("nothing is fetched by itself: bring the newer base with podman pull", "build", "pull")
        return Build(folder, folder / name)

    def environment(self, one: ComposeService) -> dict[str, str]:
        """Variables with their values; those of the node's own are not given."""
        found: dict[str, str] = {}
        for name in [one.env_file] if isinstance(one.env_file, str) else one.env_file or []:
            found |= self._file(name)
        given = one.environment or {}
        pairs = list(given.items()) if isinstance(given, dict) else [_pair(text) for text in given]
        for name, value in pairs:
            if value is None:
                self._note(f"give {name} a value: no variable of the node's is given to tasks", "environment", name)
        return found | {name: str(value) for name, value in pairs if value is not None}

    def _file(self, name: str) -> dict[str, str]:
        """The variables in a file beside the task."""
        path = self._beside(name, "env_file")
        if path is None or not path.is_file():
            return {}
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
        pairs = [_pair(line) for line in lines if "=" in line and not line.startswith("#")]
        return {key: (value or "").strip("\"'") for key, value in pairs}

    def _beside(self, name: str, key: str) -> Path | None:
        """A file or folder beside the task; what is elsewhere on the host is not given."""
        path = (self.folder / name).resolve()
        if path.is_relative_to(self.folder.resolve()) and path.exists():
            return path
        self._note(f"{name} is not beside the task, and nothing else of the host's is given", key)
        return None

    def binds(self, volumes: list[Any] | None) -> tuple[tuple[Path, str, bool], ...]:
        """Files and folders beside the task. A volume with a name is the folder that the image has there."""
        found = []
        for number, one in enumerate(volumes or ()):
            source, target, read_only, kind = volume(one)
            if kind == "bind" and (path := self._beside(source, "volumes")):
                found.append((path, target, read_only))
            if kind not in {"bind", "volume", "tmpfs"}:
                self._note(f"a mount of the kind {kind} cannot be had", "volumes", number)
        return tuple(found)

    def memory_folders(self, one: ComposeService) -> tuple[tuple[str, int], ...]:
        """Folders in memory with their sizes."""
        texts = [one.tmpfs] if isinstance(one.tmpfs, str) else one.tmpfs or []
        found = []
        for text in texts:
            place, _colon, options = text.partition(":")
            given = dict(option.partition("=")[::2] for option in options.split(","))
            found.append((place, self.size(given.get("size"), "tmpfs") or _TMPFS_BYTES))
        for mount in one.volumes or ():
            _source, target, _read_only, kind = volume(mount)
            if kind == "tmpfs" and not isinstance(mount, str):
                asked = mount.tmpfs.size if mount.tmpfs else None
                found.append((target, self.size(asked, "volumes") or _TMPFS_BYTES))
        return tuple(found)

    def ulimits(self, limits: dict[str, int | dict[str, int]] | None) -> int:
        """Open files; other limits are the pod's own."""
        for name in set(limits or ()) - {"nofile", "nproc"}:
            self._note(f"the limit {name} cannot be set", "ulimits", name)
        asked = (limits or {}).get("nofile", 0)
        return asked if isinstance(asked, int) else asked.get("hard", 0)

    def capabilities(self, names: list[str] | None, key: str) -> set[str]:
        """Capabilities, without CAP_."""
        asked = {name.upper().removeprefix("CAP_") for name in names or ()}
        if key == "cap_add" and (more := sorted(asked - CAPABILITIES - MORE)):
            self._note(f"{', '.join(more)} cannot be had; {', '.join(sorted(MORE))} can", key)
        return asked

    def security(self, options: list[str] | None) -> None:
        """GVisor's kernel stands in for the host's filters; no privilege is gained by running a program."""
        for option in options or ():
            if option not in {
                "seccomp=unconfined",
                "seccomp:unconfined",
                "no-new-privileges",
                "no-new-privileges:true",
            }:
                self._note(f"{option} cannot be had", "security_opt")

    def platform(self, text: str | None) -> None:
        """Images run on this machine's processor."""
        here = _MACHINES.get(os.uname().machine, os.uname().machine)
        if text and text.split("/")[1:2] not in ([here], [os.uname().machine]):
            self._note(f"this machine runs images of linux/{here}", "platform")

    def hosts(self, hosts: list[str] | dict[str, str] | None) -> tuple[tuple[str, str], ...]:
        """Names with addresses; those of the host itself lead nowhere."""
        pairs = (
            hosts.items()
            if isinstance(hosts, dict)
            else (one.replace("=", ":", 1).split(":", 1) for one in hosts or ())
        )
        found = tuple((name, address) for name, address in pairs)
        for name, address in found:
            if not re.fullmatch(r"[0-9a-fA-F.:]+", address):
                self._note(f"{name} needs an address instead of {address}: the host is not reachable", "extra_hosts")
        return found

    def health(self, check: ComposeHealthcheck | None) -> Health | None:
        """When the service is ready."""
        test = check.test if check else None
        if check is None or not test or test in (["NONE"], "NONE"):
            return None
        command = ("/bin/sh", "-c", test) if isinstance(test, str) else tuple(test[1:])
        if not isinstance(test, str) and test[0] == "CMD-SHELL":
            command = ("/bin/sh", "-c", *test[1:])
        try:
            every, each = seconds(check.interval, 30.0), seconds(check.timeout, 30.0)
            within = seconds(check.start_period, 0.0) + (check.retries or 3) * (every + each)
        except ValueError as error:
            self._note(str(error), "healthcheck")
            return None
        return Health(command, min(every, _POLL_SECONDS), within)


def _pair(text: str) -> tuple[str, str | None]:
    """A variable and its value, which may be missing."""
    name, equals, value = text.partition("=")
    return name, value if equals else None

"""Reads what a task says of its machines: a compose file, a Dockerfile, or Inspect's own form of one.

The file is read with Inspect's parser for providers. What cannot be had here is a flaw with its key and line; what has
no meaning in a sandbox of one sample without a network (ports, restarts, terminals, reservations) is passed over.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspect_ai.util import ComposeConfig, is_compose_yaml, is_dockerfile
from pydantic import ValidationError

from sild.sandbox.engine import forms
from sild.sandbox.engine.errors import Flaw, FormError
from sild.sandbox.engine.inspecting import compose_values as values
from sild.sandbox.engine.inspecting.services import DEFAULT, Service, in_order
from sild.sandbox.engine.pods.store import Build

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from inspect_ai.util import ComposeService
    from pydantic import BaseModel

FILES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml", "Dockerfile")
METADATA = "SAMPLE_METADATA_"
_REFUSED = {
    "cgroup": "control groups are not given to containers",
    "devices": "no device of the host is given to containers",
    "privileged": "nothing is privileged here",
    "runtime": "containers run in gVisor alone",
}
_IDLE = ("tail", "-f", "/dev/null")  # what Inspect runs where there is no compose file
_VARIABLE = re.compile(r"\$(?:\$|(\w+)|\{(\w+)(?:(:?[-?+])([^}]*))?\})")
_UNKNOWN = re.compile(r"Unknown field: '([^']+)'")

Location = tuple[Any, ...]


class Refusals(list[tuple[Location, str]]):
    """What cannot be had, with the place of each."""

    def see(self, refused: object, message: str, *location: Any) -> None:
        """Note a refusal where there is one."""
        if refused:
            self.append((location, message))


def read(config: BaseModel | str | None, metadata: Mapping[str, Any]) -> list[Service]:
    """The machines that a task asks for, in the order in which they are started.

    Args:
        config: a compose file's or Dockerfile's path, Inspect's form of one, or nothing.
        metadata: of the sample; `${SAMPLE_METADATA_NAME}` in a compose file stands for its values.

    Raises:
        FormError: with all that is wrong or cannot be had.
    """
    if isinstance(config, str) and is_compose_yaml(config):
        return _from_file(Path(config), metadata)
    if isinstance(config, str) and is_dockerfile(config):
        build = Build(Path(config).absolute().parent, Path(config).absolute())
        return [Service(DEFAULT, build=build, command=_IDLE, init=True, default=True)]
    if isinstance(config, ComposeConfig):
        refused = Refusals()
        found = _services(config, Path.cwd(), refused)
        if refused:
            raise FormError([Flaw("compose", 0, 0, ".".join(map(str, at)), said) for at, said in refused])
        return found
    named = "none" if config is None else str(config)
    raise FormError([
        Flaw(named, 0, 0, "", "this sandbox needs a compose file or a Dockerfile; tasks without one run with “sild”")
    ])  # fmt: skip


def variables(config: BaseModel | str | None, metadata: Mapping[str, Any]) -> dict[str, str]:
    """What of a sample's metadata a compose file's images depend on, as variables."""
    if not isinstance(config, str) or not is_compose_yaml(config) or not Path(config).is_file():
        return {}
    text = Path(config).read_text(encoding="utf-8", errors="replace")
    return {name: value for name, value in _metadata(metadata).items() if name in text}


def _from_file(path: Path, metadata: Mapping[str, Any]) -> list[Service]:
    """The services of a compose file."""
    try:
        content, plain = forms.content(path.read_bytes(), path.name)
    except OSError as error:
        raise FormError([Flaw(path.name, 0, 0, "", f"the file cannot be read: {error.strerror}")]) from error
    refused = Refusals()
    given = {name: value for name, value in os.environ.items() if name.startswith(METADATA)} | _metadata(metadata)
    plain = _filled(plain, given, refused, ())
    services: list[Service] = []
    try:
        services = _services(ComposeConfig.model_validate(plain), path.absolute().parent, refused)
    except ValidationError as error:
        refused.extend(_found(error))
    if refused:
        raise FormError([Flaw(path.name, *forms.place(content, at), ".".join(map(str, at)), s) for at, s in refused])
    return services


def _metadata(metadata: Mapping[str, Any]) -> dict[str, str]:
    """A sample's metadata as the variables that Inspect gives to compose files."""
    return {METADATA + name.replace(" ", "_").upper(): str(value) for name, value in metadata.items()}


def _filled(node: Any, given: Mapping[str, str], refused: Refusals, at: Location) -> Any:
    """The file's values with their variables replaced (Compose specification, interpolation)."""
    if isinstance(node, dict):
        return {key: _filled(value, given, refused, (*at, key)) for key, value in node.items()}
    if isinstance(node, list):
        return [_filled(value, given, refused, (*at, number)) for number, value in enumerate(node)]

    def one(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name is None:
            return "$"
        value, rule, other = given.get(name), match[3] or "", match[4] or ""
        if rule.endswith("+"):
            return other if value else ""
        if value is not None and (value or not rule.startswith(":")):
            return value
        refused.see(not rule.endswith("-"), f"${name} is not known: no variable of the node's is given to tasks", *at)
        return other

    return _VARIABLE.sub(one, node) if isinstance(node, str) else node


def _found(error: ValidationError) -> Iterator[tuple[Location, str]]:
    """What Inspect's parser refuses; a key that it does not know is named by its message alone."""
    for one in error.errors(include_url=False):
        message, at = one["msg"].removeprefix("Value error, "), one["loc"]
        unknown = _UNKNOWN.search(message)
        yield ((*at, unknown[1]), "this key cannot be had here") if unknown else (at, message)


def _services(config: ComposeConfig, folder: Path, refused: Refusals) -> list[Service]:
    """Every service, the checks that look at all of them included."""
    found = [_service(name, one, folder, refused) for name, one in config.services.items()]
    default = [one.name for one in found if one.default] or [one.name for one in found if one.name == DEFAULT]
    if len(default) != 1:
        refused.append((("services",), "name one service “default”, or mark one with “x-default: true”"))
    for name, one in config.services.items():
        missing = [need for need in values.needs(one.depends_on) if need not in config.services]
        refused.see(missing, f"there is no service {', '.join(missing)}", "services", name, "depends_on")
    _networks(config, refused)
    _volumes(config, refused)
    if refused:
        return found
    try:
        ordered = in_order(found)
    except ValueError as error:
        refused.append((("services",), str(error)))
        return found
    return [values.as_default(one) if one.name == default[0] else one for one in ordered]


def _networks(config: ComposeConfig, refused: Refusals) -> None:
    """All services share one network: those that the file keeps apart are refused."""
    of = {name: set(one.networks or ["default"]) for name, one in config.services.items() if one.network_mode is None}
    names = list(of)
    apart = [f"{a} and {b}" for number, a in enumerate(names) for b in names[number + 1 :] if not of[a] & of[b]]
    message = f"services here share one network, and these are kept apart: {'; '.join(apart)}"
    refused.see(apart, message, "networks")
    for name, one in config.services.items():
        mode = one.network_mode or "none"
        lone = mode == "none" and one.network_mode and len(config.services) > 1
        refused.see(
            mode not in {"none", "bridge"},
            "only a network without a way out is given",
            "services",
            name,
            "network_mode",
        )
        refused.see(lone, "services here share one network; this one would have none", "services", name, "network_mode")


def _volumes(config: ComposeConfig, refused: Refusals) -> None:
    """A volume with a name is a folder of its one service; several services would have to share it."""
    users: dict[str, list[str]] = {}
    for name, one in config.services.items():
        for volume in one.volumes or []:
            source = values.volume(volume)[0]
            if source and not values.is_path(source):
                users.setdefault(source, []).append(name)
    for source, names in users.items():
        refused.see(
            len(names) > 1, f"{', '.join(names)} would share it, and services share no files here", "volumes", source
        )


def _service(name: str, one: ComposeService, folder: Path, refused: Refusals) -> Service:
    """One service; what cannot be had is noted."""
    at = ("services", name)
    for key, why in _REFUSED.items():
        refused.see(getattr(one, key), f"this cannot be had: {why}", *at, key)
    refused.see(not one.image and not one.build, "the service needs an image or a build", *at)
    reader = values.Reader(folder, refused, at)
    added, dropped = reader.capabilities(one.cap_add, "cap_add"), reader.capabilities(one.cap_drop, "cap_drop")
    reader.security(one.security_opt)
    reader.platform(one.platform)
    limits = one.deploy.resources.limits if one.deploy and one.deploy.resources else None
    reserved = one.deploy.resources.reservations if one.deploy and one.deploy.resources else None
    refused.see(reserved and reserved.devices, "no device of the host is given to containers", *at, "deploy")
    return Service(
        name=name,
        image=one.image or "",
        build=reader.build(one.build),
        command=values.words(one.command),
        entrypoint=values.words(one.entrypoint),
        environment=reader.environment(one),
        user=one.user or "",
        folder=one.working_dir or "",
        hostname=one.hostname or "",
        init=bool(one.init),
        memory_bytes=reader.size(one.mem_limit or (limits and limits.memory), "mem_limit"),
        processes=reader.number(one.pids_limit, "pids_limit"),
        processors=reader.decimal(one.cpus or (limits and limits.cpus), "cpus"),
        open_files=reader.ulimits(one.ulimits),
        read_only=bool(one.read_only),
        memory_folders=reader.memory_folders(one),
        shared_memory=reader.size(one.shm_size, "shm_size"),
        capabilities=values.held(added, dropped),
        binds=reader.binds(one.volumes),
        hosts=reader.hosts(one.extra_hosts),
        needs=values.needs(one.depends_on),
        health=reader.health(one.healthcheck),
        default=bool(one.x_default),
    )

"""The machines of one sample: a pod with a container for each service, started in order and waited for."""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sild.sandbox.engine.containers.arguments import ROOM
from sild.sandbox.engine.kept import ROOMY
from sild.sandbox.engine.limits import MIB
from sild.sandbox.engine.pods import store as stores
from sild.sandbox.engine.pods import users
from sild.sandbox.engine.pods.pod import PODS, Pod, PodError
from sild.sandbox.engine.pods.spec import Container
from sild.sandbox.engine.pods.users import User

if TYPE_CHECKING:
    from sild.sandbox.engine.inspecting.services import Health, Service
    from sild.sandbox.engine.pods.store import Image, Store

_OPEN_FILES, _SHARED_BYTES = 4096, 64 * MIB
_LOOK_SECONDS, _MOST = 0.2, MIB
_ENDED_SECONDS = 600.0
# Runs what it is given and reaps whatever is orphaned, as `init: true` asks; a shell does while it waits.
_INIT = ("/bin/sh", "-c", '"$@" & wait $!; exit $?', "init")
_WHO = "PATH=/usr/sbin:/usr/bin:/sbin:/bin; cat /etc/passwd; echo; echo :; cat /etc/group"


def image_of(store: Store, service: Service) -> Image:
    """The image of a service: what the user's store has by its name, else what is built.

    Raises:
        IsolationError: it is not to be had.
    """
    if service.build is not None and not (service.image and stores.known(service.image)):
        return store.build(service.build)
    return store.image(service.image)


@dataclass(slots=True)
class Machine:
    """One of them, running."""

    pod: Pod
    key: str
    service: Service
    container: Container

    def who(self, user: str) -> User | None:
        """Who is meant by a user's name inside, now; None when there is nobody of that name.

        Raises:
            PodError: the pod is no more.
        """
        if user in {"root", "0"}:
            return User()
        ran, _started = self.pod.run(self.key, ["/bin/sh", "-c", _WHO], most=_MOST, user=User(), folder="/")
        passwd, _between, group = ran.out.decode(errors="replace").partition("\n:\n")
        return users.find(user, passwd, group)


@dataclass(slots=True)
class Machines:
    """All of them."""

    store: Store
    services: list[Service]
    pod: Pod = field(init=False)
    machines: dict[str, Machine] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Add up what they may use."""
        memory = sum(one.memory_bytes or ROOMY.memory_bytes for one in self.services)
        processes = sum(one.processes or ROOMY.processes for one in self.services)
        limits = ROOMY.model_copy(update={"memory_bytes": memory, "processes": processes})
        asked = [one.processors for one in self.services]
        self.pod = Pod(self.store.made, limits, cpus=math.ceil(sum(asked)) if all(asked) else 0)
        self.pod.hostname = next((one.hostname for one in self.services if one.default and one.hostname), "sandbox")

    def open(self) -> None:
        """Start them, the default one first in `machines`.

        Raises:
            IsolationError: an image is not to be had, or the host does not let us.
            PodError: one could not be started, or is not ready in time.
        """
        self.pod.open()
        try:
            self._hosts()
            for service in self.services:
                self._await(service)
                self._start(service)
            for service in self.services:
                self._healthy(service.name)
            self._settled()
        except BaseException:
            self.close()
            raise

    def _hosts(self) -> None:
        """Names: all machines are on one loopback interface."""
        names = ["localhost", *(one.name for one in self.services), *(one.hostname for one in self.services)]
        rows = [f"127.0.0.1 {' '.join(dict.fromkeys(filter(None, names)))}", "::1 ip6-localhost"]
        rows += [f"{address} {name}" for one in self.services for name, address in one.hosts]
        self.pod.put("hosts", "\n".join(dict.fromkeys(rows)) + "\n")

    def _start(self, service: Service) -> None:
        """Start one."""
        key, container = f"s{len(self.machines)}", self._container(service)
        try:
            self.pod.start(key, container)
        except PodError as error:
            raise PodError(f"The service {service.name} was not started. {error}") from error
        self.machines[service.name] = Machine(self.pod, key, service, container)

    def _container(self, service: Service) -> Container:
        """What a service and its image say, together."""
        image = image_of(self.store, service)
        entrypoint = image.entrypoint if service.entrypoint is None else service.entrypoint
        follows = image.command if service.entrypoint is None else ()
        command = (*entrypoint, *(follows if service.command is None else service.command))
        if not command:
            raise PodError(f"The service {service.name} has no command, and its image has none either.")
        asked = service.user or image.user
        user = users.find(asked, users.read(image.files, "passwd"), users.read(image.files, "group"))
        if user is None:
            raise PodError(f"The image of the service {service.name} has no user {asked}.")
        folder = service.folder or image.folder
        there = os.path.lexists(image.files / folder.lstrip("/"))
        memory = [("/dev/shm", service.shared_memory or _SHARED_BYTES), *service.memory_folders]  # noqa: S108
        memory += [] if there or folder in dict(memory) else [(folder, ROOMY.scratch_bytes)]
        shown = [(self.store.copy(path), place, read_only) for path, place, read_only in service.binds]
        return Container(
            root=image.root,
            command=(*_INIT, *command) if service.init else command,
            environment={**image.environment, **service.environment},
            user=user,
            folder=folder,
            hostname=service.hostname or service.name,
            capabilities=service.capabilities,
            processes=self.pod.limits.processes,
            open_files=service.open_files or _OPEN_FILES,
            read_only=service.read_only,
            memory_folders=tuple(memory),
            binds=((f"{ROOM}/{PODS}/{self.pod.name}/hosts", "/etc/hosts", False), *shown),
        )

    def _await(self, service: Service) -> None:
        """Wait for what a service needs: until it is ready, or has ended well."""
        for name, ended in service.needs.items():
            self._healthy(name)
            if ended:
                self._ended(name)

    def _healthy(self, name: str) -> None:
        """Wait until a service says that it is ready."""
        health, machine = self.machines[name].service.health, self.machines[name]
        if health is None or health.command == ():
            return
        deadline = time.monotonic() + health.within
        while not self._asked(machine, health):
            ended = not self.pod.running(machine.key)
            if ended or time.monotonic() > deadline:
                when = "ended before it was ready" if ended else f"was not ready within {health.within:g} s"
                raise PodError(f"The service {name} {when}: {self.pod.said(machine.key) or 'it said nothing'}")
            time.sleep(min(health.every, _LOOK_SECONDS))

    def _asked(self, machine: Machine, health: Health) -> bool:
        """Ask once."""
        ran, started = self.pod.run(machine.key, health.command, most=_MOST, seconds=health.within)
        return started and ran.code == 0

    def _ended(self, name: str) -> None:
        """Wait until a service has ended, well."""
        key, deadline = self.machines[name].key, time.monotonic() + _ENDED_SECONDS
        while self.pod.running(key):
            if time.monotonic() > deadline:
                raise PodError(f"The service {name} did not end within {_ENDED_SECONDS:g} s.")
            time.sleep(_LOOK_SECONDS)
        if self.pod.status(key) != 0:
            raise PodError(f"The service {name} failed: {self.pod.said(key) or 'it said nothing'}")

    def _settled(self) -> None:
        """Leave out what has ended well; the default one has to run, and none may have failed."""
        ended = [machine for machine in self.machines.values() if not self.pod.running(machine.key)]
        for machine in ended:
            if machine.service.default or self.pod.status(machine.key) != 0:
                why = self.pod.said(machine.key) or "it said nothing"
                raise PodError(f"The service {machine.service.name} ended at once: {why}")
            del self.machines[machine.service.name]
        self.machines = dict(sorted(self.machines.items(), key=lambda pair: not pair[1].service.default))

    def close(self) -> None:
        """End all of them."""
        self.pod.close()

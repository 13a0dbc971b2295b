"""Isolation by a cluster: a Job for each run, with a RuntimeClass whose kernel is the pod's own."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

from sild.sandbox.engine.containers.images import is_reference
from sild.sandbox.engine.errors import IsolationError
from sild.sandbox.engine.isolation import Finding
from sild.sandbox.engine.kubernetes import manifest, proof, settings
from sild.sandbox.engine.kubernetes.api import Api, RefusedError
from sild.sandbox.engine.kubernetes.attach import pods, terminated
from sild.sandbox.engine.kubernetes.process import PodProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sild.sandbox.engine.isolation import Job
    from sild.sandbox.engine.probe import Check

_LOOK_SECONDS, _START_SECONDS = 0.2, 600.0
# Waiting for these will not help (the kubelet's reasons for a container that waits).
_HOPELESS = frozenset(
    {"CreateContainerConfigError", "CreateContainerError", "ErrImageNeverPull", "ErrImagePull", "ImagePullBackOff"}
    | {"InvalidImageName", "RunContainerError"}
)
MEND_RUNTIME = "Make a RuntimeClass for gVisor or Kata Containers, and let the node's user read it."


class KubernetesJobs:
    """The backend that runs nothing on this host."""

    level = "L3"

    @property
    def backend(self) -> str:
        """The cluster's version and the runtime class."""
        try:
            api = Api(settings.read())
            return f"Kubernetes {api.get('/version')['gitVersion']}, runtime class {api.settings.runtime_class}"[:200]
        except IsolationError:
            return "Kubernetes"

    def available(self) -> list[Finding]:
        """The cluster, what its pods run in, what keeps them from the network, what the self-test runs in."""
        try:
            api = Api(settings.read())
            version = str(api.get("/version")["gitVersion"])
        except IsolationError as error:
            return [Finding("cluster", False, str(error), "See docs/sandbox.md on level L3.")]
        found = [Finding("cluster", True, f"{version} at {api.settings.host}")]
        for name, look, mend in (
            ("runtime class", _runtime_class, MEND_RUNTIME),
            ("network policy", _policy, f"Let the node's user make NetworkPolicies, or remove {manifest.POLICY}."),
        ):
            try:
                found.append(Finding(name, True, look(api)))
            except IsolationError as error:
                found.append(Finding(name, False, str(error), mend))
        return [*found, Finding("self-test image", True, api.settings.probe_image)]

    def require(self) -> None:
        """Pass if every measure is there.

        Raises:
            IsolationError: naming each one that is missing.
        """
        missing = [finding for finding in self.available() if not finding.ok]
        if missing:
            why = " ".join(f"{finding.name}: {finding.detail} {finding.mend}" for finding in missing)
            raise IsolationError(f"Level L3 is not to be had from this node, so nothing was run. {why}")

    def prove(self) -> list[Check]:
        """Try to escape from a pod with the same runtime class, policy and options; see `proof`."""
        self.require()
        api = Api(settings.read())
        with ExitStack() as held:
            name = _make(api, proof.job(api.settings), held, stdin=False)
            pod = _pod(api, name, lambda told: terminated(told) is not None)
            said = api.ask("GET", f"{pods(api.settings.namespace)}/{pod['metadata']['name']}/log")
            return proof.judged(said, terminated(pod), _host_kernel(api, pod))

    def start(self, job: Job) -> PodProcess:
        """Start an image in a pod; see `Isolation.start`."""
        if not is_reference(job.image):
            raise IsolationError(
                "Level L3 runs images by digest alone: a cluster fetches them itself. Nothing was run."
            )
        self.require()
        api = Api(settings.read())
        with ExitStack() as held:
            name = _make(api, job, held, stdin=True)
            pod = _pod(api, name, _is_running)
            inside, status = os.pipe()
            held.callback(os.close, inside)
            try:
                popen = _attached(pod["metadata"]["name"], status)
            finally:
                os.close(status)
            return PodProcess(popen, inside, limits=job.limits, held=held.pop_all())


def _attached(pod: str, status: int) -> subprocess.Popen[bytes]:
    """The program that is attached to a pod."""
    return subprocess.Popen(
        [sys.executable, "-m", "sild.sandbox.engine.kubernetes.attach", pod, str(status)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=(status,),
        bufsize=0,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        start_new_session=True,
    )


def _make(api: Api, job: Job, held: ExitStack, *, stdin: bool) -> str:
    """Make a Job, to be deleted when `held` closes; its name."""
    name = f"sild-{secrets.token_hex(8)}"
    path = f"/apis/batch/v1/namespaces/{api.settings.namespace}/jobs"
    api.post(path, manifest.job(name, job, api.settings, stdin=stdin))
    held.callback(_remove, api, f"{path}/{name}")
    return name


def _remove(api: Api, path: str) -> None:
    """Delete a Job with its pod; the cluster does so by itself later, should this fail."""
    with suppress(IsolationError):
        api.delete(path)


def _pod(api: Api, name: str, ready: Any) -> dict[str, Any]:
    """The pod of a Job, once it is as asked.

    Raises:
        IsolationError: it never comes to that, or it is not what was asked for.
    """
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        for pod in api.get(pods(api.settings.namespace), labelSelector=f"job-name={name}")["items"]:
            if pod["spec"].get("runtimeClassName") != api.settings.runtime_class:
                raise IsolationError("The cluster made a pod with another runtime class, so nothing was asked of it.")
            if why := next(_hopeless(pod), None):
                raise IsolationError(f"The cluster cannot start the container, so nothing was run: {why}.")
            if ready(pod):
                found: dict[str, Any] = pod
                return found
        time.sleep(_LOOK_SECONDS)
    raise IsolationError(f"The cluster had no place for the pod within {_START_SECONDS:.0f} s, so nothing was run.")


def _is_running(pod: dict[str, Any]) -> bool:
    """Whether its container runs, or did."""
    states = [one.get("state", {}) for one in pod.get("status", {}).get("containerStatuses", ())]
    return any("running" in state or "terminated" in state for state in states)


def _hopeless(pod: dict[str, Any]) -> Iterator[str]:
    """Why its container will never run."""
    for one in pod.get("status", {}).get("containerStatuses", ()):
        waiting = one.get("state", {}).get("waiting", {})
        if waiting.get("reason") in _HOPELESS:
            yield f"{waiting['reason']} {waiting.get('message', '')}".strip()[:500]


def _runtime_class(api: Api) -> str:
    """What the runtime class stands for.

    Raises:
        IsolationError: there is none of that name.
    """
    name = api.settings.runtime_class
    told = api.get(f"/apis/node.k8s.io/v1/runtimeclasses/{name}")
    return f"{name} ({told['handler']})"


def _policy(api: Api) -> str:
    """See that the policy stands as we write it; make it first when there is none.

    Raises:
        IsolationError: it cannot be made, or stands otherwise.
    """
    wanted = manifest.policy(api.settings.namespace)
    path = f"/apis/networking.k8s.io/v1/namespaces/{api.settings.namespace}/networkpolicies"
    try:
        found = api.get(f"{path}/{manifest.POLICY}")
    except RefusedError as error:
        if not error.is_missing:
            raise
        found = api.post(path, wanted)
    if {name: value for name, value in found["spec"].items() if value} != wanted["spec"]:
        raise IsolationError(f"The policy {manifest.POLICY} allows something: {json.dumps(found['spec'])[:200]}.")
    return f"{manifest.POLICY}: nothing in, nothing out"


def _host_kernel(api: Api, pod: dict[str, Any]) -> str:
    """The kernel of the machine that a pod is on.

    Raises:
        IsolationError: the node's user may not read it.
    """
    told = api.get(f"/api/v1/nodes/{pod['spec']['nodeName']}")
    return str(told["status"]["nodeInfo"]["kernelVersion"])

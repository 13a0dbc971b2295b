"""What a cluster is asked to make: a Job whose pod may do nothing but compute, and a policy that allows no traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sild.sandbox.engine.isolation import SCRATCH

if TYPE_CHECKING:
    from sild.sandbox.engine.isolation import Job
    from sild.sandbox.engine.kubernetes.settings import Settings

CONTAINER = "solution"
POLICY = "sild-no-traffic"
LABELS = {"app.kubernetes.io/managed-by": "sild", "app.kubernetes.io/component": "sandbox"}
GPU = "nvidia.com/gpu"  # as NVIDIA's device plugin for Kubernetes names it
KEPT_SECONDS = 300  # after its end, should the node not be there to remove it
USER = 65532  # of nobody in any image; the pod's own kernel or virtual machine tells runs apart


def policy(namespace: str) -> dict[str, Any]:
    """A NetworkPolicy under which our pods send nothing and receive nothing: both directions, no rule that allows."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": POLICY, "namespace": namespace, "labels": LABELS},
        "spec": {"podSelector": {"matchLabels": LABELS}, "policyTypes": ["Ingress", "Egress"]},
    }


def job(name: str, job: Job, settings: Settings, *, stdin: bool) -> dict[str, Any]:
    """A Job (batch/v1) with one pod that is never started again.

    Args:
        name: of the Job.
        job: what is run.
        settings: the cluster's.
        stdin: whether the container has a standard input; it ends with the first connection to it.
    """
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": settings.namespace, "labels": LABELS},
        "spec": {
            "backoffLimit": 0,
            "completions": 1,
            "parallelism": 1,
            "activeDeadlineSeconds": job.limits.wall_seconds,
            "ttlSecondsAfterFinished": KEPT_SECONDS,
            "template": {"metadata": {"labels": LABELS}, "spec": _pod(job, settings, stdin=stdin)},
        },
    }


def _pod(job: Job, settings: Settings, *, stdin: bool) -> dict[str, Any]:
    """The pod: no token of the cluster's, no name server, no root, no second start."""
    return {
        "runtimeClassName": settings.runtime_class,
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "hostNetwork": False,
        "hostPID": False,
        "hostIPC": False,
        "shareProcessNamespace": False,
        "terminationGracePeriodSeconds": 0,
        "dnsPolicy": "None",
        "dnsConfig": {"nameservers": ["127.0.0.1"]},
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(job, stdin=stdin)],
        "volumes": [_volume(name, job.limits.scratch_bytes) for name in ("scratch", "tmp")],
    }


def _container(job: Job, *, stdin: bool) -> dict[str, Any]:
    """The container: a root that is read-only, no capability, and the limits."""
    amounts = {"cpu": "1", "memory": str(job.limits.memory_bytes), "ephemeral-storage": str(job.limits.scratch_bytes)}
    if job.limits.gpus:
        amounts[GPU] = str(job.limits.gpus)
    told: dict[str, Any] = {
        "name": CONTAINER,
        "image": job.image,
        "imagePullPolicy": "IfNotPresent",
        "env": [{"name": name, "value": value} for name, value in job.environment.items()],
        "workingDir": SCRATCH,
        "stdin": stdin,
        "stdinOnce": stdin,
        "tty": False,
        "resources": {"limits": amounts, "requests": amounts},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "privileged": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumeMounts": [
            {"name": "scratch", "mountPath": SCRATCH},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 -- inside the pod
        ],
    }
    return told | ({"command": [job.command[0]], "args": list(job.command[1:])} if job.command else {})


def _volume(name: str, size: int) -> dict[str, Any]:
    """A folder in memory, of a size, that ends with the pod."""
    return {"name": name, "emptyDir": {"medium": "Memory", "sizeLimit": str(size)}}

"""Level L3 against a server that speaks the API: what is asked of a cluster, what comes of its answers."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from sandbox.factories import numbers, write_solution, write_suite
from sandbox.kube_server import IMAGE, PROBE, Cluster, serving
from sild.sandbox.engine import levels
from sild.sandbox.engine.errors import IsolationError
from sild.sandbox.engine.isolation import Job
from sild.sandbox.engine.kubernetes.jobs import KubernetesJobs
from sild.sandbox.engine.limits import Limits
from sild.sandbox.engine.report import check
from sild.sandbox.engine.runner import Run
from sild.sandbox.engine.solution import load as load_solution
from sild.sandbox.engine.suite import load as load_suite

pytestmark = pytest.mark.integration

JOB = Job((), image=IMAGE, limits=Limits(wall_seconds=20))


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    made = Cluster()
    with serving(made, tmp_path) as kubeconfig:
        for name, value in (
            ("SILD_KUBECONFIG", str(kubeconfig)),
            ("SILD_KUBE_NAMESPACE", "sandbox"),
            ("SILD_KUBE_RUNTIME_CLASS", "gvisor"),
            ("SILD_KUBE_PROBE_IMAGE", PROBE),
        ):
            monkeypatch.setenv(name, value)
        yield made


def test_an_image_answers_in_a_pod_after_the_self_test_in_another(cluster, tmp_path):
    solution = load_solution(write_solution(tmp_path / "s", start={"image": IMAGE}))
    suite = load_suite(write_suite(tmp_path / "t", numbers(150)))
    report = Run(solution, suite, tmp_path / "run", levels.isolation("L3", solution.form.start)).execute()
    check(report)
    assert (report["passed"], report["answered"], report["faults"]) == (True, 150, [])
    assert report["isolation"]["level"] == "L3"
    assert report["isolation"]["backend"] == "Kubernetes v1.34.0, runtime class gvisor"
    assert [one["name"] for one in report["confinement"]][4] == "own-kernel"
    assert report["resources"]["error_output"].startswith("ready")
    policy, probe, job = cluster.made
    assert (policy["kind"], probe["kind"], job["kind"]) == ("NetworkPolicy", "Job", "Job")
    assert cluster.deleted == [probe["metadata"]["name"], job["metadata"]["name"]]


def test_a_machine_whose_kernel_is_seen_inside_fails_the_self_test(cluster):
    cluster.kernel = platform.release()
    failed = [one.name for one in KubernetesJobs().prove() if not one.ok]
    assert failed == ["own-kernel"]


def test_the_policy_that_stands_already_has_to_be_ours(cluster):
    KubernetesJobs().require()
    KubernetesJobs().require()
    assert len(cluster.made) == 1
    [path] = [path for path in cluster.objects if "networkpolicies" in path]
    cluster.objects[path]["spec"]["egress"] = [{}]
    with pytest.raises(IsolationError, match="allows something"):
        KubernetesJobs().require()


def test_without_the_runtime_class_nothing_is_run(cluster):
    cluster.objects.clear()
    with pytest.raises(IsolationError, match=r"Level L3 is not to be had.*runtime class.*404.*gVisor or Kata"):
        KubernetesJobs().start(JOB)
    assert not cluster.pods


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"waiting": "ImagePullBackOff"}, "cannot start the container.*ImagePullBackOff no such image"),
        ({"runtime_class": "runc"}, "another runtime class"),
    ],
)
def test_what_cannot_be_started_as_asked_is_not_run(cluster, change, why):
    for name, value in change.items():
        setattr(cluster, name, value)
    with pytest.raises(IsolationError, match=why):
        KubernetesJobs().start(JOB)
    assert len(cluster.deleted) == 1


def test_only_images_by_digest_are_run():
    for job in (Job(("true",)), Job((), image="/some/image.tar")):
        with pytest.raises(IsolationError, match="by digest"):
            KubernetesJobs().start(job)


@pytest.mark.parametrize(
    ("code", "reason", "status", "stopped_by"),
    [
        ("import sys; sys.exit(7)", "", 7, ""),
        ("pass", "OOMKilled", 0, "memory-limit"),
        ("pass", "Evicted", 0, "scratch-limit"),
        ("import time; time.sleep(60)", "DeadlineExceeded", 1, "wall-limit"),
    ],
)
def test_how_a_pod_ended_is_how_the_process_ended(cluster, code, reason, status, stopped_by):
    cluster.code, cluster.reason = code, reason
    limits = Limits(wall_seconds=2 if "sleep" in code else 20)
    with KubernetesJobs().start(Job((), image=IMAGE, limits=limits)) as process:
        usage = process.finish()
    assert usage.stopped_by == stopped_by
    assert stopped_by == "wall-limit" or usage.exit == status
    assert process.tried is None


def test_a_pod_that_is_ended_by_the_node_is_gone_from_the_cluster(cluster):
    cluster.code = "import time; time.sleep(60)"
    with KubernetesJobs().start(JOB) as process:
        pass
    assert process.finish().stopped_by == "ended by the node"
    assert len(cluster.deleted) == 1
    assert all(pod["ended"] for pod in cluster.pods.values())


def test_a_cluster_that_cannot_end_one_stream_alone_is_refused(cluster):
    cluster.protocol = "v4.channel.k8s.io"
    with KubernetesJobs().start(JOB) as process:
        said = process.stderr.read().decode()
        assert process.finish().stopped_by == "not-started"
    assert "Use Kubernetes 1.30 or later" in said


def test_nothing_is_left_open(cluster):
    before = len(list(Path("/proc/self/fd").iterdir()))
    with KubernetesJobs().start(JOB) as process:
        process.stdin.close()
        process.finish()
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 2  # the server's own


def test_without_settings_it_says_what_to_set(monkeypatch):
    monkeypatch.delenv("SILD_KUBECONFIG", raising=False)
    with pytest.raises(IsolationError, match="SILD_KUBECONFIG"):
        KubernetesJobs().require()
    assert KubernetesJobs().backend == "Kubernetes"

"""GPUs in containers: each sees those that it was given and no others, and nothing of the specification runs.

This machine has no GPU. Files of a specification stand for them; the driver's proxy was never run.
"""

from __future__ import annotations

import json

import pytest

from sandbox.factories import numbers, write_solution, write_suite
from sandbox.images import write_archive
from sild.sandbox.engine import levels
from sild.sandbox.engine.containers import devices
from sild.sandbox.engine.containers.arguments import CRUN, RUNSC
from sild.sandbox.engine.containers.podman import Podman
from sild.sandbox.engine.errors import IsolationError
from sild.sandbox.engine.isolation import Job
from sild.sandbox.engine.limits import Limits
from sild.sandbox.engine.report import check
from sild.sandbox.engine.runner import Run
from sild.sandbox.engine.solution import load as load_solution
from sild.sandbox.engine.suite import load as load_suite
from sild.spread import gpus
from spread.gpu_specs import describe, world

pytestmark = pytest.mark.integration

LIMITS = {"wall_seconds": 30, "start_seconds": 20}
LOOK = "echo /gpus/*; cat /gpus/*; env | grep ^GPU_; { echo no > /gpus/0; } 2>&1; echo /dev/* /run/*"


@pytest.fixture(autouse=True)
def machine(tmp_path, monkeypatch):
    """A machine with two GPUs, whose specification would run a program of the host's; anybody may read its files."""
    monkeypatch.delenv(gpus.VISIBLE, raising=False)
    hook = {"hookName": "createContainer", "path": "/bin/touch", "args": ["touch", str(tmp_path / "hooked")]}
    socket = {"hostPath": "/run/nvidia-persistenced/socket", "containerPath": "/run/nvidia-persistenced/socket"}
    with world() as folder:
        monkeypatch.setenv(gpus.CDI, str(describe(folder / "cdi", 2, hooks=[hook], mounts=[socket], env=["GPU_ANY=1"])))
        yield folder / "cdi"


def seen(limits=None):
    """What a program sees of its devices."""
    job = Job(("/usr/bin/sh", "-c", LOOK), limits=limits or Limits(gpus=1, wall_seconds=30))
    with Podman(RUNSC, 1).start(job) as process:
        process.stdin.close()
        told = process.stdout.read().decode()
        assert process.finish().exit == 0
        return told, process.devices


def test_a_container_sees_the_device_that_it_was_given_and_no_other(tmp_path, machine):
    told, given = seen()
    assert given == ("nvidia.com/gpu=0",)
    assert told.splitlines()[:2] == ["/gpus/0", "device 0"]
    assert {"GPU_ANY=1", "GPU_0=given"} <= set(told.splitlines())
    assert "GPU_1" not in told
    assert "GPU_ALL" not in told
    assert "Read-only" in told or "denied" in told
    assert "nvidia" not in told
    assert not (tmp_path / "hooked").exists()
    assert (machine / "device0").read_text() == "device 0\n"


def test_two_containers_at_one_time_get_different_ones():
    with Podman(RUNSC, 1).start(Job(("/usr/bin/sleep", "30"), limits=Limits(gpus=1))) as other:
        assert other.devices == ("nvidia.com/gpu=0",)
        told, given = seen()
        assert given == ("nvidia.com/gpu=1",)
        assert told.splitlines()[:2] == ["/gpus/1", "device 1"]
        other.kill("ended by the test")


@pytest.mark.parametrize("image", [False, True], ids=["command", "image"])
def test_a_run_with_gpus_is_at_level_l2_and_its_report_names_them(tmp_path, image):
    changes = {"start": {"image": "image.tar"}} if image else {}
    folder = write_solution(tmp_path / "solution", limits=LIMITS | {"gpus": 1}, **changes)
    if image:
        write_archive(folder / "image.tar")
    solution = load_solution(folder)
    asked = load_suite(write_suite(tmp_path / "suite", numbers(5)))
    report = Run(solution, asked, tmp_path / "run", levels.isolation("", solution.form.start, 1)).execute()
    check(report)
    measures = {one["name"]: one["detail"] for one in report["isolation"]["measures"]}
    assert (report["passed"], report["isolation"]["level"]) == (True, "L2")
    assert measures["gpu devices"] == "nvidia.com/gpu=0"
    assert measures["gpus"] == "2 here, 1 asked for"
    assert measures["nvproxy"].startswith("no driver")
    assert {"own-kernel", "memory"} < {one["name"] for one in report["confinement"]}


def test_more_than_there_are_is_refused_with_what_to_do(tmp_path):
    solution = load_solution(write_solution(tmp_path / "solution", limits=LIMITS | {"gpus": 3}))
    asked = load_suite(write_suite(tmp_path / "suite", numbers(5)))
    with pytest.raises(IsolationError, match=r"gpus: 2 here, 3 asked for\. .*nvidia-ctk cdi generate"):
        Run(solution, asked, tmp_path / "run", levels.isolation("L2", solution.form.start, 3)).execute()
    with pytest.raises(IsolationError, match="this machine has 2 to give"):
        Podman(RUNSC).start(Job(("/usr/bin/true",), limits=Limits(gpus=3)))


def test_a_runtime_on_the_hosts_kernel_gives_none():
    with pytest.raises(IsolationError, match="crun gives no GPUs"):
        Podman(CRUN).start(Job(("/usr/bin/true",), limits=Limits(gpus=1)))


def test_with_the_driver_in_the_kernel_its_proxy_is_asked_for_or_the_run_is_refused(tmp_path, monkeypatch):
    assert devices.with_proxy(RUNSC) is RUNSC
    (tmp_path / "version").write_text("NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15\n")
    monkeypatch.setattr(devices, "DRIVER", tmp_path / "version")
    assert devices.with_proxy(RUNSC).flags == (*RUNSC.flags, "nvproxy")
    found = {one.name: one for one in devices.findings(RUNSC, 1)}
    assert found["nvproxy"].ok == devices._knows_proxy("runsc")  # Debian's of 2022 does not, later ones do
    monkeypatch.setattr(devices, "_knows_proxy", lambda _program: False)
    with pytest.raises(IsolationError, match=r"no proxy for NVIDIA's driver\. Install a later release"):
        Podman(RUNSC, 1).require()
    monkeypatch.setattr(devices, "_knows_proxy", lambda _program: True)
    assert all(one.ok for one in devices.findings(RUNSC, 1))


def test_a_specification_is_reduced_to_files_and_variables(tmp_path, machine):
    library = tmp_path / "libexample.so.1.2"
    library.touch()
    (tmp_path / "libexample.so.1").symlink_to("libexample.so.1.2")
    (tmp_path / "libother.so").symlink_to("libexample.so.1.2")
    mounts = [{"hostPath": str(library), "containerPath": "/usr/lib/libexample.so.1.2"}]
    mounts += [{"hostPath": "/usr/bin/true", "containerPath": "/usr/bin/true"}]
    describe(tmp_path / "more", 1, deviceNodes=[{"path": "/dev/example", "hostPath": "/dev/zero"}], mounts=mounts)
    (tmp_path / "more" / "nvidia.yaml").rename(machine / "zz.yaml")
    for image in (False, True):
        room = tmp_path / f"room{image}"
        room.mkdir()
        devices.write(room, ["0", "1"], image=image)
        told = json.loads((room / "cdi" / "gpus.json").read_text())
        assert told["containerEdits"]["deviceNodes"] == [
            {"path": "/dev/example", "type": "c", "major": 1, "minor": 5, "permissions": "rw"}
        ]
        targets = [one["containerPath"] for one in told["containerEdits"]["mounts"]]
        host = ["/usr/bin/true"] if image else []  # else the host's programs are seen anyway
        assert targets == ["/usr/lib/libexample.so.1.2", "/usr/lib/libexample.so.1", *host]
        assert all("ro" in one["options"] and "nodev" in one["options"] for one in told["containerEdits"]["mounts"])
        assert "hooks" not in json.dumps(told)
        assert [one["name"] for one in told["devices"]] == ["0", "1"]


@pytest.mark.parametrize(
    ("node", "why"),
    [
        ({"path": "/dev/nowhere"}, "device file /dev/nowhere is not here"),
        ({"path": "/etc/passwd"}, "no device file that a container may be given"),
        ({"path": "/opt/zero", "hostPath": "/dev/zero"}, "no device file that a container may be given"),
    ],
)
def test_what_is_no_device_of_this_machine_is_not_given(tmp_path, node, why, monkeypatch):
    monkeypatch.setenv(gpus.CDI, str(describe(tmp_path / "wrong", 1, deviceNodes=[node])))
    with pytest.raises(IsolationError, match=why):
        devices.write(tmp_path / "room", ["0"], image=False)
    with pytest.raises(IsolationError, match=r"describes nvidia.com/gpu=7, .*nvidia-ctk"):
        devices.write(tmp_path / "room", ["7"], image=False)
    devices.write(tmp_path / "room", [], image=False)
    assert not (tmp_path / "room").exists()

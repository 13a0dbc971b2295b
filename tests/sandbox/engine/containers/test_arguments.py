"""Podman's command line: nothing of the host's is given, whatever the job; Podman itself knows every option."""

from __future__ import annotations

import re
import subprocess
from itertools import pairwise

import pytest

from sild.sandbox.engine.containers import arguments
from sild.sandbox.engine.containers.arguments import CRUN, RUNSC
from sild.sandbox.engine.isolation import Job
from sild.sandbox.engine.limits import Limits

pytestmark = pytest.mark.integration

JOB = Job(("python3", "main.py"), environment={"HOME": "/scratch"}, limits=Limits(processes=7, open_files=64))


def pairs(words):
    return set(pairwise(words))


@pytest.mark.parametrize("runtime", [CRUN, RUNSC], ids=lambda runtime: runtime.name)
@pytest.mark.parametrize("image", [None, "5c53e08fc358"])
def test_a_container_gets_no_network_no_rights_and_a_root_that_is_read_only(runtime, image):
    words = arguments.run(runtime, JOB, image)
    expected = {
        ("--network", "none"),
        ("--cap-drop", "all"),
        ("--security-opt", "no-new-privileges"),
        ("--security-opt", "seccomp=/run/seccomp.json"),
        ("--pull", "never"),
        ("--ulimit", "nproc=7:7"),
        ("--ulimit", "nofile=64:64"),
        ("--ulimit", "core=0:0"),
        ("--env", "HOME=/scratch"),
    }
    assert expected <= pairs(words)
    assert {"--read-only", "--read-only-tmpfs=false", "--http-proxy=false", "--passwd=false", "--no-hosts"} <= set(
        words
    )
    assert not {"--privileged", "--volume", "--device", "--cap-add", "--env-host"} & set(words)


def test_a_container_gets_the_devices_that_are_named_and_no_others():
    words = arguments.run(RUNSC, JOB, None, ["nvidia.com/gpu=0", "nvidia.com/gpu=1"])
    assert [after for word, after in pairwise(words) if word == "--device"] == ["nvidia.com/gpu=0", "nvidia.com/gpu=1"]


def test_every_option_is_one_that_this_podman_knows():
    told = subprocess.run(["podman", "run", "--help"], capture_output=True, text=True, check=True).stdout
    known = set(re.findall(r"--[a-z-]+", told))
    used = {word.partition("=")[0] for word in arguments.run(CRUN, JOB, None, ["a/b=c"]) if word.startswith("--")}
    assert used <= known
    told = subprocess.run(["podman", "--help"], capture_output=True, text=True, check=True).stdout
    used = {word for word in arguments.podman(RUNSC) if word.startswith("--")}
    assert used <= set(re.findall(r"--[a-z-]+", told))


def test_a_command_takes_the_place_of_the_images_own_and_without_one_the_images_own_is_run():
    assert arguments.run(CRUN, JOB, "image")[-4:] == ["--entrypoint", "python3", "image", "main.py"]
    assert arguments.run(CRUN, Job(()), "image")[-1] == "image"
    assert arguments.run(CRUN, JOB, None)[-4:] == ["--rootfs", "/run/root", "python3", "main.py"]


def test_runsc_gets_no_network_of_its_own_either():
    assert {("--runtime", "runsc"), ("--runtime-flag", "network=none")} <= pairs(arguments.podman(RUNSC))
    assert "network=none" not in arguments.podman(CRUN)


def test_podman_reads_no_setting_of_the_host():
    assert arguments.environment()["CONTAINERS_CONF"] == "/run/containers.conf"
    assert "lock_type" in arguments.configuration()

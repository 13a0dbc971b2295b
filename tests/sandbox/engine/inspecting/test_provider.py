"""Inspect's own conformance checks on our provider, and what they do not look at."""

from __future__ import annotations

import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import anyio
import pytest
from inspect_ai.util import (
    OutputLimitExceededError,
    SandboxUnavailableError,
    SandboxUserUnsupportedError,
)
from inspect_ai.util._sandbox import self_check
from inspect_ai.util._sandbox.limits import override_max_exec_output_size
from inspect_ai.util._sandbox.registry import registry_find_sandboxenv

from sild.sandbox.engine import default_isolation
from sild.sandbox.engine.errors import FormError
from sild.sandbox.engine.inspecting.provider import SandboxForm, SildSandbox
from sild.sandbox.engine.isolation import INSIDE
from sild.sandbox.engine.limits import MIB

pytestmark = pytest.mark.integration

# docs/sandbox.md says why: there is one user in a sandbox of level L1, and root is nobody in it.
SLEEPING = ("test_exec_timeout", "test_exec_timeout_kills_process", "test_exec_timeout_kills_child_processes")
NOT_MET = {"test_exec_as_user": SandboxUserUnsupportedError}


def within(act, config=None):
    """Do something with a sandbox of ours, as Inspect would."""

    async def whole():
        await SildSandbox.task_init("task", config)
        environments = await SildSandbox.sample_init("task", config, {})
        try:
            return await act(environments["default"])
        finally:
            await SildSandbox.sample_cleanup("task", config, environments, False)

    return anyio.run(whole)


def test_there_are_as_many_checks_as_when_this_was_written():
    assert len(self_check.__all__) == 44


@pytest.mark.parametrize("name", sorted(set(self_check.__all__) - set(NOT_MET) - set(SLEEPING)))
def test_inspects_own_check_passes(name):
    within(getattr(self_check, name))


def test_inspects_own_checks_that_wait_pass_side_by_side():
    async def act(sandbox):
        async with anyio.create_task_group() as group:
            for name in SLEEPING:
                group.start_soon(getattr(self_check, name), sandbox)

    within(act)


@pytest.mark.parametrize("name", sorted(NOT_MET))
def test_inspects_own_check_fails_for_the_reason_that_the_docs_give(name):
    with pytest.raises(NOT_MET[name]):
        within(getattr(self_check, name))


def test_the_entry_point_registers_the_provider():
    project = tomllib.loads((Path(__file__).parents[4] / "pyproject.toml").read_text())
    ((name, value),) = project["project"]["entry-points"]["inspect_ai"].items()
    EntryPoint(name, value, "inspect_ai").load()
    assert registry_find_sandboxenv("sild") is SildSandbox


def test_neither_a_path_nor_a_link_leads_out(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("of the host")

    async def act(sandbox):
        with pytest.raises(FileNotFoundError):
            await sandbox.read_file(str(secret))
        await sandbox.exec(["ln", "-s", str(secret), "link"])
        with pytest.raises(FileNotFoundError):
            await sandbox.read_file("link")
        await sandbox.write_file(str(secret), "changed")  # there is a /tmp inside, too
        await sandbox.write_file("link", "changed")
        with pytest.raises(PermissionError):
            await sandbox.write_file("../../../usr/changed", "changed")

    within(act)
    assert secret.read_text() == "of the host"


def test_each_sample_has_a_sandbox_of_its_own():
    async def both(first):
        await first.write_file("mine", "1")
        (second,) = (await SildSandbox.sample_init("task", None, {})).values()
        with pytest.raises(FileNotFoundError):
            await second.read_file("mine")
        await SildSandbox.sample_cleanup("task", None, {"default": second}, True)
        assert await first.read_file("mine") == "1"

    within(both)


def test_what_runs_inside_can_neither_end_the_keeper_nor_speak_for_it():
    async def act(sandbox):
        await sandbox.exec(["sh", "-c", "kill -9 1; kill -INT 1; kill -STOP 1"])
        told = await sandbox.exec(["sh", "-c", "echo forged > /proc/1/fd/1; cat /proc/1/environ; ls /proc/1/fd"])
        assert told.returncode != 0
        assert "forged" not in told.stdout
        assert "denied" in told.stderr
        assert (await sandbox.exec(["echo", "alive"])).stdout == "alive\n"

    within(act)


def test_a_command_that_says_too_much_is_ended():
    async def act(sandbox):
        with override_max_exec_output_size(1000), pytest.raises(OutputLimitExceededError) as raised:
            await sandbox.exec(["yes"])
        assert raised.value.truncated_output == "y\n" * 500
        with override_max_exec_output_size(1000), pytest.raises(OutputLimitExceededError):
            await sandbox.exec(["sh", "-c", "yes >&2"])

    within(act)


def test_endless_devices_and_pipes_without_a_writer_hold_nobody():
    async def act(sandbox):
        with pytest.raises(OutputLimitExceededError):
            await sandbox.read_file("/dev/zero")
        await sandbox.exec(["mkfifo", "pipe"])
        assert await sandbox.read_file("pipe") == ""
        with pytest.raises(OSError, match="pipe"):
            await sandbox.write_file("pipe", "nobody reads")

    within(act)


def test_text_that_is_none_is_an_error_of_its_own():
    async def act(sandbox):
        await sandbox.write_file("bytes", b"\xc3\x28")
        with pytest.raises(UnicodeDecodeError):
            await sandbox.read_file("bytes")

    within(act)


def test_a_file_below_a_file_is_not_found_and_not_written():
    async def act(sandbox):
        await sandbox.write_file("file", "")
        with pytest.raises(FileNotFoundError):
            await sandbox.read_file("file/below")
        with pytest.raises(OSError, match="file"):
            await sandbox.write_file("file/below", "")

    within(act)


def test_a_command_or_folder_that_is_missing_is_a_failed_command():
    async def act(sandbox):
        missing = await sandbox.exec(["no-such-program"])
        assert (missing.success, missing.returncode) == (False, 127)
        assert "no-such-program" in missing.stderr
        nowhere = await sandbox.exec(["true"], cwd="/nowhere")
        assert (nowhere.success, nowhere.returncode) == (False, 126)

    within(act)


def test_commands_run_side_by_side():
    async def act(sandbox):
        async def wait_for_the_other(mine, other):
            program = f"touch {mine}; while [ ! -e {other} ]; do sleep 0.01; done"
            assert (await sandbox.exec(["sh", "-c", program], timeout=10)).success

        async with anyio.create_task_group() as group:
            group.start_soon(wait_for_the_other, "a", "b")
            group.start_soon(wait_for_the_other, "b", "a")

    within(act)


def test_a_command_in_the_background_does_not_hold_the_one_that_started_it():
    async def act(sandbox):
        told = await sandbox.exec(["sh", "-c", "sleep 60 & echo started"], timeout=20)
        assert told.stdout == "started\n"

    within(act)


def test_a_command_that_nobody_waits_for_any_more_is_ended():
    async def act(sandbox):
        with anyio.move_on_after(0.3):
            await sandbox.exec(["sh", "-c", "touch started; sleep 60; touch finished"])
        for _ in range(100):
            left = await sandbox.exec(["sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"])
            if "sleep 60" not in left.stdout:
                return
            await anyio.sleep(0.02)
        raise AssertionError("it still runs")

    within(act)


def test_a_sandbox_that_breaks_its_limits_is_no_more():
    form = SandboxForm.model_validate({"limits": {"scratch_files": 50, "memory_bytes": 256 * MIB}})

    async def act(sandbox):
        with pytest.raises(SandboxUnavailableError, match="scratch-limit"):
            await sandbox.exec(["sh", "-c", "for i in $(seq 200); do : > f$i; done; sleep 30"])
        with pytest.raises(SandboxUnavailableError):
            await sandbox.write_file("file", "")

    within(act, form)


def test_packages_are_shown_when_they_are_asked_for(tmp_path):
    config = tmp_path / "sild-sandbox.yaml"
    config.write_text("packages: [orjson]\n")

    async def act(sandbox):
        told = await sandbox.exec(["python3", "-c", "import orjson; print(orjson.dumps(1))"])
        assert told.stdout == "b'1'\n"

    within(act, str(config))
    assert SildSandbox.config_files() == [config.name]
    assert SildSandbox.config_deserialize({"packages": ["orjson"]}) == SandboxForm(packages=["orjson"])


def test_a_configuration_with_flaws_ends_the_task_before_it_begins(tmp_path):
    config = tmp_path / "sild-sandbox.yaml"
    config.write_text("limits: {memory: 3}\n")
    with pytest.raises(FormError, match=r"sild-sandbox\.yaml:1"):
        within(anyio.sleep, str(config))


def test_the_programs_inside_are_read_only():
    async def act(sandbox):
        with pytest.raises(PermissionError):
            await sandbox.write_file(f"{INSIDE}/keeper.py", "")

    within(act)
    assert default_isolation().level == "L1"

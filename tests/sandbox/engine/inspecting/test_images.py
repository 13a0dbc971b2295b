"""Tasks with images: Inspect's own conformance checks, several machines, root inside, no way out, nothing left."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import anyio
import pytest
from inspect_ai.util import OutputLimitExceededError, SandboxUnavailableError
from inspect_ai.util._sandbox import self_check
from inspect_ai.util._sandbox.limits import override_max_exec_output_size, override_max_read_file_size
from inspect_ai.util._sandbox.registry import registry_find_sandboxenv

from sandbox.machines import tools
from sild.sandbox.engine.containers.room import PREFIX
from sild.sandbox.engine.errors import FormError, IsolationError
from sild.sandbox.engine.inspecting import images, registry
from sild.sandbox.engine.inspecting.images import SildImages, shared
from sild.sandbox.engine.pods import pod as pods

pytestmark = pytest.mark.integration

WAITING = ("test_exec_timeout", "test_exec_timeout_kills_process", "test_exec_timeout_kills_child_processes")
# docs/sandbox.md says why: to an image's root no file of its own is closed.
OF_ROOT = (
    "test_read_file_not_allowed",
    "test_write_binary_file_without_permissions",
    "test_write_text_file_without_permissions",
)
IDLE = "command: tail -f /dev/null\n    init: true"
ALONE = f"services:\n  default:\n    image: localhost/tools:1\n    {IDLE}\n"
AS_SOMEONE = f"{ALONE}    user: someone\n    working_dir: /home/someone\n"
SERVES = (
    "use IO::Socket::INET; $s = IO::Socket::INET->new(LocalAddr => '0.0.0.0:8080', Listen => 5) or die; "
    "$SIG{PIPE} = 'IGNORE'; while (1) { $c = $s->accept or next; print $c qq(hello\\n); close $c }"
)
ASKS = (
    "use IO::Socket::INET; $s = IO::Socket::INET->new(PeerAddr => $ARGV[0], Timeout => 2) or die qq(no: $!\\n); "
    "print scalar <$s>"
)


@pytest.fixture(scope="module")
def store():
    """The images of this module's tasks, taken once; rooms are made in a folder that is empty afterwards."""
    with tools() as folder, pytest.MonkeyPatch.context() as patch:
        rooms = folder / "rooms"
        rooms.mkdir()
        patch.setenv("TMPDIR", str(rooms))
        (folder / "compose.yaml").write_text(ALONE)
        anyio.run(SildImages.task_init, "task", str(folder / "compose.yaml"))
        yield rooms
        anyio.run(SildImages.task_cleanup, "task", str(folder / "compose.yaml"), True)
        assert list(rooms.iterdir()) == []
        named = subprocess.run(
            ["podman", "images", "--format", "{{.Names}}"], capture_output=True, text=True, check=True
        )
        assert named.stdout.split() == ["[localhost/tools:1]"]


def opened(folder, text, metadata=None):
    """The machines of a compose file."""
    (folder / "compose.yaml").write_text(text)
    return anyio.run(SildImages.sample_init, "task", str(folder / "compose.yaml"), metadata or {})


def closed(machines):
    anyio.run(SildImages.sample_cleanup, "task", None, machines, False)


@pytest.fixture(scope="module")
def someone(store, tmp_path_factory):
    """A machine whose user is none in particular."""
    machines = opened(tmp_path_factory.mktemp("someone"), AS_SOMEONE)
    yield machines["default"]
    closed(machines)


@pytest.fixture(scope="module")
def root(store, tmp_path_factory):
    """A machine whose user is root."""
    machines = opened(tmp_path_factory.mktemp("root"), ALONE)
    yield machines["default"]
    closed(machines)


def call(function, *arguments, **named):
    """Await something, here and now."""

    async def whole():
        return await function(*arguments, **named)

    return anyio.run(whole)


def test_there_are_as_many_checks_as_when_this_was_written():
    assert len(self_check.__all__) == 44


def test_the_provider_is_registered_and_takes_what_docker_takes():
    assert registry_find_sandboxenv("sild-images") is SildImages is registry.SildImages
    assert SildImages.is_docker_compatible()
    assert SildImages.config_files()[0] == "compose.yaml"


@pytest.mark.parametrize("name", sorted(set(self_check.__all__) - set(WAITING)))
def test_inspects_own_check_passes(someone, name):
    call(getattr(self_check, name), someone)


@pytest.mark.parametrize("name", OF_ROOT)
def test_inspects_own_check_fails_for_root_for_the_reason_that_the_docs_give(root, name):
    with pytest.raises(AssertionError, match="Expected exception PermissionError"):
        call(getattr(self_check, name), root)


def test_inspects_own_checks_that_wait_pass_side_by_side(someone):
    async def act():
        async with anyio.create_task_group() as group:
            for name in WAITING:
                group.start_soon(getattr(self_check, name), someone)

    anyio.run(act)


def test_root_writes_wherever_it_likes_and_nobody_else_sees_it(root, someone):
    told = call(
        root.exec, ["sh", "-c", "id -u; echo new > /usr/bin/made && echo more >> /etc/passwd && cat /usr/bin/made"]
    )
    assert told.stdout == "0\nnew\n"
    call(root.write_file, "/opt/a/b", "written")
    assert call(root.read_file, "/opt/a/b") == "written"
    assert not Path("/usr/bin/made").exists()
    with pytest.raises(FileNotFoundError):
        call(someone.read_file, "/usr/bin/made")
    assert "more" not in call(someone.read_file, "/etc/passwd")
    with pytest.raises(PermissionError):
        call(someone.write_file, "/usr/bin/made", "")


def test_the_network_has_no_way_out(root):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        for place in (f"127.0.0.1:{listener.getsockname()[1]}", "192.0.2.1:80", "169.254.169.254:80"):
            told = call(root.exec, ["perl", "-e", ASKS, place], timeout=20)
            assert told.stderr.startswith("no:"), told
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_neither_a_path_nor_a_link_leads_out(root, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("of the host")
    call(root.exec, ["ln", "-sf", str(secret), "/link"])
    with pytest.raises(FileNotFoundError):
        call(root.read_file, "/link")
    with pytest.raises(FileNotFoundError):
        call(root.read_file, f"/proc/1/root{secret}")
    call(root.write_file, str(secret), "changed")
    call(root.write_file, "/link", "changed")
    assert secret.read_text() == "of the host"


def test_users_are_the_images_own(someone):
    assert call(someone.exec, ["sh", "-c", "id -un; echo $HOME"]).stdout == "someone\n/home/someone\n"
    assert call(someone.exec, ["sh", "-c", "id -u; echo $HOME"], user="root").stdout == "0\n/root\n"
    assert call(someone.exec, ["sh", "-c", "id -u; id -g"], user="4242:7").stdout == "4242\n7\n"
    assert "staff" in call(someone.exec, ["id"], user="someone").stdout
    nobody = call(someone.exec, ["true"], user="nobody-of-that-name")
    assert (nobody.success, "nobody-of-that-name" in nobody.stderr) == (False, True)


def test_commands_that_are_not_started_are_failed_commands(someone):
    missing = call(someone.exec, ["no-such-program"])
    assert (missing.returncode, "no-such-program" in missing.stderr) == (127, True)
    assert call(someone.exec, ["true"], cwd="/nowhere").returncode == 126
    with pytest.raises(PermissionError):
        call(someone.exec, ["/etc/passwd"])


def test_limits_of_output_and_of_files_hold(someone):
    with override_max_exec_output_size(1000), pytest.raises(OutputLimitExceededError) as raised:
        call(someone.exec, ["yes"])
    assert raised.value.truncated_output == "y\n" * 500
    call(someone.write_file, "large", b"x" * 2000)
    with override_max_read_file_size(1000), pytest.raises(OutputLimitExceededError):
        call(someone.read_file, "large")
    with pytest.raises(OSError, match="Invalid"):
        call(someone.read_file, "/dev/zero")


def test_a_command_that_nobody_waits_for_any_more_is_ended(someone):
    async def act():
        with anyio.move_on_after(1):
            await someone.exec(["sh", "-c", "sleep 61 & sleep 62"])
        for _ in range(100):
            left = await someone.exec(["ps", "aux"])
            if "sleep 6" not in left.stdout:
                return
            await anyio.sleep(0.05)
        raise AssertionError("it still runs")

    anyio.run(act)


def test_a_shell_for_a_person_is_the_machines(root):
    connection = call(root.connection)
    done = subprocess.run(connection.command, shell=True, input="id -u\n", capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"
    with pytest.raises(NotImplementedError):
        call(root.connection, user="someone")


def test_services_find_each_other_by_name_once_they_are_ready(store, tmp_path):
    (tmp_path / "page").write_text("shown")
    text = f"""
services:
  server:
    image: localhost/tools:1
    command: ["perl", "-e", "{SERVES.replace("$", "$$")}"]
    networks: [inner]
    healthcheck:
      test: ["CMD", "perl", "-e", "{ASKS.replace("$", "$$")}", "localhost:8080"]
      interval: 1s
      retries: 20
  prepared:
    image: localhost/tools:1
    command: ["true"]
    networks: [inner]
  client:
    image: localhost/tools:1
    {IDLE}
    x-default: true
    working_dir: /made/up
    hostname: desk
    volumes: ["./page:/srv/page"]
    environment: {{WHERE: "server:8080"}}
    depends_on: {{server: {{condition: service_healthy}}, prepared: {{condition: service_completed_successfully}}}}
    networks: [inner]
networks: {{inner: {{internal: true}}}}
"""
    machines = opened(tmp_path, text)
    try:
        assert list(machines) == ["client", "server"]
        client, server = machines.values()
        told = call(client.exec, ["sh", "-c", 'perl -e "$1" $WHERE; hostname; pwd', "sh", ASKS])
        assert told.stdout == "hello\ndesk\n/made/up\n"
        assert "perl -e use IO" not in call(client.exec, ["ps", "aux"]).stdout
        call(client.write_file, "/made/up/file", "of the client")
        with pytest.raises(FileNotFoundError):
            call(server.read_file, "/made/up/file")
        call(client.write_file, "/srv/page", "changed inside")
        assert (tmp_path / "page").read_text() == "shown"
        assert call(client.read_file, "/etc/hosts").startswith("127.0.0.1 localhost server prepared client desk")
    finally:
        closed(machines)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (
            ALONE.replace(IDLE, "command: ['sh', '-c', 'echo broken; exit 3']"),
            pods.PodError,
            "default ended at once: broken",
        ),
        (ALONE.replace(IDLE, "command: [no-such-program]"), pods.PodError, "default was not started.*no-such-program"),
        (ALONE.replace(IDLE, ""), pods.PodError, "has no command"),
        (f"{ALONE}    user: nobody-here\n", pods.PodError, "no user nobody-here"),
        (
            f"{ALONE}    healthcheck: {{test: 'false', interval: 100ms, timeout: 100ms, retries: 1}}\n",
            pods.PodError,
            "not ready",
        ),
        (ALONE.replace("tools:1", "missing:1"), IsolationError, "podman pull localhost/missing:1"),
        (f"{ALONE}    privileged: true\n", FormError, r"compose\.yaml:6"),
    ],
)
def test_machines_that_cannot_be_had_are_refused_with_the_reason(store, tmp_path, text, error, message):
    before = set(store.glob(f"{PREFIX}*/pods/*"))
    with pytest.raises(error, match=message):
        opened(tmp_path, text)
    assert set(store.glob(f"{PREFIX}*/pods/*")) == before


def test_what_breaks_the_bound_on_memory_ends_its_sample_alone(store, tmp_path, someone):
    machines = opened(tmp_path, f"{ALONE}    mem_limit: 32m\n")
    try:
        with pytest.raises(SandboxUnavailableError, match="more than 32 MiB"):
            call(machines["default"].exec, ["perl", "-e", "$x = 'x' x 1000000000; print length $x"])
        with pytest.raises(SandboxUnavailableError):
            call(machines["default"].write_file, "file", "")
        with pytest.raises(ConnectionError):
            call(machines["default"].connection)
    finally:
        closed(machines)
    assert call(someone.exec, ["echo", "alive"]).stdout == "alive\n"


def test_the_self_test_held_before_anything_ran(store):
    checks = images.proved()
    assert all(check.ok for check in checks)
    assert {"network", "own-kernel", "forks", "memory", "root-writes", "root-devices", "root-mounts"} < {
        one.name for one in checks
    }


KILLED = """
import sys, time, anyio
from sild.sandbox.engine.inspecting import images
images.proved = lambda: []
async def main():
    await images.SildImages.task_init("task", sys.argv[1])
    await images.SildImages.sample_init("task", sys.argv[1], {})
    print("ready", flush=True)
    time.sleep(60)
anyio.run(main)
"""


def test_what_a_killed_process_left_has_ended_and_is_removed_by_the_next(store, tmp_path):
    (tmp_path / "compose.yaml").write_text(ALONE)
    rooms = tmp_path / "rooms"
    rooms.mkdir()
    environment = {**os.environ, "TMPDIR": str(rooms)}
    command = [sys.executable, "-c", KILLED, str(tmp_path / "compose.yaml")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout.readline() == b"ready\n"
        (left,) = rooms.iterdir()
        assert _inside(left)
        process.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 15
    while _inside(left) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _inside(left) == []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(rooms))
        anyio.run(SildImages.cli_cleanup, None)
    assert list(rooms.iterdir()) == []


def _inside(room):
    """Processes whose /run is a room."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and f"{room} /run " in (folder / "mountinfo").read_text().replace("/..", ""):
                found.append(folder.name)
        except OSError:
            continue
    return found


def test_a_task_takes_and_gives_its_images(store, tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM localhost/tools:1\nRUN echo built > /built\nWORKDIR /root\n")
    anyio.run(SildImages.task_init, "task", str(tmp_path / "Dockerfile"))
    machines = anyio.run(SildImages.sample_init, "task", str(tmp_path / "Dockerfile"), {})
    assert call(machines["default"].read_file, "/built") == "built\n"
    assert call(machines["default"].exec, ["pwd"]).stdout == "/root\n"
    closed(machines)
    anyio.run(SildImages.task_cleanup, "task", str(tmp_path / "Dockerfile"), True)
    assert shared.store().made.folder.exists()  # another task of this module has its images still

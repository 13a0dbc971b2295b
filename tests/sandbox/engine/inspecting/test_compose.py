"""What tasks say of their machines: read with Inspect's parser; what cannot be had is named with its line."""

from __future__ import annotations

from textwrap import dedent

import pytest
from inspect_ai.util import ComposeConfig

from sild.sandbox.engine.errors import FormError
from sild.sandbox.engine.inspecting import compose
from sild.sandbox.engine.limits import GIB, MIB
from sild.sandbox.engine.pods.spec import CAPABILITIES
from sild.sandbox.engine.pods.store import Build

pytestmark = pytest.mark.unit


def write(folder, text):
    path = folder / "compose.yaml"
    path.write_text(dedent(text))
    return str(path)


def flaws(folder, text, **metadata):
    with pytest.raises(FormError) as raised:
        compose.read(write(folder, text), metadata)
    return {flaw.path: (flaw.line, flaw.message) for flaw in raised.value.flaws}


def test_a_compose_file_is_read_in_the_order_of_its_needs(tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM a\n")
    (tmp_path / "conf").mkdir()
    (tmp_path / "env").write_text("# a comment\nC=3\n")
    path = write(
        tmp_path,
        """
        services:
          agent:
            build: .
            x-default: true
            command: tail -f /dev/null
            entrypoint: []
            working_dir: /work
            user: "1000:50"
            init: true
            hostname: box
            environment: {A: "1", B: "x y"}
            env_file: env
            mem_limit: 0.5gb
            cpus: 1.5
            pids_limit: 64
            shm_size: 64m
            tmpfs: ["/cache:size=1m", /var/cache]
            ulimits: {nofile: {soft: 10, hard: 20}}
            cap_drop: [ALL]
            cap_add: [CHOWN, SYS_PTRACE]
            security_opt: ["seccomp=unconfined"]
            extra_hosts: ["other:127.0.0.5"]
            volumes: ["./conf:/etc/conf:ro", "data:/data", {type: tmpfs, target: /scratch, tmpfs: {size: 2m}}]
            depends_on: {db: {condition: service_healthy}, once: {condition: service_completed_successfully}}
            ports: ["80:80"]
            restart: always
            networks: [inner]
          db:
            image: localhost/db:1
            read_only: true
            networks: [inner]
            deploy: {resources: {limits: {memory: 2G}}}
            healthcheck: {test: ["CMD-SHELL", "true"], interval: 5s, timeout: 1m30s, retries: 2, start_period: 500ms}
          once:
            image: localhost/db:1
            networks: [inner, other]
            command: ["echo", "$$HOME"]
        networks: {inner: {internal: true}, other: {}}
        volumes: {data: {}}
        """,
    )
    db, once, agent = compose.read(path, {})
    assert [db.name, once.name, agent.name] == ["db", "once", "agent"]
    assert (agent.default, db.default) == (True, False)
    assert agent.build == Build(tmp_path.resolve(), tmp_path.resolve() / "Dockerfile")
    assert (agent.command, agent.entrypoint, db.entrypoint) == (("tail", "-f", "/dev/null"), (), None)
    assert (agent.folder, agent.user, agent.hostname, agent.init) == ("/work", "1000:50", "box", True)
    assert agent.environment == {"A": "1", "B": "x y", "C": "3"}
    assert (agent.memory_bytes, db.memory_bytes) == (512 * MIB, 2 * GIB)
    assert (agent.processors, agent.processes, agent.open_files) == (1.5, 64, 20)
    assert agent.memory_folders == (("/cache", MIB), ("/var/cache", 256 * MIB), ("/scratch", 2 * MIB))
    assert agent.shared_memory == 64 * MIB
    assert agent.capabilities == {"CHOWN", "SYS_PTRACE"}
    assert db.capabilities == CAPABILITIES
    assert agent.binds == ((tmp_path.resolve() / "conf", "/etc/conf", True),)
    assert agent.hosts == (("other", "127.0.0.5"),)
    assert agent.needs == {"db": False, "once": True}
    assert (db.health.command, db.health.every, db.health.within) == (("/bin/sh", "-c", "true"), 1.0, 190.5)
    assert db.read_only
    assert once.command == ("echo", "$HOME")


@pytest.mark.parametrize(
    ("key", "line", "message"),
    [
        ("privileged: true", 4, "nothing is privileged"),
        ("devices: [/dev/kvm]", 4, "no device"),
        ("runtime: nvidia", 4, "gVisor alone"),
        ("cgroup: host", 4, "control groups"),
        ("container_name: box", 4, "this key cannot be had"),
        ("network_mode: host", 4, "only a network without a way out"),
        ("environment: [TOKEN]", 4, "no variable of the node's"),
        ("env_file: missing", 4, "not beside the task"),
        ("volumes: ['/etc:/host']", 4, "not beside the task"),
        ("volumes: ['../..:/host']", 4, "not beside the task"),
        ("volumes: [{type: image, source: a, target: /b}]", 4, "kind image"),
        ("cap_add: [SYS_ADMIN]", 4, "SYS_ADMIN cannot be had"),
        ("security_opt: ['apparmor=unconfined']", 4, "apparmor"),
        ("platform: linux/riscv64", 4, "this machine runs images of"),
        ("extra_hosts: ['host.docker.internal:host-gateway']", 4, "the host is not reachable"),
        ("ulimits: {memlock: 1}", 4, "memlock"),
        ("mem_limit: much", 4, "is no size"),
        ("cpus: many", 4, "valid number"),
        ("pids_limit: many", 4, "no whole number"),
        ("healthcheck: {test: 'true', interval: soon}", 4, "no span of time"),
        ("depends_on: [nobody]", 4, "there is no service nobody"),
        ("build: {context: nowhere}", 4, "there is no Dockerfile in nowhere"),
        ("deploy: {resources: {reservations: {devices: [{driver: nvidia}]}}}", 4, "no device"),
    ],
)
def test_what_cannot_be_had_is_named_with_its_line(tmp_path, key, line, message):
    found = flaws(tmp_path, f"services:\n  default:\n    image: a\n    {key}\n")
    ((path, (at, said)),) = found.items()
    assert path.startswith(f"services.default.{key.partition(':')[0]}")
    assert at == line
    assert message in said


def test_services_that_are_kept_apart_or_share_files_are_refused(tmp_path):
    found = flaws(
        tmp_path,
        """
        services:
          default: {image: a, networks: [one], volumes: ["data:/a"]}
          other: {image: a, networks: [two], volumes: ["data:/b"]}
          lone: {image: a, network_mode: none}
        networks: {one: {}, two: {}}
        volumes: {data: {}}
        """,
    )
    assert "default and other" in found["networks"][1]
    assert "share no files" in found["volumes.data"][1]
    assert "would have none" in found["services.lone.network_mode"][1]


def test_a_file_without_a_default_or_in_a_circle_is_refused(tmp_path):
    assert "x-default" in flaws(tmp_path, "services: {a: {image: b}}\n")["services"][1]
    assert (
        "x-default"
        in flaws(tmp_path, "services: {a: {image: b, x-default: true}, b: {image: b, x-default: true}}\n")["services"][
            1
        ]
    )
    circle = "services: {default: {image: a, depends_on: [b]}, b: {image: a, depends_on: [default]}}\n"
    assert "wait for each other" in flaws(tmp_path, circle)["services"][1]
    assert "image or a build" in flaws(tmp_path, "services: {default: {command: x}}\n")["services.default"][1]


def test_variables_are_the_samples_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("TOKEN", "secret")
    text = (
        "services: {default: {image: 'a:${SAMPLE_METADATA_TAG}', command: '${OTHER:-x} ${SAMPLE_METADATA_TAG:+y}'}}\n"
    )
    (one,) = compose.read(write(tmp_path, text), {"tag": 7})
    assert (one.image, one.command) == ("a:7", ("x", "y"))
    assert compose.variables(write(tmp_path, text), {"tag": 7, "more": 8}) == {"SAMPLE_METADATA_TAG": "7"}
    assert compose.variables(None, {"tag": 7}) == {}
    monkeypatch.setenv("SAMPLE_METADATA_TAG", "8")
    assert compose.read(write(tmp_path, text), {})[0].image == "a:8"
    assert "$TOKEN" in flaws(tmp_path, "services: {default: {image: $TOKEN}}\n")["services.default.image"][1]


def test_a_dockerfile_and_inspects_own_form_are_read(tmp_path):
    path = tmp_path / "Dockerfile"
    path.write_text("FROM a\n")
    (one,) = compose.read(str(path), {})
    assert (one.name, one.build, one.init, one.default) == ("default", Build(tmp_path, path), True, True)
    config = ComposeConfig.model_validate({"services": {"default": {"image": "a"}}})
    assert compose.read(config, {})[0].image == "a"
    with pytest.raises(FormError, match="nothing is privileged"):
        compose.read(ComposeConfig.model_validate({"services": {"default": {"image": "a", "privileged": True}}}), {})


def test_what_is_neither_is_refused(tmp_path):
    with pytest.raises(FormError, match="needs a compose file or a Dockerfile"):
        compose.read(None, {})
    with pytest.raises(FormError, match="cannot be read"):
        compose.read(str(tmp_path / "compose.yaml"), {})
    with pytest.raises(FormError, match="not YAML"):
        compose.read(write(tmp_path, "services: [\n"), {})

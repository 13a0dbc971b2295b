"""What the runtime is told: capabilities by user, one kernel for a pod, nothing of the host's."""

from __future__ import annotations

import pytest

from sild.sandbox.engine.pods import spec
from sild.sandbox.engine.pods.spec import Container
from sild.sandbox.engine.pods.users import User

pytestmark = pytest.mark.unit


def test_root_has_the_capabilities_and_nobody_else_has_one():
    box = Container("/run/image", ("true",), user=User(1000, 1000, (50,), "/home/ann"))
    mine, roots = spec.process(box, ["id"]), spec.process(box, ["id"], user=User())
    assert mine["capabilities"]["effective"] == []
    assert roots["capabilities"]["effective"] == sorted(f"CAP_{name}" for name in spec.CAPABILITIES)
    assert mine["user"] == {"uid": 1000, "gid": 1000, "additionalGids": [50]}
    assert mine["noNewPrivileges"]
    assert not spec.CAPABILITIES & {"SYS_ADMIN", "NET_ADMIN", "NET_RAW", "SYS_PTRACE", "MKNOD"}


def test_variables_come_from_the_user_the_container_and_the_command():
    box = Container("/run/image", ("true",), environment={"A": "1", "HOME": "/srv"})
    told = spec.process(box, ["env"], environment={"A": "2"})["env"]
    assert {"A=2", "HOME=/srv"} < set(told)
    assert "HOME=/home/ann" in spec.process(box, ["env"], user=User(1, 1, (), "/home/ann"))["env"]
    assert any(one.startswith("PATH=") for one in told)


def test_a_container_joins_the_pods_kernel_and_has_spaces_of_its_own():
    box = Container("/run/image", ("true",), read_only=True, binds=(("/run/a", "/b", True),))
    first, second = spec.config(box, ""), spec.config(box, "pod")
    assert first["annotations"] == {"io.kubernetes.cri.container-type": "sandbox"}
    assert second["annotations"]["io.kubernetes.cri.sandbox-id"] == "pod"
    assert {one["type"] for one in second["linux"]["namespaces"]} == {"pid", "ipc", "uts", "mount", "network"}
    assert second["root"] == {"path": "/run/image", "readonly": True}
    kinds = {one["destination"]: one for one in second["mounts"]}
    assert kinds["/b"]["options"] == ["rbind", "ro"]
    assert set(kinds) == {"/proc", "/dev", "/sys", "/dev/shm", "/b"}

"""What a cluster is asked to make, held against the schema of its own API."""

from __future__ import annotations

import kubernetes_validate
import pytest

from sandbox.kube_server import IMAGE, PROBE
from sild.sandbox.engine.isolation import Job
from sild.sandbox.engine.kubernetes import manifest, proof
from sild.sandbox.engine.kubernetes.settings import Settings
from sild.sandbox.engine.limits import MIB, Limits

pytestmark = pytest.mark.unit

SETTINGS = Settings("127.0.0.1", 6443, None, "", "sandbox", "gvisor", PROBE)
JOB = Job(
    ("/answer", "--fast"),
    image=IMAGE,
    environment={"HOME": "/scratch"},
    limits=Limits(memory_bytes=MIB * 64, wall_seconds=9),
)

GREEDY = Job((), image=IMAGE, limits=Limits(gpus=2))


@pytest.mark.parametrize("version", ["1.30", "1.37"])
def test_every_manifest_has_the_form_of_the_api(version):
    for made in (
        manifest.job("sild-a", JOB, SETTINGS, stdin=True),
        manifest.job("sild-b", Job((), image=IMAGE), SETTINGS, stdin=True),
        manifest.job("sild-c", proof.job(SETTINGS), SETTINGS, stdin=False),
        manifest.job("sild-d", GREEDY, SETTINGS, stdin=True),
        manifest.policy("sandbox"),
    ):
        kubernetes_validate.validate(made, version, strict=True)


def test_the_schema_would_find_a_member_that_there_is_not():
    made = manifest.job("sild-a", JOB, SETTINGS, stdin=True)
    made["spec"]["template"]["spec"]["runtimeClass"] = "gvisor"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(made, "1.30", strict=True)


def test_a_pod_has_no_rights_no_token_no_names_and_one_start():
    made = manifest.job("sild-a", JOB, SETTINGS, stdin=True)
    spec = made["spec"]["template"]["spec"]
    assert (spec["runtimeClassName"], spec["restartPolicy"], made["spec"]["backoffLimit"]) == ("gvisor", "Never", 0)
    assert (made["spec"]["activeDeadlineSeconds"], made["spec"]["ttlSecondsAfterFinished"]) == (9, 300)
    assert not any(
        spec[name] for name in ("automountServiceAccountToken", "enableServiceLinks", "hostNetwork", "hostPID")
    )
    assert (spec["dnsPolicy"], spec["securityContext"]["seccompProfile"]) == ("None", {"type": "RuntimeDefault"})
    [container] = spec["containers"]
    held = container["securityContext"]
    assert (held["runAsNonRoot"], held["readOnlyRootFilesystem"], held["allowPrivilegeEscalation"]) == (
        True,
        True,
        False,
    )
    assert held["capabilities"] == {"drop": ["ALL"]}
    assert container["resources"]["limits"] == container["resources"]["requests"]
    assert container["resources"]["limits"]["memory"] == str(64 * MIB)
    assert (container["command"], container["args"]) == (["/answer"], ["--fast"])
    assert (
        "command"
        not in manifest.job("b", Job((), image=IMAGE), SETTINGS, stdin=True)["spec"]["template"]["spec"]["containers"][
            0
        ]
    )


def test_the_policy_has_both_directions_and_no_rule():
    spec = manifest.policy("sandbox")["spec"]
    assert spec == {"podSelector": {"matchLabels": manifest.LABELS}, "policyTypes": ["Ingress", "Egress"]}
    assert manifest.job("a", JOB, SETTINGS, stdin=True)["spec"]["template"]["metadata"]["labels"] == manifest.LABELS


def test_graphics_processors_are_asked_of_the_cluster_when_the_solution_asks():
    told = [manifest.job("sild-d", job, SETTINGS, stdin=True) for job in (GREEDY, JOB)]
    first, second = (one["spec"]["template"]["spec"]["containers"][0]["resources"] for one in told)
    assert first["limits"]["nvidia.com/gpu"] == first["requests"]["nvidia.com/gpu"] == "2"
    assert "nvidia.com/gpu" not in second["limits"]

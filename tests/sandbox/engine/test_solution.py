"""Solutions: what their description may say, and the job that comes of it."""

from __future__ import annotations

import pytest

from sandbox.factories import write_solution
from sild.sandbox.engine import solution
from sild.sandbox.engine.errors import FormError, RuntimeMissingError
from sild.sandbox.engine.interpreter import interpreter

pytestmark = pytest.mark.integration


def flaws(tmp_path, **changes):
    with pytest.raises(FormError) as caught:
        solution.load(write_solution(tmp_path / "s", **changes))
    return {flaw.path: flaw.message for flaw in caught.value.flaws}


def test_a_solution_is_read_with_its_digest(tmp_path):
    read = solution.load(write_solution(tmp_path / "s"))
    assert (read.label, read.form.risk_class, read.form.limits.processes) == ("echo 1.0", "minimal", 32)
    assert read.digest.startswith("sha256:")


def test_prohibited_practices_are_refused(tmp_path):
    assert "Article 5" in flaws(tmp_path, risk_class="prohibited")["risk_class"]


def test_limits_have_ceilings_and_unknown_ones_are_flaws(tmp_path):
    found = flaws(tmp_path, limits={"memory_bytes": 1 << 60, "processes": 0, "nice": 1})
    assert set(found) == {"limits.memory_bytes", "limits.processes", "limits.nice"}


def test_every_member_that_is_missing_is_named(tmp_path):
    folder = tmp_path / "s"
    folder.mkdir()
    (folder / "solution.yaml").write_text("name: a\n")
    with pytest.raises(FormError) as caught:
        solution.load(folder)
    assert {flaw.path for flaw in caught.value.flaws} == {
        "version", "title", "owner", "purpose", "intended_use", "languages", "risk_class", "start"
    }  # fmt: skip


def test_a_folder_with_a_link_is_refused(tmp_path):
    folder = write_solution(tmp_path / "s")
    (folder / "more").symlink_to("/etc/passwd")
    with pytest.raises(FormError, match="link"):
        solution.load(folder)


def test_the_job_shows_the_folder_the_interpreter_and_named_packages_only(tmp_path):
    job = solution.job(solution.load(write_solution(tmp_path / "s", packages=["numpy"])))
    assert job.command == (interpreter().program, "main.py")
    targets = {bind.target for bind in job.binds} - {bind.target for bind in interpreter().binds}
    assert targets >= {"/solution", "/packages/numpy"}
    assert all(target == "/solution" or target.startswith("/packages/numpy") for target in targets)


@pytest.mark.parametrize(
    ("word", "program"), [("./tool", "/solution/tool"), ("bin/tool", "/solution/bin/tool"), ("awk", "awk")]
)
def test_other_programs_stand_in_the_folder_or_in_the_system(tmp_path, word, program):
    folder = write_solution(tmp_path / "s", start={"command": [word, "-x"], "protocol": "jsonl"})
    assert solution.job(solution.load(folder)).command == (program, "-x")


def test_a_package_that_is_not_installed_is_named(tmp_path):
    with pytest.raises(RuntimeMissingError, match="no-such-thing"):
        solution.job(solution.load(write_solution(tmp_path / "s", packages=["no-such-thing"])))


@pytest.mark.parametrize(
    ("start", "why"),
    [
        ({"image": "registry.example.org/a:1.0"}, "a tag is not the same image tomorrow"),
        ({"image": "../image.tar"}, "OCI archive"),
        ({"image": "image.tar", "protocol": "chat"}, "spoken to by jsonl"),
        ({"image": "image.tar", "model": "weights.onnx"}, "runs no model file"),
        ({"image": "image.tar", "protocol": "endpoint", "url": "https://a.example/v1", "model": "m"}, "no image"),
    ],
)
def test_an_image_is_an_archive_or_has_a_digest_and_speaks_json_lines(tmp_path, start, why):
    assert why in " ".join(flaws(tmp_path, start=start).values())


def test_an_image_is_not_let_out_and_is_shown_no_packages(tmp_path):
    start = {"image": "image.tar"}
    assert "never let out" in " ".join(flaws(tmp_path, start=start, egress=["a.example:443"]).values())


def test_the_job_of_an_image_sees_nothing_of_the_hosts(tmp_path):
    job = solution.job(solution.load(write_solution(tmp_path / "s", start={"image": "image.tar", "command": ["/run"]})))
    assert (job.command, job.binds, job.image) == (("/run",), (), str(tmp_path / "s" / "image.tar"))
    assert not {"PATH", "PYTHONPATH", "SILD_SOCKET"} & set(job.environment)
    reference = f"registry.example.org/a@sha256:{'a' * 64}"
    job = solution.job(solution.load(write_solution(tmp_path / "r", start={"image": reference})))
    assert (job.command, job.image) == ((), reference)

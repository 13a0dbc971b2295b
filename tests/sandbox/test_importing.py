"""Inspect's tasks run with our solution and sandbox, and its logs taken in: as they are, forged, and hostile."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from textwrap import dedent

import pytest
from django.template.loader import render_to_string

from sandbox.factories import CHAT, write_solution
from sandbox.machines import tools
from sandbox.test_cli import in_json, typed
from sild.people.enums import Role
from sild.people.errors import NotAllowedError
from sild.sandbox import importing, results, services
from sild.sandbox.engine import report as reports
from sild.sandbox.engine.inspecting import logs
from sild.sandbox.engine.inspecting.evidence import score_of, slug
from sild.sandbox.engine.inspecting.logs import LogError
from sild.sandbox.engine.inspecting.tasks import TaskError
from sild.sandbox.errors import StateError

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db,
    # Inspect's own: a parameter in its retries, and streams that it leaves open when an evaluation fails.
    pytest.mark.filterwarnings("ignore:The 'initial' parameter:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

LAST_WORD = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    word = asked["input"].split()[-1]
    print(json.dumps({"id": asked["id"], "output": "wrong" if word == "3" else word}), flush=True)
"""
TASK = """
from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.scorer import accuracy, exact, scorer, Score, stderr
from inspect_ai.solver import generate, solver
from inspect_ai.util import sandbox

@scorer(metrics=[accuracy(), stderr()])
def inside():
    async def score(state, target):
        await sandbox().write_file("said.txt", state.output.completion)
        told = await sandbox().exec(["sh", "-c", "cat said.txt; test -e /root/.ssh && echo host; id -u"])
        said, uid = told.stdout[:1], told.stdout[1:].strip()
        return Score(value="C" if said == target.text and uid != "0" else "I", answer=said)
    return score

@task
def numbers():
    samples = [
        Sample(id=f"s{n}", input=f"Say {n}", target=str(n), metadata={"language": "et" if n % 2 else "uk"})
        for n in range(6)
    ]
    return Task(dataset=MemoryDataset(samples, name="numbers"), solver=generate(), scorer=inside(), sandbox="docker")

@task
def one():
    return Task(dataset=MemoryDataset([Sample(input="Say 1", target="1")]), solver=generate(), scorer=exact())

@scorer(metrics=[accuracy()])
def built():
    async def score(state, target):
        told = await sandbox().exec(["sh", "-c", "cat /built; id -u; touch /usr/bin/mine && echo written"])
        return Score(value="C" if told.stdout.split() == ["1", "0", "written"] else "I", answer=told.stdout)
    return score

@task
def image():
    samples = [Sample(input="Say 1", target="1")]
    return Task(dataset=MemoryDataset(samples), solver=generate(), scorer=built(), sandbox="docker")

@task
def broken():
    raise ValueError("no task")
"""


@pytest.fixture
def task(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # Inspect finds tasks below the folder that it was started in
    (tmp_path / "task.py").write_text(dedent(TASK))
    return "task.py@numbers"


@pytest.fixture
def last_word(tallinn, operator, tmp_path, db):
    return services.register(operator, write_solution(tmp_path / "s", LAST_WORD))


def test_a_task_runs_with_our_solution_and_its_commands_in_our_sandbox(last_word, operator, task):
    run = importing.run_inspect(operator, last_word, task, at_least=0.8)
    report = run.report
    assert (report["quality"]["name"], report["quality"]["value"]) == ("accuracy", pytest.approx(5 / 6, abs=1e-6))
    assert (report["passed"], report["samples"], report["answered"]) == (True, 6, 6)
    assert report["solution"]["digest"] == last_word.digest
    assert (report["made_by"]["here"], report["made_by"]["sandbox"]) == (True, "sild")
    assert report["isolation"]["level"] == "L1"
    assert all(check["ok"] for check in report["confinement"])
    assert report["resources"]["wall_seconds"] > 0
    wrong = [result.sample for result in results.of(run, "wrong")]
    assert wrong == ["s3"]
    slices = {metric["slice"]: metric["value"] for metric in report["metrics"] if metric["name"] == "accuracy"}
    assert slices["language=uk"] == 1.0
    stated = [metric["value"] for metric in report["metrics"] if metric["name"] == "inspect:inside/accuracy"]
    assert stated == [pytest.approx(5 / 6, abs=1e-6)]


def test_a_log_is_taken_in_as_made_elsewhere_once(last_word, operator, task, tmp_path, editor, stranger, monkeypatch):
    kept = tmp_path / "kept.eval"
    read = logs.read

    def keeping(path):
        kept.write_bytes(path.read_bytes())
        return read(path)

    monkeypatch.setattr(logs, "read", keeping)
    importing.run_inspect(operator, last_word, task)
    monkeypatch.undo()
    run = importing.import_inspect(editor, kept)
    report = run.report
    reports.check(report)
    assert (report["passed"], report["verdicts"], report["confinement"]) == (False, [], [])
    assert report["isolation"] == {
        "level": "L0",
        "backend": "made elsewhere; the log says: sild",
        "measures": [],
    }
    assert (report["made_by"]["here"], report["made_by"]["model"]) == (False, "sild/echo")
    assert report["quality"]["value"] == pytest.approx(5 / 6, abs=1e-6)
    assert "This node ran nothing of it." in render_to_string("sandbox/report.html", {"report": report, "run": run})
    assert importing.import_inspect(editor, kept) == run
    assert results.proved(run, "s3")["leaves"] == 6
    with pytest.raises(StateError, match="nothing here that could be run"):
        services.start_run(editor, run.solution, run.suite)
    assert importing.import_inspect(stranger, kept) != run
    told = in_json("import-inspect", kept, "--at-least", "0.9", status=1)
    assert told["verdicts"][0]["met"] is False
    assert "made elsewhere by Inspect AI 0.3.285: numbers" in typed("import-inspect", kept)
    hostile_versions_of(kept, tmp_path)


def hostile_versions_of(kept, tmp_path):
    """A real log, spoilt in each way."""
    whole = kept.read_bytes()
    at = whole.rindex(b"header.json") - 46  # the central directory's entry (APPNOTE.TXT, 4.3.12)
    size = at + 24
    for spoilt in (
        whole[: len(whole) // 2],
        whole[:size] + struct.pack("<I", 100) + whole[size + 4 :],
        whole[:size] + struct.pack("<I", logs.MAX_MEMBER + 1) + whole[size + 4 :],
        whole[: at + 10] + struct.pack("<H", 99) + whole[at + 12 :],
        whole[: at + 8] + struct.pack("<H", 1) + whole[at + 10 :],
        whole[: at + 16] + struct.pack("<I", 0) + whole[at + 20 :],
    ):
        with pytest.raises(LogError):
            logs.parse(spoilt, "spoilt.eval")
    (tmp_path / "cut.eval").write_bytes(b"")
    with pytest.raises(LogError, match="cannot be read"):
        logs.read(tmp_path / "cut.eval")


def made(header, samples=(), method=zipfile.ZIP_DEFLATED):
    """A log as a stranger would write it."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        for name, content in samples:
            archive.writestr(name, content)
        archive.writestr("header.json", json.dumps(header))
    return data.getvalue()


def a_header(**changes):
    told = {"created": "2026-11-25T00:00:00+00:00", "task": "T 1", "model": "a/b", "task_version": "1 beta"}
    return {"version": 2, "status": "success", "eval": told | {"scorers": [{"name": "s"}]}, **changes}


def a_sample(name, value, **more):
    told = {"id": name, "input": [{"role": "user", "content": "?"}], "scores": {"s": {"value": value}}, **more}
    return f"samples/{name}_epoch_{more.get('epoch', 1)}.json", json.dumps(told)


def test_a_bomb_is_not_unpacked():
    bomb = ("samples/x.json", b" " * (logs.MAX_MEMBER + 1))
    with pytest.raises(LogError, match="larger than"):
        logs.parse(made(a_header(), [bomb]), "bomb.eval")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (made({"version": 3} | {"status": "x", "eval": a_header()["eval"]}), "version 3"),
        (made({"version": 2}), "status"),
        (made(a_header(), [a_sample("a", 1), ("samples/b.json", a_sample("a", 1)[1])]), "twice"),
        (made(a_header(), [("samples/a.json", b"{")]), "cannot be read"),
        (made(a_header(), method=zipfile.ZIP_LZMA), "a way that is not known"),
        (b"PK", "cannot be read"),
    ],
)
def test_what_is_no_log_is_refused_with_the_reason(data, words):
    with pytest.raises(LogError, match=words):
        logs.parse(data, "x.eval")


def test_a_log_of_an_evaluation_that_never_ended_is_refused():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("_journal/start.json", "{}")
    with pytest.raises(LogError, match="never ended"):
        logs.parse(data.getvalue(), "x.eval")


def test_names_of_members_lead_nowhere(operator, tallinn, tmp_path, db):
    path = tmp_path / "log.eval"
    path.write_bytes(made(a_header(), [("samples/../../../x", a_sample("../../x", 0.5)[1]), ("../y", b"no JSON")]))
    run = importing.import_inspect(operator, path, at_least=0.4)
    assert [result.sample for result in results.of(run)] == ["../../x"]
    assert not list(tmp_path.rglob("x"))
    assert (run.report["quality"]["name"], run.report["passed"]) == ("mean_score", True)
    assert (run.suite.name, run.suite.version, run.solution.name) == ("t-1", "1-beta", "a-b")


def test_errors_epochs_and_missing_scores_are_told_apart(operator, tallinn, tmp_path, db):
    samples = [
        a_sample("a", "C"),
        a_sample("a", "I", epoch=2),
        a_sample("b", "C", error={"message": "it\x00broke"}),
        ("samples/c_epoch_1.json", json.dumps({"id": "c", "input": "?"})),
    ]
    path = tmp_path / "log.eval"
    path.write_bytes(made(a_header(), samples))
    run = importing.import_inspect(operator, path)
    told = {result.sample: (result.score, result.error) for result in results.of(run)}
    assert told == {"a": (1, ""), "b": (0, "it�broke"), "c": (0, "no score"), "a#2": (0, "")}
    assert run.report["faults"][0]["count"] == 2
    assert run.report["answered"] == 2


def test_a_log_without_samples_has_nothing_to_take_in(operator, tallinn, tmp_path, db):
    path = tmp_path / "log.eval"
    path.write_bytes(made(a_header()))
    with pytest.raises(StateError, match="no samples"):
        importing.import_inspect(operator, path)


def test_who_may_not_edit_takes_nothing_in(tallinn, tmp_path, editor):
    reader = type(editor)(who="reader", role=Role.VIEWER, agency=editor.agency)
    with pytest.raises(NotAllowedError):
        importing.import_inspect(reader, tmp_path / "log.eval")


def test_a_task_that_is_not_there_or_breaks_keeps_nothing(last_word, operator, task):
    with pytest.raises(TaskError, match="cannot be run"):
        importing.run_inspect(operator, last_word, "no_such.py")
    with pytest.raises(TaskError, match="no task"):
        importing.run_inspect(operator, last_word, "task.py@broken")
    assert not last_word.runs.exists()


def test_a_solution_that_ends_fails_the_task_and_holds_nobody(tallinn, operator, task, tmp_path, db):
    dies = services.register(operator, write_solution(tmp_path / "d", "import sys; sys.stdin.readline()", name="dies"))
    with pytest.raises(TaskError, match="ended"):
        importing.run_inspect(operator, dies, task.replace("numbers", "one"))


def test_a_chat_solution_is_asked_the_conversation(tallinn, operator, task, tmp_path, db):
    upper = services.register(operator, write_solution(tmp_path / "c", CHAT, name="upper", protocol="chat"))
    run = importing.run_inspect(operator, upper, task)
    assert {result.output for result in results.of(run)} == {f"SAY {number}" for number in range(6)}


def test_a_task_that_asks_for_an_image_has_it_and_the_report_says_what_held(last_word, operator, task, tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM localhost/tools:1\nRUN echo 1 > /built\n")
    with tools():
        run = importing.run_inspect(operator, last_word, task.replace("numbers", "image"), images=True)
    report = run.report
    reports.check(report)
    assert report["quality"]["value"] == 1.0
    assert (report["made_by"]["sandbox"], report["isolation"]["level"]) == ("sild-images", "L1")
    machines = next(one for one in report["isolation"]["measures"] if one["name"] == "task machines")
    assert machines["detail"].startswith("level L2, podman")
    tried = next(one for one in report["confinement"] if one["name"] == "machines")
    assert tried["ok"]
    assert "root-writes" in tried["detail"]


def test_the_command_takes_a_suite_or_a_task(tallinn, tmp_path):
    solution = write_solution(tmp_path / "s", LAST_WORD)
    typed("run", solution, status=2)
    typed("run", solution, "suite", "--inspect", "task", status=2)
    typed("run", solution, "suite", "--images", status=2)


def test_scores_of_every_kind_become_numbers():
    kinds = ["C", "P", "I", "N", "yes", True, 0.25, "0.5", "words", {"a": "C", "b": 0}, [1, 0], [], None]
    assert [score_of(value) for value in kinds] == [1, 0.5, 0, 0, 1, 1, 0.25, 0.5, 0, 0.5, 0.5, 0, 0]
    assert (slug("Ö!", "task"), slug("A/b c", "x")) == ("task", "a-b-c")

"""The isolation itself: what it offers, what it refuses, what a confined program sees."""

from __future__ import annotations

import os
import select
import signal
from pathlib import Path

import pytest

from sild.sandbox.engine import bubblewrap, default_isolation
from sild.sandbox.engine.errors import IsolationError
from sild.sandbox.engine.interpreter import interpreter
from sild.sandbox.engine.isolation import Bind, Finding, Job
from sild.sandbox.engine.limits import Limits
from sild.sandbox.engine.process import NOT_STARTED
from sild.sandbox.engine.supervisor import Supervisor

pytestmark = pytest.mark.integration


def confined(code, **changes):
    python = interpreter()
    values = {"binds": python.binds, "limits": Limits(wall_seconds=10), **changes}
    with default_isolation().start(Job((python.program, "-c", code), **values)) as process:
        process.stdin.close()
        said = process.stdout.read().decode() + process.stderr.read().decode()
        return said.strip(), process.finish()


def test_this_host_offers_every_measure():
    findings = default_isolation().available()
    assert all(isinstance(finding, Finding) and finding.ok for finding in findings)
    names = {finding.name for finding in findings}
    assert {
        "bubblewrap",
        "seccomp",
        "user notification",
        "landlock",
        "control group: memory",
        "control group: pids",
    } < names
    assert names & {"fresh user id", "user namespace"}
    assert (default_isolation().level, default_isolation().backend.split()[0]) == ("L1", "bubblewrap")


def test_a_program_has_only_the_environment_that_it_is_given():
    said, usage = confined("import os; print(sorted(os.environ))", environment={"HOME": "/scratch"})
    assert set(eval(said)) <= {"HOME", "PWD", "LC_CTYPE"}
    assert (usage.exit, usage.stopped_by) == (0, "")


def test_the_root_holds_what_is_needed_and_nothing_else(tmp_path):
    (tmp_path / "shown").write_text("text")
    said, _usage = confined(
        "import os; print(sorted(os.listdir('/'))); print(open('/data/inner/file').read())",
        binds=(*interpreter().binds, Bind(str(tmp_path / "shown"), "/data/inner/file")),
    )
    listed, text = said.splitlines()
    system = {"bin", "sbin", "lib", "lib32", "lib64", "libx32", "usr", "etc", "dev", "proc", "tmp", "scratch", "launch"}
    system |= {"var"}  # with nothing but a link to the scratch folder
    tops = {bind.target.split("/")[1] for bind in interpreter().binds}
    assert set(eval(listed)) <= system | tops | {"data"}
    assert text == "text"


def test_masked_folders_are_empty():
    said, _usage = confined(
        f"import os; print([os.listdir(folder) for folder in {list(interpreter().masked)!r}])",
        masked=interpreter().masked,
    )
    assert all(listed == [] for listed in eval(said))


def test_it_has_no_capability_and_cannot_get_one():
    said, _usage = confined("print(open('/proc/self/status').read())")
    status = dict(line.split(":\t", 1) for line in said.splitlines() if ":\t" in line)
    assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    uid = int(status["Uid"].split()[0])
    assert uid >= 0x70000000 if os.geteuid() == 0 else uid == os.geteuid()


def test_every_file_that_it_makes_ends_with_it(tmp_path):
    said, usage = confined(
        "open('/scratch/a', 'w').write('x' * 9999); open('/tmp/b', 'w'); import time; time.sleep(0.3)"
    )
    assert said == ""
    assert usage.exit == 0


def test_a_program_that_is_not_there_is_an_error_of_the_run_not_of_the_host():
    with default_isolation().start(Job(("/no/such/program",))) as process:
        usage = process.finish()
        assert (usage.exit != 0, usage.stopped_by) == (True, "")


def failed_start():
    """What is said about an isolation that cannot be set up: at once, or, when bubblewrap fails later, at the end."""
    try:
        with default_isolation().start(Job(("true",), (Bind("/no-such-folder", "/data"),))) as process:
            said = process.stderr.read().decode()
            assert process.finish().stopped_by == NOT_STARTED
            return said
    except IsolationError as error:
        return str(error)


def test_an_isolation_that_cannot_be_set_up_is_told_from_a_program_that_fails():
    for _ in range(5):
        assert "no-such-folder" in failed_start()


def test_without_a_working_bubblewrap_nothing_is_run(monkeypatch):
    monkeypatch.setattr(bubblewrap, "_candidates", lambda: iter(("/bin/false", "/no/such/bwrap")))
    bubblewrap.program.cache_clear()
    try:
        with pytest.raises(IsolationError, match=r"none is run.*apt-get install bubblewrap"):
            bubblewrap.Bubblewrap().start(Job(("true",)))
        assert bubblewrap.Bubblewrap().backend == "bubblewrap"
    finally:
        bubblewrap.program.cache_clear()


def test_without_a_filter_for_this_machine_nothing_is_run(monkeypatch):
    monkeypatch.setattr("sild.sandbox.engine.seccomp.program", lambda _machine: None)
    with pytest.raises(IsolationError, match="x86_64 or aarch64"):
        bubblewrap.Bubblewrap().start(Job(("true",)))


def test_descriptors_are_not_leaked():
    confined("pass")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        confined("pass")
        failed_start()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_no_inherited_descriptor_is_seen_inside(tmp_path):
    with (tmp_path / "secret").open("w") as secret:
        os.set_inheritable(secret.fileno(), True)
        said, _usage = confined("import os; print(sorted(map(int, os.listdir('/proc/self/fd')))[:-1])")
    assert eval(said) == [0, 1, 2]


def test_a_command_that_is_held_does_not_run_because_the_node_died():
    """The gate opens when limits are set, and by nothing else: not by its closing, as when we are killed."""
    uid = 0x7FFFFFF0 if os.geteuid() == 0 else None
    supervisor = Supervisor([])
    popen, child, status, gate = bubblewrap._spawn(Job(("/usr/bin/echo", "ran")), uid, supervisor.channel)
    supervisor.close()
    os.close(gate)
    os.close(status)
    try:
        assert select.select([popen.stdout], [], [], 0.5)[0] == []
    finally:
        os.kill(child, signal.SIGKILL)
        popen.kill()
        said, _error = popen.communicate()
    assert said == b""

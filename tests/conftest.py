"""What holds for every test: a test that was skipped has not been run, so the suite has failed."""

from __future__ import annotations

import dataclasses
import os
import shutil

import pytest
from django.conf import settings as django_settings
from django.db import connection
from hypothesis import HealthCheck, settings

from prepared import prepare
from sild.trust.marks import Marks

# What is compared is English, whatever this machine speaks; the processes that tests start are told so, too.
for variable in ("SILD_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANGUAGE"):
    os.environ.pop(variable, None)
os.environ["LANG"] = "C.UTF-8"


# How long an example takes, or the making of it, depends on what else this machine does.
settings.register_profile("sild", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("sild")

# What runs real nodes takes longest and waits most: it begins, beside what keeps a processor busy at the end.
LONGEST_FIRST = ("e2e", "simulated", "fuzz", "integration")


def pytest_collection_modifyitems(config, items):
    files = {}
    for item in items:
        place = min(
            (LONGEST_FIRST.index(mark.name) for mark in item.iter_markers() if mark.name in LONGEST_FIRST), default=9
        )
        files[item.path] = min(place, files.get(item.path, place))
    # Playwright keeps an event loop in its process, so what may come before it does.
    items.sort(key=lambda item: (item.path.name.endswith("_in_browser.py"), files[item.path]))
    if connection.vendor != "sqlite":
        others = [item for item in items if not has_database(item)]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if has_database(item)]


def has_database(item):
    """Tell whether a test uses the database: on another than SQLite, all others would only be run again."""
    return bool({"db", "transactional_db"} & set(item.fixturenames)) or item.get_closest_marker("django_db")


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_keepdb):
    """On SQLite the tables are there before the first test."""
    return django_db_keepdb or connection.vendor == "sqlite"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, tmp_path_factory):
    """SQLite in a file, as a node has it: in shared memory a reader does not wait for a writer but fails."""
    if connection.vendor == "sqlite":
        home = tmp_path_factory.mktemp("database")
        prepare(home)
        connection.settings_dict["TEST"]["NAME"] = str(home / "node.sqlite3")
        # No test cuts this machine's power.
        options = connection.settings_dict["OPTIONS"]
        options["init_command"] = options["init_command"].replace("synchronous=FULL", "synchronous=OFF")


@pytest.fixture(autouse=True, scope="session")
def memory_of_this_run(tmp_path_factory):
    """Where nodes keep what forgets at a reboot; the processes that tests start use it, too."""
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SILD_RUN", str(folder))
        patch.setattr(django_settings, "CONFIG", dataclasses.replace(django_settings.CONFIG, run=folder))
        yield folder


@pytest.fixture(autouse=True)
def each_log_begins_anew(request, memory_of_this_run, tmp_path_factory):
    """The next test has an empty database, so nothing may remember the log of this one."""
    yield
    # A test of running nodes has no database of its own; theirs, and what they remember, go on to the next test.
    if request.node.get_closest_marker("e2e") is None or request.node.get_closest_marker("django_db"):
        for home in tmp_path_factory.getbasetemp().glob("tallinn*"):
            Marks.of(home, memory_of_this_run).fleeting.unlink(missing_ok=True)
            shutil.rmtree(home / "log", ignore_errors=True)
    if request.node.get_closest_marker("e2e") is None:
        for left in memory_of_this_run.iterdir():
            left.unlink()


@pytest.fixture(scope="session")
def base_url():
    """Instead of pytest-base-url's, whose way of being a fixture pytest warns about."""
    return ""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    # Playwright keeps an event loop in this thread; Django would refuse the database there.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    # There is no graphics processor; to imitate one takes as long as all the rest.
    arguments = ["--disable-background-networking", "--disable-component-update", "--disable-gpu"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium refuses its own sandbox to root
    return {**browser_type_launch_args, "executable_path": "/usr/bin/chromium", "args": arguments}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    """A browser whose user wants no movement: while something folded opens, parts of a page lie over others."""
    return {**browser_context_args, "reduced_motion": "reduce"}


@pytest.fixture
def complaints(page):
    """What the browser's console says about errors and violated policies."""
    heard = []
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if skipped and session.exitstatus == pytest.ExitCode.OK:
        reporter.write_line(f"{len(skipped)} tests were skipped, which counts as failed.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED

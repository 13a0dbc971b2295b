"""Several processes of one node publish and import at once, each on its own connection: one log comes of it.

On PostgreSQL when the tests run there, with a database of its own; else on SQLite in a file.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection

from prepared import prepare

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]
MANY = Path(__file__).with_name("many.py")
PUBLISHERS, ROUNDS, IMPORTERS = 2, 10, 2


def start(home, *words, url=""):
    """A process of the node in a folder."""
    settings = {"SILD_HOME": str(home), "SILD_NODE": home.name, "DATABASE_URL": url, "SILD_LOG_FORMAT": "text"}
    return subprocess.Popen(
        [sys.executable, str(MANY), *map(str, words)],
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended(process):
    """What it printed, once it has ended well."""
    printed, _ = process.communicate(timeout=240)
    assert process.returncode == 0, printed
    return printed


@pytest.fixture
def url():
    """The address of a database that nobody else uses; empty for SQLite."""
    if connection.vendor != "postgresql":
        yield ""
        return
    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE many_processes")
    yield urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path="/many_processes"))
    with connection.cursor() as cursor:
        cursor.execute("DROP DATABASE many_processes WITH (FORCE)")


def test_many_processes_on_one_database_make_one_consistent_log(tmp_path, url):
    tallinn, kyiv, bundle = tmp_path / "tallinn", tmp_path / "kyiv", tmp_path / "bundle.zip"
    for home in (tallinn, kyiv):
        prepare(home)
    for process in [start(tallinn, "make", tmp_path, url=url), start(kyiv, "make", tmp_path)]:
        ended(process)
    met = start(tallinn, "meet", tmp_path / "kyiv.json", url=url)
    sent = start(kyiv, "meet", tmp_path / "tallinn.json", "then", "publish", 30, "then", "export", "tallinn", bundle)
    for process in (met, sent):
        ended(process)
    running = [start(tallinn, "publish", ROUNDS, url=url) for _ in range(PUBLISHERS)]
    running += [start(tallinn, "take", bundle, url=url) for _ in range(IMPORTERS)]
    for process in running:
        ended(process)
    found = json.loads(ended(start(tallinn, "check", url=url)).splitlines()[-1])
    assert found["published"] == PUBLISHERS * ROUNDS * 2
    assert found["came"] == 60
    assert PUBLISHERS * ROUNDS < found["checkpoints"] <= PUBLISHERS * ROUNDS + IMPORTERS

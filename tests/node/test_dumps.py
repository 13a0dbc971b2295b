"""PostgreSQL is copied at one moment and put back whole; a database that is not empty is not touched."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from node.test_cli import failed, sild

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parent.parent.parent
PASSPHRASE = {"SILD_BACKUP_PASSPHRASE": "correct horse"}


@pytest.fixture(scope="module")
def server():
    """A throw-away PostgreSQL, as the test run has it; yields its address without a database."""
    spec = importlib.util.spec_from_file_location("run_tests", ROOT / "tools" / "run_tests.py")
    run_tests = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(run_tests)
    with run_tests.postgresql() as url:
        yield url.removesuffix("/postgres")


def create(server, name):
    """A new database; its address."""
    program = (
        "import psycopg, sys; psycopg.connect(sys.argv[1], autocommit=True).execute('create database ' + sys.argv[2])"
    )
    subprocess.run([sys.executable, "-c", program, f"{server}/postgres", name], check=True)
    return f"{server}/{name}"


def test_a_node_on_postgresql_is_backed_up_and_restored(server, tmp_path):
    first, second = create(server, "first"), create(server, "second")
    assert sild(tmp_path / "home", "init", "--node", "tallinn", DATABASE_URL=first).returncode == 0
    (tmp_path / "a.txt").write_text("attached")
    (tmp_path / "body.json").write_text('{"text": "x"}')
    words = ("record", "publish", "exchange.comment", str(tmp_path / "body.json"), "--subject", "x", "--to", "tallinn")
    attach = ("--tlp", "RED", "--attach", str(tmp_path / "a.txt"))
    assert sild(tmp_path / "home", *words, *attach, DATABASE_URL=first).returncode == 0
    done = sild(tmp_path / "home", "backup", str(tmp_path / "backup"), "--json", DATABASE_URL=first, **PASSPHRASE)
    assert json.loads(done.stdout)["log_size"] == 1, done.stderr

    def restore(into, **where):
        return sild(tmp_path / into, "restore", str(tmp_path / "backup"), **where, **PASSPHRASE)

    assert "not empty" in failed(restore("new", DATABASE_URL=first))
    assert "postgresql" in failed(restore("new"))
    assert not (tmp_path / "new").exists()
    done = restore("new", DATABASE_URL=second)
    assert done.returncode == 0, done.stderr
    facts = json.loads(sild(tmp_path / "new", "status", "--json", DATABASE_URL=second).stdout)
    assert (facts["log_size"], facts["node"]) == (1, "tallinn")
    [kept] = (tmp_path / "new" / "blobs").glob("??/*")
    assert kept.read_text() == "attached"

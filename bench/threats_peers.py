"""The TAXII servers that the threat store is measured against, each a process from build/peers-threats."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
import uuid
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from threats_client import Client, basic, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
VENV = ROOT / "build" / "peers-threats"

MEDALLION = """{
 "backend": {"module": "medallion.backends.memory_backend", "module_class": "MemoryBackend", "filename": "%s"},
 "users": {"u": "p"},
 "taxii": {"max_page_size": 1000}
}"""
MEDALLION_DATA = """{
 "/discovery": {"title": "peer", "api_roots": ["http://127.0.0.1/root/"]},
 "root": {
  "information": {"title": "r", "versions": ["application/taxii+json;version=2.1"], "max_content_length": 99000000},
  "status": [],
  "collections": [{"id": "91a7b528-80eb-42ed-a74d-c6fbd5a26116", "title": "c", "can_read": true, "can_write": true,
   "media_types": ["application/stix+json;version=2.1"], "objects": [], "manifest": []}]
 }
}"""
OPENTAXII = """
domain: "127.0.0.1"
support_basic_auth: yes
return_server_error_details: no
auth_api:
  class: opentaxii.auth.sqldb.SQLDatabaseAPI
  parameters: {{db_connection: "sqlite:///{home}/auth.db", create_tables: yes, secret: example, token_ttl_secs: 36000}}
taxii1:
taxii2:
  title: peer
  contact: nobody@example.com
  description: peer
  max_content_length: 99000000
  public_discovery: true
  persistence_api:
    class: opentaxii.persistence.sqldb.Taxii2SQLDatabaseAPI
    parameters: {{db_connection: "sqlite:///{home}/data.db", create_tables: yes}}
logging: {{opentaxii: error, root: error}}
"""


def install() -> None:
    """Make the peers' environment, once."""
    if not (VENV / "bin" / "medallion").exists():
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
        pip = [str(VENV / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", str(ROOT / "requirements" / "peers-threats.txt")], check=True)


@contextmanager
def medallion(home: Path) -> Iterator[Client]:
    """Medallion with its memory backend."""
    home.mkdir()
    (home / "data.json").write_text(MEDALLION_DATA)
    (home / "config.json").write_text(MEDALLION % (home / "data.json"))
    port = free_port()
    command = [str(VENV / "bin" / "medallion"), "--host", "127.0.0.1", "--port", str(port), str(home / "config.json")]
    with _running(command, port, {}):
        yield Client(port, "/root/collections/91a7b528-80eb-42ed-a74d-c6fbd5a26116/", basic("u", "p"))


@contextmanager
def opentaxii(home: Path) -> Iterator[Client]:
    """OpenTAXII on SQLite behind gunicorn with one worker."""
    home.mkdir()
    (home / "config.yml").write_text(OPENTAXII.format(home=home))
    env = {"OPENTAXII_CONFIG": str(home / "config.yml")}
    _run(env, "opentaxii-add-api-root", "-t", "root", "--default")
    root = _id(home / "data.db", "opentaxii_api_root")
    _run(env, "opentaxii-add-collection", "-r", root, "-t", "c", "--public", "--public-write")
    collection = _id(home / "data.db", "opentaxii_collection")
    # A token, since to check a password it hashes it, which takes longer than what is measured.
    token = _run(env, "opentaxii-create-account", "-u", "u", "-p", "p", "-a").rpartition("token: ")[2].strip()
    port = free_port()
    gunicorn = [str(VENV / "bin" / "gunicorn"), "--chdir", str(Path(__file__).parent), "threats_opentaxii:app"]
    with _running([*gunicorn, "-w", "1", "-b", f"127.0.0.1:{port}"], port, env):
        yield Client(port, f"/taxii2/{root}/collections/{collection}/", f"Bearer {token}")


def _run(env: dict[str, str], name: str, *words: str) -> str:
    """What a command of the peer prints."""
    command = [str(VENV / "bin" / name), *words]
    return subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, check=True).stdout


def _id(database: Path, table: str) -> str:
    """The identifier of the one row of a table; the commands print none."""
    with closing(sqlite3.connect(database)) as connection:
        return str(uuid.UUID(connection.execute(f"SELECT id FROM {table}").fetchone()[0]))


@contextmanager
def _running(command: list[str], port: int, env: dict[str, str]) -> Iterator[None]:
    """The server while it runs."""
    silent = subprocess.DEVNULL
    process = subprocess.Popen(command, env={**os.environ, **env}, stdout=silent, stderr=silent)
    try:
        deadline = time.monotonic() + 60
        while not Client.listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"{command[0]} did not start")
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(30)

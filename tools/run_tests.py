"""Runs the test suite twice: everything on SQLite, then what touches the database on a throw-away PostgreSQL."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
BROWSER = "_in_browser.py"
# These layers know nothing of any database, which the import contracts hold.
WITHOUT_DATABASE = [
    "--ignore-glob=tests/*/engine/*",
    "--ignore-glob=tests/trust/*",
    "--ignore-glob=tests/spread/*",
]
# What takes longest is printed, so that somebody looks at it before a run takes too long.
SLOWEST = ["--durations=40", "--durations-min=3"]


def pytest(arguments: list[str], **environment: str) -> int:
    """Run pytest; a skipped test counts as failed (tests/conftest.py sees to that)."""
    command = [sys.executable, "-m", "pytest", "-q", *arguments]
    # Processes that share the tests must find the same ones, in the same order.
    environment = {**os.environ, "PYTHONHASHSEED": "0", **environment}
    # The tests start hundreds of commands, each of which would compile everything anew.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    # The pages' language is read before any test could set it.
    environment.pop("SILD_LANGUAGE", None)
    return subprocess.call(command, cwd=ROOT, env=environment)


@contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL server of our own on a socket in a temporary folder; yields its DATABASE_URL."""
    binaries = max(Path("/usr/lib/postgresql").glob("*/bin"))
    folder = Path(tempfile.mkdtemp(prefix="sild-pg-"))
    as_user: list[str] = []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(folder, "postgres", "postgres")
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    data = folder / "data"

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [*as_user, str(binaries / program), "-D", str(data), *arguments], check=True, stdout=subprocess.DEVNULL
        )

    try:
        run("initdb", "-A", "trust", "-U", "sild", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
        options = f"-k {folder} -c listen_addresses= -c fsync=off -c max_connections=50"
        run("pg_ctl", "-o", options, "-l", str(folder / "log"), "-w", "start")
        yield f"postgresql://sild@{str(folder).replace('/', '%2F')}/postgres"
    finally:
        run("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def main(arguments: list[str]) -> int:
    """SQLite first; PostgreSQL for the integration layer, unless particular tests were asked for."""
    # A file's tests in one process, since they share what is slow to set up; the longest begin (tests/conftest.py).
    # One process more than processors: what waits for real nodes leaves a processor idle.
    processes = str(len(os.sched_getaffinity(0)) + 1)
    spread = ["-n", processes, "--dist", "loadfile", "--no-loadscope-reorder", *SLOWEST, "-m", "not nightly"]
    print("== tests on SQLite", flush=True)
    status = pytest(arguments or [*spread, f"--ignore-glob=*{BROWSER}"])
    if status == 0 and not arguments:
        # Apart, because Playwright keeps an event loop in its process, where nobody else can then run one.
        print("== pages in a browser", flush=True)
        status = pytest([*spread, *map(str, sorted(ROOT.glob(f"tests/*/*{BROWSER}")))])
    if status == 0 and not arguments:
        print("== integration tests on PostgreSQL", flush=True)
        with postgresql() as url:
            chosen = [*spread[:-1], "integration and not nightly", f"--ignore-glob=*{BROWSER}", *WITHOUT_DATABASE]
            status = pytest(chosen, DATABASE_URL=url)
    return status


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

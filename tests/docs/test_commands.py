"""Every command in README and the guides is run, in order, as a reader would: a page is one sitting at one terminal."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from prepared import prepare

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parent.parent.parent
# Where the guides make nodes. That `sild init` makes the tables, too, is for tests/node/test_cli.py.
HOMES = ("home", "tallinn", "kyiv")
BLOCK = re.compile(r"^[ ]*```(sh|python)\n(.*?)^[ ]*```", re.MULTILINE | re.DOTALL)
PAGES = sorted((ROOT / "docs").glob("*.md"))
# `sild up` serves until Ctrl-C: it goes to the background until the page ends, and the next command waits for it.
UP = re.compile(r"^sild up\b.*$", re.MULTILINE)
ASK = "python3 -c \"import urllib.request as u; u.urlopen('http://127.0.0.1:8000/readyz')\""
IN_BACKGROUND = f'sild up & trap "kill $!; wait" EXIT; until {ASK} 2>/dev/null; do sleep 0.2; done'


def blocks(page):
    return BLOCK.findall(page.read_text(encoding="utf-8"))


def script(page):
    """A page's blocks as one shell script."""
    parts = []
    for language, text in blocks(page):
        plain = "\n".join(line.strip() if language == "sh" else line for line in text.splitlines())
        parts.append(UP.sub(IN_BACKGROUND, plain) if language == "sh" else f"python3 - <<'PYTHON'\n{plain}\nPYTHON")
    return "set -eu\n" + "\n".join(parts)


@pytest.mark.parametrize("guide", [page for page in PAGES if blocks(page)], ids=lambda guide: guide.stem)
def test_the_commands_of_a_guide_work_in_order(guide, tmp_path):
    kept = {
        name: value
        for name, value in os.environ.items()
        if name == "SILD_RUN" or not name.startswith(("SILD_", "DATABASE_URL", "PYTEST"))
    }
    environment = {
        **kept,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "SILD_HOME": str(tmp_path / "home"),
        "COLUMNS": "120",
    }
    for home in HOMES:
        prepare(tmp_path / home)
    process = subprocess.Popen(
        ["bash", "-c", script(guide)], cwd=tmp_path, env=environment, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        printed, _ = process.communicate(timeout=240)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        printed, _ = process.communicate()
        pytest.fail(f"{guide.name} did not end:\n{printed}")
    assert process.returncode == 0, f"{guide.name}:\n{printed}"


def test_the_readme_names_only_commands_that_there_are():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make ([a-z]+)", text, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for words in re.findall(r"^\.venv/bin/sild (.+?)(?:\s+#|$)", text, re.MULTILINE):
        command = [sys.executable, "-m", "sild.node.cli", words.split()[0], "--help"]
        assert subprocess.run(command, capture_output=True, check=False).returncode == 0, words


@pytest.mark.parametrize("guide", [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *PAGES], ids=lambda guide: guide.stem)
def test_every_link_to_a_file_leads_somewhere(guide):
    for target in re.findall(r"\]\(([^)#\s]+)\)", guide.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (guide.parent / target).exists(), target

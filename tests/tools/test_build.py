from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parent.parent.parent
PO = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Records"\nmsgstr "Kirjed"\n'
UNREACHABLE = {"npm_config_registry": "http://127.0.0.1:1", "npm_config_fetch_retries": "0"}


@pytest.fixture
def root(tmp_path):
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    (tmp_path / "src").mkdir()
    return tmp_path


def build(root, **environment):
    command = [sys.executable, str(ROOT / "tools" / "build.py"), "--root", str(root)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **environment})


def test_style_sheets_and_scripts_are_installed_once_and_then_need_no_network(root):
    first = build(root)
    assert first.returncode == 0, first.stderr
    vendor = root / "src" / "sild" / "node" / "static" / "vendor"
    assert "ds-button" in (vendor / "designsystemet.css").read_text()
    assert (vendor / "htmx.js").stat().st_size > 10_000
    second = build(root, **UNREACHABLE)
    assert (second.returncode, second.stdout) == (0, "")


def test_a_changed_lock_file_makes_the_build_install_again(root):
    assert build(root).returncode == 0
    lock = root / "package-lock.json"
    lock.write_text(lock.read_text() + "\n")
    assert "Installed" in build(root).stdout


def test_a_tampered_package_is_refused_with_one_sentence(root, tmp_path):
    lock = json.loads((root / "package-lock.json").read_text())
    lock["packages"]["node_modules/htmx.org"]["integrity"] = "sha512-" + "A" * 86 + "=="
    (root / "package-lock.json").write_text(json.dumps(lock))
    done = build(root)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "npm could not install" in done.stderr
    assert not (root / "src" / "sild" / "node" / "static" / "vendor" / "stamp").exists()


def test_an_unreachable_registry_is_one_sentence_and_status_1(root, tmp_path):
    done = build(root, npm_config_cache=str(tmp_path / "cache"), **UNREACHABLE)
    assert done.returncode == 1
    assert "run `make build` again" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_catalogues_are_compiled_when_they_are_newer(root):
    source = root / "src" / "sild" / "demo" / "locale" / "et" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.write_text(PO)
    assert "Compiled 1" in build(root).stdout
    assert b"Kirjed" in source.with_suffix(".mo").read_bytes()
    assert "Compiled" not in build(root).stdout


def test_the_lock_file_has_hashes_and_no_addresses():
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    packages.pop("")
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert all("resolved" not in package for package in packages.values())

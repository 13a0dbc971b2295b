"""The word `sild threats`, typed at a node."""

import json

import pytest
from typer.testing import CliRunner

from sild.people.models import Agency
from sild.threats import cli
from sild.threats.engine import build
from sild.threats.errors import RefusedError
from threats.examples import indicator

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def typed(*words, status=0, text=None):
    result = CliRunner().invoke(cli.app, list(words), input=text, catch_exceptions=False)
    assert result.exit_code == status, result.output
    return result.output


def as_json(*words, **more):
    return json.loads(typed(*words, "--json", **more))


@pytest.fixture
def written(agency):
    return as_json("write", "evil[.]example", "--tlp", "GREEN", "--technique", "T1059", "--actor", "UAC-0010")["id"]


def test_an_indicator_is_written_found_asked_for_and_shown(written):
    assert [one["id"] for one in as_json("search", "evil", "--type", "indicator")] == [written]
    assert written[:12] in typed("search", "--value", "evil[.]example")
    assert "Nothing fits" in typed("search", "nowhere")
    assert as_json("seen", "evil[.]example")[0]["ours"]
    assert "evil.example  seen by we" in typed("seen", "-", text="evil[.]example\n203.0.113.9")
    assert "not seen" in typed("seen", "203.0.113.9", status=1)
    assert "worth 50" in typed("show", written)


def test_files_go_in_and_out(agency, tmp_path):
    good, bad = tmp_path / "list.csv", tmp_path / "bad.json"
    good.write_text("ip\n203.0.113.5\n")
    bad.write_text(json.dumps([{"type": "indicator", "id": "indicator--1"}]))
    assert "2 objects are here" in typed("import", str(good), "--mapping", "value=ip")
    assert "refused: 1" in typed("import", str(bad), status=1)
    assert as_json("import", str(bad), status=1)[0]["refused"]
    assert json.loads(typed("export", "stix"))["type"] == "bundle"
    assert "203.0.113.5" in typed("export", "csv", "--ceiling", "AMBER")
    assert "Choose stix" in CliRunner().invoke(cli.app, ["export", "pdf"]).output


def test_what_is_shared_is_previewed_and_revoked(written, pinned):
    assert "kyiv would see 6 objects" in typed("share", written, "--to", "kyiv", "--preview")
    typed("share", written, "--to", "partners", "--to", "kyiv", "--subject", "x", status=2)
    assert "under TLP:GREEN" in typed("share", written, "--to", "kyiv", "--subject", "x")
    assert "Told kyiv" in typed("revoke", written)


def test_answers_go_back(agency, hear, written):
    said = indicator("198.51.100.7", "GREEN")
    hear(build.bundle([said]))
    assert "Told kyiv" in typed("sighting", said["id"], "--count", "2")
    assert as_json("feedback", said["id"], "agree", "It works.")[0]["to"] == ["kyiv"]
    assert "nobody to tell" in typed("sighting", written)


def test_on_a_node_of_several_agencies_one_is_named(agency):
    Agency.objects.create(slug="other", name="Other")
    with pytest.raises(RefusedError, match="say for which one"):
        typed("search")
    assert "Nothing fits" in typed("search", "--agency", "other")

"""What the commands of all modules share, as a terminal and as machines get it."""

import json
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from sild import language
from sild.exchange import terminal

pytestmark = pytest.mark.unit
FACTS = {"title": "Sõlm"}
ROWS = [{"state": "pinned", "next_try": None}, {"state": "frozen", "next_try": "[b]"}]


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        (None, []),
        ([], []),
        (["kyiv"], ["kyiv"]),
        (["partners"], "partners"),
        (["public"], "public"),
        (["tallinn", "kyiv"], ["tallinn", "kyiv"]),
    ],
)
def test_an_audience_is_named_nodes_or_one_of_two_words_that_stands_alone(to, expected):
    assert terminal.audience(to) == expected


@pytest.mark.parametrize("to", [["partners", "kyiv"], ["kyiv", "public"], ["public", "partners"], ["public", "public"]])
def test_a_word_for_many_nodes_beside_others_is_refused(to):
    with pytest.raises(typer.BadParameter, match="stands alone"):
        terminal.audience(to)


def test_a_terminal_gets_a_wrapped_sentence_or_indented_json(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    terminal.say(FACTS, "Wrote [b] to the folder of [red].", as_json=False)
    assert capsys.readouterr().out == "Wrote [b] to the \nfolder of [red].\n"
    terminal.say(FACTS, "Wrote the file to the folder.", as_json=False, wrap=False)
    assert capsys.readouterr().out == "Wrote the file to the folder.\n"
    terminal.say(FACTS, "", as_json=True)
    assert capsys.readouterr().out == '{\n  "title": "Sõlm"\n}\n'


def test_a_plain_answer_is_the_sentence_as_it_stands_or_a_line_of_json(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    terminal.say_plainly(FACTS, "[bold] is what the partner called it.", as_json=False)
    terminal.say_plainly(FACTS, "", as_json=True)
    assert capsys.readouterr().out == '[bold] is what the partner called it.\n{"title": "Sõlm"}\n'


def test_a_table_has_words_for_members_and_codes(capsys, monkeypatch):
    monkeypatch.setattr(language, "_opened", [*language.ALWAYS])
    monkeypatch.setenv("SILD_LANGUAGE", "et")
    terminal.table(ROWS[:1], as_json=False, coded=("state",))
    shown = capsys.readouterr().out
    assert [word in shown for word in ("olek", "järgmine katse", "kinnistatud", "–")] == [True] * 4
    terminal.table(ROWS[:1], as_json=False)
    assert "pinned" in capsys.readouterr().out


def test_what_a_partner_named_is_no_markup_in_a_table(capsys):
    terminal.table(ROWS, as_json=False)
    assert "[b]" in capsys.readouterr().out


def test_a_table_without_rows_is_a_sentence_in_the_terminals_language(capsys, monkeypatch):
    terminal.table([], as_json=False)
    terminal.table([], as_json=False, none="Nobody is here.")
    monkeypatch.setattr(language, "_opened", [*language.ALWAYS])
    monkeypatch.setenv("SILD_LANGUAGE", "uk")
    terminal.table([], as_json=False, plainly=True)
    assert capsys.readouterr().out == "There are none yet.\nNobody is here.\nПоки що жодного немає.\n"


@pytest.mark.parametrize(("plainly", "lines"), [(True, 1), (False, 10)])
def test_machines_get_a_table_as_a_list(capsys, plainly, lines):
    terminal.table(ROWS, as_json=True, coded=("state",), plainly=plainly)
    printed = capsys.readouterr().out
    assert (json.loads(printed), printed.count("\n")) == (ROWS, lines)
    terminal.table([], as_json=True, plainly=plainly)
    assert json.loads(capsys.readouterr().out) == []


def test_the_options_are_typed_as_they_are_called():
    app = typer.Typer()

    @app.command()
    def publish(
        to: terminal.To,
        also: terminal.OptionalTo = None,
        tlp: terminal.Tlp = "AMBER",
        *,
        as_json: terminal.Json = False,
    ):
        terminal.say_plainly([to, also, tlp], f"{to} {also} {tlp}", as_json=as_json)

    def typed(*words):
        return CliRunner().invoke(app, words)

    assert typed("--to", "a", "--to", "b", "--tlp", "RED", "--json").stdout == '[["a", "b"], null, "RED"]\n'
    assert typed("--to", "a", "--also", "b").stdout == "['a'] ['b'] AMBER\n"
    assert typed().exit_code == 2


def test_importing_it_needs_neither_rich_nor_django():
    code = "import sys, sild.exchange.terminal; print({'rich', 'django'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"

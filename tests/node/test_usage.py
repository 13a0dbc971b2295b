"""Commands in the terminal's language: help, mistakes, what they print, and what never changes with it."""

import json
import os
import subprocess
import sys

import pytest
import typer

from prepared import prepare
from sild.language import ALWAYS, _catalogue
from sild.node import own_cli, usage, words

pytestmark = pytest.mark.integration
LANGUAGES = ("et", "uk")


def sild(home, *typed, **environment):
    command = [sys.executable, "-m", "sild.node.cli", *typed]
    settings = {**os.environ, "SILD_HOME": str(home), "COLUMNS": "200", **environment}
    return subprocess.run(command, env=settings, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("node") / "home"
    prepare(folder)
    assert sild(folder, "init", "--node", "tallinn", "--json").returncode == 0
    return folder


def texts(command, module):
    """What a command, and each of a group, says of itself and of its parameters, with the module that says it."""
    for one in (command, *command.params):
        if getattr(one, "help", None):
            yield module, " ".join(one.help.split())
    for one in getattr(command, "commands", {}).values():
        yield from texts(one, module)


def whole_tree():
    yield from texts(typer.main.get_group(own_cli.app), "node")
    for name, word in words.WORDS.items():
        yield from texts(words.loaded(name), word.module.split(".")[1])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_help_of_every_command_and_of_every_parameter_is_translated(language):
    found = list(whole_tree())
    assert len(found) > 300
    opened = {module: tuple(dict.fromkeys((*ALWAYS, module))) for module, _text in found}
    assert [one for one in found if _catalogue(language, opened[one[0]]).gettext(one[1]) == one[1]] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_typers_own_words_are_translated(language):
    said = (*usage.SAID_BY_TYPER, *usage.MISTAKES.texts, "Usage: ", "Show this message and exit.")
    assert [text for text in said if _catalogue(language, ("node",)).gettext(text) == text] == []


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (
            {"LANG": "C.UTF-8"},
            ("Usage: ", "COMMAND [ARGS]...", "Options:", "Commands:", "Partners: add one", "Run the"),
        ),
        (
            {"LANG": "et_EE.UTF-8"},
            ("Kasutus: ", "KÄSK [ARGUMENDID]...", "Valikud:", "Käsud:", "Partnerid: lisamine", "Käitab sõlme"),
        ),
        (
            {"LANG": "et_EE.UTF-8", "SILD_LANGUAGE": "uk"},
            (
                "Використання: ",
                "КОМАНДА [АРГУМЕНТИ]...",
                "Параметри:",
                "Команди:",
                "Партнери: додати",
                "Запустити вузол",
            ),
        ),
    ],
)
def test_the_list_of_commands_is_in_the_terminals_language(tmp_path, environment, expected):
    done = sild(tmp_path, "--help", **environment)
    assert (done.returncode, done.stderr) == (0, "")
    for text in expected:
        assert text in done.stdout


def test_a_words_help_and_a_commands_are_in_the_terminals_language(tmp_path):
    listed = sild(tmp_path, "sandbox", "--help", LANG="uk_UA.UTF-8").stdout
    assert "Рішення ШІ: зареєструвати" in listed
    assert "Перелічити прогони, спершу найновіші." in listed
    shown = sild(tmp_path, "sandbox", "evidence", "pdf", "--help", LC_MESSAGES="et_EE").stdout
    for text in (
        "Kasutus: ",
        "Argumendid:",
        "Kirjutatav fail.  [kohustuslik]",
        "[vaikimisi: en]",
        "Näitab seda teadet",
    ):
        assert text in shown
    assert "English" not in shown


def test_what_was_mistyped_is_said_in_the_terminals_language(tmp_path):
    done = sild(tmp_path, "sandbx", LANG="et_EE.UTF-8")
    assert done.returncode == 2
    assert done.stderr.startswith("Kasutus: ")
    assert "Abi saab käsuga" in done.stderr
    assert "Viga: Käsku 'sandbx' ei ole. Kas mõtlesite 'sandbox'?" in done.stderr
    done = sild(tmp_path, "record", "publish", LANG="uk_UA.UTF-8")
    assert (done.returncode, "Помилка: Бракує аргументу 'kind'." in done.stderr) == (2, True)
    assert sild(tmp_path, "sandbox", LANG="uk_UA.UTF-8").stderr.startswith("Використання: ")


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("No such option: --x (Possible options: --a, --b)", "Sellist valikut ei ole: --x (võimalikud: --a, --b)"),
        ("Missing option '--to'.", "Puudub valik '--to'."),
        ("Got unexpected extra argument(s) (a b)", "Liigsed argumendid (a b)"),
        (
            "Invalid value for '--samples': Input should be greater than or equal to 2",
            "Sobimatu väärtus, '--samples': see peab olema vähemalt 2",
        ),
        ("Invalid value: Vali üks.", "Sobimatu väärtus: Vali üks."),
        ("Invalid value for 'file': file 'x' does not exist.", "Sobimatu väärtus, 'file': faili 'x' ei ole olemas."),
        ("Something that a later Typer says.", "Something that a later Typer says."),
    ],
)
def test_each_mistake_has_its_sentence(monkeypatch, sentence, told):
    assert usage.told(sentence) == sentence
    monkeypatch.setenv("SILD_LANGUAGE", "et")
    assert usage.told(sentence) == told


def test_what_commands_print_is_in_the_terminals_language(home):
    assert sild(home, "agency", "add", "ria", "RIA", LANG="et_EE.UTF-8").stdout == "Lisatud asutus RIA.\n"
    assert sild(home, "agency", "list", LANG="et_EE.UTF-8").stdout == "ria: RIA, 0 inimest\n"
    added = ("person", "add", "mari", "--agency", "ria", "--password-stdin")
    done = subprocess.run(
        [sys.executable, "-m", "sild.node.cli", *added], env={**os.environ, "SILD_HOME": str(home), "LANG": "uk_UA"},
        input="a good password\n", capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "Додано: mari, роль «переглядач», установа ria.\n"
    assert sild(home, "agency", "list", LANG="uk_UA.UTF-8").stdout == "ria: RIA, 1 особа\n"
    assert "працює" in sild(home, "status", LANG="uk_UA.UTF-8").stdout


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("et", ("krüptograafia: SHA-256: töötab", "hübriid-TLS: TLS 1.3", "isolatsioon: nimeruumid (bubblewrap)")),
        ("uk", ("криптографія: SHA-256: працює", "гібридний TLS: TLS 1.3", "ізоляція: простори імен (bubblewrap)")),
    ],
)
def test_the_doctor_speaks_the_terminals_language(home, language, expected):
    said = sild(home, "doctor", SILD_LANGUAGE=language).stdout
    for text in expected:
        assert text in said


def test_errors_are_in_the_terminals_language(tmp_path, home):
    assert sild(tmp_path, "runs", LANG="et_EE").returncode == 2
    error = sild(tmp_path, "sandbox", "runs", LANG="et_EE").stderr
    assert error == f"Kaustas {tmp_path} ei ole sõlme. Looge see: sild init --node NIMI\n"
    assert "Тут немає прогону «x»" in sild(home, "sandbox", "show", "x", LANG="uk_UA").stderr
    assert "SILD_LANGUAGE" in sild(home, "record", "list", SILD_LANGUAGE="fr").stderr


def test_what_machines_read_is_the_same_in_every_language(home):
    loaded = ("plan", "load", "estonia-ukraine", "--party", "EE=tallinn", "--party", "UA=kyiv")
    assert sild(home, *loaded, SILD_LANGUAGE="uk").returncode == 0
    for language, typed in (("uk", ("plan", "show")), ("uk", ("doctor",)), ("et", ("sandbox", "suite", "checks"))):
        english, other = (
            json.loads(sild(home, *typed, "--json", SILD_LANGUAGE=one).stdout) for one in ("en", language)
        )
        assert english
        assert other == english, typed

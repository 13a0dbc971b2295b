from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

TOOL = Path(__file__).parent.parent.parent / "tools" / "messages.py"
PYTHON = """
from django.utils.translation import gettext as _, ngettext, pgettext_lazy
_("Hello %(name)s")
ngettext("%(count)d record", "%(count)d records", 2)
pgettext_lazy("month", "May")
_(dynamic)
"""
COMMANDS = '''
import typer

app = typer.Typer(help="Greetings.")
WORDS = {"greet": Word("sild.module", "app", "Word's help.")}
KINDS = gettext_noops("kind", "other")

@app.command()
def greet(name: Annotated[str, typer.Argument(help="Whom.")], loud: bool = False) -> None:
    """Greet somebody,
    in a long sentence that breaks."""

def show(rows, *, as_json) -> None:
    """Not a command."""

def facts(one) -> dict:
    """Nor this."""

def _private() -> None:
    """Nor that."""
'''
TEMPLATE = """
    {% load i18n %}
  <p>
 <h1>{% translate "Partners" %}</h1>
{% blocktranslate with who=x %}Signed by {{ who }}{% endblocktranslate %}
"""
ESTONIAN = {
    'msgid "Hello %(name)s"\nmsgstr ""': 'msgid "Hello %(name)s"\nmsgstr "Tere, %(name)s"',
    'msgstr[0] ""\nmsgstr[1] ""': 'msgstr[0] "%(count)d kirje"\nmsgstr[1] "%(count)d kirjet"',
    'msgid "May"\nmsgstr ""': 'msgid "May"\nmsgstr "mai"',
    'msgid "Partners"\nmsgstr ""': 'msgid "Partners"\nmsgstr "Partnerid"',
    'msgid "Signed by %(who)s"\nmsgstr ""': 'msgid "Signed by %(who)s"\nmsgstr "Allkirjastas %(who)s"',
}


@pytest.fixture
def module(tmp_path):
    folder = tmp_path / "greeting"
    (folder / "templates" / "greeting").mkdir(parents=True)
    (folder / "apps.py").write_text("")
    (folder / "views.py").write_text(PYTHON)
    (folder / "templates" / "greeting" / "page.html").write_text(TEMPLATE)
    return folder


def run(module, *arguments):
    command = [sys.executable, str(TOOL), "--source", str(module.parent), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.stderr
    return done


def catalogue(module, language="et"):
    return module / "locale" / language / "LC_MESSAGES" / "django.po"


def translate(module):
    run(module)
    text = catalogue(module).read_text()
    for source, translation in ESTONIAN.items():
        assert source in text
        text = text.replace(source, translation)
    catalogue(module).write_text(text)


def check(module):
    done = run(module, "--check")
    return [line for line in done.stdout.splitlines() if line.startswith("greeting/et:")]


def test_python_and_templates_are_collected_with_contexts_and_plural_forms(module):
    run(module)
    text = catalogue(module, "uk").read_text()
    assert 'msgctxt "month"\nmsgid "May"' in text
    assert 'msgid "Signed by %(who)s"' in text
    assert 'msgid_plural "%(count)d records"\nmsgstr[0] ""\nmsgstr[1] ""\nmsgstr[2] ""' in text
    assert "nplurals=3" in text


def test_a_module_without_messages_gets_no_catalogue(module):
    (module / "views.py").write_text("")
    (module / "templates" / "greeting" / "page.html").write_text("<p></p>")
    assert run(module, "--check").returncode == 0
    assert not catalogue(module).exists()


def test_the_check_lists_what_is_not_translated_and_fails(module):
    run(module)
    done = run(module, "--check")
    assert done.returncode == 1
    assert "greeting/uk: not translated: 'Partners'" in done.stdout


def test_a_complete_catalogue_passes_and_a_second_run_changes_nothing(module):
    translate(module)
    before = catalogue(module).read_text()
    run(module)
    assert catalogue(module).read_text() == before
    assert check(module) == []


def test_an_update_keeps_translations_and_drops_what_is_no_longer_used(module):
    translate(module)
    (module / "views.py").write_text(PYTHON.replace("Hello %(name)s", "Good day"))
    assert check(module) == [
        "greeting/et: not translated: 'Good day'",
        "greeting/et: no longer used: 'Hello %(name)s'",
    ]
    run(module)
    text = catalogue(module).read_text()
    assert "Hello" not in text
    assert "Partnerid" in text


def test_a_file_that_moved_makes_the_catalogue_out_of_date(module):
    translate(module)
    (module / "views.py").rename(module / "pages.py")
    assert check(module) == ["greeting/et: out of date: run tools/messages.py"]


def test_a_fuzzy_translation_is_listed(module):
    translate(module)
    path = catalogue(module)
    path.write_text(path.read_text().replace('msgid "Partners"', '#, fuzzy\nmsgid "Partners"'))
    assert check(module) == ["greeting/et: marked fuzzy: 'Partners'"]


def test_a_lost_placeholder_is_listed(module):
    translate(module)
    path = catalogue(module)
    path.write_text(path.read_text().replace("Tere, %(name)s", "Tere, %(nimi)s"))
    assert check(module) == ["greeting/et: placeholders differ: 'Hello %(name)s' became 'Tere, %(nimi)s'"]


def test_one_missing_plural_form_is_listed(module):
    translate(module)
    path = catalogue(module)
    path.write_text(path.read_text().replace('msgstr[1] "%(count)d kirjet"', 'msgstr[1] ""'))
    assert check(module) == ["greeting/et: not translated: '%(count)d record'"]


def test_only_the_named_modules_are_touched(module):
    other = module.parent / "other"
    other.mkdir()
    (other / "apps.py").write_text('from django.utils.translation import gettext as _\n_("Else")\n')
    run(module, "greeting")
    assert catalogue(module).exists()
    assert not catalogue(other).exists()


def test_two_modules_that_translate_a_text_differently_are_named(module):
    translate(module)
    other = module.parent / "other"
    other.mkdir()
    (other / "apps.py").write_text('from django.utils.translation import gettext as _\n_("Partners")\n')
    run(module)
    path = catalogue(other)
    path.write_text(
        path.read_text()
        .replace('msgstr ""\n', 'msgstr "Kaaslased"\n')
        .replace('msgstr "Kaaslased"\n', 'msgstr ""\n', 1)
    )
    listed = run(module, "--check").stdout.splitlines()
    assert "other/et: translated otherwise than in greeting: 'Partners'" in listed


def test_what_commands_say_of_themselves_is_collected_where_commands_are(module):
    (module / "cli.py").write_text(COMMANDS)
    (module / "helping.py").write_text(COMMANDS.replace("import typer\n", "").replace("gettext_noops", "tuple"))
    run(module)
    text = catalogue(module).read_text()
    for collected in ("Greet somebody, in a long sentence that breaks.", "Whom.", "Greetings.", "Word's help.", "kind"):
        assert f'msgid "{collected}"' in text, collected
    for left_out in ("Not a command.", "Nor this.", "Nor that.", "helping.py", "sild.module"):
        assert left_out not in text, left_out

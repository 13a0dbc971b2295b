"""Which language a terminal is spoken to in, and what is said in it."""

import pytest

from sild import language

pytestmark = pytest.mark.unit


@pytest.fixture
def speaking(monkeypatch):
    """Speak a language for the rest of a test."""

    def speak(name):
        monkeypatch.setenv("SILD_LANGUAGE", name)

    monkeypatch.setattr(language, "_opened", ["node"])
    return speak


@pytest.mark.parametrize(
    ("wanted", "environment", "spoken"),
    [
        ("et", {"SILD_LANGUAGE": "uk", "LANG": "uk_UA.UTF-8"}, "et"),
        ("", {"SILD_LANGUAGE": "et", "LC_ALL": "uk_UA.UTF-8"}, "et"),
        ("", {"SILD_LANGUAGE": "", "LC_ALL": "uk_UA.UTF-8", "LC_MESSAGES": "et_EE"}, "uk"),
        ("", {"LC_ALL": "", "LC_MESSAGES": "et_EE", "LANG": "en"}, "et"),
        ("", {"LANG": "uk_UA@euro"}, "uk"),
        ("", {"LANG": "UK"}, "uk"),
        ("uk-UA", {}, "uk"),
        ("", {"SILD_LANGUAGE": "fr", "LANG": "et_EE.UTF-8"}, "en"),
        ("", {"LC_ALL": "C", "LANG": "et_EE.UTF-8"}, "en"),
        ("", {"LANG": "POSIX"}, "en"),
        ("", {"LANG": "C.UTF-8"}, "en"),
        ("", {"LANG": "de_DE.UTF-8"}, "en"),
        ("", {"LANGUAGE": "et"}, "en"),
        ("fi", {}, "en"),
        ("", {}, "en"),
    ],
)
def test_the_language_is_what_was_asked_for_or_what_the_environment_says(wanted, environment, spoken):
    assert language.language_of(wanted, environment) == spoken


def test_english_is_what_the_source_says():
    assert language.gettext("Options") == "Options"
    assert [language.ngettext("%(count)d file", "%(count)d files", count) for count in (1, 2)] == [
        "%(count)d file",
        "%(count)d files",
    ]


def test_sentences_come_from_the_opened_modules_and_in_english_when_nobody_translated_them(speaking):
    speaking("et")
    assert language.gettext("Options") == "Valikud"
    assert language.gettext("List suites.") == "List suites."
    language.open_catalogue("sandbox")
    language.open_catalogue("sandbox")
    assert language.gettext("List suites.") == "Loetleb testikomplektid."
    assert language.gettext("Nobody says this.") == "Nobody says this."
    assert language.gettext("") == ""


def test_a_number_chooses_the_form(speaking):
    speaking("uk")
    one, many = (
        "%(count)d migration waits: run sild migrate.",
        "%(count)d migrations wait: run sild migrate.",
    )
    said = [language.ngettext(one, many, count) % {"count": count} for count in (1, 3, 5, 21)]
    assert [sentence.split(":")[0] for sentence in said] == [
        "Очікує 1 міграція",
        "Очікують 3 міграції",
        "Очікують 5 міграцій",
        "Очікує 21 міграція",
    ]


def test_what_machines_read_is_fixed_whatever_the_environment_says(speaking):
    speaking("uk")
    assert language.spoken() == "uk"
    language.fix("en")
    try:
        assert (language.spoken(), language.gettext("Options")) == ("en", "Options")
        assert language.aside("Options") == "Параметри"
    finally:
        language.fix("")
    assert language.gettext("Options") == "Параметри"


def test_tables_have_words_for_members_and_values(speaking):
    assert language.gettext_noops("next try") == (language.gettext_noop("next try"),)
    assert (language.heading("log_size"), language.word("pinned")) == ("log size", "pinned")
    assert [language.cell(value) for value in (None, True, False, 3, "x")] == ["–", "yes", "no", "3", "x"]
    speaking("et")
    assert (language.heading("log_size"), language.word("pinned")) == ("logi suurus", "kinnistatud")
    assert [language.cell(value) for value in (None, True, False)] == ["–", "jah", "ei"]


def test_numbers_are_written_as_the_language_writes_them(speaking):
    assert (language.decimal(0.25, 3), language.decimal(0.25, 1, signed=True)) == ("0.250", "+0.2")
    assert language.number(1234567) == "1,234,567"
    speaking("uk")
    assert (language.decimal(-0.25, 3), language.number(1234567)) == ("-0,250", "1\xa0234\xa0567")


def test_a_sentence_of_what_has_no_catalogue_is_said_in_the_readers_language():
    known = language.Sentences("no %(what)s in %(place)s (%(why)s)", "no %(what)s", "it is full: 3.5 kB")
    words = {
        "no %(what)s in %(place)s (%(why)s)": "%(place)s: %(what)s puudub, %(why)s",
        "no %(what)s": "%(what)s puudub",
    }
    translate = {**words, "it is full: 3.5 kB": "täis"}.__getitem__
    assert known.told("no room in\na box", translate) == "room in\na box puudub"
    assert known.told("no room in the box (no lid)", translate) == "the box: room puudub, lid puudub"
    assert known.told("it is full: 3.5 kB", translate) == "täis"
    assert known.told("it is full: 3x5 kB", translate) == "it is full: 3x5 kB"
    assert (known.knows("no lid"), known.knows("a lid")) == (True, False)

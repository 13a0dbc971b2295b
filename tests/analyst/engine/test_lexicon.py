"""Ukrainian and Estonian sentences, written for this test, tell of the techniques that they name."""

import pytest

from sild.analyst.engine.lexicon import language_of, named, phrases

pytestmark = pytest.mark.unit

SENTENCES = [
    ("uk", "T1053.005", "Для закріплення в системі шкідлива програма створює заплановане завдання."),
    ("uk", "T1566.001", "Розсилалися електронні листи з вкладеннями у вигляді архівів."),
    ("uk", "T1547.001", "Файл копіюється до каталогу автозавантаження поточного користувача."),
    ("uk", "T1113", "Кожні пів хвилини програма робить знімок екрана."),
    ("uk", "T1041", "Зібрані дані передаються на сервер керування; програма передає їх на сервер керування щогодини."),
    ("uk", "T1105", "Після запуску він завантажує з сервера додатковий модуль."),
    ("uk", "T1027", "Код сценарію обфусковано."),
    ("uk", "T1082", "Збирається базова інформація про комп’ютер."),
    ("uk", "T1219", "Жертва встановлювала AnyDesk на прохання зловмисника."),
    ("uk", "T1562.001", "Сценарій вимикає захист Microsoft Defender."),
    ("et", "T1053.005", "Püsivuse tagamiseks loob pahavara ajastatud ülesande."),
    ("et", "T1566.001", "Ohvritele saadeti e-kiri, mille manuses oli arhiiv."),
    ("et", "T1113", "Pahavara teeb iga minut kuvatõmmise."),
    ("et", "T1105", "Seejärel laadib skript alla järgmise etapi."),
    ("et", "T1056.001", "Programm salvestab kasutaja klahvivajutused."),
    ("et", "T1070.004", "Lõpuks kustutab pahavara iseenda."),
    ("et", "T1110", "Kontodele üritati pääseda paroolide äraarvamisega."),
    ("et", "T1078", "Sisse logiti varastatud kasutajatunnustega."),
    ("et", "T1021.001", "Ründajad liikusid edasi kaugtöölaua kaudu."),
    ("et", "T1218.011", "Teek käivitati rundll32.exe abil."),
]


@pytest.mark.parametrize(("language", "technique", "sentence"), SENTENCES)
def test_a_sentence_tells_of_its_technique(language, technique, sentence):
    assert technique in named(sentence, language)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("uk", "Рекомендуємо заборонити запуск макросів та вимкнути віддалений робочий стіл."),
        ("uk", "Ознак підбору паролів не виявлено."),
        ("et", "Soovitame keelata kaugtöölaua kasutamise."),
        ("et", "Paroolide äraarvamist ei tuvastatud."),
        ("uk", "Міністерство відкрило нову бібліотеку у старому місті."),
        ("et", "Ministeerium avas vanalinnas uue raamatukogu."),
        ("en", "It created a scheduled task with schtasks."),
    ],
)
def test_advice_denials_and_other_languages_tell_of_none(language, sentence):
    assert named(sentence, language) == []


def test_a_sentence_in_cyrillic_is_read_as_ukrainian_in_any_report():
    assert language_of("Програма робить знімок екрана", "en") == "uk"
    assert language_of("It takes screenshots", "et") == "et"


@pytest.mark.parametrize("language", ["uk", "et"])
def test_the_lexicon_has_phrases_for_every_technique_of_tram(language):
    assert len({phrase.technique for phrase in phrases(language)}) >= 49

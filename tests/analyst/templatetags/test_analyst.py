"""What the desk says of a proposal, in the reader's language."""

import pytest
from django.utils import translation

from sild.analyst.engine.names import domain_scope
from sild.analyst.items import Item
from sild.analyst.templatetags.analyst import scope

pytestmark = pytest.mark.unit


def item(value):
    return Item("i0", "indicator", "domain", "bad-host.com", "bad-host.com", 0, 12, scope=value)


@pytest.mark.parametrize(
    ("language", "victim", "known"),
    [
        ("en", "the victim’s", "harmless, says a warning list"),
        ("et", "ohvri oma", "hoiatusloendi järgi kahjutu"),
        ("uk", "належить жертві", "нешкідливий за списком застережень"),
    ],
)
def test_a_scope_is_told_in_the_readers_language(language, victim, known):
    with translation.override(language):
        assert scope(item("victim")) == victim
        assert scope(item(domain_scope("www.krebsonsecurity.com"))) == known


def test_what_has_no_name_is_shown_as_it_is():
    assert scope(item("elsewhere")) == "elsewhere"

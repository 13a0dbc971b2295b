"""Parts of forms that several modules' pages have in common."""

import pytest

from sild.exchange.forms import AudienceForm

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.mark.parametrize(
    ("chosen", "audience"),
    [({"node": ["kyiv"]}, ["kyiv"]), ({"node": ["kyiv"], "all_partners": "on"}, "partners"), ({}, [])],
)
def test_an_audience_is_nodes_or_all_partners(pinned, chosen, audience):
    form = AudienceForm(chosen)
    assert form.is_valid()
    assert form.audience == audience


def test_only_partners_can_be_chosen(pinned):
    form = AudienceForm({"node": ["mordor"]})
    assert not form.is_valid()
    assert "mordor" in form.errors["node"][0]

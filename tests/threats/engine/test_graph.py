"""Where neighbours are drawn."""

from itertools import combinations

import pytest

from sild.threats.engine import graph

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("count", range(graph.MOST + 1))
def test_boxes_stay_in_the_picture_and_do_not_overlap(count):
    places = graph.ring(count)
    assert len(places) == count
    for place in places:
        assert 0 <= place.left <= graph.WIDTH - graph.BOX_WIDTH
        assert 0 <= place.top <= graph.HEIGHT - graph.BOX_HEIGHT
    for one, other in combinations(places, 2):
        assert abs(one.x - other.x) >= graph.BOX_WIDTH or abs(one.y - other.y) >= graph.BOX_HEIGHT


def test_no_more_are_drawn_than_fit():
    assert len(graph.ring(500)) == graph.MOST


def test_the_picture_is_told_in_words():
    assert graph.summary(["uses", "indicates", "uses"]) == "uses (2), indicates (1)"
    assert graph.shortened("a" * 30) == "a" * 21 + "…"
    assert graph.shortened("short") == "short"

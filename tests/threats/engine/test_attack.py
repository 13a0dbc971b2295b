"""ATT&CK's matrix."""

import pytest

from sild.threats.engine import attack

pytestmark = pytest.mark.unit


def test_the_matrix_has_the_tactics_in_their_order_with_every_technique():
    columns = attack.matrix()
    assert [column.shortname for column in columns][:2] == ["reconnaissance", "resource-development"]
    shown = {one.id for column in columns for top, subs in column.rows for one in (top, *subs)}
    assert shown == set(attack.techniques())


def test_a_sub_technique_hangs_under_its_technique():
    execution = next(column for column in attack.matrix() if column.shortname == "execution")
    subs = next(subs for top, subs in execution.rows if top.id == "T1059")
    assert subs[0].id == "T1059.001"
    assert attack.by_stix_id()[subs[0].stix_id] == subs[0]

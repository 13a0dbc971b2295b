"""Three nodes that carry records by hand."""

import pytest

from exchange.simulation import Network


@pytest.fixture
def nodes(tmp_path, simulated):
    network = Network(tmp_path, simulated)
    yield network.nodes
    network.close()

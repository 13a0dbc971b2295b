"""The sandbox as a library: isolation, solutions, suites, runs and reports, on plain data and without the node.

>>> from sild.sandbox.engine import default_isolation
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from sild.sandbox.engine.bubblewrap import Bubblewrap

if TYPE_CHECKING:
    from sild.sandbox.engine.isolation import Isolation


@lru_cache(maxsize=1)
def default_isolation() -> Isolation:
    """The isolation that solutions run in on this host unless another is asked for."""
    return Bubblewrap()

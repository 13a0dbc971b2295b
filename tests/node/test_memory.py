"""How a process keeps its memory."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest

from sild.node import memory

# Blocks of this size that are given back between small ones that stay: a heap that keeps them would not shrink.
GROW = """
from sild.node.memory import LARGE_BYTES, keep_little
assert keep_little()
def resident():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS"))
before, kept = resident(), []
for _ in range(20):
    large = bytearray(b"x") * LARGE_BYTES
    kept += [large, bytearray(100)]
assert resident() - before > 40_000
del kept[::2], large
print(resident() - before)
"""


@pytest.mark.unit
def test_a_library_that_cannot_says_so(monkeypatch):
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda _name: SimpleNamespace())
    assert memory.keep_little() is False


@pytest.mark.integration
def test_large_blocks_go_back_to_the_system_though_small_ones_between_them_stay():
    done = subprocess.run([sys.executable, "-c", GROW], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 10_000

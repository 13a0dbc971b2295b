"""Functions that tests let workers do."""

from __future__ import annotations

import os
import time
from pathlib import Path


def join(common, shard):
    return common + shard


def fail(_common, shard):
    raise ValueError(shard.decode())


def process(_common, _shard):
    time.sleep(0.05)
    return str(os.getpid()).encode()


def die_once(common, shard):
    """The first worker that gets the shard named `die` is killed with it."""
    mark = Path(common.decode(), "died")
    if shard == b"die" and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), 9)
    return shard


def die(_common, _shard):
    os.kill(os.getpid(), 9)


def visible(_common, _shard):
    time.sleep(0.05)
    return f"{os.getpid()} {os.environ['CUDA_VISIBLE_DEVICES']}".encode()

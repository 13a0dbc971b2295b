"""Asks a process of its own for a file's text, so that no file can take this one down."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from sild.analyst.engine.errors import TextError, _
from sild.analyst.extraction.child import MEMORY, SECONDS
from sild.analyst.extraction.extracted import Extracted, Segment

MAX_FILE = 20_000_000
_TOO_LARGE = _("%(name)s is too large: at most %(most)s MB of a file are read. Split it, or extract the text first.")
_GAVE_UP = _("%(name)s could not be taken apart within %(seconds)s seconds and %(memory)s MB of memory.")


def extract(data: bytes, name: str) -> Extracted:
    """The text of a file of up to 20 MB, in bounded time and memory.

    Raises:
        TextError: it is too large, empty, binary, broken, protected, holds no text, or asks too much.
    """
    if len(data) > MAX_FILE:
        raise TextError(_TOO_LARGE, name=name, most=MAX_FILE // 1_000_000)
    gave_up = TextError(_GAVE_UP, name=name, seconds=SECONDS, memory=MEMORY // 1_000_000)
    command = [sys.executable, "-m", "sild.analyst.extraction.child", name[:200].replace("\0", "")]
    environment = {"PYTHONPATH": os.pathsep.join(sys.path), "PATH": os.defpath, "OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command,
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=2 * SECONDS,
            env=environment,
            check=False,
        )
        answer = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise gave_up from error
    if "error" in answer:
        raise TextError(answer["error"], **answer["values"])
    segments = tuple(Segment(*one) for one in answer["segments"])
    return Extracted(answer["format"], answer["text"], segments, tuple(answer["notes"]))

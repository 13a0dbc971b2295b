"""The log's part of the machine surface: its files (C2SP tlog-tiles), the witness (tlog-witness), and what was lost.

Whoever has a checkpoint that a pinned partner's log signed may ask for a cosignature, as the specification says. All
else is for partners: how fast a log grows is nobody else's business.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import orjson

from sild.exchange import recovery, tile_files, witness
from sild.exchange.answers import BYTES, FOR_GOOD, FOR_NOW, TEXT, Answer, problem
from sild.exchange.client import HELD_PATH, WITNESS_PATH
from sild.exchange.errors import NotFoundError, WitnessError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sild.exchange.models import Partner

ADD_CHECKPOINT = f"{WITNESS_PATH}/add-checkpoint"
MONITORED = re.compile(rf"{WITNESS_PATH}/([0-9a-f]{{64}})/checkpoint", re.ASCII)


def answer(method: str, path: str, query: str, body: bytes, caller: Callable[[], Partner]) -> Answer | None:
    """Answer a request that concerns a log; None when it does not.

    Args:
        method: as in `GET`.
        path: without the query.
        query: what stands behind the question mark.
        body: of the request.
        caller: finds the pinned partner at the other end, or raises.
    """
    match method, path:
        case "POST", path if path == ADD_CHECKPOINT:
            return _add_checkpoint(body)
        case "GET", path if path == HELD_PATH:
            return 200, orjson.dumps(recovery.held_for(caller(), int(parse_qs(query)["from"][0])))
        case "GET", path if path == "/checkpoint" or path.startswith(("/tile/", f"{WITNESS_PATH}/")):
            caller()
            return _file(path)
    return None


def _add_checkpoint(body: bytes) -> Answer:
    """Our cosignature, the size that we saw, or a problem with the status that C2SP tlog-witness asks for."""
    try:
        return 200, witness.add_checkpoint(body.decode()).encode(), TEXT, FOR_NOW
    except WitnessError as error:
        if error.size is not None:
            return 409, f"{error.size}\n".encode(), "text/x.tlog.size", FOR_NOW
        return problem(error.status, error.code, str(error))


def _file(path: str) -> Answer:
    """A file of our log, or a checkpoint that we cosigned."""
    monitored = MONITORED.fullmatch(path)
    try:
        if monitored:
            return 200, witness.cosigned_checkpoint(monitored[1]).encode(), TEXT, FOR_NOW
        data = tile_files.read(path.removeprefix("/"))
    except NotFoundError as error:
        return problem(404, error.code, str(error))
    return (200, data, TEXT, FOR_NOW) if path == "/checkpoint" else (200, data, BYTES, FOR_GOOD)

"""What a token may be used for, and how often: scopes by module and kind of call, calls by the minute."""

from __future__ import annotations

import re
import threading
import time
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from sild.people.errors import ScopeError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sild.people.actor import Actor

MINUTE = 60
_SCOPE = re.compile(r"[a-z][a-z-]{1,29}:(?:read|write)")
# Words without a module: the TAXII server and the node's figures, which have addresses of their own.
WORDS = frozenset({"taxii", "metrics"})


class Windows:
    """Counts the calls of each token in the minute that runs; each web process counts for itself."""

    def __init__(self) -> None:
        self._counts: dict[object, tuple[int, int]] = {}
        self._lock = threading.Lock()

    def wait(self, actor: Actor, now: float | None = None) -> int:
        """Count a call; returns how many seconds to wait because there were too many, 0 when there were not."""
        if actor.token_id is None or actor.per_minute is None:
            return 0
        now = time.monotonic() if now is None else now
        minute = int(now // MINUTE)
        with self._lock:
            window, count = self._counts.get(actor.token_id, (minute, 0))
            count = count + 1 if window == minute else 1
            self._counts[actor.token_id] = (minute, count)
        return 0 if count <= actor.per_minute else MINUTE - int(now % MINUTE)


def check_scopes(scopes: Iterable[str]) -> None:
    """Refuse what is no scope.

    Raises:
        ScopeError: naming it.
    """
    for scope in scopes:
        if scope not in WORDS and not _SCOPE.fullmatch(scope):
            raise ScopeError(
                _("“%(scope)s” is no scope. Write it as module:read or module:write, or as one of %(words)s.")
                % {"scope": scope, "words": ", ".join(sorted(WORDS))}
            )


def scope_of(path: str, *, changes: bool) -> str:
    """The scope that a call of the API needs, as in `threats:read` for a GET of /api/v1/threats/objects."""
    module = path.removeprefix("/api/v1/").partition("/")[0]
    return f"{module}:{'write' if changes else 'read'}"

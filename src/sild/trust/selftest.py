"""Before a node federates it proves to itself that each primitive does here what its specification says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

from sild.trust.encoding import canonical
from sild.trust.errors import SelfTestError, TrustError
from sild.trust.identity import Identity, NodeKeys
from sild.trust.keys import PRIVATE, Pair
from sild.trust.seal import open_sealed, seal
from sild.trust.tree import EMPTY_ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# SHA-256 of the empty string (FIPS 180-4), which is also the root of an empty log (RFC 6962 section 2.1).
EMPTY_DIGEST = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
# RFC 8785 section 3.2.3, shortened: members sorted by UTF-16 code units, numbers as ECMAScript writes them.
UNSORTED = {"\u20ac": "Euro Sign", "\r": "Carriage Return", "1": 4.50, "\U0001f600": 1e30}
SORTED = '{"\\r":"Carriage Return","1":4.5,"\u20ac":"Euro Sign","\U0001f600":1e+30}'.encode()


@dataclass(frozen=True, slots=True)
class Check:
    """One primitive and whether it did what it should."""

    name: str
    ok: bool
    detail: str


def run() -> Iterator[Check]:
    """Try every primitive that this package stands on."""
    yield _try("SHA-256", lambda: sha256(b"").hexdigest() == EMPTY_DIGEST == EMPTY_ROOT.hex())
    yield _try("canonical JSON", lambda: canonical(UNSORTED) == SORTED)
    for algorithm in PRIVATE:
        yield _try(algorithm, partial(_signs, algorithm))
    yield _try("HPKE X-Wing and AES-256-GCM", _seals)


def require() -> None:
    """Pass if every primitive works.

    Raises:
        SelfTestError: naming those that do not; the node must not federate then.
    """
    failed = [f"{check.name} ({check.detail})" for check in run() if not check.ok]
    if failed:
        raise SelfTestError(
            f"This host's cryptography fails its self-test: {', '.join(failed)}. "
            "The node does not start. Install the pinned requirements again and run: sild doctor"
        )


def _try(name: str, holds: Callable[[], bool]) -> Check:
    """Run one check; whatever it raises is a failure, not a crash."""
    try:
        return Check(name, ok := holds(), "works" if ok else "gave a wrong result")
    except Exception as error:  # noqa: BLE001 -- a broken library can raise anything
        return Check(name, ok=False, detail=f"{type(error).__name__}: {error}")


def _signs(algorithm: str) -> bool:
    """Sign and verify, and see a changed message refused."""
    pair = Pair.generate(algorithm)
    signature = pair.sign(b"message")
    return pair.public.verifies(signature, b"message") and not pair.public.verifies(signature, b"messagf")


def _seals() -> bool:
    """Seal and open, and see another context refused."""
    keys = NodeKeys.generate("self-test", now=datetime.now(UTC))
    ours = Identity.parse(keys.identity_document(), on=None)
    sealed = seal(b"body", [ours], sender="self-test", context={"place": "1"})
    try:
        open_sealed(sealed, keys, sender="self-test", context={"place": "2"})
    except TrustError:
        return open_sealed(sealed, keys, sender="self-test", context={"place": "1"}) == b"body"
    return False

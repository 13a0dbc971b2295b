"""Ed25519 keys on a token (PKCS#11), named by a URI (RFC 7512); the private half never leaves it.

Tokens of today have no ML-DSA, so the other half of a pair stays in a file: both are required for every signature, so
that whoever wants to sign needs the token and the file.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from getpass import getpass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

from sild.trust.errors import IdentityError
from sild.trust.keys import Pair, Public

SCHEME = "pkcs11:"
IN_PATH = frozenset({"token", "serial", "manufacturer", "model", "object", "id", "type"})
IN_QUERY = frozenset({"module-path", "pin-source"})
ED25519_OID = "1.3.101.112"
# DER of an OCTET STRING with 32 bytes, as CKA_EC_POINT holds it (PKCS#11 v3.0 section 2.3.5).
POINT_PREFIX = b"\x04\x20"
POINT_BYTES = 32
_lock = threading.Lock()
_sessions: dict[tuple[str, str, str, str], Any] = {}


@dataclass(frozen=True, slots=True)
class TokenUri:
    """Where a key is.

    Attributes:
        text: the URI as it was written; it holds no secret.
        token, serial, object: labels; empty when not given.
        id: the key's id, raw bytes.
        module: path of the library that speaks to the token; empty for SILD_TOKEN_MODULE.
        pin_source: a file with the PIN; empty when not given.
    """

    text: str
    token: str = ""
    serial: str = ""
    object: str = ""
    id: bytes = b""
    module: str = ""
    pin_source: str = ""

    @classmethod
    def parse(cls, text: str) -> TokenUri:
        """Read a URI.

        Raises:
            IdentityError: it is none, names no key, or holds a PIN, which has no place in a file that is kept.
        """
        path, _, query = text.removeprefix(SCHEME).partition("?")
        try:
            inside = dict(part.split("=", 1) for part in path.split(";") if part)
            beside = dict(part.split("=", 1) for part in query.split("&") if part)
        except ValueError as error:
            raise IdentityError(f"“{text}” is no PKCS#11 URI: name=value, parted by “;”.", code="token-uri") from error
        if "pin-value" in beside:
            raise IdentityError(
                "A PIN has no place in a URI. Use pin-source=file:/path, or SILD_TOKEN_PIN.", code="token-uri"
            )
        strange = sorted((set(inside) - IN_PATH) | (set(beside) - IN_QUERY))
        if not text.startswith(SCHEME) or strange or not (inside.get("object") or inside.get("id")):
            why = f"“{strange[0]}” is unknown here" if strange else "it names no key: pkcs11:token=…;object=…"
            raise IdentityError(f"“{text}” is no PKCS#11 URI of a key: {why}.", code="token-uri")
        if inside.get("type", "private") != "private":
            raise IdentityError(f"“{text}” names no private key.", code="token-uri")
        return cls(
            text,
            token=unquote(inside.get("token", "")),
            serial=unquote(inside.get("serial", "")),
            object=unquote(inside.get("object", "")),
            id=unquote_to_bytes(inside.get("id", "")),
            module=unquote(beside.get("module-path", "")),
            pin_source=unquote(beside.get("pin-source", "")).removeprefix("file:"),
        )


@dataclass(frozen=True, repr=False)
class TokenPair(Pair):
    """A key on a token; there is no seed.

    Attributes:
        uri: where it is.
        point: its public half, 32 bytes; kept so that the token is needed to sign only.
    """

    uri: str = ""
    point: bytes = b""

    @cached_property
    def public(self) -> Public:
        """The public half."""
        return Public(self.algorithm, self.point)

    def sign(self, data: bytes) -> bytes:
        """Sign on the token, and look whether it was this key that signed.

        Raises:
            IdentityError: the token is not there, is locked, or has another key in that place.
        """
        signature = _on_token(self.uri, lambda session, uri: _private(session, uri).sign(data, mechanism=_eddsa()))
        if not self.public.verifies(signature, data):
            raise IdentityError(f"{self.uri} is another key than the one of this node.", code="token-key")
        return signature


def obtain(text: str) -> TokenPair:
    """The Ed25519 key that a URI names; made on the token if there is none of that name.

    Raises:
        IdentityError: the token is not there, is locked, or cannot make such a key.
    """
    point = _on_token(text, lambda session, uri: _public(session, uri) or _generate(session, uri))
    return TokenPair("Ed25519", b"", text, point)


def _on_token(text: str, do: Any) -> bytes:
    """Do something in the open session of a token, one thing at a time; a session that was lost is opened anew."""
    pkcs11 = _library()
    uri = TokenUri.parse(text)
    module, pin = _module(uri), _pin(uri)
    with _lock:
        for is_last in (False, True):
            try:
                return bytes(do(_session(module, uri.token, uri.serial, pin), uri))
            except (pkcs11.exceptions.PKCS11Error, RuntimeError) as error:
                _close_all()
                if is_last or not isinstance(error, _lost(pkcs11)):
                    raise IdentityError(_sentence(text, error), code="token") from error
    raise AssertionError("a loop that always returns or raises has ended")


def _lost(pkcs11: Any) -> tuple[type[Exception], ...]:
    """What a session says whose token was taken out in between."""
    errors = pkcs11.exceptions
    return errors.SessionHandleInvalid, errors.SessionClosed, errors.DeviceRemoved, errors.UserNotLoggedIn


def _library() -> Any:
    """python-pkcs11, which only nodes with a token need."""
    try:
        import pkcs11  # noqa: PLC0415 -- an extra
        import pkcs11.exceptions  # noqa: PLC0415
        import pkcs11.util.ec  # noqa: PLC0415
    except ImportError as error:
        raise IdentityError("Keys on a token need python-pkcs11. Install sild[pkcs11].", code="token") from error
    return pkcs11


def _session(module: str, token: str, serial: str, pin: str) -> Any:
    """An open session; logging in for each signature would be slow."""
    key = (module, token, serial, pin)
    if key not in _sessions:
        named = {name: value for name, value in (("token_label", token), ("token_serial", serial.encode())) if value}
        _sessions[key] = _library().lib(module).get_token(**named).open(rw=True, user_pin=pin)
    return _sessions[key]


def _close_all() -> None:
    """Close every session; one that is lost cannot be closed any more."""
    while _sessions:
        with suppress(_library().exceptions.PKCS11Error):
            _sessions.popitem()[1].close()


def _private(session: Any, uri: TokenUri) -> Any:
    """The private key's handle."""
    return session.get_key(object_class=_library().ObjectClass.PRIVATE_KEY, **_named(uri))


def _public(session: Any, uri: TokenUri) -> bytes | None:
    """The public half of a key that is there; None when there is none."""
    pkcs11 = _library()
    try:
        _private(session, uri)
        key = session.get_key(object_class=pkcs11.ObjectClass.PUBLIC_KEY, **_named(uri))
    except pkcs11.exceptions.NoSuchKey:
        return None
    return _raw(key[pkcs11.Attribute.EC_POINT])


def _generate(session: Any, uri: TokenUri) -> bytes:
    """Make a key that stays on the token; returns its public half."""
    pkcs11 = _library()
    curve = pkcs11.util.ec.encode_named_curve_parameters(ED25519_OID)
    domain = session.create_domain_parameters(
        pkcs11.KeyType.EC_EDWARDS, {pkcs11.Attribute.EC_PARAMS: curve}, local=True
    )
    public, _private_key = domain.generate_keypair(
        mechanism=pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN, store=True, **_named(uri)
    )
    return _raw(public[pkcs11.Attribute.EC_POINT])


def _raw(point: bytes) -> bytes:
    """The 32 bytes of RFC 8032 out of what a token gives; some wrap them, some do not."""
    raw = point.removeprefix(POINT_PREFIX) if len(point) > POINT_BYTES else point
    if len(raw) != POINT_BYTES:
        raise RuntimeError("its key is not of Ed25519")
    return raw


def _named(uri: TokenUri) -> dict[str, Any]:
    """How the key is looked up."""
    return {name: value for name, value in (("label", uri.object), ("id", uri.id)) if value}


def _eddsa() -> Any:
    return _library().Mechanism.EDDSA


def _module(uri: TokenUri) -> str:
    """The library of the token."""
    module = uri.module or os.environ.get("SILD_TOKEN_MODULE", "")
    if not module:
        raise IdentityError(
            "Say which library speaks to the token: module-path= in the URI, or SILD_TOKEN_MODULE.", code="token"
        )
    return module


def _pin(uri: TokenUri) -> str:
    """The PIN: from the file that the URI names, the environment, or whoever sits there; it is kept nowhere."""
    if uri.pin_source:
        path = Path(uri.pin_source)
        try:
            if path.stat().st_mode & 0o077:
                raise IdentityError(f"Others can read {path}. Close it: chmod 600 {path}", code="keys-open")
            return path.read_text().strip()
        except OSError as error:
            raise IdentityError(f"{path}, which should hold the PIN: {error.strerror}.", code="token-pin") from error
    pin = os.environ.get("SILD_TOKEN_PIN", "")
    if not pin and sys.stdin.isatty():
        pin = getpass(f"PIN of the token “{uri.token}”: ")
    if not pin:
        raise IdentityError(
            "The token wants its PIN: pin-source=file:/path in the URI, or SILD_TOKEN_PIN.", code="token-pin"
        )
    return pin


def _sentence(text: str, error: Exception) -> str:
    """What to tell a person."""
    why = str(error) or " ".join(_words(type(error).__name__))
    return f"The token did not do it for {text}: {why}. Is it there, and is its PIN right?"


def _words(name: str) -> list[str]:
    """PinIncorrect as words."""
    spaced = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
    return spaced.split()

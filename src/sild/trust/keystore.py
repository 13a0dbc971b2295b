"""Private keys at rest: files that only their owner can read, under a passphrase if there is one."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING, Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from sild.trust.encoding import b64, unb64
from sild.trust.errors import IdentityError
from sild.trust.keys import Pair
from sild.trust.token import TokenPair

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FORMAT = "sild-keys/2"
NONCE_BYTES = 12
# RFC 7914 section 2; about 0.1 s and 64 MiB.
SCRYPT = {"n": 2**16, "r": 8, "p": 1}


def write(folder: Path, name: str, pairs: Iterable[Pair], passphrase: bytes | None) -> None:
    """Write key pairs to a new file that is whole or absent, even after a power cut.

    Raises:
        IdentityError: the file exists.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    if (folder / name).exists():
        raise IdentityError(f"There are keys in {folder} already. They were not touched; choose another folder.")
    replace(folder / name, pairs, passphrase)


def replace(path: Path, pairs: Iterable[Pair], passphrase: bytes | None) -> None:
    """Put key pairs in the place of those in a file; until it is done, the old ones are there."""
    seeds = orjson.dumps([_plain(pair) for pair in pairs])
    content = {"format": FORMAT, **(_lock(seeds, passphrase) if passphrase else {"seeds": orjson.loads(seeds)})}
    _write(path, orjson.dumps(content), 0o600)


def read(path: Path, passphrase: bytes | None) -> list[Pair]:
    """Read key pairs.

    Raises:
        IdentityError: the file is missing, readable by others, locked with another passphrase, or damaged.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise IdentityError(f"Others can read {path}. Close it: chmod 600 {path}", code="keys-open")
        content = orjson.loads(path.read_bytes())
        seeds = _unlock(content, passphrase, path) if "locked" in content else content["seeds"]
        return [_pair(algorithm, seed) for algorithm, seed in seeds]
    except OSError as error:
        raise IdentityError(f"{path} cannot be read: {error.strerror}. Make a node first: sild init") from error
    except (KeyError, ValueError, TypeError) as error:
        raise IdentityError(f"{path} is damaged. Restore it from a backup.", code="keys-damaged") from error


def write_public(path: Path, data: bytes) -> None:
    """Write a file that others may read."""
    _write(path, data, 0o644)


def _plain(pair: Pair) -> list[Any]:
    """A key as it is kept: its seed, or where on a token it is."""
    if isinstance(pair, TokenPair):
        return [pair.algorithm, {"uri": pair.uri, "public": b64(pair.point)}]
    return [pair.algorithm, b64(pair.seed)]


def _pair(algorithm: str, kept: Any) -> Pair:
    """Read what `_plain` wrote."""
    if isinstance(kept, dict):
        return TokenPair(algorithm, b"", kept["uri"], unb64(kept["public"]))
    return Pair(algorithm, unb64(kept))


def _lock(seeds: bytes, passphrase: bytes) -> dict[str, Any]:
    """Encrypt seeds with AES-256-GCM under a key that scrypt draws from the passphrase."""
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(NONCE_BYTES)
    locked = AESGCM(stretch(passphrase, salt, SCRYPT)).encrypt(nonce, seeds, FORMAT.encode())
    return {"scrypt": {**SCRYPT, "salt": b64(salt)}, "nonce": b64(nonce), "locked": b64(locked)}


def _unlock(content: dict[str, Any], passphrase: bytes | None, path: Path) -> list[list[Any]]:
    """Decrypt seeds."""
    if not passphrase:
        raise IdentityError(f"{path} is locked. Give its passphrase in SILD_KEY_PASSPHRASE.", code="keys-locked")
    parameters = content["scrypt"]
    key = stretch(passphrase, unb64(parameters["salt"]), parameters)
    try:
        plain = AESGCM(key).decrypt(unb64(content["nonce"]), unb64(content["locked"]), FORMAT.encode())
    except InvalidTag as error:
        raise IdentityError(f"The passphrase does not open {path}.", code="keys-locked") from error
    seeds: list[list[Any]] = orjson.loads(plain)
    return seeds


def stretch(passphrase: bytes, salt: bytes, parameters: dict[str, Any]) -> bytes:
    """A 256-bit key from a passphrase (RFC 7914)."""
    n, r, p = (int(parameters[name]) for name in ("n", "r", "p"))
    return Scrypt(salt=salt, length=32, n=n, r=r, p=p).derive(passphrase)


def _write(path: Path, data: bytes, mode: int) -> None:
    """Write beside the target, flush to disk, then rename."""
    temporary = path.with_name(path.name + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)

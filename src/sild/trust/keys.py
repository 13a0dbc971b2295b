"""Key pairs by the name of their algorithm: generate, store as seeds, sign, verify, and write as JWK."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa, mlkem, x25519
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey

from sild.trust.encoding import b64u, canonical, unb64u

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ML_KEM_SEED = 64
ML_KEM_PUBLIC = 1184


class PublicKey(Protocol):
    """What all signature schemes of `cryptography` share."""

    def verify(self, signature: bytes, data: bytes, /) -> None:
        """Raise InvalidSignature when the signature is not one of `data`."""

    def public_bytes(self, encoding: Encoding, format: PublicFormat, /) -> bytes:  # noqa: A002 -- cryptography's name
        """The key in a standard encoding."""


class PrivateKey(Protocol):
    """What all signature schemes of `cryptography` share."""

    def sign(self, data: bytes, /) -> bytes:
        """Sign `data`."""

    def private_bytes_raw(self) -> bytes:
        """The seed."""

    def public_key(self) -> Any:
        """The public half."""


PRIVATE: dict[str, tuple[Callable[[], PrivateKey], Callable[[bytes], PrivateKey]]] = {
    "Ed25519": (ed25519.Ed25519PrivateKey.generate, ed25519.Ed25519PrivateKey.from_private_bytes),
    "ML-DSA-44": (mldsa.MLDSA44PrivateKey.generate, mldsa.MLDSA44PrivateKey.from_seed_bytes),
    "ML-DSA-65": (mldsa.MLDSA65PrivateKey.generate, mldsa.MLDSA65PrivateKey.from_seed_bytes),
    "ML-DSA-87": (mldsa.MLDSA87PrivateKey.generate, mldsa.MLDSA87PrivateKey.from_seed_bytes),
}
PUBLIC: dict[str, Callable[[bytes], PublicKey]] = {
    "Ed25519": ed25519.Ed25519PublicKey.from_public_bytes,
    "ML-DSA-44": mldsa.MLDSA44PublicKey.from_public_bytes,
    "ML-DSA-65": mldsa.MLDSA65PublicKey.from_public_bytes,
    "ML-DSA-87": mldsa.MLDSA87PublicKey.from_public_bytes,
}
X_WING = "X-Wing"


@dataclass(frozen=True)
class Public:
    """A public key and the name of its algorithm.

    Attributes:
        algorithm: `Ed25519`, `ML-DSA-44`, `ML-DSA-65`, `ML-DSA-87` or `X-Wing`.
        raw: the encoding of its standard; for X-Wing ML-KEM-768 (1,184 bytes) then X25519 (32 bytes).
    """

    algorithm: str
    raw: bytes

    @cached_property
    def _key(self) -> PublicKey:
        return PUBLIC[self.algorithm](self.raw)

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Tell whether `signature` is this key's over `data`."""
        try:
            self._key.verify(signature, data)
        except InvalidSignature:
            return False
        return True

    @cached_property
    def spki_thumbprint(self) -> str:
        """SHA-256 in hex of the SubjectPublicKeyInfo (RFC 5280 section 4.1; RFC 9881 for ML-DSA)."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        spki = self._key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return sha256(spki).hexdigest()

    @property
    def jwk(self) -> dict[str, str]:
        """JSON Web Key: `OKP` for Ed25519 (RFC 8037), `AKP` for the lattice schemes (RFC 9964)."""
        if self.algorithm == "Ed25519":
            return {"kty": "OKP", "crv": "Ed25519", "x": b64u(self.raw)}
        return {"kty": "AKP", "alg": self.algorithm, "pub": b64u(self.raw)}

    @cached_property
    def kid(self) -> str:
        """JWK thumbprint (RFC 7638): SHA-256 of the required members, in base64url."""
        return b64u(sha256(canonical(self.jwk)).digest())

    @classmethod
    def from_jwk(cls, jwk: dict[str, str]) -> Public:
        """Read a JWK that `jwk` could have written.

        Raises:
            ValueError: another type, or a key of the wrong length.
        """
        is_okp = jwk.get("kty") == "OKP" and jwk.get("crv") == "Ed25519"
        public = cls("Ed25519", unb64u(jwk["x"])) if is_okp else cls(jwk["alg"], unb64u(jwk["pub"]))
        if public.algorithm == X_WING:
            public.for_sealing()
        elif public.algorithm in PUBLIC:
            PUBLIC[public.algorithm](public.raw)
        else:
            raise ValueError(f"the key algorithm “{public.algorithm}” is unknown")
        return public

    def for_sealing(self) -> MLKEM768X25519PublicKey:
        """The X-Wing key as HPKE takes it.

        Raises:
            ValueError: the bytes are no such key.
        """
        lattice, curve = self.raw[:ML_KEM_PUBLIC], self.raw[ML_KEM_PUBLIC:]
        return MLKEM768X25519PublicKey(
            mlkem.MLKEM768PublicKey.from_public_bytes(lattice), x25519.X25519PublicKey.from_public_bytes(curve)
        )


@dataclass(frozen=True)
class Pair:
    """A private key with its public half, kept as a seed.

    Attributes:
        algorithm: as in `Public`.
        seed: 32 bytes; for X-Wing 64 bytes of ML-KEM-768 then 32 of X25519.
    """

    algorithm: str
    seed: bytes

    def __repr__(self) -> str:
        return f"Pair({self.algorithm}, {self.public.kid})"

    @classmethod
    def generate(cls, algorithm: str) -> Pair:
        """Make a new key of that algorithm."""
        if algorithm == X_WING:
            lattice, curve = mlkem.MLKEM768PrivateKey.generate(), x25519.X25519PrivateKey.generate()
            return cls(algorithm, lattice.private_bytes_raw() + curve.private_bytes_raw())
        return cls(algorithm, PRIVATE[algorithm][0]().private_bytes_raw())

    @cached_property
    def key(self) -> PrivateKey:
        """The key as `cryptography` has it."""
        return PRIVATE[self.algorithm][1](self.seed)

    @cached_property
    def for_opening(self) -> MLKEM768X25519PrivateKey:
        """The X-Wing key as HPKE takes it."""
        return MLKEM768X25519PrivateKey(
            mlkem.MLKEM768PrivateKey.from_seed_bytes(self.seed[:ML_KEM_SEED]),
            x25519.X25519PrivateKey.from_private_bytes(self.seed[ML_KEM_SEED:]),
        )

    @cached_property
    def public(self) -> Public:
        """The public half."""
        if self.algorithm == X_WING:
            lattice = mlkem.MLKEM768PrivateKey.from_seed_bytes(self.seed[:ML_KEM_SEED]).public_key()
            curve = x25519.X25519PrivateKey.from_private_bytes(self.seed[ML_KEM_SEED:]).public_key()
            return Public(X_WING, lattice.public_bytes_raw() + curve.public_bytes_raw())
        return Public(self.algorithm, self.key.public_key().public_bytes_raw())

    def sign(self, data: bytes) -> bytes:
        """Sign `data`; ML-DSA with an empty context, as RFC 9964 asks."""
        return self.key.sign(data)

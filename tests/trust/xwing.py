"""HPKE with X-Wing from an ML-KEM in pure Python, as oracle: draft-connolly-cfrg-xwing-kem over RFC 9180, mode base."""

from __future__ import annotations

from hashlib import sha3_256
from hmac import digest

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from kyber_py.ml_kem import ML_KEM_768

LABEL = b"\\.//^\\"
# KEM X-Wing, KDF HKDF-SHA256, AEAD AES-256-GCM.
SUITE = b"HPKE" + bytes.fromhex("647a00010002")
ML_KEM_CIPHERTEXT = 1_088


def expand(seed):
    """Decapsulation keys and public keys of both halves, from the 96 bytes that X-Wing expands its seed to."""
    public, private = ML_KEM_768.key_derive(seed[:64])
    classical = X25519PrivateKey.from_private_bytes(seed[64:])
    return private, classical, public, classical.public_key().public_bytes_raw()


def public_key(seed):
    _private, _classical, public, classical_public = expand(seed)
    return public + classical_public


def combine(lattice, classical, ciphertext, public):
    return sha3_256(lattice + classical + ciphertext + public + LABEL).digest()


def decapsulate(seed, enc):
    private, classical, _public, classical_public = expand(seed)
    lattice_part, classical_part = enc[:ML_KEM_CIPHERTEXT], enc[ML_KEM_CIPHERTEXT:]
    shared = ML_KEM_768.decaps(private, lattice_part)
    exchanged = classical.exchange(X25519PublicKey.from_public_bytes(classical_part))
    return combine(shared, exchanged, classical_part, classical_public)


def encapsulate(public):
    lattice_public, classical_public = public[:-32], public[-32:]
    shared, lattice_part = ML_KEM_768.encaps(lattice_public)
    ephemeral = X25519PrivateKey.generate()
    classical_part = ephemeral.public_key().public_bytes_raw()
    exchanged = ephemeral.exchange(X25519PublicKey.from_public_bytes(classical_public))
    return combine(shared, exchanged, classical_part, classical_public), lattice_part + classical_part


def extract(salt, label, secret):
    return digest(salt or bytes(32), b"HPKE-v1" + SUITE + label + secret, "sha256")


def derive(secret, label, info, length):
    """HKDF-Expand for one block, which is all that is needed."""
    labelled = length.to_bytes(2, "big") + b"HPKE-v1" + SUITE + label + info
    return digest(secret, labelled + b"\1", "sha256")[:length]


def schedule(shared, info):
    """Key and nonce (RFC 9180 section 5.1, mode base)."""
    context = b"\0" + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
    secret = extract(shared, b"secret", b"")
    return derive(secret, b"key", context, 32), derive(secret, b"base_nonce", context, 12)


def open_box(seed, box, info):
    enc, ciphertext = box[: ML_KEM_CIPHERTEXT + 32], box[ML_KEM_CIPHERTEXT + 32 :]
    key, nonce = schedule(decapsulate(seed, enc), info)
    return AESGCM(key).decrypt(nonce, ciphertext, b"")


def seal_box(public, plain, info):
    shared, enc = encapsulate(public)
    key, nonce = schedule(shared, info)
    return enc + AESGCM(key).encrypt(nonce, plain, b"")

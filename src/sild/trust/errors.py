"""What can go wrong with keys, signatures, proofs and links; each error is a sentence with a stable code."""

from __future__ import annotations


class TrustError(Exception):
    """Base of this package's errors.

    Attributes:
        code: stable, for machines; the message is for people.
    """

    code = "trust"

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code or type(self).code


class IdentityError(TrustError):
    """An identity document, or a folder of keys, that cannot be used."""

    code = "identity"


class SuiteError(TrustError):
    """A suite that is unknown, not yet allowed or retired."""

    code = "suite"


class RecordError(TrustError):
    """Bytes that are not a record in canonical form."""

    code = "record"


class SignatureError(TrustError):
    """A note, checkpoint or cosignature that does not verify."""

    code = "signature"


class ProofError(TrustError):
    """An inclusion or consistency proof that does not lead to the signed root."""

    code = "proof"


class SealError(TrustError):
    """A sealed body that cannot be opened with our keys in this place."""

    code = "seal"


class LinkError(TrustError):
    """A TLS link that is not good enough: another group than X25519MLKEM768, or another key than the pinned one."""

    code = "link"


class SelfTestError(TrustError):
    """A primitive that does not do here what its specification says."""

    code = "self-test"

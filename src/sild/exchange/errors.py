"""What can go wrong between nodes; each error is a sentence with a stable code."""

from __future__ import annotations


class ExchangeError(Exception):
    """Base of this package's errors."""

    code = "exchange"

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code or type(self).code


class UnknownKindError(ExchangeError):
    """No module on this node publishes that kind."""

    code = "unknown-kind"


class BodyError(ExchangeError):
    """The body does not have the form that its kind asks for."""

    code = "body"


class WithheldError(ExchangeError):
    """The gate keeps the record from that receiver, or from everybody."""

    code = "withheld"


class PartnerError(ExchangeError):
    """The partner is unknown, not pinned, or frozen."""

    code = "partner"


class RefusedError(ExchangeError):
    """A record that a partner really published is not acceptable here; asking again will not change that."""

    code = "refused"


class TransferError(ExchangeError):
    """What arrived is not what the partner's log commits to; asking again may bring the right bytes."""

    code = "transfer"


class StaleError(TransferError):
    """Another process imported from this partner since the page was asked for; the next round has the right one."""

    code = "stale"


class HistoryError(ExchangeError):
    """The partner's log shrank, forked or renumbered; a person must decide before anything more is imported.

    Attributes:
        proven: two statements that the partner signed contradict each other, whoever carried them here.
    """

    code = "history"

    def __init__(self, message: str, *, code: str = "", proven: bool = False) -> None:
        super().__init__(message, code=code)
        self.proven = proven


class BundleError(ExchangeError):
    """A bundle that is no bundle, is for another node, or does not continue what is here."""

    code = "bundle"


class LinkDownError(ExchangeError):
    """The partner could not be reached, or the link was not good enough to use."""

    code = "link"


class BlobError(ExchangeError):
    """A file that is not here, too large, or not what its hash says."""

    code = "blob"


class LogHeldError(ExchangeError):
    """This node's own log went back, was ended, or cannot be marked as signed: people must decide."""

    code = "log-held"


class UnsignedError(ExchangeError):
    """A record that no checkpoint covers yet, because partners are asked first whether this node was restored."""

    code = "unsigned"


class WitnessError(ExchangeError):
    """A checkpoint that this node does not cosign.

    Attributes:
        status: the HTTP status that C2SP tlog-witness asks for.
        size: what a log that is wrong about how far we saw it is told; None for other reasons.
        proven_by: the node that signed two different checkpoints of one size; empty when none is proven to.
    """

    code = "witness"

    def __init__(self, status: int, message: str, *, size: int | None = None, proven_by: str = "") -> None:
        super().__init__(message)
        self.status, self.size, self.proven_by = status, size, proven_by


class NotFoundError(ExchangeError):
    """No such record or partner here."""

    code = "not-found"

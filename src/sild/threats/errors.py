"""What can go wrong in the threat store; each error is a sentence with a stable code."""

from __future__ import annotations


class ThreatsError(Exception):
    """Base of this module's errors."""

    code = "threats"

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code or type(self).code


class NotFoundError(ThreatsError):
    """No such collection or object, or not for this actor: the two are not told apart."""

    code = "not-found"


class RefusedError(ThreatsError):
    """The actor may see the collection, but not do that with it."""

    code = "not-allowed"


class EnvelopeError(ThreatsError):
    """What was sent is no TAXII envelope or STIX bundle at all."""

    code = "envelope"


class CollectionError(ThreatsError):
    """A collection cannot be set up, changed or shared like that."""

    code = "collection"


class FeedError(ThreatsError):
    """Another TAXII server cannot be reached, or answers what the standard does not allow."""

    code = "feed"

"""What can go wrong when people act."""

from __future__ import annotations


class PeopleError(Exception):
    """Base of this package's errors; the message is a sentence for a person."""

    code = "people"


class NotAllowedError(PeopleError):
    """The actor lacks the right that the action needs."""

    code = "not-allowed"


class NotFoundError(PeopleError):
    """No such agency, person or token."""

    code = "not-found"


class AlreadyExistsError(PeopleError):
    """The name is taken."""

    code = "already-exists"


class ScopeError(PeopleError):
    """A token is asked for, or used for, something that its scopes do not name."""

    code = "scope"

"""Whether this node's log may be signed: never when it went back, and after a restart only when a partner was asked.

What was signed and may have left is held outside the database (`trust.marks`). A log that does not continue it is not
signed until a person decides. After a reboot, or in a restored folder, nothing on this machine can tell a whole log
from a restored one: leaves are then taken in, but their checkpoint waits until a partner said how far it saw us.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from django.utils.translation import gettext as _

from sild.exchange.enums import PartnerState
from sild.exchange.errors import LogHeldError
from sild.exchange.log_models import Checkpoint, LogState
from sild.exchange.models import Partner
from sild.trust.marks import Marks

if TYPE_CHECKING:
    from pathlib import Path

    from sild.trust.checkpoint import Checkpoint as SignedCheckpoint
    from sild.trust.tree import Tree

logger = structlog.get_logger(__name__)
# The largest size that this process saw held, by home: most calls need not look at the files.
_held: dict[Path, int] = {}
# Homes whose log this process signed in a transaction that has not ended, so that there is no fleeting mark yet.
_signing: set[Path] = set()
_lock = threading.Lock()


def marks() -> Marks:
    """Where this node keeps how far its log was signed."""
    return Marks.of(settings.CONFIG.home, settings.CONFIG.run)


def require_whole(state: LogState, tree: Tree) -> None:
    """Refuse to go on with a log that ended, or that does not continue what was signed.

    Raises:
        LogHeldError: code `log-ended` or `log-held`; the sentence says what a person can do.
    """
    if state.ended:
        raise LogHeldError(
            _("This node's log was ended: %(why)s. Make a new node under a new name: sild init")
            % {"why": state.ended.rstrip(".")},
            code="log-ended",
        )
    contradiction, signed = marks().contradiction, marks().furthest()
    if contradiction is not None:
        raise LogHeldError(
            _("Two different logs of %(size)s leaves were signed with this node's keys. That cannot be mended: tell "
              "your partners, then sild log end")
            % {"size": contradiction.size},
            code="log-forked",
        )  # fmt: skip
    if signed is None:
        return
    if state.size < signed.size:
        raise LogHeldError(
            _("This node's log went back: it has %(have)s leaves, but a checkpoint of %(signed)s leaves was signed. "
              "Nothing is signed until a person decides: sild log recover, or sild log end")
            % {"have": state.size, "signed": signed.size}
        )  # fmt: skip
    if not _has_signed(signed) and tree.root(signed.size) != signed.root:
        raise LogHeldError(
            _("This node's log does not continue the checkpoint of %(signed)s leaves that was signed. "
              "Nothing is signed until a person decides: sild log recover, or sild log end")
            % {"signed": signed.size}
        )  # fmt: skip


def _has_signed(signed: SignedCheckpoint) -> bool:
    """Tell whether the database holds that very checkpoint, whose leaves became durable with it."""
    text = Checkpoint.objects.filter(size=signed.size).values_list("text", flat=True).first()
    return text is not None and text.startswith(f"{signed.text}\n")


def may_sign() -> bool:
    """Tell whether nothing can have been restored unnoticed, or nobody could know.

    An empty log has nothing to lose, and without partners nobody has seen it.
    """
    if settings.CONFIG.home in _signing or marks().is_continuous:
        return True
    nobody_saw = not Partner.objects.exclude(state=PartnerState.ADDED).exists()
    return nobody_saw or not Checkpoint.objects.exists()


def doubt() -> None:
    """Take it that something may have been restored: a partner says that it saw more of our log than there is."""
    marks().fleeting.unlink(missing_ok=True)


def signed_freely() -> None:
    """Until the transaction ends, go on signing in it."""
    _signing.add(settings.CONFIG.home)


def hold(checkpoint: Checkpoint, *, begin: bool = False) -> None:
    """Before a checkpoint leaves, remember on disk that it may have left.

    Args:
        checkpoint: durable in the database.
        begin: it was decided that this node may sign, so that it need not ask again until the machine restarts.

    Raises:
        LogHeldError: code `mark`: it cannot be written; the checkpoint must not leave.
    """
    home = settings.CONFIG.home
    if checkpoint.size <= _held.get(home, -1) and not begin:
        return
    with _lock:
        try:
            marks().hold(checkpoint.text, begin=begin)
        except OSError as error:
            raise LogHeldError(
                _("How far the log was signed cannot be written to %(file)s: %(why)s. Nothing leaves until it can.")
                % {"file": marks().lasting, "why": error.strerror},
                code="mark",
            ) from error
        _held[home] = checkpoint.size
        _signing.discard(home)


def hold_if_possible(checkpoint: Checkpoint) -> None:
    """As `hold` with `begin`, right after signing; when it fails, handing the checkpoint out will fail, too."""
    try:
        hold(checkpoint, begin=True)
    except LogHeldError as error:
        logger.error("mark not written", why=str(error))  # noqa: TRY400 -- an operator's matter, no mistake of ours

"""How large a test is: small enough for every submission, or as large as the claim that `make nightly` proves."""

from __future__ import annotations

import os

NIGHTLY = "SILD_NIGHTLY"


def is_nightly():
    return NIGHTLY in os.environ


def scaled(always, nightly):
    """A size for every run, and the one for the night."""
    return nightly if is_nightly() else always

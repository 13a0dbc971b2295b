"""What the trust layer, which has no catalogue of errors, says to people who add partners, keep keys and open files."""

from __future__ import annotations

from sild.language import Sentences, gettext_noops

ERRORS = Sentences(
    *gettext_noops(
        "There are keys in %(folder)s already. They were not touched; choose another folder.",
        "Others can read %(path)s. Close it: chmod 600 %(same)s",
        "%(path)s cannot be read: %(reason)s. Make a node first: sild init",
        "%(path)s is damaged. Restore it from a backup.",
        "%(path)s is locked. Give its passphrase in SILD_KEY_PASSPHRASE.",
        "The passphrase does not open %(path)s.",
        "The keys of %(node)s are not those of its identity.json. Restore both.",
        "“%(node)s” is no node id. Use a–z, 0–9 and hyphens, 63 characters at most.",
        "The identity of %(node)s ran out on %(day)s.",
        "The identity document cannot be read: %(reason)s.",
        "The %(algorithm)s signature of %(node)s's identity does not hold.",
        "“%(url)s” is no address of a node. Write it as https://host:port.",
        "The link was closed: %(reason)s.",
        "The handshake failed: %(reason)s.",
        "“%(text)s” is no fingerprint of six groups of four letters and digits",
        "“%(kid)s” names no one key of this node. See: sild trust show",
        "The root is not revoked by itself: make a new node and compare fingerprints anew.",
        "There is no role “%(role)s”. Choose from %(roles)s.",
        "That root is not the one that signed the identity of %(node)s.",
        "The sealed keys do not open: another passphrase, or they were changed.",
        "The keys are not sealed for that recovery key.",
        "The keys are sealed for a recovery key, not under a passphrase.",
        "The file is not sealed for a key of this node.",
        "The seal does not open: it was changed, cut off, or made for another place.",
        "The suite “%(suite)s” is unknown here. Known: %(suites)s.",
    )
)

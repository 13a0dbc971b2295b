"""The closed sets of the threat store: levels of marking, where objects come from, what can be looked up."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Level(models.IntegerChoices):
    """TLP 2.0 as a number, so that “at most” is a comparison and a filter is an index; labels are the standard's."""

    CLEAR = 0, "TLP:CLEAR"
    GREEN = 1, "TLP:GREEN"
    AMBER = 2, "TLP:AMBER"
    AMBER_STRICT = 3, "TLP:AMBER+STRICT"
    RED = 4, "TLP:RED"

    @property
    def tlp(self) -> str:
        """The label as `exchange.enums.Tlp` spells it, as in `AMBER+STRICT`."""
        return str(self.label).removeprefix("TLP:")

    @classmethod
    def of(cls, tlp: str) -> Level:
        """The level of a TLP 2.0 label, with or without `TLP:`.

        Raises:
            KeyError: there is no such label.
        """
        return cls[tlp.upper().removeprefix("TLP:").replace("+", "_")]


class Origin(models.TextChoices):
    """By which way objects came into the store."""

    TAXII = "taxii", _("Written by a TAXII client")
    FEED = "feed", _("Pulled from a TAXII server")
    FILE = "file", _("Imported from a file")
    RECORD = "record", _("Received in a record")
    DESK = "desk", _("Written at the desk")


class BatchState(models.TextChoices):
    """The states of a TAXII status resource (TAXII 2.1, section 4.3.1)."""

    PENDING = "pending", _("Pending")
    COMPLETE = "complete", _("Complete")


class TermKind(models.IntegerChoices):
    """What an exact look-up finds an object by."""

    VALUE = 1, _("Value")  # an address, a domain, a hash: of an observable or inside a pattern
    NAME = 2, _("Name")  # name and aliases
    EXTERNAL = 3, _("External identifier")  # T1059, CVE-2024-3094

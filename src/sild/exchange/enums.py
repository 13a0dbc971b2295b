"""The closed sets of the exchange: TLP markings and the states of a partner."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Tlp(models.TextChoices):
    """Traffic Light Protocol 2.0 (FIRST); labels are the standard's own and are not translated."""

    RED = "RED", "TLP:RED"
    AMBER_STRICT = "AMBER+STRICT", "TLP:AMBER+STRICT"
    AMBER = "AMBER", "TLP:AMBER"
    GREEN = "GREEN", "TLP:GREEN"
    CLEAR = "CLEAR", "TLP:CLEAR"


class PartnerState(models.TextChoices):
    """How far a partner is trusted."""

    ADDED = "added", _("Added, fingerprint not yet compared")
    PINNED = "pinned", _("Pinned")
    FROZEN = "frozen", _("Frozen: a person must decide")

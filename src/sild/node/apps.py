"""Registers the node's own pages with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NodeConfig(AppConfig):
    """Django's handle on the app."""

    name = "sild.node"
    label = "node"
    verbose_name = _("Node")

"""Registers the node's own pages with Django."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.utils.translation import gettext_lazy as _


class NodeConfig(AppConfig):
    """Django's handle on the app."""

    default = True

    name = "sild.node"
    label = "node"
    verbose_name = _("Node")


class NodeAdminConfig(admin_apps.AdminConfig):
    """Django's administration with the node's own rules for who may enter."""

    default = False
    default_site = "sild.node.admin_site.NodeAdminSite"

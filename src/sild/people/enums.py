"""The roles a person can hold in an agency and the rights that they carry."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What somebody may do for one agency; each role includes the ones before it."""

    VIEWER = "viewer", _("Viewer")
    EDITOR = "editor", _("Editor")
    PUBLISHER = "publisher", _("Publisher")
    ADMINISTRATOR = "administrator", _("Administrator")

    @property
    def rank(self) -> int:
        """Position in the order of the roles, 0 for the least."""
        return list(Role).index(self)


class Right(models.TextChoices):
    """The permissions that services ask for; names as `rules` knows them."""

    VIEW = "people.view", _("see what the agency has")
    EDIT = "people.edit", _("change what the agency has")
    PUBLISH = "people.publish", _("publish to partner countries")
    REDISTRIBUTE = "people.redistribute", _("pass on what partner countries published")
    ADMINISTER = "people.administer", _("administer the agency and the node")

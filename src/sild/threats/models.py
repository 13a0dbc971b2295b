"""Tables of the threat store.

An object's bytes stand once, in `Version`; a `Member` places a version in a collection. Rows of the store are written
by `ingest` alone, in order of the one sequencer, with the primary keys that it hands out.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sild.exchange.models import Record
from sild.people.models import Agency, ApiToken, Person
from sild.threats.enums import BatchState, Level, Origin, TermKind


class Collection(models.Model):
    """A TAXII collection: objects of one agency that are read and written under the same rights."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="threat_collections")
    title = models.CharField(_("title"), max_length=200)
    description = models.TextField(_("description"), blank=True, default="")
    # A second address under which TAXII clients find it (TAXII 2.1, section 5.2.1); unique in its agency.
    alias = models.SlugField(_("alias"), max_length=80, blank=True, default="")
    # The level of objects that carry no TLP marking at all.
    unmarked_as = models.PositiveSmallIntegerField(_("unmarked objects count as"), choices=Level, default=Level.AMBER)
    # Without it every member of the agency reads by role; with it only those whom a grant names.
    is_restricted = models.BooleanField(_("only for those named"), default=False)
    created = models.DateTimeField(_("created"), default=timezone.now)

    class Meta:
        verbose_name = _("collection")
        verbose_name_plural = _("collections")
        ordering = ["title", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["agency", "alias"], condition=~models.Q(alias=""), name="one_collection_per_alias"
            )
        ]

    def __str__(self) -> str:
        return self.title


class Grant(models.Model):
    """What one agency, person or token may do in a collection; exactly one of the three is named."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="grants")
    agency = models.ForeignKey(Agency, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    token = models.ForeignKey(ApiToken, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    may_read = models.BooleanField(_("may read"), default=True)
    may_write = models.BooleanField(_("may write"), default=False)
    # Objects above this level stay unseen.
    ceiling = models.PositiveSmallIntegerField(_("sees up to"), choices=Level, default=Level.GREEN)

    class Meta:
        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(agency__isnull=False, person=None, token=None)
                | models.Q(agency=None, person__isnull=False, token=None)
                | models.Q(agency=None, person=None, token__isnull=False),
                name="grant_names_one",
            )
        ]

    def __str__(self) -> str:
        return f"{self.collection}: {self.agency or self.person or self.token}"


class Batch(models.Model):
    """One act of adding objects: who, by which way, from whom, and how it went; TAXII's status resource."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    collection = models.ForeignKey(Collection, null=True, on_delete=models.CASCADE, related_name="batches")
    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    origin = models.CharField(_("way"), max_length=10, choices=Origin)
    # Who says so: a partner's node, the address of a TAXII server, a file's name, a person.
    source = models.CharField(_("source"), max_length=300)
    record = models.ForeignKey(Record, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    who = models.CharField(_("added by"), max_length=200)
    at = models.DateTimeField(_("time"), default=timezone.now)
    state = models.CharField(_("state"), max_length=10, choices=BatchState, default=BatchState.COMPLETE)
    total = models.PositiveIntegerField(default=0)
    success_count = models.PositiveIntegerField(default=0)
    # A list of index, id, version and message, one for each object that was refused.
    failures = models.JSONField(default=list)
    # The same; an object that was taken with remarks, as for a value outside an open vocabulary.
    warnings = models.JSONField(default=list)

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        ordering = ["-at"]
        indexes = [models.Index(fields=["collection", "-at"], name="threats_batch_by_time")]

    def __str__(self) -> str:
        return f"{self.source} {self.at:%Y-%m-%d %H:%M}"


class Sequencer(models.Model):
    """The one row whose lock puts writers in order, so that what is committed later stands later."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    # Microseconds since 1970 of the last placement: position and TAXII's `date_added` in one, never the same twice and
    # never smaller, even when the clock goes back.
    position = models.BigIntegerField(default=0)
    last_object = models.BigIntegerField(default=0)
    last_version = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("sequencer")
        verbose_name_plural = _("sequencers")

    def __str__(self) -> str:
        return str(self.position)


class Kind(models.Model):
    """A type of STIX object by a small number: `indicator`, `x-mitre-tactic`."""

    id = models.AutoField(primary_key=True)
    name = models.CharField(_("type"), max_length=250, unique=True)

    class Meta:
        verbose_name = _("type of object")
        verbose_name_plural = _("types of object")

    def __str__(self) -> str:
        return self.name


class StixObject(models.Model):
    """Something with a STIX identifier, whether a version of it is here or others only refer to it."""

    id = models.BigIntegerField(primary_key=True)
    stix_id = models.CharField(_("identifier"), max_length=300, unique=True)
    kind = models.ForeignKey(Kind, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        verbose_name = _("STIX object")
        verbose_name_plural = _("STIX objects")

    def __str__(self) -> str:
        return self.stix_id


class Version(models.Model):
    """One version of an object as it came: its bytes, and what look-ups need of them."""

    id = models.BigIntegerField(primary_key=True)
    object = models.ForeignKey(StixObject, on_delete=models.CASCADE, related_name="versions", db_index=False)
    # Microseconds since 1970 of `modified`, else of `created`, else of the first time it was added here.
    stamp = models.BigIntegerField(_("version"))
    # SHA-256 of `raw`.
    digest = models.BinaryField(max_length=32)
    # JSON with sorted keys and no spaces; what pages are spliced from.
    raw = models.BinaryField()
    spec_version = models.CharField(max_length=5, default="2.1")
    is_revoked = models.BooleanField(_("revoked"), default=False)
    confidence = models.PositiveSmallIntegerField(_("confidence"), null=True)
    name = models.CharField(_("name"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("version of an object")
        verbose_name_plural = _("versions of objects")
        constraints = [
            models.UniqueConstraint(fields=["object", "stamp", "digest"], name="threats_one_version_per_content")
        ]

    def __str__(self) -> str:
        return self.name or str(self.object_id)


class Member(models.Model):
    """A version in a collection, at its position in the one sequence."""

    # Microseconds since 1970, unique and increasing over all collections: TAXII's `date_added`.
    position = models.BigIntegerField(primary_key=True)
    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="members", db_index=False)
    object = models.ForeignKey(StixObject, on_delete=models.CASCADE, related_name="members", db_index=False)
    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="members", db_index=False)
    kind = models.ForeignKey(Kind, on_delete=models.PROTECT, related_name="+", db_index=False)
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="members", db_index=False)
    # The level that its markings say; null when none says anything, RED while one is not known in this agency.
    marking = models.PositiveSmallIntegerField(choices=Level, null=True)
    # The effective level: the greatest of marking (or what unmarked objects count as), floor and later versions'.
    level = models.PositiveSmallIntegerField(choices=Level)
    # What the agency raised it to beyond its marking.
    floor = models.PositiveSmallIntegerField(choices=Level, default=Level.CLEAR)
    is_last = models.BooleanField(default=True)
    is_first = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("member of a collection")
        verbose_name_plural = _("members of collections")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["version", "collection"], name="threats_one_place_per_collection")
        ]
        indexes = [
            models.Index(fields=["collection", "is_last", "level", "position"], name="threats_member_last"),
            models.Index(fields=["collection", "position"], name="threats_member_place"),
            models.Index(fields=["collection", "kind", "is_last", "position"], name="threats_member_kind"),
            models.Index(fields=["object", "collection"], name="threats_member_object"),
        ]

    def __str__(self) -> str:
        return f"{self.version_id} @ {self.position}"


class Assertion(models.Model):
    """That a batch contained a version: each source that says the same thing leaves one."""

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="assertions", db_index=False)
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="assertions")

    class Meta:
        verbose_name = _("assertion")
        verbose_name_plural = _("assertions")
        constraints = [models.UniqueConstraint(fields=["version", "batch"], name="threats_one_assertion_per_batch")]

    def __str__(self) -> str:
        return f"{self.batch_id}: {self.version_id}"


class Edge(models.Model):
    """That `via`, a version of an object, connects two objects: a relationship, a sighting or a reference inside it."""

    source = models.ForeignKey(StixObject, on_delete=models.CASCADE, related_name="edges_out")
    target = models.ForeignKey(StixObject, on_delete=models.CASCADE, related_name="edges_in")
    # `relationship_type`, or the property that refers.
    label = models.CharField(_("label"), max_length=250)
    via = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="edges")

    class Meta:
        verbose_name = _("edge")
        verbose_name_plural = _("edges")

    def __str__(self) -> str:
        return f"{self.source_id} {self.label} {self.target_id}"


class Term(models.Model):
    """An exact value by which a version is found, in lower case."""

    value = models.CharField(_("value"), max_length=400)
    kind = models.PositiveSmallIntegerField(choices=TermKind)
    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="terms")

    class Meta:
        verbose_name = _("term")
        verbose_name_plural = _("terms")
        indexes = [models.Index(fields=["value", "kind"], name="threats_term_value")]

    def __str__(self) -> str:
        return self.value


class Contact(models.Model):
    """Another system that is called again and again, and how that went last."""

    url = models.URLField(_("address"), max_length=500)
    is_active = models.BooleanField(_("active"), default=True)
    failures = models.PositiveIntegerField(default=0)
    last_contact = models.DateTimeField(_("last contact"), null=True, blank=True)
    last_error = models.TextField(_("last error"), blank=True, default="")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.url


class Feed(Contact):
    """A collection of another TAXII server that is pulled into one of ours, and how far it has come.

    `url` is the address of their collection, as in https://cti.example/api1/collections/91a7b528-…/
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="feeds")
    username = models.CharField(_("user name"), max_length=200, blank=True, default="")
    # With a user name the password of HTTP Basic, without one a bearer token; empty for open servers. See `sealing`.
    secret = models.CharField(_("sealed secret"), max_length=3000, blank=True, default="", editable=False)
    every = models.PositiveIntegerField(_("seconds between pulls"), default=300)

    # Committed with each page: where the next request goes on.
    added_after = models.CharField(max_length=40, blank=True, default="")
    next = models.CharField(max_length=2000, blank=True, default="")
    due = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("feed")
        verbose_name_plural = _("feeds")
        ordering = ["url"]


class Webhook(Contact):
    """An address of an agency's own systems that is told of new objects, in signed requests."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="threat_webhooks")
    # Objects above this level are not sent.
    ceiling = models.PositiveSmallIntegerField(_("sends up to"), choices=Level, default=Level.GREEN)
    # Ed25519 private key, 32 bytes, of this webhook alone; receivers are given the public key.
    seed = models.BinaryField(editable=False)
    # True while a job that will deliver waits, so that many changes make one.
    is_waiting = models.BooleanField(default=False)
    # How far it was delivered and confirmed.
    position = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["url"]

"""Tables for partners, records and what is delivered to whom."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import orjson
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sild.exchange.enums import PartnerState, Tlp
from sild.exchange.log_models import Checkpoint, Cosignature, LogState, Tile  # noqa: F401 -- Django looks for tables here
from sild.people.models import Agency

if TYPE_CHECKING:
    from sild.people.actor import Actor

# Where the chain of a partner's urgent index starts: elsewhere than the other, so that no entry fits in both.
URGENT_START = sha256(b"sild urgent").digest()
# Markings under which what one agency published stays with that agency on its own node.
KEPT_TO_AGENCY = (Tlp.RED, Tlp.AMBER_STRICT)


class Partner(models.Model):
    """Another government's node."""

    node = models.CharField(_("node"), primary_key=True, max_length=63)
    name = models.CharField(_("name"), max_length=200)
    url = models.URLField(_("address"), max_length=300)
    identity = models.BinaryField(editable=False)
    fingerprint = models.CharField(_("fingerprint"), max_length=40)
    state = models.CharField(_("state"), max_length=10, choices=PartnerState.choices, default=PartnerState.ADDED)
    reason = models.TextField(_("reason"), blank=True, default="")
    # What was offered as a newer identity and refused; shown to people, changes nothing.
    identity_notice = models.TextField(_("refused identity"), blank=True, default="")
    pinned_at = models.DateTimeField(_("pinned"), null=True, blank=True)

    # How far we have read what they number for us, in each of the two indexes.
    position = models.PositiveBigIntegerField(default=0)
    chain = models.BinaryField(default=bytes(32), editable=False)
    urgent_position = models.PositiveBigIntegerField(default=0)
    urgent_chain = models.BinaryField(default=URGENT_START, editable=False)
    # The last checkpoint of theirs that we verified.
    their_size = models.PositiveBigIntegerField(default=0)
    their_checkpoint = models.TextField(blank=True, default="")
    # The last checkpoint of theirs that we cosigned, with our line (C2SP tlog-witness, Monitor Retrieval).
    their_cosigned = models.TextField(blank=True, default="")
    # How far they have confirmed reading what we number for them.
    delivered = models.PositiveBigIntegerField(default=0)
    urgent_delivered = models.PositiveBigIntegerField(default=0)
    # Leaves of their log up to which we have acknowledged what came; within one index they only grow.
    receipted = models.PositiveBigIntegerField(default=0)
    urgent_receipted = models.PositiveBigIntegerField(default=0)

    last_contact = models.DateTimeField(_("last contact"), null=True, blank=True)
    # When we last asked them and everything that they had was imported; what the watchdog looks at.
    last_round = models.DateTimeField(_("last complete round"), null=True, blank=True)
    last_group = models.CharField(_("key exchange"), max_length=40, blank=True, default="")
    last_error = models.TextField(_("last error"), blank=True, default="")
    failures = models.PositiveIntegerField(default=0)
    next_try = models.DateTimeField(_("next try"), null=True, blank=True)

    class Meta:
        verbose_name = _("partner")
        verbose_name_plural = _("partners")
        ordering = ["node"]

    def __str__(self) -> str:
        return self.name or self.node

    def get_absolute_url(self) -> str:
        """Address of the partner's page."""
        return reverse("exchange:partner", args=[self.node])

    @property
    def is_pinned(self) -> bool:
        """True when people have compared fingerprints, frozen or not."""
        return self.state in {PartnerState.PINNED, PartnerState.FROZEN}

    @property
    def positions(self) -> dict[bool, int]:
        """The last entry that we have of each index, by whether it is the urgent one."""
        return {True: self.urgent_position, False: self.position}

    @property
    def chains(self) -> dict[bool, bytes]:
        """The chain at that entry."""
        return {True: bytes(self.urgent_chain), False: bytes(self.chain)}

    @property
    def confirmed(self) -> dict[bool, int]:
        """The last entry of each index that they have confirmed."""
        return {True: self.urgent_delivered, False: self.delivered}


class Heartbeat(models.Model):
    """When a part of the node, whichever of its processes, last said that it works."""

    part = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.part


class IdentityDocument(models.Model):
    """An identity document, ours or a partner's, that counted at some time: proofs made under it keep needing it."""

    node = models.CharField(max_length=63)
    fingerprint = models.CharField(max_length=40)
    serial = models.PositiveBigIntegerField()
    document = models.BinaryField(editable=False)
    seen = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-serial"]
        constraints = [
            models.UniqueConstraint(fields=["node", "fingerprint", "serial"], name="one_identity_per_serial")
        ]

    def __str__(self) -> str:
        return f"{self.node} {self.serial}"


class RecordQuerySet(models.QuerySet["Record"]):
    """Queries that know who may see what."""

    def visible_to(self, actor: Actor) -> RecordQuerySet:
        """What came from partners, what the actor's agency published, and what others published for wide reading."""
        if actor.is_operator:
            return self
        if actor.agency is None:
            return self.none()
        return self.filter(models.Q(agency=None) | models.Q(agency=actor.agency) | ~models.Q(tlp__in=KEPT_TO_AGENCY))


class Record(models.Model):
    """A statement that some node published: ours or a partner's, with its canonical bytes."""

    id = models.UUIDField(primary_key=True)
    hash = models.CharField(_("hash"), max_length=71, unique=True)
    kind = models.CharField(_("kind"), max_length=80, db_index=True)
    version = models.PositiveIntegerField(_("version"))
    issuer = models.CharField(_("issuer"), max_length=63, db_index=True)
    subject = models.CharField(_("subject"), max_length=300)
    issued = models.DateTimeField(_("issued"))
    tlp = models.CharField(_("marking"), max_length=15, choices=Tlp.choices)
    audience = models.JSONField(_("audience"))
    raw = models.BinaryField(editable=False)
    agency = models.ForeignKey(Agency, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    leaf_index = models.PositiveBigIntegerField(_("leaf"))
    answers_id = models.UUIDField(null=True, blank=True, db_index=True)
    replaces_id = models.UUIDField(null=True, blank=True)
    withdraws_id = models.UUIDField(null=True, blank=True, db_index=True)
    withdrawn = models.BooleanField(_("withdrawn"), default=False)
    urgent = models.BooleanField(_("urgent"), default=False)
    received = models.DateTimeField(_("received"), null=True, blank=True)
    # The tlog-proof with which a partner's record came; our own proofs are made from our log when asked for.
    proof = models.TextField(blank=True, default="")

    objects = RecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("record")
        verbose_name_plural = _("records")
        ordering = ["-issued", "-id"]
        constraints = [models.UniqueConstraint(fields=["issuer", "leaf_index"], name="one_record_per_leaf")]
        indexes = [
            models.Index(fields=["issuer", "leaf_index"], condition=models.Q(urgent=True), name="urgent_records")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    def get_absolute_url(self) -> str:
        """Address of the record's page."""
        return reverse("exchange:record", args=[self.id])

    @property
    def content(self) -> dict[str, Any]:
        """Header and body as they were signed."""
        parsed: dict[str, Any] = orjson.loads(bytes(self.raw))
        return parsed

    @property
    def header(self) -> dict[str, Any]:
        """The signed header."""
        header: dict[str, Any] = self.content["header"]
        return header

    @property
    def body(self) -> dict[str, Any]:
        """The signed body."""
        body: dict[str, Any] = self.content["body"]
        return body

    @property
    def is_own(self) -> bool:
        """True for what this node published."""
        return self.received is None

    @property
    def is_shown(self) -> bool:
        """False for what a partner took back: it is kept as evidence, and shown to nobody any more."""
        return self.is_own or not self.withdrawn

    @property
    def reference(self) -> dict[str, str]:
        """Id and hash, as another record names this one."""
        return {"id": str(self.id), "hash": self.hash}


class Blob(models.Model):
    """What is known of a file that the store keeps: with it every part is checked, whoever runs the store."""

    hash = models.CharField(primary_key=True, max_length=71)
    size = models.PositiveBigIntegerField()
    # The SHA-256 of each MiB, joined.
    pieces = models.BinaryField()
    kept = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.hash


class Attachment(models.Model):
    """A file that belongs to a record; its bytes are kept by their hash and may come later than the record."""

    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="attachments")
    hash = models.CharField(max_length=71, db_index=True)
    size = models.PositiveBigIntegerField(_("size"))
    media_type = models.CharField(max_length=100)
    name = models.CharField(_("name"), max_length=300)
    is_here = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["record", "hash"], name="one_attachment_per_hash")]
        indexes = [models.Index(fields=["record"], condition=models.Q(is_here=False), name="attachments_to_fetch")]

    def __str__(self) -> str:
        return self.name


class Carried(models.Model):
    """Another node's record that a record of kind `exchange.forward` encloses, whoever passed it on."""

    forward = models.OneToOneField(Record, on_delete=models.CASCADE, related_name="carried")
    issuer = models.CharField(max_length=63)
    original = models.UUIDField(db_index=True)
    hash = models.CharField(max_length=71)
    withdraws = models.UUIDField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.issuer} {self.original}"


class Sealing(models.Model):
    """How an attachment is sealed for a partner, so that each request for a part of it continues the same bytes."""

    attachment = models.ForeignKey(Attachment, on_delete=models.CASCADE, related_name="sealings")
    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="+")
    # Of the partner's key that it is sealed for; another one takes a new head.
    kid = models.CharField(max_length=43)
    # The content key, sealed for the partner and for this node itself; no secret.
    head = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["attachment", "partner"], name="one_sealing_per_partner")]

    def __str__(self) -> str:
        return f"{self.attachment_id} for {self.partner_id}"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Queries that a database answers from the index by partner, urgency and position."""

    def on_index(self, partner: Partner, *, urgent: bool) -> DeliveryQuerySet:
        """What is numbered on one of a partner's two indexes, from the first on."""
        # `urgent=False` would be `NOT urgent`, for which SQLite looks at each entry of the partner.
        return self.filter(partner=partner, urgent__in=(urgent,)).order_by("position")


class Delivery(models.Model):
    """An entry of one of the two indexes, urgent or not, that are numbered for one partner alone, without gaps."""

    # Found by the constraint that begins with it.
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="deliveries", db_index=False)
    urgent = models.BooleanField(default=False)
    position = models.PositiveBigIntegerField()
    record = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="deliveries")
    # SHA-256(previous chain || leaf hash): a renumbered index cannot keep its chain.
    chain = models.BinaryField()

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-urgent", "position"]
        constraints = [
            models.UniqueConstraint(fields=["partner", "urgent", "position"], name="one_delivery_per_position"),
            models.UniqueConstraint(fields=["partner", "record"], name="one_delivery_per_record"),
        ]

    def __str__(self) -> str:
        return f"{self.partner_id} #{self.position}"

    @property
    def is_fetched(self) -> bool:
        """Whether the partner has confirmed it."""
        return self.position <= self.partner.confirmed[self.urgent]


class Acknowledgement(models.Model):
    """A partner's statement, in a receipt of its own, that it imported one of our records."""

    record = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="acknowledgements")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="acknowledgements")
    receipt = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["record", "partner"], name="one_acknowledgement_per_delivery")]

    def __str__(self) -> str:
        return f"{self.partner_id} has {self.record_id}"


class Refusal(models.Model):
    """An entry that arrived and was not imported: as it came last, with the reason, and how many times it came."""

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="refusals")
    urgent = models.BooleanField(_("urgent"), default=False)
    position = models.PositiveBigIntegerField()
    code = models.CharField(_("code"), max_length=60)
    sentence = models.TextField(_("reason"))
    data = models.BinaryField()
    first = models.DateTimeField(_("first time"), default=timezone.now)
    at = models.DateTimeField(_("last time"), default=timezone.now)
    count = models.PositiveIntegerField(_("times"), default=1)

    class Meta:
        verbose_name = _("refusal")
        verbose_name_plural = _("refusals")
        ordering = ["-at"]
        constraints = [models.UniqueConstraint(fields=["partner", "urgent", "position"], name="one_refusal_per_entry")]

    def __str__(self) -> str:
        return f"{self.partner_id} #{self.position}: {self.code}"

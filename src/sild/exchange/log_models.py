"""Tables of the node's own log: leaves in tiles, checkpoints, and what witnesses said of them."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class LogState(models.Model):
    """The one row that is locked while leaves are added, so that there is one sequencer at a time."""

    size = models.PositiveBigIntegerField(default=0)
    # Why people ended this log for good; empty while it lives.
    ended = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return f"{self.size} leaves"


class Tile(models.Model):
    """A tile of the log: up to 256 hashes of 32 bytes (C2SP tlog-tiles)."""

    level = models.PositiveSmallIntegerField()
    index = models.PositiveBigIntegerField()
    hashes = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["level", "index"], name="one_tile_per_place")]

    def __str__(self) -> str:
        return f"tile {self.level}/{self.index}"


class Checkpoint(models.Model):
    """A signed statement of the log's size and root; `size` is unique, so two of the same size cannot differ."""

    size = models.PositiveBigIntegerField(unique=True)
    text = models.TextField()
    signed = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-size"]

    def __str__(self) -> str:
        return f"checkpoint {self.size}"


class Cosignature(models.Model):
    """A partner's statement, as our witness, that our log grew consistently up to a checkpoint."""

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="cosignatures")
    witness = models.ForeignKey("exchange.Partner", on_delete=models.PROTECT, related_name="cosignatures")
    line = models.TextField()
    received = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["checkpoint", "witness"], name="one_cosignature_per_witness")]

    def __str__(self) -> str:
        return f"{self.witness_id} on {self.checkpoint}"

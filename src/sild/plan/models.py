"""Tables for plans, commitments, milestones, evidence, claims and assessments. No table has a status: it is derived."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sild.exchange import multilingual
from sild.exchange.models import Record
from sild.people.models import Agency
from sild.plan.engine import memorandum
from sild.plan.enums import Verdict


class Plan(models.Model):
    """A memorandum that this node takes part in; the whole node's, not one agency's."""

    slug = models.SlugField(_("short name"), primary_key=True, max_length=60)
    title = models.JSONField(_("title"))
    signed = models.DateField(_("signed"), null=True, blank=True)
    # {"EE": {"node": "tallinn", "name": {"en": …}}}
    parties = models.JSONField(_("parties"))
    # The kinds of record that some rule asks for, so that any other record costs one small query when it is added.
    kinds = models.JSONField(_("kinds of evidence"))
    loaded = models.DateTimeField(_("loaded"), default=timezone.now)

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        ordering = ["slug"]

    def __str__(self) -> str:
        return multilingual.pick(self.title)

    def party_of(self, node: str) -> str | None:
        """The code of the party whose node this is; None for a node that is not a party's."""
        return next((code for code, party in self.parties.items() if party["node"] == node), None)

    def node_of(self, code: str) -> str:
        """The node of a party."""
        node: str = self.parties[code]["node"]
        return node

    def name_of(self, code: str) -> str:
        """The party's name in the reader's language."""
        return multilingual.pick(self.parties[code]["name"])


class Commitment(models.Model):
    """Something that parties promised."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="commitments")
    slug = models.SlugField(_("short name"), max_length=60)
    position = models.PositiveSmallIntegerField()
    title = models.JSONField(_("title"))
    text = models.JSONField(_("text"))
    owners = models.JSONField(_("owners"))
    due = models.DateField(_("due"))
    due_set_by = models.CharField(_("date set by"), max_length=12)
    rules = models.JSONField(_("evidence rules"))

    class Meta:
        verbose_name = _("commitment")
        verbose_name_plural = _("commitments")
        ordering = ["plan", "position"]
        constraints = [models.UniqueConstraint(fields=["plan", "slug"], name="one_commitment_per_slug")]

    def __str__(self) -> str:
        return multilingual.pick(self.title)

    def get_absolute_url(self) -> str:
        """Address of the commitment's page."""
        return reverse("plan:commitment", args=[self.plan_id, self.slug])

    def as_data(self) -> memorandum.Commitment:
        """The commitment as the engine knows it."""
        return memorandum.Commitment.model_validate(
            {
                "slug": self.slug,
                "title": self.title,
                "text": self.text,
                "owners": self.owners,
                "due": self.due,
                "due_set_by": self.due_set_by,
                "evidence": self.rules,
                "milestones": [step.as_data() for step in self.milestones.all()],
            }
        )


class Milestone(models.Model):
    """A step on the way to a commitment."""

    commitment = models.ForeignKey(Commitment, on_delete=models.CASCADE, related_name="milestones")
    slug = models.SlugField(_("short name"), max_length=60)
    title = models.JSONField(_("title"))
    due = models.DateField(_("due"))
    rule = models.JSONField(_("evidence rule"))

    class Meta:
        verbose_name = _("milestone")
        verbose_name_plural = _("milestones")
        ordering = ["due", "id"]
        constraints = [models.UniqueConstraint(fields=["commitment", "slug"], name="one_milestone_per_slug")]

    def __str__(self) -> str:
        return multilingual.pick(self.title)

    def as_data(self) -> memorandum.Milestone:
        """The milestone as the engine knows it."""
        return memorandum.Milestone.model_validate(
            {"slug": self.slug, "title": self.title, "due": self.due, "evidence": self.rule}
        )


class Evidence(models.Model):
    """A record that matches a rule, linked by the node itself when the record was added."""

    commitment = models.ForeignKey(Commitment, on_delete=models.CASCADE, related_name="evidence")
    # The rule's slug, or `milestone:` and the milestone's.
    rule = models.CharField(_("rule"), max_length=80)
    record = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="+")
    party = models.CharField(_("party"), max_length=16)
    linked_at = models.DateTimeField(_("linked"), default=timezone.now)

    class Meta:
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        ordering = ["record__issued", "id"]
        constraints = [
            models.UniqueConstraint(fields=["commitment", "rule", "record"], name="one_link_per_rule_and_record")
        ]

    def __str__(self) -> str:
        return f"{self.record_id} ({self.rule})"


class Claim(models.Model):
    """What an agency of this node says about a commitment; words, not evidence, so no status follows from it."""

    commitment = models.ForeignKey(Commitment, on_delete=models.CASCADE, related_name="claims")
    text = models.TextField(_("text"))
    who = models.CharField(_("who"), max_length=200)
    agency = models.ForeignKey(Agency, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("time"), default=timezone.now)

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.text[:80]


class Assessment(models.Model):
    """A party's verdict, as its node signed it."""

    commitment = models.ForeignKey(Commitment, on_delete=models.CASCADE, related_name="assessments")
    record = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="+")
    party = models.CharField(_("party"), max_length=16)
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict.choices)
    reason = models.TextField(_("reason"))
    # [[record id, hash], …]
    evidence = models.JSONField(_("evidence"))

    class Meta:
        verbose_name = _("assessment")
        verbose_name_plural = _("assessments")
        ordering = ["-record__issued", "-id"]
        constraints = [models.UniqueConstraint(fields=["commitment", "record"], name="one_assessment_per_record")]

    def __str__(self) -> str:
        return f"{self.party}: {self.get_verdict_display()}"

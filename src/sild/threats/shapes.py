"""What the threat desk's API takes and gives: shapes that its description is made from."""

# Shapes are read at run time, so what they name is imported for good.
from datetime import datetime
from typing import Any, Literal

from ninja import Field, Schema

from sild.threats import feeding, writing
from sild.threats.enums import Level


class SearchIn(Schema):
    """What to look for; what is empty does not restrict."""

    type: str = ""
    text: str = ""
    value: str = ""
    technique: str = ""
    actor: str = ""
    added_from: datetime | None = None
    added_until: datetime | None = None
    before: int | None = Field(None, ge=0, lt=2**62)
    limit: int = Field(50, ge=1, le=200)


class ObjectOut(Schema):
    """An object with the level under which it stands here."""

    id: str
    type: str
    name: str
    tlp: str
    revoked: bool
    added: datetime
    object: dict[str, Any]


class PageOut(Schema):
    """Objects, newest first; `next` is the `before` of the next page."""

    objects: list[ObjectOut]
    next: int | None


class SaidOut(Schema):
    """Who said it, when, and in which record; `verified` is null for what no node signed."""

    who: str
    at: datetime
    record: str | None
    verified: bool | None
    standing: bool


class WholeOut(ObjectOut):
    """An object with what it is still worth and who said it."""

    score: int | None
    sightings: int
    said: list[SaidOut]


class SeenIn(Schema):
    """A list as people paste it."""

    text: str = Field(max_length=1_000_000)


class SeenOut(Schema):
    """What is known of one indicator."""

    given: str
    kind: str
    value: str
    seen: bool
    ours: bool
    nodes: list[str]
    objects: list[str]


class ContextIn(Schema):
    """What everything that is written can say besides itself."""

    tlp: str = Field("AMBER", pattern=r"^(CLEAR|GREEN|AMBER|AMBER\+STRICT|RED)$")
    description: str = Field("", max_length=20_000)
    confidence: int | None = Field(None, ge=0, le=100)
    labels: list[str] = Field(default_factory=list, max_length=50)
    techniques: list[str] = Field(default_factory=list, max_length=100)
    actor: str = Field("", max_length=200)
    about: list[str] = Field(default_factory=list, max_length=200)

    @property
    def context(self) -> writing.Context:
        """As the services take it."""
        given = self.model_dump(include={"tlp", "description", "confidence", "labels", "techniques", "about"})
        return writing.Context(threat_actor=self.actor, **given)


class IndicatorIn(ContextIn):
    """An indicator for one value."""

    value: str = Field(max_length=2000)
    name: str = Field("", max_length=300)


class ShareIn(Schema):
    """What goes to whom."""

    ids: list[str] = Field(min_length=1, max_length=5000)
    audience: str | list[str]
    subject: str = Field("", max_length=300)


class SightingIn(Schema):
    """That something was seen."""

    count: int = Field(1, ge=1, le=999_999_999)
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    description: str = Field("", max_length=5000)
    tell: bool = True


class FeedbackIn(Schema):
    """What one thinks of it after using it."""

    opinion: str
    explanation: str = Field(max_length=5000)
    tell: bool = True


class IdOut(Schema):
    """What was written."""

    id: str


class RecordOut(Schema):
    """A record that was published."""

    id: str
    hash: str
    tlp: str


class BatchOut(Schema):
    """How an import went; `failures` names the objects that were refused, by their place in the file."""

    id: str
    objects: int
    failures: list[dict[str, Any]]
    warnings: list[dict[str, Any]]


class PreviewOut(Schema):
    """What each partner would see, and what stays with the reason."""

    partners: dict[str, list[str]]
    kept: dict[str, str]
    refused: dict[str, str]


class CeilingIn(Schema):
    """The highest marking that goes in; TLP:RED never does."""

    tlp: Literal["CLEAR", "GREEN", "AMBER", "AMBER+STRICT"] = "AMBER"

    @property
    def level(self) -> Level:
        """As the services take it."""
        return Level.of(self.tlp)


class FeedIn(CeilingIn):
    """Where to go on."""

    after: int = Field(0, ge=0, lt=2**62)
    limit: int = Field(feeding.PAGE, ge=1, le=1000)


class ExportIn(CeilingIn):
    """In which form, and of what."""

    form: Literal["stix", "misp", "csv"] = "stix"
    type: str = ""
    text: str = ""

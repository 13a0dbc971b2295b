"""What a draft names: other records by id or hash, anywhere in it, and files that came with other records.

A record that answers, replaces, encloses or sums up another one says something about it. So it may not go to anybody
who may not see that other one. Ids are UUIDv7 and hashes are salted: what looks like one of a record here, is it.
"""

from __future__ import annotations

import re
import string
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
from django.utils.translation import gettext as _

from sild.exchange import blobs, gate, own
from sild.exchange.enums import Tlp
from sild.exchange.errors import WithheldError
from sild.exchange.models import Attachment, Record
from sild.trust.record import HASH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sild.exchange.services import Draft

UUID7 = re.compile(rb"[0-9a-f]{8}-?[0-9a-f]{4}-?7[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}", re.IGNORECASE)
DIGEST = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])", re.IGNORECASE)
EIGHT = b"0" * 8
HEX_AS_ZERO = bytes(ord("0" if chr(code) in string.hexdigits else " ") for code in range(256))
# The member of a body that declares what it sums up.
SOURCES = "sources"
# Bytes of a large file that are searched for names of records; reports and bundles are far smaller.
SCANNED = 64 * 1024 * 1024
# Names looked up by one query; databases limit how many.
AT_ONCE = 5_000


@dataclass(slots=True)
class Names:
    """What one draft names.

    Attributes:
        ids: of records.
        hashes: of records.
        declared: hashes of declared sources, which must be here to be judged.
        files: hashes of attached files.
    """

    ids: set[uuid.UUID] = field(default_factory=set)
    hashes: set[str] = field(default_factory=set)
    declared: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Named:
    """A record that a draft names, or that one of its files came with."""

    id: uuid.UUID
    hash: str
    issuer: str
    tlp: str
    audience: gate.Audience
    file: str = ""


def check(drafts: Sequence[Draft]) -> None:
    """Refuse drafts that would tell somebody of a record that they may not see, before anything is written.

    Raises:
        WithheldError: code `withheld-reference`, `withheld-file` or `withheld-source`, naming what and from whom.
    """
    for draft, found in zip(drafts, of(drafts), strict=True):
        for named in found:
            reached = gate.beyond(draft.tlp, draft.audience, named, own=own.node_id())
            if reached:
                raise WithheldError(sentence(named, reached), code=_code(named))


def sentence(named: Named, reached: Iterable[str]) -> str:
    """Say which record or file keeps a draft from whom."""
    wide = {gate.PARTNERS: _("all partners"), gate.PUBLIC: _("everybody")}
    words = {
        "who": ", ".join(wide.get(one, one) for one in reached),
        "id": named.id,
        "issuer": named.issuer,
        "tlp": named.tlp,
        "file": named.file,
    }
    if named.file:
        return (
            _("It attaches the file “%(file)s” of record %(id)s by %(issuer)s, which is TLP:%(tlp)s and not for "
              "%(who)s. Leave the file out, or narrow the audience.") % words
        )  # fmt: skip
    return (
        _("It names the record %(id)s by %(issuer)s, which is TLP:%(tlp)s and not for %(who)s. Leave that record out, "
          "or narrow the audience.") % words
    )  # fmt: skip


def of(drafts: Sequence[Draft]) -> list[list[Named]]:
    """What each draft names of what is here; one look-up for all of them.

    Raises:
        WithheldError: code `withheld-source`: a declared source is not here, so that nobody can tell who may see it.
    """
    names = [read(draft) for draft in drafts]
    known = list(_known(names)) if any(one.ids or one.hashes for one in names) else []
    files = list(_files({file for one in names for file in one.files})) if any(one.files for one in names) else []
    return [[*_named_in(one, known), *(named for name, named in files if name in one.files)] for one in names]


def read(draft: Draft) -> Names:
    """Everything in a draft that looks like a name of a record."""
    found = Names()
    # A withdrawal goes to those alone who have what it withdraws, whatever became of its marking.
    for record in (draft.answers, draft.replaces):
        if record is not None:
            found.ids.add(record.pk)
    _scan(draft.subject.encode(), found)
    _scan(orjson.dumps(draft.body, option=orjson.OPT_NON_STR_KEYS, default=str), found)
    for file in draft.attachments:
        _read_file(file, found)
    found.declared = set(_declared(draft.body.get(SOURCES)))
    return found


def _read_file(file: blobs.Draft, found: Names) -> None:
    """Add a file and what it names; of a large one that was kept before, what its beginning names."""
    if isinstance(file.data, bytes):
        found.files.add(blobs.hash_of(file.data))
        _scan(file.data, found)
        return
    found.files.add(file.data.hash)
    _scan(blobs.read_range(file.data.hash, 0, SCANNED), found)


def _scan(data: bytes, found: Names) -> None:
    """Add the ids and hashes that stand in some bytes."""
    # Both begin with eight hex digits, which hardly any text has: found without a regular expression.
    if EIGHT not in data.translate(HEX_AS_ZERO):
        return
    found.ids.update(uuid.UUID(match.decode()) for match in UUID7.findall(data))
    found.hashes.update(f"sha256:{match.decode().lower()}" for match in DIGEST.findall(data))


def _declared(sources: Any) -> Iterator[str]:
    """Hashes of the records that a body says it sums up: a list of `{"id": …, "hash": …}`."""
    for one in sources if isinstance(sources, list) else ():
        if isinstance(one, dict) and {"id", "hash"} <= one.keys() and HASH.fullmatch(str(one["hash"])):
            yield str(one["hash"])


def _known(names: list[Names]) -> Iterator[Record]:
    """The records here that are named, by id or by hash."""
    fields = Record.objects.only("id", "hash", "issuer", "tlp", "audience", "withdraws_id")
    for lookup, wanted in (
        ("pk__in", sorted({one for some in names for one in some.ids})),
        ("hash__in", sorted({one for some in names for one in some.hashes})),
    ):
        for start in range(0, len(wanted), AT_ONCE):
            yield from fields.filter(**{lookup: wanted[start : start + AT_ONCE]})


def _named_in(names: Names, known: list[Record]) -> Iterator[Named]:
    """Those of the known records that one draft names."""
    if names.declared - {record.hash for record in known}:
        missing = sorted(names.declared - {record.hash for record in known})
        raise WithheldError(
            _("It sums up the record %(hash)s, which is not here: nobody can tell who may see it.")
            % {"hash": missing[0]},
            code="withheld-source",
        )
    seen = set()
    for record in known:
        if (record.pk in names.ids or record.hash in names.hashes) and record.pk not in seen:
            seen.add(record.pk)
            yield Named(record.pk, record.hash, record.issuer, record.tlp, record.audience)


def _files(hashes: set[str]) -> Iterator[tuple[str, Named]]:
    """Records whose files bind us: a partner's word on a file counts, and what is RED here stays.

    A partner's file may go where one of its records lets it go, so that a wider record of it frees it.
    """
    rows = Attachment.objects.filter(hash__in=hashes).select_related("record")
    ours_in_red = rows.filter(record__received=None, record__tlp=Tlp.RED, record__withdrawn=False)
    theirs = rows.exclude(record__received=None)
    for row in [*ours_in_red, *_widest(theirs)]:
        record = row.record
        yield row.hash, Named(record.pk, record.hash, record.issuer, record.tlp, record.audience, row.name)


def _widest(rows: Iterable[Attachment]) -> Iterator[Attachment]:
    """Of a partner's records with the same file those alone that let it go furthest."""
    by_file: dict[tuple[str, str], list[Attachment]] = {}
    for row in rows:
        by_file.setdefault((row.hash, row.record.issuer), []).append(row)
    for same in by_file.values():
        wide = [row for row in same if not gate.is_narrow(row.record.audience)]
        yield from wide[:1] or same[:1]


def _code(named: Named) -> str:
    """The stable code of a refusal."""
    return "withheld-file" if named.file else "withheld-reference"

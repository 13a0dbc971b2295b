"""What nothing refers to goes; what something refers to, or is young, stays."""

import dataclasses
import os
import re
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

import sild
from sild.exchange import blobs, services, sweeping
from sild.exchange.models import Blob
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.people.errors import NotAllowedError

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def store(settings, tmp_path):
    settings.CONFIG = dataclasses.replace(settings.CONFIG, blobs=str(tmp_path / "store"))
    return tmp_path / "store"


def age(*names):
    Blob.objects.filter(hash__in=names).update(kept=timezone.now() - timedelta(days=2))


def test_files_that_nothing_names_go_once_they_are_old(operator):
    loose, young = blobs.put(b"loose"), blobs.put(b"young")
    draft = blobs.Draft("a", "a/b", b"named")
    services.publish(
        operator, kind="exchange.comment", subject="x", body={"text": "x"}, tlp="RED", audience=["tallinn"],
        attachments=[draft],
    )  # fmt: skip
    age(loose, draft.keep().hash)
    Blob.objects.filter(hash=draft.keep().hash).update(kept=timezone.now() - timedelta(days=2))
    assert sweeping.sweep(operator) == sweeping.Swept(files=1, bytes=5, parts=0)
    assert not blobs.has(loose)
    assert not Blob.objects.filter(hash=loose).exists()
    assert blobs.has(young)
    assert blobs.has(draft.keep().hash)


def test_bytes_without_a_row_go_once_they_are_old(operator, store):
    name = blobs.put(b"rolled back")
    Blob.objects.all().delete()
    assert sweeping.sweep(operator).files == 0
    path = next(store.glob("??/*"))
    os.utime(path, (time.time() - 200_000,) * 2)
    assert sweeping.sweep(operator).files == 1
    assert blobs.store().size(name) is None


def test_a_file_that_was_kept_again_meanwhile_stays():
    name = blobs.put(b"again")
    age(name)
    seen = Blob.objects.get(hash=name)
    blobs.put(b"again")
    assert not sweeping._remove(seen)
    assert blobs.has(name)


def test_only_who_administers_sweeps():
    with pytest.raises(NotAllowedError):
        sweeping.sweep(Actor(who="x", role=Role.EDITOR, via="page"))


def test_every_module_that_keeps_files_says_which_it_needs():
    source = Path(sild.__file__).parent
    keeping = {
        path.relative_to(source).parts[0]
        for path in source.rglob("*.py")
        if re.search(r"\bblobs\.(put|keep|adopt)\(", path.read_text(encoding="utf-8"))
    }
    assert {holder.__module__.split(".")[1] for holder in blobs.holders} == keeping

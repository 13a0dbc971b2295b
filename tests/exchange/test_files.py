"""Files on their way between a person's folder and the store."""

import pytest

from sild.exchange import blobs, files, services
from sild.exchange.errors import BlobError

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def publish(operator, *drafts):
    return services.publish(
        operator, kind="exchange.comment", subject="x", body={"text": "x"}, tlp="GREEN", audience="partners",
        attachments=drafts,
    )  # fmt: skip


def test_a_file_travels_from_a_folder_to_a_folder(operator, tmp_path):
    (tmp_path / "plan.pdf").write_bytes(b"the plan")
    draft = files.draft(tmp_path / "plan.pdf")
    assert (draft.name, draft.media_type) == ("plan.pdf", "application/pdf")
    record = publish(operator, draft)
    assert record.header["attachments"][0]["size"] == 8
    [written] = files.write_all(record, tmp_path / "out")
    assert written == tmp_path / "out" / "plan.pdf"
    assert written.read_bytes() == b"the plan"
    with pytest.raises(BlobError, match="exists already"):
        list(files.write_all(record, tmp_path / "out"))


def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path):
    with pytest.raises(BlobError, match="No such file"):
        files.draft(tmp_path / "none")


def test_a_damaged_file_is_not_written(operator, tmp_path, settings):
    import dataclasses  # noqa: PLC0415 -- one test of many needs it

    settings.CONFIG = dataclasses.replace(settings.CONFIG, blobs=str(tmp_path / "store"))
    record = publish(operator, blobs.Draft("a.txt", "text/plain", b"as it was"))
    next(path for path in (tmp_path / "store").glob("??/*")).write_bytes(b"as it is!")
    with pytest.raises(BlobError, match="damaged"):
        list(files.write_all(record, tmp_path / "out"))
    assert list((tmp_path / "out").iterdir()) == []

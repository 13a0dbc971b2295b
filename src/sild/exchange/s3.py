"""Files in an S3 store; read in ranges, written in parts, and never trusted to be what they were."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from django.utils.translation import gettext as _

from sild.exchange.errors import BlobError
from sild.exchange.stores import PREFIX, not_here

try:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError as missing:
    raise BlobError(
        _("SILD_BLOBS names an S3 store, but its library is not installed. Install it: pip install sild[s3]"),
        code="blob-store",
    ) from missing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from urllib.parse import SplitResult

GONE = frozenset({"404", "NoSuchKey", "NotFound"})
PAST_END = "InvalidRange"


class S3Store:
    """Objects in a bucket, named `prefix/ab/cdef…`.

    Args:
        client: boto3's S3 client.
        bucket: it must exist.
        prefix: before each name; empty, or without a slash at its ends.
    """

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self._client, self._bucket, self._prefix = client, bucket, f"{prefix}/" if prefix else ""

    @classmethod
    def at(cls, url: SplitResult) -> S3Store:
        """The store at `s3://bucket/prefix?endpoint=…&region=…`; credentials come from where boto3 looks for them."""
        options = {name: values[-1] for name, values in parse_qs(url.query).items()}
        client = boto3.client(
            "s3",
            endpoint_url=options.get("endpoint"),
            region_name=options.get("region", "us-east-1"),
            # Stores other than Amazon's often know neither virtual hosts nor the newer checksums.
            config=Config(
                s3={"addressing_style": "path" if "endpoint" in options else "auto"},
                retries={"total_max_attempts": 3, "mode": "standard"},
                connect_timeout=5,
                read_timeout=60,
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )
        return cls(client, url.netloc, url.path.strip("/"))

    def add(self, name: str, file: Path) -> None:
        """See `Store`; large files go up in parts, so that memory stays small."""
        self._ask(name, lambda: self._client.upload_file(str(file), self._bucket, self._key(name)))
        file.unlink()

    def size(self, name: str) -> int | None:
        """See `Store`."""
        try:
            head = self._ask(name, lambda: self._client.head_object(Bucket=self._bucket, Key=self._key(name)))
        except BlobError as error:
            if error.code == "no-blob":
                return None
            raise
        return int(head["ContentLength"])

    def read(self, name: str, start: int, length: int) -> bytes:
        """See `Store`."""
        if length == 0:
            return b""
        wanted = f"bytes={start}-{start + length - 1}"

        def get() -> bytes:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._key(name), Range=wanted)
            data: bytes = answer["Body"].read()
            return data

        data: bytes = self._ask(name, get)
        return data

    def names(self) -> Iterator[tuple[str, float]]:
        """See `Store`."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
        for page in pages:
            for one in page.get("Contents", ()):
                name = PREFIX + one["Key"].removeprefix(self._prefix).replace("/", "")
                yield name, time.time() - one["LastModified"].timestamp()

    def delete(self, name: str) -> None:
        """See `Store`."""
        self._ask(name, lambda: self._client.delete_object(Bucket=self._bucket, Key=self._key(name)))

    def _key(self, name: str) -> str:
        """The object's key."""
        digest = name.removeprefix(PREFIX)
        return f"{self._prefix}{digest[:2]}/{digest[2:]}"

    def _ask(self, name: str, call: Any) -> Any:
        """Call the store and turn its errors into ours."""
        try:
            return call()
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in GONE:
                raise not_here(name) from error
            if code == PAST_END:
                return b""
            raise _unreachable(error) from error
        except (BotoCoreError, boto3.exceptions.Boto3Error) as error:
            raise _unreachable(error) from error


def _unreachable(error: Exception) -> BlobError:
    """The store did not do what was asked."""
    return BlobError(_("The store of files does not answer as it should: %(why)s") % {"why": error}, code="store")

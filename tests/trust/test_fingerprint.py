"""Fingerprints in letters and digits."""

import pytest

from sild.trust.fingerprint import digest_of, spell

pytestmark = pytest.mark.unit
DIGEST = bytes(range(15))


def test_what_is_spelled_is_read_back_however_it_is_written():
    text = spell(DIGEST)
    assert [len(group) for group in text.split("-")] == [4] * 6
    assert digest_of(text) == digest_of(text.lower().replace("-", " ")) == DIGEST


@pytest.mark.parametrize("text", ["", "9XG3", "9XG3-AJS5-5R6S-2SXM-BE03-672U", "9XG3-AJS5-5R6S-2SXM-BE03-672K-0000"])
def test_what_is_no_fingerprint_is_refused(text):
    with pytest.raises(ValueError, match="no fingerprint"):
        digest_of(text)

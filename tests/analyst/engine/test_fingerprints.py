"""Fingerprints and names of rules as reports write them."""

import pytest

from sild.analyst.engine.indicators import extract

pytestmark = pytest.mark.unit

MD5 = "e7d705a3286e19ea42f587b344ee6865"


def _found(text):
    return [(indicator.kind, indicator.value) for indicator in extract(text)]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        (f"JA3: {MD5}", "ja3", MD5),
        (f"The JA3S hash was {MD5}.", "ja3s", MD5),
        (f"imphash {MD5}", "imphash", MD5),
        (f"MD5 {MD5}", "md5", MD5),
        (f"Its JA3 is known. The file is {MD5}", "md5", MD5),
        ("ab" * 31, "jarm", None),
        ("t13d1516h2_8daaf6152771_e5627efa2ab1", "ja4", "t13d1516h2_8daaf6152771_e5627efa2ab1"),
        ("t120300_c030_5e2616a54c73", "ja4", "t120300_c030_5e2616a54c73"),
        ("rule APT_Test : apt {\n strings:", "yara", "APT_Test"),
        ("caught by the YARA rule MAL_Loader_Oct23", "yara", "MAL_Loader_Oct23"),
        ("за YARA-правилом UAC0010_GammaLoad", "yara", "UAC0010_GammaLoad"),
        ("YARA reegli APT_Laadija abil", "yara", "APT_Laadija"),
        ("title: Suspicious Use\nid: 1\nlogsource:\n  product: windows", "sigma", "Suspicious Use"),
        ("the Sigma rule “Suspicious LSASS Access” matched", "sigma", "Suspicious LSASS Access"),
    ],
)
def test_a_fingerprint_or_a_rule_is_found(text, kind, value):
    assert (kind, value or "ab" * 15 + "ab" * 16) in [(k, v) for k, v in _found(text)] or value is None


@pytest.mark.parametrize(
    "text",
    ["the YARA rule matched", "a rule of thumb", "logsource: windows", "a title:\nand logsource:", "x_8daaf6152771"],
)
def test_words_about_rules_are_none(text):
    assert _found(text) == []

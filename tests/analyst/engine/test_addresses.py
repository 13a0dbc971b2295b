"""Addresses: which tokens are, and whose they are."""

import pytest

from sild.analyst.engine import addresses

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("token", ["0.0.0.0", "255.255.255.255", "1.2.3.4", "99.100.199.200"])
def test_four_octets_are_an_address(token):
    assert addresses.ipv4(token)


@pytest.mark.parametrize(
    "token", ["1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.", ".1.2.3", "1..2.3", "١.2.3.4", "a.b.c.d"]
)
def test_other_numbers_are_not(token):
    assert not addresses.ipv4(token)


@pytest.mark.parametrize(
    ("token", "value"),
    [
        ("2001:DB8::1", "2001:db8::1"),
        ("::1", "::1"),
        ("12:30:45", None),
        ("00:11:22:33:44:55:66:77", None),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
    ],
)
def test_ipv6_is_in_canonical_form_or_nothing(token, value):
    assert addresses.ipv6(token) == value


@pytest.mark.parametrize(
    ("before", "is_version"),
    [
        ("version ", True),
        ("see (version: ", True),
        ("Версія № ", True),
        ("у версії ", True),
        ("versiooniga ", True),
        ("§ ", True),
        ("conversion ", False),
        ("server ", False),
        ("", False),
        ("version of the server at ", False),
    ],
)
def test_the_word_before_tells_a_version(before, is_version):
    assert addresses.follows_version(f"{before}1.2.3.4", len(before)) is is_version


@pytest.mark.parametrize(
    ("address", "scope"),
    [("9.255.255.255", "public"), ("10.0.0.0", "private"), ("172.15.0.1", "public"), ("192.0.2.255", "documentation"),
     ("192.0.0.8", "reserved"), ("198.19.255.255", "reserved"), ("255.255.255.255", "reserved")],
)  # fmt: skip
def test_ipv4_scopes_end_where_the_registry_says(address, scope):
    assert addresses.scope4(address) == scope


@pytest.mark.parametrize(
    ("address", "scope"), [("::", "reserved"), ("::1", "loopback"), ("ff02::1", "reserved"), ("2001:db7::1", "public")]
)
def test_ipv6_scopes_end_where_the_registry_says(address, scope):
    assert addresses.scope6(address) == scope

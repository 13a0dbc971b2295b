"""Names: domains, files and prose that looks like either."""

import pytest

from sild.analyst.engine import names

pytestmark = pytest.mark.unit


def test_the_root_zones_names_are_known_in_both_forms():
    known = names.top_level_domains()
    assert {"ee", "ua", "укр", "xn--j1amh", "onion", "example"} <= known
    assert len(known) > 1400


@pytest.mark.parametrize("name", ["a.ee", "_dmarc.example.com", "приклад.укр", "a-b.co.uk", "a.MUSEUM"])
def test_a_hostname(name):
    assert names.is_hostname(name)


@pytest.mark.parametrize("name", ["ee", "a..ee", "-a.ee", "a-.ee", "a.nosuchtld", "x" * 64 + ".ee", "a." * 127 + "ee"])
def test_no_hostname(name):
    assert not names.is_hostname(name)


@pytest.mark.parametrize(
    "name", ["setup.py", "run.sh", "x.zip", "README.md", "main.rs", "end.It", "2.0.is", "System.IO", "asp.net"]
)
def test_what_looks_like_a_domain_is_one_only_when_defanged(name):
    assert not names.is_domain(name, defanged=False)


def test_whoever_defanged_a_name_meant_it():
    assert names.is_domain("setup.py", defanged=True)
    assert not names.is_domain("a.nosuchtld", defanged=True)


@pytest.mark.parametrize(
    ("name", "is_file"),
    [("a.exe", True), ("A.DOCM", True), ("a.b.js", True), ("node.js", False), ("-.exe", False), ("a.xyz", False)],
)
def test_a_file_has_a_name_and_a_known_extension(name, is_file):
    assert names.is_file_name(name) is is_file


@pytest.mark.parametrize(
    ("name", "scope"),
    [("www.example.com", "example"), ("a.test", "example"), ("pc.local", "private"), ("myexample.com", "public")],
)
def test_a_domains_scope(name, scope):
    assert names.domain_scope(name) == scope

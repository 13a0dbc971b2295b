from __future__ import annotations

import re

import pytest

from sild.node.security import content_security_policy

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
PAGES = ["/", "/records/", "/records/preview/", "/partners/", "/people/", "/tokens/", "/audit/", "/notices/"]


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere():
    policy = content_security_policy("")
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_the_sign_in_form_may_lead_to_the_configured_identity_provider():
    policy = content_security_policy("https://id.example.org/realms/ria")
    assert "form-action 'self' https://id.example.org;" in policy


@pytest.mark.parametrize("path", PAGES)
def test_pages_carry_the_headers_and_nothing_inline(client, administrator, path):
    response = client.get(path)
    assert response.status_code == 200
    assert response["Content-Security-Policy"] == content_security_policy("")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cache-Control"] == "no-store"
    assert " style=" not in response.text
    assert "<style" not in response.text
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", response.text)
    assert not re.search(r"\son\w+=", response.text)


def test_static_files_carry_the_policy_too_but_may_be_kept(client):
    response = client.get("/static/node/sild.css")
    response.close()
    assert response["Content-Security-Policy"]
    assert "no-store" not in response["Cache-Control"]

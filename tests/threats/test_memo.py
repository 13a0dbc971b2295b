from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from sild.people.enums import Role
from sild.people.models import ApiToken
from sild.people.services import issue_token, revoke_token
from sild.threats import memo, services
from sild.threats.enums import Level
from sild.threats.errors import NotFoundError
from threats.stix import agency, collection, somebody

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def token():
    return issue_token(somebody(), "t", Role.EDITOR)


def test_who_a_token_is_is_decided_once_while_nothing_changes(token):
    first = memo.caller(token[1])
    assert memo.caller(token[1]) is first
    assert first.token_id == token[0].pk


def test_a_revoked_expired_or_changed_token_is_decided_anew(token):
    memo.caller(token[1])
    ApiToken.objects.update(role=Role.VIEWER)
    assert memo.caller(token[1]).role is Role.VIEWER
    ApiToken.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert memo.caller(token[1]) is None
    ApiToken.objects.update(expires=timezone.now() + timedelta(days=1))
    assert memo.caller(token[1]) is not None
    revoke_token(somebody(), str(token[0].pk))
    assert memo.caller(token[1]) is None
    assert memo.caller("sild_unknown") is None


def test_a_right_that_changed_is_decided_anew():
    where = collection()
    actor = memo.caller(issue_token(somebody(slug="ttja"), "t", Role.EDITOR)[1])
    with pytest.raises(NotFoundError):
        memo.collection_access(actor, str(where.pk))
    grant = services.give_grant(somebody(), where, agency=agency("ttja"), ceiling=Level.AMBER)
    found = memo.collection_access(actor, str(where.pk))
    assert memo.collection_access(actor, str(where.pk)) is found
    services.give_grant(somebody(), where, agency=agency("ttja"), ceiling=Level.CLEAR)
    assert memo.collection_access(actor, str(where.pk)).ceiling == Level.CLEAR
    services.remove_grant(somebody(), grant)
    with pytest.raises(NotFoundError):
        memo.collection_access(actor, str(where.pk))

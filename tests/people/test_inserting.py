"""Rows inserted by one statement are what Django reads back as objects."""

import uuid
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from people.factories import AgencyFactory
from sild.people.inserting import insert, insert_values
from sild.people.models import Agency, ApiToken, AuditEntry

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)


def a_token(agency, digest, **extra):
    return ApiToken(name="Ülle’s", agency=agency, digest=digest, expires=NOW, **extra)


def test_every_type_of_column_comes_back_as_it_went():
    agency = AgencyFactory()
    tokens = [a_token(agency, "a"), a_token(agency, "b", scopes=["threats:read"], revoked=NOW, per_minute=7)]
    insert(tokens)
    for given in tokens:
        kept = ApiToken.objects.get(digest=given.digest)
        names = [field.attname for field in ApiToken._meta.concrete_fields]
        assert {name: getattr(kept, name) for name in names} == {name: getattr(given, name) for name in names}


def test_a_key_that_the_database_gives_is_given():
    insert(
        [AuditEntry(who="a", via="job", action="x", details={"n": None}), AuditEntry(who="b", via="job", action="x")]
    )
    assert [entry.who for entry in AuditEntry.objects.order_by("pk")] == ["a", "b"]
    assert AuditEntry.objects.get(who="a").details == {"n": None}


def test_nothing_to_insert_is_no_statement(django_assert_num_queries):
    with django_assert_num_queries(0):
        insert([])


def test_values_are_inserted_without_objects():
    insert_values(Agency, ("name", "slug"), [("One", "one"), ("Two", "two")])
    assert list(Agency.objects.values_list("slug", "name")) == [("one", "One"), ("two", "Two")]


@pytest.mark.parametrize("names", [("slug",), ("slug", "name", "id"), ("slug", "title")])
def test_columns_must_be_named_all_and_only(names):
    with pytest.raises(ValueError, match="Agency has the columns slug, name; given are slug"):
        insert_values(Agency, names, [])


def test_a_constraint_keeps_all_of_them_out():
    agency = AgencyFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        insert([a_token(agency, "a"), a_token(agency, "b"), a_token(agency, "a", id=uuid.uuid4())])
    assert not ApiToken.objects.exists()

"""Makes agencies and people for tests."""

from __future__ import annotations

import factory

from sild.people.enums import Role
from sild.people.models import Agency, Membership, Person

PASSWORD = "a bridge over the gulf"


class AgencyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Agency

    slug = factory.Sequence(lambda number: f"agency-{number}")
    name = factory.Sequence(lambda number: f"Agency {number}")


class PersonFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Person
        skip_postgeneration_save = True

    username = factory.Sequence(lambda number: f"person{number}")

    class Params:
        # Hashing is slow on purpose: only for those who sign in by password.
        signs_in = factory.Trait(password=factory.django.Password(PASSWORD))


class MembershipFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Membership

    person = factory.SubFactory(PersonFactory)
    agency = factory.SubFactory(AgencyFactory)
    role = Role.VIEWER

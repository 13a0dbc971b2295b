from __future__ import annotations

import pytest

from people.factories import AgencyFactory, MembershipFactory, PersonFactory
from sild.people import services
from sild.people.actor import Actor
from sild.people.enums import Right, Role
from sild.people.errors import AlreadyExistsError, NotAllowedError, NotFoundError
from sild.people.models import ApiToken, AuditEntry, Membership

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def administrator():
    return Actor.of(MembershipFactory(role=Role.ADMINISTRATOR).person)


@pytest.fixture
def editor():
    return Actor.of(MembershipFactory(role=Role.EDITOR).person)


def trail():
    return list(AuditEntry.objects.values_list("action", "who").order_by("id"))


def test_an_agency_gets_a_short_name_from_its_name():
    assert services.create_agency(Actor.operator(), "Digital Agency").slug == "digital-agency"
    assert trail() == [("people.create-agency", "operator (cli)")]


def test_a_taken_short_name_is_refused():
    agency = AgencyFactory()
    with pytest.raises(AlreadyExistsError, match=agency.slug):
        services.create_agency(Actor.operator(), "Other", agency.slug)


def test_only_administrators_add_people(editor):
    with pytest.raises(NotAllowedError, match="administer"):
        services.create_person(editor, "new")


def test_a_person_and_their_role_come_together_or_not_at_all(administrator):
    agency = AgencyFactory()
    with pytest.raises(NotAllowedError, match="another agency"):
        services.add_with_role(administrator, "new", agency_slug=agency.slug, role="viewer")
    assert not Membership.objects.filter(person__username="new").exists()
    added = services.add_with_role(administrator, "new", agency_slug=administrator.agency.slug, role="editor")
    assert Actor.of(added).role is Role.EDITOR


def test_a_taken_user_name_is_refused(administrator):
    with pytest.raises(AlreadyExistsError):
        services.create_person(administrator, administrator.who)


def test_a_new_role_replaces_the_old_one(administrator):
    membership = MembershipFactory(agency=administrator.agency)
    services.give_role(administrator, membership.person, administrator.agency, Role.PUBLISHER)
    assert Actor.of(membership.person).role is Role.PUBLISHER


def test_a_removed_role_carries_no_rights(administrator):
    membership = MembershipFactory(agency=administrator.agency)
    services.remove_role(administrator, membership)
    assert not Actor.of(membership.person).may(Right.VIEW)
    assert trail() == [("people.remove-role", administrator.who)]


def test_nobody_removes_a_role_in_another_agency(administrator):
    with pytest.raises(NotAllowedError):
        services.remove_role(administrator, MembershipFactory())


def test_a_token_is_kept_as_a_hash_and_acts_for_its_agency(editor):
    token, secret = services.issue_token(editor, "robot", Role.EDITOR)
    assert secret.startswith("sild_")
    assert secret not in str(ApiToken.objects.values().get(pk=token.pk))
    assert services.actor_of_token(secret).agency == editor.agency


def test_a_token_carries_no_more_rights_than_its_issuer(editor):
    with pytest.raises(NotAllowedError, match="more rights"):
        services.issue_token(editor, "robot", Role.PUBLISHER)


def test_a_token_of_no_agency_is_refused():
    with pytest.raises(NotAllowedError, match="one agency"):
        services.issue_token(Actor.operator(), "robot", Role.VIEWER)


def test_a_revoked_token_is_nobodys(editor):
    token, secret = services.issue_token(editor, "robot", Role.VIEWER)
    services.revoke_token(editor, str(token.pk))
    assert services.actor_of_token(secret) is None


def test_nobody_revokes_the_token_of_another_agency(editor):
    token, _secret = services.issue_token(editor, "robot", Role.VIEWER)
    other = Actor.of(MembershipFactory(role=Role.ADMINISTRATOR).person)
    with pytest.raises(NotFoundError):
        services.revoke_token(other, str(token.pk))


def test_a_person_chooses_among_their_agencies_only():
    membership = MembershipFactory()
    second = MembershipFactory(person=membership.person)
    assert services.act_for(membership.person, second.agency.slug) == second.agency
    assert Actor.of(membership.person).agency == second.agency
    with pytest.raises(NotFoundError):
        services.act_for(membership.person, AgencyFactory().slug)


def test_the_language_stays_with_the_person():
    person = PersonFactory()
    services.speak(person, "et")
    person.refresh_from_db()
    assert person.language == "et"


def test_unknown_agencies_and_roles_are_named_in_the_error():
    with pytest.raises(NotFoundError, match="nowhere"):
        services.agency_named("nowhere")
    with pytest.raises(NotFoundError, match="king"):
        services.role_named("king")

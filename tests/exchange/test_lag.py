"""How far a partner is behind, as a figure, on the pages and for machines."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from people.factories import PersonFactory
from sild.exchange import lag, outgoing, services

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def comment(actor, **changes):
    values = {"tlp": "GREEN", "audience": "partners", **changes}
    return services.publish(actor, kind="exchange.comment", subject="x", body={"text": "x"}, **values)


def test_a_partner_that_has_everything_is_not_behind(pinned):
    assert lag.of(pinned) == lag.Lag(0, 0, None)


def test_what_is_not_confirmed_waits_and_the_oldest_of_it_is_known(operator, pinned):
    first, second = comment(operator), comment(operator)
    comment(operator, tlp="AMBER", audience=["riga"])
    assert lag.of(pinned) == lag.Lag(2, 2, first.issued)
    for after, expected in ((1, lag.Lag(2, 1, second.issued)), (2, lag.Lag(2, 0, None))):
        outgoing.page(pinned, after=after, have=0)
        pinned.refresh_from_db()
        assert lag.of(pinned) == expected


def test_the_pages_show_lag_failures_and_the_next_try(client, operator, pinned):
    comment(operator)
    pinned.failures, pinned.next_try = 41, timezone.now() + timedelta(days=400)
    pinned.save()
    client.force_login(PersonFactory(is_superuser=True))
    for page in (reverse("exchange:partners"), pinned.get_absolute_url()):
        shown = client.get(page).content.decode()
        assert "<dd>41</dd>" in shown or "<td>41<br>" in shown
        assert "Oldest that waits" in shown
    assert str(pinned.next_try.year) in shown

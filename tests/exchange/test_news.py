"""Waiting for the log to grow: news ends the wait, nothing new does so in time."""

import pytest
from asgiref.sync import async_to_sync

from sild.exchange import news, services

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


def test_a_log_that_is_longer_already_is_news_at_once(operator, monkeypatch):
    monkeypatch.setattr(news, "_look", news._Look())
    services.publish(
        operator, kind="exchange.comment", subject="x", body={"text": "x"}, tlp="GREEN", audience="partners"
    )
    assert async_to_sync(news.come)(0, 10)


def test_without_news_the_wait_ends(monkeypatch):
    monkeypatch.setattr(news, "_look", news._Look())
    assert not async_to_sync(news.come)(0, 0.3)


def test_many_that_wait_share_one_look_at_the_database(monkeypatch):
    look = news._Look()
    asked = []
    monkeypatch.setattr(news, "_size", lambda: asked.append(1) or 7)

    async def twice():
        return [await look.size_now(), await look.size_now()]

    assert async_to_sync(twice)() == [7, 7]
    assert len(asked) == 1

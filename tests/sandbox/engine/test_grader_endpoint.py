"""Endpoints that fail, throttle and lie: asked again, counted, never silently believed."""

from __future__ import annotations

import socket

import pytest

from sandbox.engine.grader_server import Script, serve
from sild.sandbox.engine.endpoint import LONGEST_PAUSE
from sild.sandbox.engine.errors import EndpointError
from sild.sandbox.engine.grader_endpoint import Endpoint

pytestmark = pytest.mark.integration
QUESTION = [{"role": "user", "content": "tere"}]


def test_every_kind_of_failure_is_asked_again_and_counted():
    with serve(Script(429, 503, "other-model", "garbage", "hello")) as endpoint:
        assert endpoint.ask(QUESTION, temperature=0) == "hello"
    assert endpoint.counts == {
        "calls": 5,
        "retries": 4,
        "throttled": 1,
        "server-error": 1,
        "other-model": 1,
        "malformed": 1,
    }


def test_an_endpoint_that_always_answers_for_another_model_is_given_up():
    with serve(Script(always="other-model"), attempts=3) as endpoint, pytest.raises(EndpointError, match="other-model"):
        endpoint.ask(QUESTION)
    assert endpoint.counts["other-model"] == 3


def test_a_question_that_is_refused_is_an_error_and_a_reply_without_text_an_empty_one():
    with serve(Script(400)) as endpoint, pytest.raises(EndpointError, match="status 400"):
        endpoint.ask(QUESTION)
    with serve(Script("no-text")) as endpoint:
        assert not endpoint.ask(QUESTION)


def test_a_refused_request_is_not_asked_again():
    with serve(Script(401)) as endpoint, pytest.raises(EndpointError, match="status 401"):
        endpoint.ask(QUESTION)
    assert endpoint.counts["calls"] == 1


def test_silence_and_nobody_there_are_told_apart():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        endpoint = Endpoint(url, "m", seconds=0.05, attempts=2, pause=0.001)
        with pytest.raises(EndpointError):
            endpoint.ask(QUESTION)
    assert endpoint.counts["timeout"] == 2
    gone = Endpoint(url, "m", attempts=1)
    with pytest.raises(EndpointError):
        gone.ask(QUESTION)
    assert gone.counts["unreachable"] == 1


def test_pauses_grow_and_the_endpoints_own_wish_counts_up_to_a_bound():
    waited = []

    async def wait(seconds):
        waited.append(seconds)

    with serve(Script(500, 500, 500, "ok"), pause=8.0, sleep=wait) as endpoint:
        endpoint.ask(QUESTION)
    assert [4 <= waited[0] <= 8, 8 <= waited[1] <= 16, 16 <= waited[2] <= 32] == [True] * 3
    assert max(waited) <= LONGEST_PAUSE

"""An endpoint that answers, fails, throttles, lies and breaks off: a real server on loopback."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import contextmanager

import pytest

from sandbox.factories import write_solution, write_suite
from sild.sandbox.engine import default_isolation, endpoint, solution, suite
from sild.sandbox.engine.endpoint import Inquiry, Target
from sild.sandbox.engine.errors import CancelledError, EndpointError, FormError
from sild.sandbox.engine.faults import Faults
from sild.sandbox.engine.remote import EndpointRun, request

pytestmark = pytest.mark.integration


def said(text, model="m", **more):
    return json.dumps({"model": model, "choices": [{"message": {"content": text}}], **more}).encode()


def http(body, status=200, fields=""):
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{fields}\r\n".encode() + body


@contextmanager
def serving(answer):
    """A server that gives what `answer` makes of each request: bytes to send, or None to break off."""
    seen, ready, stop, handlers = [], threading.Event(), [], set()

    async def serve(reader, writer):
        handlers.add(asyncio.current_task())
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                seen.append((head, json.loads(await reader.readexactly(size))))
                reply = answer(len(seen), seen[-1][1])
                if reply is None:
                    break
                writer.write(reply)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()

    async def work():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        ended = asyncio.Event()
        stop.extend([server.sockets[0].getsockname()[1], asyncio.get_running_loop(), ended])
        ready.set()
        await ended.wait()
        server.close()
        # A connection that is being taken must not be cut off there: nobody would close its socket.
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in others & handlers:
                task.cancel()
            await asyncio.wait(others, timeout=0.05)
        await asyncio.sleep(0.05)  # connections close in the loop's next turns

    thread = threading.Thread(target=asyncio.run, args=(work(),))
    thread.start()
    ready.wait()
    port, loop, ended = stop
    try:
        yield f"http://127.0.0.1:{port}/v1", seen
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()


def inquire(url, count=3, *, turn=lambda: None, alone=0, **target):
    heard, faults = {}, Faults()

    def receive(number, output, error, seconds, *, alone):
        heard[number] = (output, error, alone)
        assert seconds >= 0

    inquiry = Inquiry(Target(url, "m", **{"connections": 4} | target), receive, faults)
    inquiry.run((request(f"q{number}", "m") for number in range(count)), turn, alone)
    return heard, {fault["code"]: fault["count"] for fault in faults.as_list()}, inquiry


@pytest.fixture(autouse=True)
def no_long_pauses(monkeypatch):
    monkeypatch.setattr(endpoint, "_FIRST_PAUSE", 0.001)


def test_every_question_is_answered_on_connections_that_stay():
    with serving(lambda _n, asked: http(said(asked["messages"][0]["content"]))) as (url, seen):
        heard, faults, inquiry = inquire(url, 50, alone=10, key="example")
    assert {number: output for number, (output, _error, _alone) in heard.items()} == {
        n: f"q{n - 1}" for n in range(1, 51)
    }
    assert sum(alone for *_rest, alone in heard.values()) == 9
    assert faults == {}
    assert inquiry.pipelined[0] == 40
    head, body = seen[0]
    assert b"Authorization: Bearer example\r\n" in head
    assert (body["model"], body["temperature"]) == ("m", 0)


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (http(b"", 429, "Retry-After: 0\r\n"), "throttled"),
        (http(b"", 529), "throttled"),
        (http(b"", 503), "endpoint-failed"),
        (http(b"<html>"), "endpoint-failed"),
        (http(b"[]"), "endpoint-failed"),
        (b"no http\r\n\r\n", "endpoint-failed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", "endpoint-failed"),
        (None, "endpoint-failed"),
        (http(said("x", "another")), "other-model"),
    ],
)
def test_what_the_endpoint_does_wrong_is_counted_and_asked_again(bad, code):
    with serving(lambda number, _asked: bad if number <= 2 else http(said("right"))) as (url, _seen):
        heard, faults, _inquiry = inquire(url, 1, connections=1)
    assert heard == {1: ("right", "", False)}
    assert faults == {code: 2}


def test_one_that_goes_on_failing_ends_the_run_with_its_last_words():
    with serving(lambda _n, _asked: http(b"", 500)) as (url, seen), pytest.raises(EndpointError, match="status 500"):
        inquire(url, 5)
    assert len(seen) >= endpoint.TRIES


def test_one_that_refuses_whoever_asks_is_not_asked_again():
    with (
        serving(lambda _n, _asked: http(b"who are you", 401)) as (url, seen),
        pytest.raises(EndpointError, match="who are"),
    ):
        inquire(url, 1)
    assert len(seen) == 1


def test_a_key_that_the_endpoint_repeats_is_not_shown():
    with (
        serving(lambda _n, _asked: http(b"no such key: example-key", 401)) as (url, _seen),
        pytest.raises(EndpointError, match=r"no such key: \[key\]$"),
    ):
        inquire(url, 1, key="example-key")


def test_one_that_is_not_there_ends_the_run():
    with pytest.raises(EndpointError, match="Connect"):
        inquire("http://127.0.0.1:9/v1", 1)


def test_silence_is_a_failure():
    with serving(lambda number, _asked: b"" if number == 1 else http(said("late"))) as (url, _seen):
        heard, faults, _inquiry = inquire(url, 1, seconds=0.2)
    assert (heard[1][0], faults) == ("late", {"endpoint-failed": 1})


def test_a_question_that_is_refused_is_an_answer_with_an_error():
    replies = [http(b"too long", 400), http(said(None)), http(said("x"))]
    with serving(lambda number, _asked: replies[number - 1]) as (url, _seen):
        heard, faults, _inquiry = inquire(url, 3, connections=1)
    assert [error for _output, error, _alone in heard.values()] == ["status 400: too long", "the reply has no text", ""]
    assert faults == {"error-answer": 2}


def test_chunks_and_connections_that_close_are_understood():
    body = said("parts")
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\n%b\r\n%x\r\n%b\r\n0\r\nTrailer: 1\r\n\r\n"
    replies = [chunked % (body[:5], len(body) - 5, body[5:]), http(said("closed"), 200, "Connection: close\r\n")]
    with serving(lambda number, _asked: replies[number % 2]) as (url, _seen):
        heard, faults, _inquiry = inquire(url, 6, connections=1)
    assert [output for output, *_rest in heard.values()] == ["closed", "parts"] * 3
    assert faults == {}


def test_whoever_stops_it_is_heard():
    turns = []

    def turn():
        turns.append(1)
        if len(turns) == 3:
            raise CancelledError("stop")

    with serving(lambda _n, _asked: b"") as (url, _seen), pytest.raises(CancelledError):
        inquire(url, 3, turn=turn)


def test_a_model_may_answer_with_its_date_or_by_the_name_that_was_told():
    assert Target("", "m").is_served("m-2026-01-01")
    assert Target("", "m").is_served(None)
    assert not Target("", "m").is_served("mm")
    assert Target("", "m", "n").is_served("n")
    assert not Target("", "m", "n").is_served("m")


def run_of(folder, url, **start):
    form = write_solution(folder / "s", start={"protocol": "endpoint", "url": url, "model": "m", **start})
    asked = write_suite(folder / "t", [{"id": str(n), "input": f"q{n}", "target": f"q{n}"} for n in range(30)])
    return EndpointRun(solution.load(form), suite.load(asked), folder / "run", default_isolation())


def test_a_run_says_that_nothing_was_isolated_and_whom_it_asked(tmp_path):
    with serving(lambda _n, asked: http(said(asked["messages"][0]["content"]))) as (url, _seen):
        report = run_of(tmp_path, url).execute()
    assert (report["passed"], report["answered"], report["confinement"]) == (True, 30, [])
    assert report["isolation"] == {"level": "L0", "backend": f"none: m at {url}", "measures": []}


def test_a_run_goes_on_where_the_endpoint_gave_up(tmp_path):
    def answer(number, asked):
        return http(said(asked["messages"][0]["content"])) if number <= 10 else http(b"", 500)

    with serving(answer) as (url, _seen):
        job = run_of(tmp_path, url)
        with pytest.raises(EndpointError):
            job.execute()
    with serving(lambda _n, asked: http(said(asked["messages"][0]["content"]))) as (other, seen):
        report = EndpointRun(moved(job.solution, other), job.suite, tmp_path / "run", default_isolation()).execute()
    assert (report["resumed"], report["answered"], len(seen), report["passed"]) == (10, 30, 20, True)


def moved(tested, url):
    """The same solution, whose endpoint is on another port."""
    start = tested.form.start.model_copy(update={"url": url})
    return solution.Solution(tested.form.model_copy(update={"start": start}), tested.folder, tested.digest)


def test_a_key_is_read_only_from_variables_made_for_keys(tmp_path, monkeypatch):
    with pytest.raises(EndpointError, match="SILD_KEY_HERE"):
        run_of(tmp_path, "http://127.0.0.1:9/v1", key="SILD_KEY_HERE").execute()
    with pytest.raises(FormError, match=r"start\.key"):
        run_of(tmp_path, "http://127.0.0.1:9/v1", key="DATABASE_URL")


def test_an_endpoint_has_no_command_and_a_command_no_endpoint(tmp_path):
    with pytest.raises(FormError, match="has no command"):
        run_of(tmp_path, "http://127.0.0.1:9/v1", command=["x"])
    with pytest.raises(FormError, match="are for the protocol endpoint"):
        solution.load(write_solution(tmp_path / "x", start={"protocol": "chat", "url": "http://x", "command": ["x"]}))
    with pytest.raises(FormError, match="give either a command or a model"):
        solution.load(write_solution(tmp_path / "y", start={}))


def test_objects_are_asked_as_json_and_requests_as_they_are():
    assert json.loads(request({"a": 1}, "m"))["messages"][0]["content"] == '{"a":1}'
    whole = json.loads(request({"messages": [1], "stream": True, "temperature": 1, "model": "x"}, "m"))
    assert whole == {"messages": [1], "stream": False, "temperature": 1, "model": "m"}

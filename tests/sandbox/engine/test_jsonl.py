"""The protocol with real confined processes that say arbitrary things."""

# ruff: noqa: E501 -- a program reads best in one piece

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sild.sandbox.engine import default_isolation
from sild.sandbox.engine.faults import CODES, Faults
from sild.sandbox.engine.interpreter import interpreter
from sild.sandbox.engine.isolation import Bind, Job
from sild.sandbox.engine.jsonl import Conversation
from sild.sandbox.engine.limits import Limits

pytestmark = pytest.mark.integration

ECHO = "import sys, json\nfor line in sys.stdin:\n  asked = json.loads(line)\n  print(json.dumps({'id': asked['id'], 'output': asked['input']}), flush=True)"


def converse(code, questions, *, alone=0, binds=(), **limits):
    python, faults, heard = interpreter(), Faults(), []

    def receive(number, output, error, seconds, *, alone):
        heard.append((number, output, error, alone))
        assert seconds >= 0

    job = Job((python.program, "-c", code), (*python.binds, *binds), limits=Limits(**{"wall_seconds": 10} | limits))
    with default_isolation().start(job) as process:
        conversation = Conversation(process, receive, faults, alone=alone)
        conversation.run(iter(questions), lambda: None)
        return heard, {fault["code"]: fault["count"] for fault in faults.as_list()}, process.finish(), conversation


def test_every_question_is_answered_and_the_process_ends_by_itself():
    heard, faults, usage, conversation = converse(ECHO, [b"%d" % number for number in range(500)])
    assert [output for _number, output, _error, _alone in heard] == list(range(500))
    assert (faults, usage.exit, usage.stopped_by, conversation.incomplete) == ({}, 0, "", False)
    assert conversation.pipelined[0] == 500


def test_the_first_questions_are_asked_one_at_a_time():
    heard, _faults, _usage, conversation = converse(ECHO, [b"1"] * 20, alone=5)
    assert [alone for *_others, alone in heard] == [False] + [True] * 4 + [False] * 15
    assert conversation.pipelined[0] == 15


def test_no_more_questions_are_in_flight_than_the_window_holds():
    code = "import sys, time\nn = 0\nwhile True:\n  line = sys.stdin.readline()\n  n += 1\n  print(n, file=sys.stderr, flush=True)"
    _heard, _faults, usage, conversation = converse(code, [b"1"] * 50, window=7, start_seconds=1)
    assert conversation.said_on_stderr.split()[-1] == b"7"
    assert usage.stopped_by == "no-answer"


def test_answers_may_come_in_any_order():
    code = "import sys, json\nasked = [json.loads(sys.stdin.readline()) for _ in range(5)]\nfor one in reversed(asked): print(json.dumps({'id': one['id'], 'output': one['input']}))"
    heard, faults, _usage, _conversation = converse(code, [b"%d" % number for number in range(5)])
    assert [(number, output) for number, output, *_others in heard] == [(5, 4), (4, 3), (3, 2), (2, 1), (1, 0)]
    assert faults == {}


def test_large_questions_and_answers_pass():
    question = b'"' + b"x" * 300_000 + b'"'
    heard, faults, _usage, _conversation = converse(ECHO, [question] * 20)
    assert faults == {}
    assert {len(output) for _number, output, *_others in heard} == {300_000}


def test_no_questions_are_no_conversation():
    heard, faults, usage, _conversation = converse(ECHO, [])
    assert (heard, faults, usage.exit) == ([], {}, 0)


def test_what_a_turn_raises_ends_the_process():
    python = interpreter()

    def turn():
        raise KeyboardInterrupt

    with default_isolation().start(Job((python.program, "-c", ECHO), python.binds)) as process:
        conversation = Conversation(process, lambda *_, **__: None, Faults())
        with pytest.raises(KeyboardInterrupt):
            conversation.run(iter([b"1"]), turn)
    assert process.finish().stopped_by == "ended by the node"


@settings(max_examples=30)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.sampled_from(
                [b'{"id":"1","output":1}', b'{"id":"2","output":null}', b'{"id":"1","error":"x"}', b'{"id":1,"output":1}',
                 b"null", b"{}", b'{"id":"3"}', b'{"id":"1","output":1e999}', b'{"id":"\\ud800","output":1}']
            ),
        ),
        max_size=8,
    )
)  # fmt: skip
def test_whatever_it_prints_is_an_answer_or_a_named_fault(lines):
    code = "import sys\nsys.stdin.readline(); sys.stdin.readline()\nsys.stdout.buffer.write(open('/data/said', 'rb').read())"
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        said = Path(folder, "said")
        said.write_bytes(b"\n".join(lines) + b"\n")
        heard, faults, _usage, _conversation = converse(code, [b"1", b"2"], binds=(Bind(str(said), "/data/said"),))
    assert set(faults) <= set(CODES)
    assert len(heard) <= 2
    assert len({number for number, *_others in heard}) == len(heard)
    printed = b"\n".join(lines).split(b"\n")
    assert len(heard) + sum(
        faults.get(code, 0) for code in ("not-json", "not-an-answer", "unknown-id", "duplicate")
    ) == len(printed)

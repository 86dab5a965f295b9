"""A log: written, read, and refused where it is none."""

import json

import pytest

from tests.inspector.logs import HEAD, MESSAGES, text
from turnwise.errors import BadLog
from turnwise.inspector.log import (
    Head,
    Heard,
    Sound,
    Taken,
    entry_line,
    head_line,
    read,
    taken_text,
)
from turnwise.wire.messages import Connected


def test_what_is_written_is_read() -> None:
    head = Head(1, "turnwise 0.1.0", "/v2/listen?model=flux-general-en", Sound("a.wav", 3.5))
    connected = '{"type":"Connected","request_id":"id","sequence_id":0}'
    lines = [
        head_line(head),
        entry_line(0.08, 0.1234, connected),
        entry_line(None, 2.0, taken_text(1, 0.5, 0.0)),
    ]
    log = read(lines)
    assert log.head == head
    assert log.heard == (
        Heard(0.08, 0.123, Connected("id", 0)),
        Heard(None, 2.0, Taken(1, 0.5, 0.0)),
    )


def test_messages_of_other_protocols_are_counted_and_passed_over() -> None:
    log = read(text({"type": "Welcome", "request_id": "id"}, *MESSAGES).splitlines())
    assert log.unknown == 1
    assert len(log.heard) == len(MESSAGES)


def test_fields_and_blank_lines_of_later_writers_are_passed_over() -> None:
    line = json.dumps({**HEAD, "more": 1})
    assert read([line, "", " \n"]).head.program == "turnwise 0.1.0"


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([], "the log is empty"),
        (["hello"], "line 1 of the log"),
        (["{}"], "line 1 of the log"),
        ([json.dumps({**HEAD, "turnwise_log": 2})], "of version 2; this reads version 1"),
        ([json.dumps(HEAD), "", "{"], "line 3 of the log"),
        ([json.dumps(HEAD), '{"sent_s":1,"clock_s":1}'], "line 2 of the log"),
        (
            [json.dumps(HEAD), '{"sent_s":1,"clock_s":1,"message":{"type":"Connected"}}'],
            "not a server's message",
        ),
        ([json.dumps(HEAD), '{"sent_s":1,"clock_s":1,"message":7}'], "line 2 of the log"),
    ],
)
def test_what_is_no_log_is_refused_with_the_line(lines: list[str], problem: str) -> None:
    with pytest.raises(BadLog, match=problem):
        read(lines)

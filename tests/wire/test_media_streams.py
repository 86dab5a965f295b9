"""Media streams of telephone calls, as JSON."""

import pytest

from turnwise.errors import BadMessage
from turnwise.wire.media_streams import Begin, Mark, clear, decode, mark, media, sound_of

START = """{"event":"start","sequenceNumber":"1","streamSid":"MZ1","start":{"accountSid":"AC1",
"streamSid":"MZ1","callSid":"CA1","tracks":["inbound"],"customParameters":{"greeting":"Hi"},
"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1}}}"""
MEDIA = """{"event":"media","sequenceNumber":"3","streamSid":"MZ1",
"media":{"track":"inbound","chunk":"1","timestamp":"5","payload":"//8A"}}"""


def test_a_calls_start_names_the_stream_and_its_parameters() -> None:
    event = decode(START)
    assert (event.event, event.stream_sid) == ("start", "MZ1")
    assert event.start == Begin({"greeting": "Hi"})
    assert sound_of(event) == b""


def test_sound_is_the_callers_only() -> None:
    assert sound_of(decode(MEDIA)) == b"\xff\xff\x00"
    assert sound_of(decode(MEDIA.replace("inbound", "outbound"))) == b""


def test_other_events_are_known_by_name() -> None:
    for name in ("connected", "dtmf", "mark", "stop"):
        assert decode(f'{{"event":"{name}","{name}":{{"name":"x"}}}}').event == name


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"event":1}', MEDIA.replace("//8A", "?")])
def test_what_is_no_message_is_refused(text: str) -> None:
    with pytest.raises(BadMessage):
        sound_of(decode(text))


def test_what_is_sent_is_what_the_other_side_reads() -> None:
    assert media("MZ1", b"\xff\x00") == (
        '{"event":"media","streamSid":"MZ1","media":{"payload":"/wA="}}'
    )
    assert mark("MZ1", "reply 1") == (
        '{"event":"mark","streamSid":"MZ1","mark":{"name":"reply 1"}}'
    )
    assert decode(mark("MZ1", "reply 1")).mark == Mark("reply 1")
    assert clear("MZ1") == '{"event":"clear","streamSid":"MZ1"}'

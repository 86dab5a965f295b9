"""The messages of speech, byte for byte (contract sections 7.1 and 7.3)."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from turnwise.errors import BadMessage
from turnwise.wire.speak_codec import decode_ask, decode_first, decode_second, encode
from turnwise.wire.speak_messages import (
    Applied,
    Ask,
    Clear,
    Cleared,
    Close,
    Configure,
    ConfigureFailure,
    ConfigureSuccess,
    FirstMessage,
    FirstWarning,
    Flush,
    Interrupt,
    PlaybackOffset,
    SecondMessage,
    SequenceFlushed,
    ServerMessage,
    Speak,
    SpeechInterrupted,
    TurnFigures,
)

FIGURES = TurnFigures("dg_sp_1", 5, 4, 3)
FIGURES_TEXT = (
    '{"speech_id":"dg_sp_1","audio_duration_ms":5,"input_character_count":4,'
    '"billable_character_count":3,"controls_applied":{"pronunciations_applied":0,'
    '"pronunciation_warnings":0}}'
)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (SequenceFlushed(0), '{"type":"Flushed","sequence_id":0}'),
        (Cleared(1), '{"type":"Cleared","sequence_id":1}'),
        (
            FirstWarning("C", "why", "C", "why"),
            '{"type":"Warning","code":"C","description":"why","warn_code":"C","warn_msg":"why"}',
        ),
        (
            SpeechInterrupted(7, FIGURES),
            '{"type":"SpeechInterrupted","audio_played_ms":7,"metadata":' + FIGURES_TEXT + "}",
        ),
        (
            SpeechInterrupted(7, FIGURES, "", "all"),
            '{"type":"SpeechInterrupted","audio_played_ms":7,"metadata":'
            + FIGURES_TEXT
            + ',"text_spoken":"","text_remaining":"all"}',
        ),
        (ConfigureSuccess(Applied()), '{"type":"ConfigureSuccess","applied":{}}'),
        (ConfigureSuccess(Applied(1.5)), '{"type":"ConfigureSuccess","applied":{"speed":1.5}}'),
        (
            ConfigureFailure("C", "why", UNSET, UNSET),
            '{"type":"ConfigureFailure","code":"C","description":"why"}',
        ),
    ],
)
def test_a_server_message_is_written_so(message: ServerMessage, text: str) -> None:
    assert encode(message) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"type":"Speak","text":"Hi"}', Speak("Hi")),
        ('{"text":"Hi","type":"Speak","more":1}', Speak("Hi")),
        ('{"type":"Flush"}', Flush()),
        ('{"type":"Clear"}', Clear()),
        ('{"type":"Close"}', Close()),
    ],
)
def test_the_first_edition_is_read(text: str, message: FirstMessage) -> None:
    assert decode_first(text) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"type":"Speak","text":"Hi"}', Speak("Hi")),
        ('{"type":"Interrupt"}', Interrupt()),
        ('{"type":"Interrupt","playback_offset":null}', Interrupt()),
        (
            '{"type":"Interrupt","playback_offset":{"type":"time_ms","value":5}}',
            Interrupt(PlaybackOffset("time_ms", 5)),
        ),
        ('{"type":"Configure","speed":1.1}', Configure(1.1)),
        ('{"type":"Configure"}', Configure()),
        ('{"type":"Flush"}', Flush()),
        ('{"type":"Close"}', Close()),
    ],
)
def test_the_second_edition_is_read(text: str, message: SecondMessage) -> None:
    assert decode_second(text) == message


def test_what_belongs_to_one_edition_is_no_message_of_the_other() -> None:
    with pytest.raises(BadMessage):
        decode_second('{"type":"Clear"}')
    with pytest.raises(BadMessage):
        decode_first('{"type":"Interrupt"}')


@given(text=st.text())
def test_any_text_is_a_message_or_refused(text: str) -> None:
    for decode in (decode_first, decode_second):
        with suppress(BadMessage):
            decode(text)


def test_a_request_has_a_text() -> None:
    assert decode_ask(b'{"text":"Hi"}') == Ask("Hi")
    with pytest.raises(BadMessage):
        decode_ask(b'{"text":1}')
    with pytest.raises(BadMessage):
        decode_ask(b"\xff")

"""One stream, where audio, turns and the wire meet."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.talk import belief
from turnwise.engine.interface import Hearing, Hypothesis, Word
from turnwise.errors import NO_STATUS, BadAudio, ClientError, EngineFailed, Inactive
from turnwise.listener import Listener, detected
from turnwise.settings import (
    Encoding,
    Expecting,
    Hints,
    Model,
    Redact,
    StreamSettings,
    TextStyle,
    Thresholds,
)
from turnwise.units import FRAME_SAMPLES, Samples

REQUEST_ID = "01a059ba-1583-7360-917e-c766366a6787"
FRAME = bytes(2 * FRAME_SAMPLES)
RAW = StreamSettings(Model.ENGLISH, Encoding.LINEAR16, 16_000)


def connected(settings: StreamSettings = RAW, **options: Any) -> Listener:
    """Return a listener whose greeting was taken away."""
    listener = Listener(settings, REQUEST_ID, **options)
    listener.messages_to_send()
    return listener


def said(listener: Listener) -> list[dict[str, Any]]:
    return [json.loads(text) for text in listener.messages_to_send()]


def hear(listener: Listener, *beliefs: Hypothesis) -> list[Hearing]:
    """Send a frame for each belief; return the hearings they answered."""
    hearings = []
    for hypothesis in beliefs:
        listener.receive_audio(FRAME)
        for hearing in listener.hearings():
            hearings.append(hearing)
            listener.receive_hypothesis(hypothesis)
    return hearings


def tell(listener: Listener, message: dict[str, Any]) -> None:
    listener.receive_text(json.dumps(message))
    assert list(listener.hearings()) == []


def test_the_first_message_is_connected_with_number_zero() -> None:  # contract 4.2, 12.1
    assert said(Listener(RAW, REQUEST_ID)) == [
        {"type": "Connected", "request_id": REQUEST_ID, "sequence_id": 0}
    ]


def test_a_start_of_turn_has_every_field_of_the_contract() -> None:  # contract 4.3
    listener = connected()
    hear(listener, belief(1), belief(2, "hi there", 0.25))
    assert said(listener) == [
        {
            "type": "TurnInfo",
            "request_id": REQUEST_ID,
            "event": "StartOfTurn",
            "turn_index": 0,
            "audio_window_start": 0.0,
            "audio_window_end": 0.16,
            "transcript": "hi there",
            "words": [
                {"word": "hi", "confidence": 0.9, "start": 0.0, "end": 0.08},
                {"word": "there", "confidence": 0.9, "start": 0.08, "end": 0.16},
            ],
            "end_of_turn_confidence": 0.25,
            "sequence_id": 1,
        }
    ]


def test_the_frame_after_an_end_starts_a_new_turn_for_the_engine() -> None:
    listener = connected()
    hearings = hear(listener, belief(1, "hi"), belief(3, "hi", 0.9), belief(4), belief(5))
    assert [hearing.new_turn for hearing in hearings] == [False, False, True, False]


def test_ended_turns_are_counted_by_what_ended_them() -> None:
    listener = connected()
    hear(listener, belief(1, "hi"), belief(3, "hi", 0.9), belief(4, "bye"))
    tell(listener, {"type": "ForceEndTurn"})
    assert listener.turns_ended == 2
    assert listener.ended_by == {"model": 1, "manual": 1}


def test_a_message_waits_for_the_audio_before_it() -> None:  # contract 3
    listener = connected()
    listener.receive_audio(2 * FRAME)
    listener.receive_text('{"type": "ForceEndTurn"}')
    listener.receive_audio(FRAME)
    events = []
    for count, _ in enumerate(listener.hearings(), start=1):
        listener.receive_hypothesis(belief(count, "hi" if count == 2 else ""))
        events.append([message.get("event") for message in said(listener)])
    assert events == [[], ["StartOfTurn"], ["EndOfTurn"]]


def test_new_keyterms_reach_the_engine_with_the_next_frame_only() -> None:  # contract 3.4
    listener = connected()
    tell(listener, {"type": "Configure", "keyterms": ["Turnwise"]})
    hearings = hear(listener, belief(1), belief(2))
    assert [hearing.keyterms for hearing in hearings] == [("Turnwise",), None]


def test_hints_of_the_url_reach_the_engine_with_the_first_frame() -> None:
    hints = Hints("What's your number?", Expecting.DIGITS)
    hearings = hear(connected(replace(RAW, hints=hints)), belief(1), belief(2))
    assert [hearing.hints for hearing in hearings] == [hints, None]
    assert hear(connected(), belief(1))[0].hints is None


def test_new_hints_reach_the_engine_and_are_told_to_who_gave_them() -> None:
    listener = connected()
    tell(listener, {"type": "Configure", "agent_said": "May I help?"})
    [success] = said(listener)
    assert success["agent_said"] == "May I help?"
    assert "expecting" not in success
    assert hear(listener, belief(1))[0].hints == Hints("May I help?")
    tell(listener, {"type": "Configure", "agent_said": ""})
    assert hear(listener, belief(2))[0].hints == Hints()


def test_the_same_keyterms_again_do_not_trouble_the_engine() -> None:
    listener = connected()
    tell(listener, {"type": "Configure", "keyterms": []})
    assert hear(listener, belief(1))[0].keyterms is None


def test_a_configure_success_echoes_the_whole_configuration() -> None:  # contract 4.4
    listener = connected()
    tell(listener, {"type": "Configure", "thresholds": {"eager_eot_threshold": 0.4}})
    assert said(listener) == [
        {
            "type": "ConfigureSuccess",
            "request_id": REQUEST_ID,
            "sequence_id": 1,
            "thresholds": {
                "eager_eot_threshold": 0.4,
                "eot_threshold": 0.7,
                "eot_timeout_ms": 5000,
            },
            "keyterms": [],
            "numerals": False,
        }
    ]


def test_a_configure_failure_changes_nothing() -> None:  # contract 3.4, 4.5
    listener = connected()
    tell(listener, {"type": "Configure", "numerals": True, "thresholds": {"eot_threshold": 2}})
    tell(listener, {"type": "Configure"})
    failure, success = said(listener)
    assert failure["type"] == "ConfigureFailure"
    assert failure["code"] == "INVALID_THRESHOLD"
    assert (success["numerals"], success["thresholds"]["eot_threshold"]) == (False, 0.7)


def test_hints_are_echoed_on_the_multilingual_model_only() -> None:  # contract 4.4, R6, 14.9
    listener = connected(StreamSettings(Model.MULTILINGUAL, Encoding.LINEAR16, 16_000))
    tell(listener, {"type": "Configure", "language_hints": ["es"]})
    hear(listener, belief(1, "hi"))
    success, turn = said(listener)
    assert success["language_hints"] == ["es"]
    assert (turn["languages"], turn["languages_hinted"]) == (["en"], ["es"])


def test_languages_are_sorted_by_their_words() -> None:  # contract 4.3
    spoken = [
        Word(str(n), 1.0, Samples(n), Samples(n + 1), code)
        for n, code in enumerate(["en", "es", "es"])
    ]
    assert detected(tuple(spoken)) == ["es", "en"]


def test_a_style_changes_what_is_shown_and_nothing_else() -> None:  # contract 1.2
    style = TextStyle(redact=Redact.AGGRESSIVE_NUMBERS)
    listener = connected(StreamSettings(Model.ENGLISH, Encoding.LINEAR16, 16_000, style=style))
    hear(listener, belief(1, "room nine", 0.3))
    [message] = said(listener)
    assert message["transcript"] == "room *"
    assert message["end_of_turn_confidence"] == 0.3


def test_forcing_without_a_turn_is_warned_about() -> None:  # contract 3.3, 4.6
    listener = connected()
    tell(listener, {"type": "ForceEndTurn"})
    assert said(listener) == [
        {
            "type": "Warning",
            "request_id": REQUEST_ID,
            "sequence_id": 1,
            "code": "FORCE_END_TURN_NO_ACTIVE_TURN",
            "description": "Received ForceEndTurn while no turn was active; "
            "the request was ignored.",
        }
    ]
    assert listener.close_due is None


def test_closing_tells_what_was_heard_and_ends_no_turn() -> None:  # contract 3.2, 14.1, 14.2
    listener = connected()
    hear(listener, belief(1, "hi"), belief(2, "hi you"))
    tell(listener, {"type": "CloseStream"})
    assert [message["event"] for message in said(listener)] == ["StartOfTurn", "Update"]
    assert listener.close_due == NO_STATUS
    assert listener.turn_open


def test_what_comes_after_a_close_is_ignored() -> None:  # contract 3.3
    listener = connected()
    hear(listener, belief(1, "hi"))
    said(listener)
    listener.receive_text('{"type": "CloseStream"}')
    listener.receive_text('{"type": "ForceEndTurn"}')
    listener.receive_audio(FRAME)
    assert list(listener.hearings()) == []
    assert said(listener) == []


def test_a_server_may_be_told_to_end_the_turn_on_close() -> None:  # contract 14.1
    listener = connected(end_turn_on_close=True, close_code=1000)
    hear(listener, belief(1, "hi"))
    tell(listener, {"type": "CloseStream"})
    assert said(listener)[-1]["trigger"] == "manual"
    assert listener.close_due == 1000


def test_text_that_is_no_message_ends_the_stream_in_its_turn() -> None:  # contract 3.5, 4.7
    listener = connected()
    listener.receive_audio(FRAME)
    listener.receive_text("hello?")
    for _ in listener.hearings():
        listener.receive_hypothesis(belief(1, "hi"))
    turn, error = said(listener)
    assert turn["event"] == "StartOfTurn"
    assert error["code"] == "UNPARSABLE_CLIENT_MESSAGE"
    assert set(error) == {"type", "sequence_id", "code", "description"}
    assert listener.close_due == NO_STATUS


def test_bytes_that_are_no_audio_end_the_stream() -> None:  # contract 14.20
    listener = connected(StreamSettings(Model.ENGLISH))
    listener.receive_audio(b"this is not a container of any kind, sorry")
    listener.receive_audio(FRAME)
    assert list(listener.hearings()) == []
    [error] = said(listener)
    assert error["code"] == "UNDECODABLE_AUDIO"


def test_a_failure_of_ours_is_told_without_its_detail() -> None:  # contract 4.7
    listener = connected()
    listener.receive_failure(EngineFailed("worker 3 died at 0xdeadbeef"))
    [error] = said(listener)
    assert error["code"] == "INTERNAL_SERVER_ERROR"
    assert "worker" not in error["description"]


def test_only_the_first_failure_is_told() -> None:
    listener = connected()
    listener.receive_failure(Inactive("nothing was heard for 60 s"))
    listener.receive_failure(BadAudio("late"))
    assert [message["code"] for message in said(listener)] == ["INACTIVE_CLIENT"]


def test_a_failure_closes_as_its_kind_says() -> None:
    class TooLarge(ClientError):
        code = "MESSAGE_TOO_LARGE"
        close_code = 1009

    listener = connected()
    listener.receive_failure(TooLarge("a text message is at most 1 MiB"))
    assert listener.close_due == 1009


def test_an_answer_that_comes_after_the_end_is_dropped() -> None:
    listener = connected()
    listener.receive_audio(FRAME)
    for _ in listener.hearings():
        listener.receive_failure(Inactive("gone"))
        listener.receive_hypothesis(belief(1, "hi"))
    assert [message["type"] for message in said(listener)] == ["Error"]


def test_a_client_that_is_gone_is_not_listened_to_any_more() -> None:
    listener = connected()
    listener.receive_audio(FRAME)
    listener.receive_end()
    assert list(listener.hearings()) == []
    assert listener.close_due == NO_STATUS


def test_an_end_after_a_close_keeps_the_closes_code() -> None:
    listener = connected(close_code=1000)
    tell(listener, {"type": "CloseStream"})
    listener.receive_end()
    assert listener.close_due == 1000


def test_a_stalled_turn_is_ended_by_the_wall_clock() -> None:  # contract 14.17
    listener = connected(
        StreamSettings(Model.ENGLISH, Encoding.LINEAR16, 16_000, Thresholds(timeout_ms=2_000))
    )
    hear(listener, belief(1, "hi"))
    assert listener.turn_open
    listener.receive_stall(2_000)
    assert said(listener)[-1]["trigger"] == "timeout"
    assert not listener.turn_open


def test_a_stall_after_the_end_says_nothing() -> None:
    listener = connected()
    hear(listener, belief(1, "hi"))
    listener.receive_failure(Inactive("gone"))
    said(listener)
    listener.receive_stall(60_000)
    assert said(listener) == []


def test_an_old_client_hears_the_ten_fields_and_no_gap_in_the_numbers() -> None:  # contract 9.1
    listener = connected(legacy=True)
    tell(listener, {"type": "ForceEndTurn"})
    hear(listener, belief(1, "hi"), belief(3, "hi", 0.9))
    start, end = said(listener)
    assert "trigger" not in end
    assert set(end["words"][0]) == {"word", "confidence"}
    assert [start["sequence_id"], end["sequence_id"]] == [1, 2]


def test_an_unasked_hypothesis_is_our_bug() -> None:
    with pytest.raises(AssertionError, match="answers a hearing"):
        connected().receive_hypothesis(belief(1))


def test_asking_for_a_frame_before_answering_the_last_is_our_bug() -> None:
    listener = connected()
    listener.receive_audio(2 * FRAME)
    hearings = listener.hearings()
    next(hearings)
    with pytest.raises(AssertionError, match="one frame at a time"):
        next(hearings)

"""/v2/speak: turns, what was heard of them, and what is answered (contract section 7.3)."""

import itertools
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.speech.talking import heard, kinds, say, speak_all
from turnwise.errors import Inactive, SynthesisFailed
from turnwise.settings import (
    SPEAK_CHARACTERS_MAX,
    TURN_CHARACTERS_MAX,
    TURNS_WAITING_MAX,
    SpeakSettings,
    SpeechFormat,
    SpokenEncoding,
)
from turnwise.speech.session import Fault
from turnwise.speech.session_v2 import TRANSITIONS, Signal, SpeakV2, State

SECOND = bytes(16_000)  # of linear16 at 8 kHz
FORM = SpeechFormat(SpokenEncoding.LINEAR16, sample_rate_hz=8_000)


def opened(speed: float = 1.0) -> SpeakV2:
    ids = (f"id{number}" for number in itertools.count())
    session = SpeakV2(SpeakSettings("flux-haley-en", FORM, speed), "an-id", lambda: next(ids))
    session.due()
    return session


def offset(value: int, kind: str = "time_ms") -> dict[str, Any]:
    return {"playback_offset": {"type": kind, "value": value}}


def test_connected_comes_first() -> None:
    session = SpeakV2(SpeakSettings("flux-haley-en", FORM), "an-id", str)
    (connected,) = heard(session)
    assert connected["type"] == "Connected"
    assert connected["request_id"] == "an-id"
    assert connected["model_name"] == "flux-haley-en"
    assert len(connected["model_uuids"]) == 1


def test_a_turn_is_started_sounds_is_flushed_and_summed_up() -> None:
    session = opened()
    said = say(session, "Speak", text="Hello there. How are you")
    assert said == [{"type": "SpeechStarted", "speech_id": "id0"}]
    say(session, "Flush")
    said = speak_all(session, SECOND)
    assert kinds(said) == ["audio", "audio", "Flushed", "SpeechMetadata"]
    assert said[-1] == {
        "type": "SpeechMetadata",
        "speech_id": "id0",
        "audio_duration_ms": 2_000,
        "input_character_count": 24,
        "billable_character_count": 24,
        "controls_applied": {"pronunciations_applied": 0, "pronunciation_warnings": 0},
    }


def test_no_space_comes_between_two_messages() -> None:
    session = opened()
    say(session, "Speak", text="Hel")
    say(session, "Speak", text="lo")
    say(session, "Flush")
    assert session.saying is not None
    assert session.saying.text == "Hello"


def test_text_after_a_flush_opens_the_next_turn_behind_it() -> None:
    session = opened()
    say(session, "Speak", text="One.")
    say(session, "Flush")
    assert say(session, "Speak", text="Two. Three") == []
    say(session, "Flush")
    said = speak_all(session, SECOND)
    assert kinds(said) == [
        *("audio", "Flushed", "SpeechMetadata"),
        *("SpeechStarted", "audio", "audio", "Flushed", "SpeechMetadata"),
    ]
    assert [each["speech_id"] for each in said if isinstance(each, dict)] == [
        *("id0", "id0", "id1", "id1", "id1")
    ]


def test_an_interruption_tells_what_was_heard_and_drops_the_rest() -> None:
    session = opened()
    say(session, "Speak", text="One two. Three four. Five six")
    session.receive_audio(SECOND)
    session.receive_said()
    session.receive_audio(SECOND)
    heard(session)
    (interrupted,) = say(session, "Interrupt", **offset(1_600))
    assert interrupted["type"] == "SpeechInterrupted"
    assert interrupted["audio_played_ms"] == 1_600
    assert interrupted["text_spoken"] == "One two. Three "
    assert interrupted["text_remaining"] == "four. Five six"
    assert interrupted["metadata"]["speech_id"] == "id0"
    assert interrupted["metadata"]["audio_duration_ms"] == 2_000
    assert "type" not in interrupted["metadata"]
    assert session.saying is None
    assert speak_all(session) == []


def test_without_an_offset_nothing_is_said_about_what_was_heard() -> None:
    session = opened()
    say(session, "Speak", text="One. Two")
    session.receive_audio(SECOND)
    heard(session)
    (interrupted,) = say(session, "Interrupt")
    assert interrupted["audio_played_ms"] == 1_000
    assert not {"text_spoken", "text_remaining"} & set(interrupted)


def test_a_turn_that_was_sent_but_not_yet_played_can_still_be_interrupted() -> None:
    session = opened()
    for text in ("One two.", "Three four."):
        say(session, "Speak", text=text)
        say(session, "Flush")
        speak_all(session, SECOND)
    (interrupted,) = say(session, "Interrupt", **offset(600))
    assert interrupted["text_spoken"] == "One "
    assert interrupted["text_remaining"] == "two.Three four."
    assert interrupted["metadata"]["speech_id"] == "id0"


def test_audio_after_an_interruption_counts_on_from_what_was_played() -> None:
    session = opened()
    say(session, "Speak", text="One two.")
    say(session, "Flush")
    speak_all(session, SECOND)
    say(session, "Interrupt", **offset(400))
    say(session, "Speak", text="Three four.")
    say(session, "Flush")
    speak_all(session, SECOND)
    (interrupted,) = say(session, "Interrupt", **offset(400 + 600))
    assert interrupted["text_spoken"] == "Three "
    say(session, "Close")
    assert session.farewell is not None


@pytest.mark.parametrize("bad", [offset(300), offset(2_000), offset(500, "bytes")])
def test_an_offset_that_cannot_be_right_is_warned_of_and_passed_over(bad: dict[str, Any]) -> None:
    session = opened()
    say(session, "Speak", text="One two.")
    say(session, "Flush")
    speak_all(session, SECOND)
    say(session, "Interrupt", **offset(300))
    say(session, "Speak", text="Three. Four")
    session.receive_audio(SECOND)
    heard(session)
    warning, interrupted = say(session, "Interrupt", **bad)
    assert warning["code"] == "INVALID_INTERRUPT_OFFSET"
    assert interrupted["audio_played_ms"] == 1_300
    assert "text_spoken" not in interrupted


@pytest.mark.parametrize("kind", ["Flush", "Interrupt"])
def test_without_a_turn_there_is_nothing_to_end(kind: str) -> None:
    (warning,) = say(opened(), kind)
    assert (warning["type"], warning["code"]) == ("Warning", "NO_ACTIVE_SPEECH")


def test_an_interruption_drops_the_turns_behind_it_too() -> None:
    session = opened()
    say(session, "Speak", text="One.")
    say(session, "Flush")
    say(session, "Speak", text="Two.")
    (interrupted,) = say(session, "Interrupt", **offset(1))[-1:]
    assert interrupted["type"] == "SpeechInterrupted"
    assert say(session, "Speak", text="Three.") == [{"type": "SpeechStarted", "speech_id": "id2"}]


def test_a_turn_with_nothing_to_pronounce_says_so() -> None:
    session = opened()
    say(session, "Speak", text=" ... ")
    said = say(session, "Flush")
    assert kinds(said) == ["Warning", "Flushed", "SpeechMetadata"]
    assert said[0]["code"] == "NO_SYNTHESIZABLE_TEXT"


def test_a_turn_that_gave_no_audio_says_so() -> None:
    session = opened()
    say(session, "Speak", text="Hm.")
    say(session, "Flush")
    said = speak_all(session, b"")
    assert said[0]["code"] == "NO_AUDIO_GENERATED"


def test_markup_is_warned_of_once_a_turn_and_not_billed() -> None:
    session = opened()
    said = say(session, "Speak", text="<b>Hello</b> ")
    said += say(session, "Speak", text="*there*.")
    assert [each["code"] for each in said if each["type"] == "Warning"] == ["INPUT_MARKUP_STRIPPED"]
    say(session, "Flush")
    metadata = speak_all(session, SECOND)[-1]
    assert (metadata["input_character_count"], metadata["billable_character_count"]) == (21, 12)


def test_speed_is_configured_for_what_comes_after() -> None:
    session = opened()
    assert say(session, "Configure") == [{"type": "ConfigureSuccess", "applied": {}}]
    said = say(session, "Configure", speed=1.25)
    assert said == [{"type": "ConfigureSuccess", "applied": {"speed": 1.25}}]
    say(session, "Speak", text="Hello.")
    say(session, "Flush")
    assert session.saying is not None
    assert session.saying.speed == 1.25


@pytest.mark.parametrize(
    ("speed", "code"),
    [(0.45, "SPEED_OUT_OF_RANGE"), (1.55, "SPEED_OUT_OF_RANGE"), (1.01, "SPEED_INCREMENT_INVALID")],
)
def test_a_speed_that_will_not_do_changes_nothing(speed: float, code: str) -> None:
    session = opened(1.1)
    (failure,) = say(session, "Configure", speed=speed)
    assert failure["type"] == "ConfigureFailure"
    assert (failure["code"], failure["field"], failure["value"]) == (code, "speed", speed)
    assert say(session, "Configure")[0]["applied"] == {"speed": 1.1}


def test_close_ends_the_open_turn_and_sums_up_the_session() -> None:
    session = opened()
    say(session, "Speak", text="Good")
    assert say(session, "Close") == []
    said = speak_all(session, SECOND)
    assert kinds(said) == ["audio", "Flushed", "SpeechMetadata", "SessionMetadata"]
    assert said[-1] == {
        "type": "SessionMetadata",
        "total_audio_duration_ms": 1_000,
        "total_input_character_count": 4,
        "total_billable_character_count": 4,
    }
    assert session.farewell is not None
    assert session.farewell.code == 1000


def test_a_failure_is_told_and_tried_again_once() -> None:
    session = opened()
    say(session, "Speak", text="Hello. ")
    session.receive_failure(SynthesisFailed("no"))
    assert heard(session)[0]["code"] == "SYNTHESIS_RETRYING"
    session.receive_failure(SynthesisFailed("no"))
    (error,) = heard(session)
    assert (error["type"], error["code"]) == ("Error", "NET-0000")
    assert session.farewell is not None
    assert session.farewell.code == 1011


@pytest.mark.parametrize("text", ["{", '{"type":"Clear"}', '{"type":"Speak","text":1}'])
def test_what_is_no_message_ends_with_an_error(text: str) -> None:
    session = opened()
    session.receive_text(text, 0.0)
    (error,) = heard(session)
    assert (error["type"], error["code"]) == ("Error", "DATA-0000")
    assert session.farewell is not None


def test_every_limit_ends_with_its_error() -> None:
    session = opened()
    say(session, "Speak", text="x" * (SPEAK_CHARACTERS_MAX + 1))
    assert session.farewell is not None
    assert session.farewell.reason == "BIG-0000"
    session = opened()
    for _ in range(TURN_CHARACTERS_MAX // SPEAK_CHARACTERS_MAX):
        say(session, "Speak", text="x" * SPEAK_CHARACTERS_MAX)
    assert session.farewell is None
    say(session, "Speak", text="x")
    assert session.farewell is not None
    assert session.farewell.reason == "BIG-0001"
    session = opened()
    for _ in range(TURNS_WAITING_MAX + 1):
        say(session, "Speak", text="x.")
        say(session, "Flush")
    assert session.farewell is None
    say(session, "Speak", text="x.")
    assert session.farewell is not None


def test_an_idle_client_is_told_and_let_go() -> None:
    session = opened()
    session.receive_failure(Inactive("nothing"))
    assert heard(session)[0]["code"] == "NET-0004"


def test_what_comes_after_the_end_is_passed_over() -> None:
    session = opened()
    session.receive_fault(Fault.OVERTIME)
    session.receive_fault(Fault.IDLE)
    assert [each["code"] for each in heard(session)] == ["NET-0003"]
    assert say(session, "Speak", text="Hello.") == []


@pytest.mark.parametrize("state", State)
def test_every_state_can_end(state: State) -> None:
    assert TRANSITIONS[state][Signal.END] is State.CLOSED


LETTERS = {"SpeechStarted": "S", "audio": "a", "Flushed": "F", "SpeechMetadata": "M"}
LETTERS |= {"SpeechInterrupted": "I", "SessionMetadata": "X", "Error": "E"}
LANGUAGE = re.compile(r"(Sa*(FM|I)|I)*(Sa*)?[XE]?")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("Speak"), st.sampled_from(["One. ", "two ", "Three! Four", "...", ""])),
        st.tuples(st.just("Interrupt"), st.sampled_from([None, 1, 500, 1_500, 9_000])),
        st.tuples(st.sampled_from(["Flush", "Close", "audio", "said", "fail"])),
    ),
    max_size=50,
)


@given(steps=STEPS)
def test_any_order_of_all_inputs_spells_whole_turns(steps: list[tuple[Any, ...]]) -> None:
    session = opened()
    said: list[Any] = []
    for step, *rest in steps:
        match step:
            case "audio" | "said" | "fail":
                if session.saying is None:
                    continue
                if step == "audio":
                    session.receive_audio(SECOND)
                elif step == "said":
                    session.receive_said()
                else:
                    session.receive_failure(SynthesisFailed("no"))
            case "Speak":
                said += say(session, step, text=rest[0])
            case "Interrupt":
                said += say(session, step, **({} if rest[0] is None else offset(rest[0])))
            case _:
                said += say(session, step)
        said += heard(session)
        assert session.saying is None or session.farewell is None
    spelled = "".join(LETTERS.get(kind, "") for kind in kinds(said))
    assert LANGUAGE.fullmatch(spelled), spelled
    for each in said:
        if not isinstance(each, bytes) and each["type"] == "SpeechInterrupted":
            assert each["audio_played_ms"] >= 0

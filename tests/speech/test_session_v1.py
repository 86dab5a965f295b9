"""/v1/speak: what is answered to what, in which order (contract section 7.1)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.speech.talking import heard, kinds, say, speak_all
from turnwise.errors import Inactive, SynthesisFailed
from turnwise.settings import (
    FLUSHES_A_MINUTE,
    SPEAK_CHARACTERS_A_MINUTE,
    SPEAK_CHARACTERS_MAX,
    SpeakSettings,
)
from turnwise.speech.session import Fault
from turnwise.speech.session_v1 import TRANSITIONS, Signal, SpeakV1, State


def opened() -> SpeakV1:
    session = SpeakV1(SpeakSettings("aura-2-phoebe-en"), "an-id")
    session.due()
    return session


def test_metadata_comes_first() -> None:
    (metadata,) = heard(SpeakV1(SpeakSettings("aura-2-phoebe-en"), "an-id"))
    assert metadata["type"] == "Metadata"
    assert metadata["request_id"] == "an-id"
    assert metadata["model_name"] == "aura-2-phoebe-en"
    assert {"model_version", "model_uuid"} <= set(metadata)


def test_a_whole_clause_is_said_without_a_flush() -> None:
    session = opened()
    say(session, "Speak", text="Hello there. How are")
    assert speak_all(session) == [b"Hello there. "]


def test_flush_says_the_rest_and_is_answered_after_its_audio() -> None:
    session = opened()
    say(session, "Speak", text="Hello there")
    assert say(session, "Flush") == []
    assert speak_all(session) == [b"Hello there", {"type": "Flushed", "sequence_id": 0}]


def test_flush_with_nothing_to_say_is_answered_at_once() -> None:
    assert say(opened(), "Flush") == [{"type": "Flushed", "sequence_id": 0}]


def test_clear_drops_what_was_not_sent_and_stops_what_is_being_said() -> None:
    session = opened()
    say(session, "Speak", text="One. Two. Three")
    say(session, "Flush")
    assert session.saying is not None
    assert say(session, "Clear") == [{"type": "Cleared", "sequence_id": 0}]
    assert session.saying is None
    say(session, "Speak", text="Four")
    say(session, "Flush")
    assert speak_all(session) == [b"Four", {"type": "Flushed", "sequence_id": 1}]


def test_close_speaks_what_is_there_and_then_closes_normally() -> None:
    session = opened()
    say(session, "Speak", text="Good")
    say(session, "Speak", text="bye")
    say(session, "Close")
    assert session.farewell is None
    assert speak_all(session) == [b"Goodbye"]
    assert session.farewell is not None
    assert (session.farewell.code, session.farewell.reason) == (1000, "")


def test_nothing_is_taken_after_close() -> None:
    session = opened()
    say(session, "Speak", text="One. Two")
    say(session, "Close")
    say(session, "Speak", text="Three.")
    say(session, "Flush")
    assert speak_all(session) == [b"One. ", b"Two"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"type":"Sing"}', '{"type":"Speak"}', "\ud800"])
def test_what_is_no_message_closes_with_its_code(text: str) -> None:
    session = opened()
    session.receive_text(text, 0.0)
    assert session.farewell is not None
    assert session.farewell.code == 1008
    assert session.farewell.reason.startswith("DATA-0000 ")


def test_a_text_over_the_limit_closes_with_its_code() -> None:
    session = opened()
    say(session, "Speak", text="x" * SPEAK_CHARACTERS_MAX)
    assert session.farewell is None
    session = opened()
    say(session, "Speak", text="x" * (SPEAK_CHARACTERS_MAX + 1))
    assert session.farewell is not None
    assert session.farewell.code == 1009


def test_too_many_flushes_a_minute_are_warned_of_and_passed_over() -> None:
    session = opened()
    for _ in range(FLUSHES_A_MINUTE):
        assert kinds(say(session, "Flush")) == ["Flushed"]
    (warning,) = say(session, "Flush", now_s=59.9)
    assert warning["type"] == "Warning"
    assert warning["code"] == warning["warn_code"] == "FLUSH_LIMIT_EXCEEDED"
    assert warning["description"] == warning["warn_msg"]
    assert kinds(say(session, "Flush", now_s=60.0)) == ["Flushed"]


def test_too_many_characters_a_minute_are_warned_of_and_passed_over() -> None:
    session = opened()
    say(session, "Speak", text="x" * 2_000)
    assert say(session, "Speak", text="x" * (SPEAK_CHARACTERS_A_MINUTE - 2_000)) == []
    (warning,) = say(session, "Speak", text="y", now_s=30.0)
    assert warning["code"] == "CHARACTER_LIMIT_EXCEEDED"
    assert say(session, "Speak", text="y", now_s=60.0) == []
    assert session.characters == SPEAK_CHARACTERS_A_MINUTE + 1


def test_a_clause_that_fails_is_tried_once_more() -> None:
    session = opened()
    say(session, "Speak", text="Hello. ")
    first = session.saying
    session.receive_failure(SynthesisFailed("no"))
    assert session.saying is not None
    assert session.saying is not first
    assert speak_all(session) == [b"Hello. "]


def test_a_clause_that_fails_twice_ends_the_connection() -> None:
    session = opened()
    say(session, "Speak", text="Hello. ")
    session.receive_failure(SynthesisFailed("no"))
    session.receive_failure(SynthesisFailed("no"))
    assert session.saying is None
    assert session.farewell is not None
    assert session.farewell.code == 1011
    assert session.farewell.reason.startswith("NET-0000 ")


def test_half_a_clause_is_not_said_twice() -> None:
    session = opened()
    say(session, "Speak", text="Hello. ")
    session.receive_audio(b"Hel")
    session.receive_failure(SynthesisFailed("no"))
    assert session.farewell is not None


@pytest.mark.parametrize("fault", Fault)
def test_every_fault_has_its_code_in_the_close_frame(fault: Fault) -> None:
    session = opened()
    session.receive_fault(fault)
    assert session.farewell is not None
    assert session.farewell.code == fault.close_code
    assert session.farewell.reason.startswith(fault.code)


def test_an_idle_client_is_let_go() -> None:
    session = opened()
    session.receive_failure(Inactive("nothing"))
    assert session.farewell is not None
    assert session.farewell.reason.startswith("NET-0004")


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("signal", Signal)
def test_every_state_knows_every_signal(state: State, signal: Signal) -> None:
    assert TRANSITIONS[state][signal] in State


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("Speak"), st.sampled_from(["One. ", "two ", "Three! Four", "...", ""])),
        st.tuples(st.sampled_from(["Flush", "Clear", "Close", "audio", "said", "fail"])),
    ),
    max_size=40,
)


@given(steps=STEPS)
def test_any_order_of_all_inputs_keeps_the_promises(steps: list[tuple[str, ...]]) -> None:
    session = opened()
    said: list[Any] = []
    taken = ""  # since the last Clear
    open_ = True
    for step, *rest in steps:
        match step:
            case "audio" | "said" | "fail":
                if session.saying is None:
                    continue
                if step == "audio":
                    session.receive_audio(session.saying.text.encode())
                elif step == "said":
                    session.receive_said()
                else:
                    session.receive_failure(SynthesisFailed("no"))
            case "Speak":
                taken += rest[0] if open_ and session.farewell is None else ""
                said += say(session, step, text=rest[0])
            case _:
                before = session.farewell
                said += say(session, step)
                if step == "Clear" and open_ and before is None:
                    taken = ""
                    assert session.saying is None
                open_ = open_ and step != "Close"
        said += heard(session)
        if session.saying is not None:
            assert session.saying.text in taken, "what was cleared is not said"
            assert session.farewell is None
    numbers = [item["sequence_id"] for item in said if not isinstance(item, bytes)]
    assert numbers == list(range(len(numbers)))

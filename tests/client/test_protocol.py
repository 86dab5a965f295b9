"""A call: what goes out, what the user hears, and what a lost connection does to neither."""

from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.client.line import (
    EAGER,
    FRAME_BYTES,
    FRAMES,
    SETTINGS,
    Line,
    audio,
    spoken_to,
)
from turnwise.client.protocol import (
    RESEND_S_MAX,
    RETRY_DELAYS_S,
    Call,
    Message,
    Reconnected,
)
from turnwise.errors import BadMessage
from turnwise.settings import Encoding, Model, StreamSettings
from turnwise.wire.codec import encode
from turnwise.wire.messages import (
    Configure,
    ConfigureFailure,
    ConfigureSuccess,
    Connected,
    EventName,
    NewThresholds,
    TurnInfo,
    Warning,  # noqa: A004 - the wire's name
)

EVERY_TURN = [
    (0, "good morning"),
    (1, "a table for four please"),
    (2, "goodbye"),
]


def turns(heard: list[Message]) -> list[TurnInfo]:
    return [message for message in heard if isinstance(message, TurnInfo)]


def ended(heard: list[Message]) -> list[tuple[int, str]]:
    return [
        (turn.turn_index, turn.transcript)
        for turn in turns(heard)
        if turn.event is EventName.END_OF_TURN
    ]


def events(heard: list[Message]) -> list[str]:
    return [turn.event.value for turn in turns(heard) if turn.event is not EventName.UPDATE]


def frame_by_frame(first: int = 0, last: int = FRAMES) -> list[bytes]:
    return [audio(n, n + 1) for n in range(first, last)]


def update(sequence_id: int, window_end_s: float, **changes: Any) -> str:
    turn = TurnInfo("id", EventName.UPDATE, 0, 0.0, window_end_s, "", [], 0.0, sequence_id)
    text = encode(msgspec.structs.replace(turn, **changes))
    assert text is not None
    return text


def test_an_uncut_call_hears_exactly_what_the_server_says() -> None:
    line = Line(Call(SETTINGS))
    spoken_to(line, frame_by_frame())
    assert ended(line.heard) == EVERY_TURN
    assert line.heard[0] == Connected("connection 1", 0)
    assert [getattr(message, "sequence_id", None) for message in line.heard] == list(
        range(len(line.heard))
    )


def test_an_empty_chunk_is_not_sent() -> None:
    call = Call(SETTINGS)
    call.send_audio(b"")
    assert call.data_to_send() == []


def test_what_is_due_is_given_out_once() -> None:
    call = Call(SETTINGS)
    call.send_audio(b"12")
    call.force_end_turn()
    assert call.data_to_send() == [b"12", '{"type":"ForceEndTurn"}']
    assert call.data_to_send() == []


@given(cuts=st.sets(st.integers(1, FRAMES - 1), max_size=6), unheard=st.booleans())
def test_turns_are_the_same_wherever_the_connection_is_lost(cuts: set[int], unheard: bool) -> None:
    line = Line(Call(SETTINGS))
    for n in range(FRAMES):
        line.call.send_audio(audio(n, n + 1))
        if n in cuts:
            line.cut(unheard=unheard)
        line.carry()
    assert ended(line.heard) == EVERY_TURN


@given(cuts=st.sets(st.integers(1, FRAMES - 1), max_size=6))
def test_numbers_and_times_only_grow_across_connections(cuts: set[int]) -> None:
    line = Line(Call(SETTINGS))
    for n in range(FRAMES):
        line.call.send_audio(audio(n, n + 1))
        line.carry()
        if n in cuts:
            line.cut()
    ids = [m.sequence_id for m in line.heard if not isinstance(m, Reconnected)]
    told = turns(line.heard)
    assert all(before < after for before, after in pairwise(ids))
    assert all(a.audio_window_end <= b.audio_window_end for a, b in pairwise(told))
    assert all(a.audio_window_start <= b.audio_window_start for a, b in pairwise(told))
    assert all(0 <= b.turn_index - a.turn_index <= 1 for a, b in pairwise(told))


@given(cuts=st.sets(st.integers(1, FRAMES - 1), max_size=6))
def test_events_alternate_as_in_one_stream(cuts: set[int]) -> None:
    line = Line(Call(SETTINGS))
    for n in range(FRAMES):
        line.call.send_audio(audio(n, n + 1))
        line.carry()
        if n in cuts:
            line.cut()
    letters = {"StartOfTurn": "S", "EagerEndOfTurn": "E", "TurnResumed": "R", "EndOfTurn": "T"}
    spelled = "".join(letters[event] for event in events(line.heard))
    rest = spelled
    while "ER" in rest:
        rest = rest.replace("ER", "")
    assert rest.replace("SET", "").replace("ST", "") == "", spelled


def test_times_of_words_are_those_of_the_call() -> None:
    uncut, cut = Line(Call(SETTINGS)), Line(Call(SETTINGS))
    spoken_to(uncut, frame_by_frame())
    spoken_to(cut, frame_by_frame(0, 60))
    cut.cut()
    spoken_to(cut, frame_by_frame(60))
    expected, actual = (
        [
            word.end
            for turn in turns(line.heard)
            for word in turn.words
            if turn.event is EventName.END_OF_TURN
        ]
        for line in (uncut, cut)
    )
    assert actual == pytest.approx(expected, abs=0.081)  # a frame may begin in another's middle


def test_what_was_told_before_is_not_told_again() -> None:
    line = Line(Call(SETTINGS))
    spoken_to(line, frame_by_frame(0, 48))
    line.cut()
    spoken_to(line, frame_by_frame(48))
    updates_s = [
        turn.audio_window_end for turn in turns(line.heard) if turn.event is EventName.UPDATE
    ]
    assert all(before < after for before, after in pairwise(updates_s))


def test_a_likely_end_is_taken_back_when_its_server_is_gone() -> None:
    line = Line(Call(SETTINGS))
    spoken_to(line, frame_by_frame(0, 52))
    assert events(line.heard)[-1] == "EagerEndOfTurn"
    line.cut()
    resumed = [turn for turn in turns(line.heard) if turn.event is EventName.TURN_RESUMED]
    assert [turn.transcript for turn in resumed] == ["a table"]


def test_a_reconnection_says_what_is_heard_again_and_that_nothing_is_lost() -> None:
    line = Line(Call(SETTINGS))
    spoken_to(line, frame_by_frame(0, 48))
    line.cut()
    (told,) = [message for message in line.heard if isinstance(message, Reconnected)]
    heard_until_s = max(turn.audio_window_end for turn in turns(line.heard))
    assert told.count == 1
    assert told.lost_s == 0.0
    assert 0.5 < told.resent_s < heard_until_s  # the open turn and a little before, not all


def test_silence_is_not_kept_and_so_not_sent_again() -> None:
    line = Line(Call(SETTINGS))
    spoken_to(line, frame_by_frame(0, 36))  # the first turn is over, nobody speaks
    line.call.resume()
    again = sum(len(item) for item in line.call.data_to_send())
    assert 0 < again <= 13 * FRAME_BYTES


def test_more_than_can_be_kept_is_lost_and_said_to_be() -> None:
    call = Call(SETTINGS)
    for _ in range(200):
        call.send_audio(bytes(32_000))  # a second that no server ever answers
    call.data_to_send()
    call.resume()
    (told,) = call.messages_received()
    assert told == Reconnected(1, 0.0, 200 - RESEND_S_MAX)
    assert sum(len(item) for item in call.data_to_send()) == RESEND_S_MAX * 32_000


def test_a_cut_falls_between_samples() -> None:
    call = Call(SETTINGS)
    call.send_audio(bytes(32_000 * 121 + 1))
    call.data_to_send()
    call.resume()
    (again,) = call.data_to_send()
    assert len(again) % 2 == 1  # what was sent ended in the middle of a sample, and still does


def test_a_change_that_was_accepted_is_part_of_the_next_handshake() -> None:
    line = Line(Call(SETTINGS))
    line.call.configure(Configure(NewThresholds(eot_threshold=0.9), keyterms=["Alba"]))
    line.carry()
    line.cut()
    assert isinstance(line.heard[1], ConfigureSuccess)
    assert line.settings[1].thresholds.eot == 0.9
    assert line.settings[1].keyterms == ("Alba",)


def test_a_change_that_was_refused_is_not() -> None:
    line = Line(Call(SETTINGS))
    line.call.configure(Configure(NewThresholds(eot_threshold=7.0)))
    line.carry()
    line.cut()
    assert isinstance(line.heard[1], ConfigureFailure)
    assert line.settings[1] == SETTINGS


def test_a_change_that_nobody_answered_is_asked_for_again_in_its_place() -> None:
    call = Call(SETTINGS)
    call.send_audio(b"12")
    call.configure(Configure(numerals=True))
    call.send_audio(b"34")
    before = call.data_to_send()
    call.resume()
    assert call.data_to_send() == before


def test_a_change_our_own_rules_would_refuse_is_the_servers_business() -> None:
    call = Call(SETTINGS)
    call.configure(Configure(NewThresholds(eot_threshold=7.0)))
    success = '{"type":"ConfigureSuccess","request_id":"x","sequence_id":0,'
    call.receive_text(success + '"thresholds":{},"keyterms":[]}')
    assert call.settings == SETTINGS
    assert len(call.messages_received()) == 1


def test_finish_ends_the_open_turn() -> None:
    line = Line(Call(SETTINGS))
    spoken_to(line, frame_by_frame(0, 48))
    line.call.finish()
    line.carry()
    assert turns(line.heard)[-1].trigger == "manual"
    assert line.listener.close_due == 1005
    assert line.call.receive_close(1005)


def test_finish_without_an_open_turn_says_nothing_of_it() -> None:
    line = Line(Call(SETTINGS))
    spoken_to(line, frame_by_frame(0, 5))
    line.call.finish()
    line.call.finish()
    line.carry()
    assert not [message for message in line.heard if isinstance(message, Warning)]


def test_a_needless_force_end_turn_is_warned_of() -> None:
    line = Line(Call(SETTINGS))
    line.call.force_end_turn()
    line.carry()
    assert isinstance(line.heard[-1], Warning)


def test_a_warning_the_user_asked_for_is_told_even_after_finish() -> None:
    line = Line(Call(SETTINGS))
    line.call.force_end_turn()
    line.call.finish()
    line.carry()
    assert len([message for message in line.heard if isinstance(message, Warning)]) == 1


def test_finish_survives_a_lost_connection() -> None:
    line = Line(Call(SETTINGS))
    spoken_to(line, frame_by_frame(0, 48))
    line.call.finish()
    line.cut(unheard=True)
    assert ended(line.heard) == [(0, "good morning"), (1, "a table")]
    assert line.listener.close_due == 1005


def test_a_turn_that_was_forced_to_end_is_not_forced_again() -> None:
    line = Line(Call(SETTINGS))
    spoken_to(line, frame_by_frame(0, 48))
    line.call.force_end_turn()
    line.carry()
    line.cut()
    assert ended(line.heard) == [(0, "good morning"), (1, "a table")]
    assert not [message for message in line.heard if isinstance(message, Warning)]


def test_a_close_is_the_end_only_after_finish_and_only_if_the_server_closed() -> None:
    call = Call(SETTINGS)
    assert not call.receive_close(1005)
    call.finish()
    assert not call.receive_close(1006)
    assert call.receive_close(1000)


def test_retries_slow_down_and_then_stop() -> None:
    call = Call(SETTINGS)
    delays_s = [call.retry_delay_s() for _ in range(len(RETRY_DELAYS_S) + 2)]
    assert delays_s == [*RETRY_DELAYS_S, None, None]


def test_retries_start_over_once_something_new_was_heard() -> None:
    call = Call(SETTINGS)
    call.retry_delay_s()
    call.retry_delay_s()
    call.receive_text(update(0, 0.24))
    assert call.retry_delay_s() == RETRY_DELAYS_S[0]


@pytest.mark.parametrize("encoding", [None, Encoding.OPUS, Encoding.OGG_OPUS])
def test_what_cannot_be_cut_cannot_be_taken_up_again(encoding: Encoding | None) -> None:
    call = Call(StreamSettings(Model.ENGLISH, encoding, None))
    call.send_audio(b"OggS")
    call.receive_text(update(0, 0.24))
    assert not call.resumable
    assert call.data_to_send() == [b"OggS"]


def test_the_length_of_what_was_sent_is_known_for_raw_audio() -> None:
    call = Call(StreamSettings(Model.ENGLISH, Encoding.MULAW, 8_000))
    call.send_audio(bytes(4_000))
    assert call.sent_s == 0.5


def test_whether_a_turn_is_open_is_known() -> None:
    line = Line(Call(SETTINGS))
    spoken_to(line, frame_by_frame(0, 16))
    during = line.call.turn_open
    spoken_to(line, frame_by_frame(16, 36))
    assert (during, line.call.turn_open) == (True, False)


def test_a_message_of_a_newer_kind_is_passed_over() -> None:
    call = Call(SETTINGS)
    call.receive_text('{"type":"Applause","sequence_id":0}')
    assert call.messages_received() == []


def test_sequence_ids_that_do_not_grow_break_the_contract() -> None:
    call = Call(SETTINGS)
    call.receive_text(update(3, 0.24))
    with pytest.raises(BadMessage, match="sequence_id must grow from 3, not be 3"):
        call.receive_text(update(3, 0.48))


def test_words_without_times_stay_without() -> None:
    line = Line(Call(SETTINGS))
    line.cut()
    word = {"word": "hi", "confidence": 0.9}
    line.call.receive_text(
        '{"type":"TurnInfo","request_id":"r","event":"Update","turn_index":0,'
        '"audio_window_start":0,"audio_window_end":9.0,"transcript":"hi",'
        f'"words":[{msgspec.json.encode(word).decode()}],'
        '"end_of_turn_confidence":0,"sequence_id":9}'
    )
    (turn,) = turns(line.call.messages_received())
    assert msgspec.to_builtins(turn.words) == [word]


def test_thresholds_of_the_tests_announce_likely_ends() -> None:
    assert EAGER.eager is not None

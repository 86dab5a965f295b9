"""The turns of one stream: windows, indices, triggers, updates, force and stalls."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.talk import belief, frames
from turnwise.engine.interface import Hypothesis, Word
from turnwise.settings import Thresholds
from turnwise.turn.machine import Event
from turnwise.turn.policy import Trigger
from turnwise.turn.turns import Report, Turns
from turnwise.units import samples_from_ms

PLAIN = Thresholds()
EAGER = Thresholds(eager=0.4)


def heard(turns: Turns, *hypotheses: Hypothesis) -> list[Report]:
    return [report for hypothesis in hypotheses for report in turns.hear(hypothesis)]


def events(reports: list[Report]) -> list[str]:
    return ["Update" if report.event is None else report.event.value for report in reports]


def test_silence_before_a_turn_brings_empty_updates_every_240_ms() -> None:  # R1, 14.36
    reports = heard(Turns(PLAIN), *[belief(count) for count in range(1, 8)])
    assert [report.hypothesis.heard_until for report in reports] == [frames(3), frames(6)]
    assert events(reports) == ["Update", "Update"]
    assert all(report.hypothesis.words == () for report in reports)


def test_an_event_takes_the_place_of_the_update_of_its_slice() -> None:  # R1
    reports = heard(
        Turns(PLAIN), belief(1), belief(2, "hi"), *[belief(count, "hi") for count in (3, 4, 5)]
    )
    assert events(reports) == ["StartOfTurn", "Update"]
    assert reports[1].hypothesis.heard_until == frames(5)


def test_the_first_turn_begins_at_zero_and_the_next_where_it_ended() -> None:  # 14.37
    reports = heard(
        Turns(PLAIN),
        belief(2, "hi"),
        belief(5, "hi", 0.8),
        belief(6),
        belief(7, "bye"),
    )
    assert events(reports) == ["StartOfTurn", "EndOfTurn", "StartOfTurn"]
    assert [report.start for report in reports] == [0, 0, frames(5)]


def test_the_index_rises_right_after_an_end() -> None:  # R5
    turns = Turns(PLAIN)
    reports = heard(turns, belief(2, "hi"), belief(5, "hi", 0.8), belief(8))
    assert [report.turn_index for report in reports] == [0, 0, 1]
    assert turns.ended == 1


def test_an_end_names_its_trigger_and_nothing_else_does() -> None:  # R9
    reports = heard(Turns(PLAIN), belief(2, "hi"), belief(5, "hi", 0.8), belief(8))
    assert [report.trigger for report in reports] == [None, Trigger.MODEL, None]


def test_a_second_thought_resumes_a_turn() -> None:  # R3, R10
    reports = heard(
        Turns(EAGER),
        belief(2, "a table"),
        belief(4, "a table", 0.5),
        belief(6, "a table for two", 0.1),
        belief(8, "a table for two", 0.5),
        belief(10, "a table for two", 0.8, voice=8),
    )
    assert events(reports) == [
        "StartOfTurn",
        "EagerEndOfTurn",
        "TurnResumed",
        "EagerEndOfTurn",
        "EndOfTurn",
    ]


def test_updates_go_on_between_an_announcement_and_the_end() -> None:  # R8
    waiting = [belief(count, "hi", 0.5, voice=2) for count in range(4, 9)]
    reports = heard(Turns(EAGER), belief(2, "hi"), *waiting)
    assert events(reports) == ["StartOfTurn", "EagerEndOfTurn", "Update"]


def test_silence_ends_a_turn_when_its_time_is_up() -> None:
    turns = Turns(Thresholds(timeout_ms=800))
    reports = heard(turns, belief(2, "hi"), *[belief(n, "hi", voice=2) for n in range(3, 13)])
    assert events(reports)[-1] == "EndOfTurn"
    assert reports[-1].hypothesis.heard_until == frames(12)
    assert reports[-1].trigger is Trigger.TIMEOUT


def test_new_speech_restarts_the_time_out() -> None:
    turns = Turns(Thresholds(timeout_ms=800))
    heard(turns, belief(2, "hi"), belief(11, "hi", voice=2), belief(12, "hi", voice=12))
    assert events(heard(turns, belief(20, "hi", voice=12))) == ["Update"]


def test_a_turn_whose_voice_turns_out_to_be_none_times_out_from_its_start() -> None:
    turns = Turns(Thresholds(timeout_ms=800))
    heard(turns, belief(2, "hi"))
    almost = Hypothesis(frames(11), belief(2, "hi").words, 0.0, None)
    later = Hypothesis(frames(12), belief(2, "hi").words, 0.0, None)
    assert events(heard(turns, almost, later)) == ["Update", "EndOfTurn"]


def test_a_cough_does_not_take_back_an_announced_end_and_speech_does() -> None:
    turns = Turns(EAGER)
    heard(turns, belief(2, "hi"), belief(6, "hi", 0.5))
    coughed = [belief(7, "hi", 0.5), belief(8, "hi", 0.05, voice=8), belief(9, "hi", 0.5, voice=8)]
    assert events(heard(turns, *coughed)) == ["Update"]
    spoken = [belief(n, "hi", 0.05, voice=n) for n in (10, 11)]
    assert events(heard(turns, *spoken)) == ["TurnResumed"]


def test_words_without_a_voice_are_not_shown_before_a_turn() -> None:  # 5.4 step 2
    guessed = Hypothesis(frames(3), belief(3, "hi").words, 0.0, None)
    [report] = heard(Turns(PLAIN), guessed)
    assert (report.event, report.hypothesis.words) == (None, ())


def test_a_client_may_end_an_open_turn() -> None:  # 3.3
    turns = Turns(EAGER)
    heard(turns, belief(2, "hi there", 0.35))
    [report] = turns.force()
    assert (report.event, report.trigger) == (Event.END_OF_TURN, Trigger.MANUAL)
    assert report.hypothesis.end_of_turn == 0.35
    assert not turns.open


def test_a_client_may_end_an_announced_turn_without_a_resume() -> None:  # 3.3
    turns = Turns(EAGER)
    heard(turns, belief(2, "hi"), belief(4, "hi", 0.5))
    assert events(turns.force()) == ["EndOfTurn"]


def test_forcing_without_a_turn_does_nothing() -> None:  # 3.3
    turns = Turns(EAGER)
    heard(turns, belief(2))
    assert turns.force() == []
    assert turns.ended == 0


def test_a_stalled_client_gets_its_time_out_by_the_wall_clock() -> None:  # 14.17
    turns = Turns(PLAIN)
    heard(turns, belief(2, "hi"), belief(3, "hi", voice=2))
    assert turns.stall(4_900) == []
    [report] = turns.stall(5_000)
    assert (report.event, report.trigger) == (Event.END_OF_TURN, Trigger.TIMEOUT)
    assert report.hypothesis.heard_until == frames(3)


def test_a_short_stall_counts_for_nothing() -> None:
    turns = Turns(Thresholds(timeout_ms=500))
    heard(turns, belief(2, "hi"))
    assert turns.stall(999) == []
    assert events(turns.stall(1_000)) == ["EndOfTurn"]


def test_a_stall_without_a_turn_says_nothing() -> None:
    turns = Turns(PLAIN)
    heard(turns, belief(2))
    assert turns.stall(60_000) == []


def test_the_last_word_is_an_update_of_what_was_not_yet_said() -> None:
    turns = Turns(PLAIN)
    heard(turns, belief(2, "hi"), belief(3, "hi there"))
    [report] = turns.last_word()
    assert (report.event, report.hypothesis.heard_until) == (None, frames(3))
    assert turns.last_word() == []


def test_thresholds_count_from_the_moment_they_are_replaced() -> None:  # 3.4
    turns = Turns(PLAIN)
    heard(turns, belief(2, "hi"), belief(3, "hi", 0.6))
    turns.thresholds = Thresholds(eot=0.5)
    assert events(heard(turns, belief(4, "hi", 0.6))) == ["EndOfTurn"]


def test_audio_that_runs_backwards_is_our_bug() -> None:
    turns = Turns(PLAIN)
    turns.hear(belief(2))
    turns.hear(belief(2))
    with pytest.raises(AssertionError, match="in order"):
        turns.hear(belief(1))


beliefs = st.lists(
    st.tuples(
        st.sampled_from(["", "hi", "hi there", "hi there sir"]),
        st.floats(0, 1),
        st.booleans(),
        st.sampled_from(["hear", "hear", "hear", "hear", "force", "stall", "eager", "plain"]),
    ),
    max_size=120,
)


@given(beliefs)
def test_whatever_is_heard_the_rules_hold(script: list[tuple[str, float, bool, str]]) -> None:
    turns = Turns(EAGER)
    voice: int | None = None
    reports: list[Report] = []
    for count, (text, confidence, voiced, act) in enumerate(script, start=1):
        match act:
            case "force":
                reports += turns.force()
            case "stall":
                reports += turns.stall(6_000)
            case "eager" | "plain":
                turns.thresholds = EAGER if act == "eager" else PLAIN
        voice = count if voiced else voice
        reports += turns.hear(belief(count, text, confidence, voice))
    check_rules(reports)


def check_rules(reports: list[Report]) -> None:
    announced: str | None = None
    position, index, said = 0, 0, 0
    for report in reports:
        text = " ".join(word.text for word in report.hypothesis.words)
        assert report.turn_index == index  # R5
        assert report.hypothesis.heard_until >= position
        assert report.hypothesis.heard_until - said <= samples_from_ms(240)  # R1
        position = said = report.hypothesis.heard_until
        assert (report.trigger is not None) == (report.event is Event.END_OF_TURN)
        match report.event:
            case Event.START_OF_TURN:
                assert text  # R7
            case Event.EAGER_END_OF_TURN:
                assert text  # R2
                announced = text
            case Event.TURN_RESUMED:
                assert announced is not None  # R3
                announced = None
            case Event.END_OF_TURN:
                assert announced in (None, text)  # R4
                announced = None
                index += 1


def test_guesses_late_in_a_wordless_voice_start_nothing_and_grow_stale() -> None:
    turns = Turns(PLAIN)
    humming = [belief(count, voice=count) for count in range(1, 50)]  # four seconds
    word = Word("hm", 0.4, frames(48), frames(50))
    guesses = [
        replace(belief(count, voice=count), words=(word,)) for count in range(50, 50 + 25 + 1)
    ]
    reports = heard(turns, *humming, *guesses)
    assert set(events(reports)) == {"Update"}
    assert all(report.hypothesis.words == () for report in reports)  # 5.4 step 2
    assert not turns.stale
    heard(turns, replace(belief(76, voice=76), words=(word,)))
    assert turns.stale


def test_words_of_an_open_turn_are_never_stale() -> None:
    turns = Turns(PLAIN)
    heard(turns, belief(2, "hi"), belief(40, "hi", voice=40))
    assert turns.open
    assert not turns.stale

"""Events against marks: what is found, missed, false and cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.recordings import Silence
from bench.turns_events import (
    TurnEvent,
    eager_of,
    ends_of,
    place_of,
    starts_after_words,
    starts_of,
)
from turnwise.turn.machine import Event

TALK = [
    Silence(1.0, 1.5, "hold"),
    Silence(2.0, 2.1, "hold"),
    Silence(3.0, 4.0, "end"),
    Silence(5.0, 6.0, "unclear"),
    Silence(7.0, 9.0, "end"),
]


def end(at_s: float, *, timed_out: bool = False) -> TurnEvent:
    return TurnEvent(Event.END_OF_TURN, at_s, timed_out)


def test_an_end_is_found_by_the_first_event_in_its_silence() -> None:
    became = ends_of(TALK, [end(3.2), end(3.9), end(7.5, timed_out=True)])

    assert became.delays_s == pytest.approx((0.2, 0.5))
    assert (became.missed, became.false, became.timed_out) == (0, 1, 1)


def test_an_event_may_be_as_early_as_marks_are_wrong() -> None:
    assert ends_of(TALK, [end(2.92)]).delays_s == pytest.approx((-0.08,))
    assert ends_of(TALK, [end(2.8)]).delays_s == ()


def test_an_event_after_somebody_went_on_is_false_and_the_end_is_missed() -> None:
    became = ends_of(TALK, [end(4.2)])

    assert (became.false, became.missed) == (1, 2)


def test_an_event_in_a_pause_cuts_it_and_is_false() -> None:
    became = ends_of(TALK, [end(1.2), end(1.4), end(2.05)])

    assert became.false == 3
    assert (became.pauses, became.pauses_cut) == (1, 1)  # 0.1 s is no pause


def test_an_event_where_the_marks_leave_it_open_is_neither_right_nor_wrong() -> None:
    became = ends_of(TALK, [end(5.5)])

    assert (became.false, became.delays_s, became.missed) == (0, (), 2)


def test_announcements_are_kept_or_taken_back_and_right_or_wrong() -> None:
    events = [
        TurnEvent(Event.START_OF_TURN, 0.1),
        TurnEvent(Event.EAGER_END_OF_TURN, 1.2),
        TurnEvent(Event.TURN_RESUMED, 1.6),
        TurnEvent(Event.EAGER_END_OF_TURN, 3.2),
        end(3.5),
        TurnEvent(Event.START_OF_TURN, 4.1),
        TurnEvent(Event.EAGER_END_OF_TURN, 5.5),
    ]
    became = eager_of(TALK, events)

    assert (became.announced, became.kept, became.right, became.judged) == (3, 1, 1, 2)
    assert became.leads_s == pytest.approx((0.3,))


def test_a_start_is_as_late_as_it_comes_after_the_end_before_it_was_over() -> None:
    moments = (0.1, 3.5, 4.3, 4.9, 11.5)  # nobody speaks at 3.5, and 11.5 is too late
    events = [TurnEvent(Event.START_OF_TURN, at_s) for at_s in moments]

    assert starts_of(TALK, events, duration_s=12.0) == pytest.approx((0.3,))
    assert starts_of(TALK, events, duration_s=9.0) == pytest.approx((0.3,))


def test_a_start_is_held_against_its_own_first_word_where_that_is_known() -> None:
    start = TurnEvent(Event.START_OF_TURN, 1.2, word_end_s=1.0)
    events = [start, TurnEvent(Event.END_OF_TURN, 3.5, word_end_s=1.0)]

    told = starts_after_words([*events, TurnEvent(Event.START_OF_TURN, 4.1)])
    assert told == pytest.approx((0.2,))


@given(st.lists(st.floats(0, 10), max_size=20).map(sorted))
def test_every_event_and_every_end_is_accounted_for(moments: list[float]) -> None:
    became = ends_of(TALK, [end(at_s) for at_s in moments])
    places = [place_of(at_s, TALK) for at_s in moments]
    unclear = sum(place is not None and TALK[place].kind == "unclear" for place in places)

    assert len(became.delays_s) + became.false + unclear == len(moments)
    assert len(became.delays_s) + became.missed == 2
    assert became.pauses_cut <= became.pauses

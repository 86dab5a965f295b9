"""The peers' loops, loudness and features; the models themselves are not here."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.turns_events import TurnEvent
from bench.turns_peers import (
    CONFIRM_WINDOWS,
    WINDOW_S,
    Follower,
    Voices,
    by_silence,
    loop,
    loudness,
    mel_filters,
    silence_scores,
)
from turnwise.turn.machine import Event
from turnwise.units import SAMPLE_RATE_HZ


def followed(voiced: list[bool]) -> Voices:
    follower = Follower()
    for one in voiced:
        follower.push(one)
    return Voices(np.array(follower.voiced, bool), np.array(follower.speaking, bool))


def spoken(*runs: int) -> list[bool]:
    """Return runs of windows, silent and voiced in turn."""
    return [bool(number % 2) for number, windows in enumerate(runs) for _ in range(windows)]


def start(at_s: float) -> TurnEvent:
    return TurnEvent(Event.START_OF_TURN, at_s)


def end(at_s: float, *, timed_out: bool = False) -> TurnEvent:
    return TurnEvent(Event.END_OF_TURN, at_s, timed_out)


def test_speech_is_believed_after_six_windows_and_so_is_its_end() -> None:
    voices = followed(spoken(10, 20, 30))

    (speech,) = voices.speeches()
    assert speech == pytest.approx((16 * WINDOW_S, 36 * WINDOW_S))


def test_a_click_is_no_speech_and_a_gap_ends_none() -> None:
    assert followed(spoken(10, CONFIRM_WINDOWS - 1, 30)).speeches() == []
    voices = followed(spoken(10, 20, CONFIRM_WINDOWS - 1, 20, 10))
    assert len(voices.speeches()) == 1


def test_speech_that_does_not_stop_has_no_end() -> None:
    assert followed(spoken(0, 20)).speeches() == [(6 * WINDOW_S, float("inf"))]


@given(st.lists(st.booleans(), max_size=200))
def test_speeches_are_in_order_and_apart(voiced: list[bool]) -> None:
    times = [at_s for speech in followed(voiced).speeches() for at_s in speech]

    assert all(before < after for before, after in pairwise(times))


def test_silence_is_counted_from_the_last_voiced_window_that_is_whole_by_then() -> None:
    voices = followed(spoken(10, 20, 30))

    assert voices.silence_s(30 * WINDOW_S) == 0
    assert voices.silence_s(31.5 * WINDOW_S) == pytest.approx(WINDOW_S)
    assert voices.silence_s(5 * WINDOW_S) == pytest.approx(5 * WINDOW_S)


def test_the_score_of_silence_is_its_share_of_five_seconds() -> None:
    voices = followed(spoken(0, 100, 300))
    moments = np.array([100, 125, 400]) * WINDOW_S

    assert silence_scores(voices, moments) == pytest.approx([0, 25 * WINDOW_S / 5, 1])


def test_silence_ends_a_turn_a_while_after_speech_has_stopped() -> None:
    events = by_silence(followed(spoken(0, 20, 50)))

    assert [event.at_s for event in events] == pytest.approx([6 * WINDOW_S, 26 * WINDOW_S + 0.6])


def test_speech_that_goes_on_takes_back_the_wait() -> None:
    events = loop([(1.0, 2.0), (2.5, 3.0)], 9.0, lambda begun, stop: (0.6, False))

    assert events == [start(1.0), end(3.6)]


def test_a_turn_that_is_complete_ends_at_once_and_the_next_speech_is_another_turn() -> None:
    asked: list[tuple[float, float]] = []

    def wait(begun_s: float, stop_s: float) -> tuple[float, bool]:
        asked.append((begun_s, stop_s))
        return (0.0, False) if stop_s >= 3.0 else (3.0, True)

    events = loop([(1.0, 2.0), (2.5, 3.0), (3.5, 4.0)], 9.0, wait)

    assert events == [start(1.0), end(3.0), start(3.5), end(4.0)]
    assert asked == [(1.0, 2.0), (1.0, 3.0), (3.5, 4.0)]


def test_giving_up_is_said_and_what_nobody_heard_does_not_happen() -> None:
    def never(begun_s: float, stop_s: float) -> tuple[float, bool]:
        return 3.0, True

    assert loop([(1.0, 2.0)], 5.0, never) == [start(1.0), end(5.0, timed_out=True)]
    assert loop([(1.0, 2.0)], 4.9, never) == [start(1.0)]
    assert loop([(1.0, float("inf"))], 4.9, never) == [start(1.0)]


def test_a_full_scale_tone_has_the_loudness_of_the_standard() -> None:
    """ITU-R BS.1770-4: 997 Hz at full scale in one channel is -3.01 LKFS."""
    seconds = np.arange(4 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    levels = loudness(np.sin(2 * np.pi * 997 * seconds).astype(np.float32))
    quiet = loudness(0.01 * np.sin(2 * np.pi * 997 * seconds).astype(np.float32))

    assert levels[-1] == pytest.approx(1.0)  # clipped: full is -10
    assert quiet[-1] * 100 - 110 == pytest.approx(-43.01, abs=0.05)


def test_loudness_is_nothing_until_four_tenths_of_a_second_were_heard() -> None:
    levels = loudness(np.full(SAMPLE_RATE_HZ, 0.5, np.float32) * np.resize([1, -1], SAMPLE_RATE_HZ))

    assert (levels[:12] == 0).all()
    assert levels[12] > 0


def test_mel_filters_have_one_peak_each_and_leave_no_gap() -> None:
    filters = mel_filters()

    assert filters.shape == (80, 201)
    assert (filters >= 0).all()
    peaks = filters.argmax(axis=1)
    assert (np.diff(peaks) >= 0).all()
    assert (filters[:, 5:195].sum(axis=0) > 0).all()

"""The end-of-turn estimate: a probability that rises in silence and stays low under speech."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnwise.engine.endpoint import (
    ANSWERS,
    FILLERS,
    OPEN_ENDED,
    SPEAKING_MAX,
    EndpointEstimator,
    Features,
    estimate,
)
from turnwise.engine.interface import Word
from turnwise.engine.voice import BLOCKS, Voicing
from turnwise.units import FRAME_SAMPLES, Samples

SPOKEN_FRAMES = 12


def voicing(
    frame: int, voice_until: int | None, pitch_hz: float | None = None, level_db: float = -20.0
) -> Voicing:
    """Return what is heard in that frame; voice_until is a count of frames."""
    return Voicing(
        heard_until=Samples((frame + 1) * FRAME_SAMPLES),
        voice_until=None if voice_until is None else Samples(voice_until * FRAME_SAMPLES),
        run_start=None,
        level_db=level_db,
        over_floor_db=np.zeros(BLOCKS),
        pitch_hz=pitch_hz,
    )


def said(text: str) -> tuple[Word, ...]:
    return tuple(Word(word, 0.9, Samples(0), Samples(1)) for word in text.split())


def confidences(text: str, silent_frames: int, estimator: EndpointEstimator) -> list[float]:
    """Speak for SPOKEN_FRAMES, falling off as people do, then be silent; return the estimates."""
    words = said(text)
    for frame in range(SPOKEN_FRAMES):
        level_db = -20.0 if frame < SPOKEN_FRAMES - 2 else -30.0
        estimator.push(voicing(frame, frame + 1, 120.0, level_db), words)
    return [
        estimator.push(voicing(SPOKEN_FRAMES + frame, SPOKEN_FRAMES), words)
        for frame in range(silent_frames)
    ]


def crossing_s(text: str, threshold: float = 0.7) -> float:
    """Return after how much silence the estimate reaches the threshold."""
    rising = confidences(text, 100, EndpointEstimator())
    return 0.08 * (1 + next(i for i, value in enumerate(rising) if value >= threshold))


texts = st.lists(
    st.sampled_from([*sorted(OPEN_ENDED | FILLERS | ANSWERS), "seven", "b", "table", "house"]),
    max_size=12,
).map(" ".join)


@given(texts)
def test_the_estimate_is_a_probability_that_never_falls_in_silence(text: str) -> None:
    rising = confidences(text, 40, EndpointEstimator())
    assert all(0.0 <= value <= 1.0 for value in rising)
    assert rising == sorted(rising)


@given(texts, st.lists(st.floats(75, 400) | st.none(), min_size=1, max_size=30))
def test_nobody_is_done_while_a_voice_is_heard(text: str, pitches: list[float | None]) -> None:
    estimator = EndpointEstimator()
    for frame, pitch_hz in enumerate(pitches):
        assert estimator.push(voicing(frame, frame + 1, pitch_hz), said(text)) <= SPEAKING_MAX


@given(texts, st.lists(st.tuples(st.booleans(), st.floats(75, 400)), max_size=40))
def test_the_same_input_gives_the_same_bits(text: str, heard: list[tuple[bool, float]]) -> None:
    def run() -> list[float]:
        estimator, until, found = EndpointEstimator(), None, []
        for frame, (is_voice, pitch_hz) in enumerate(heard):
            until = frame + 1 if is_voice else until
            found.append(estimator.push(voicing(frame, until, pitch_hz), said(text)))
        return found

    assert run() == run()


def test_before_the_first_voice_nothing_is_over() -> None:
    estimator = EndpointEstimator()
    assert [estimator.push(voicing(frame, None), ()) for frame in range(20)] == [0.0] * 20
    assert estimator.voice_until is None


@pytest.mark.parametrize("text", ["yes", "i would like to book a table", "that is fine thanks"])
def test_what_sounds_complete_is_over_soon(text: str) -> None:
    assert 0.2 <= crossing_s(text) <= 0.8


@pytest.mark.parametrize("text", ["i would like to book a", "i want to go to um", "my number is"])
def test_what_sounds_incomplete_is_given_more_time(text: str) -> None:
    assert crossing_s(text) >= crossing_s("i would like to book a table") + 0.2


def test_a_pause_before_makes_the_next_one_less_telling() -> None:
    patient, quick = EndpointEstimator(), EndpointEstimator()
    for frame in range(10):
        patient.push(voicing(frame, 1), said("two"))
    resumed = voicing(10, 11)
    patient.push(
        Voicing(
            resumed.heard_until,
            resumed.voice_until,
            Samples(10 * FRAME_SAMPLES),
            resumed.level_db,
            resumed.over_floor_db,
            None,
        ),
        said("two"),
    )
    quick.push(voicing(10, 11), said("two"))
    silent = voicing(16, 11)
    assert patient.push(silent, said("two")) < quick.push(silent, said("two"))


def test_a_new_turn_begins_without_a_voice() -> None:
    estimator = EndpointEstimator()
    confidences("yes", 10, estimator)
    estimator.new_turn(Samples((SPOKEN_FRAMES + 10) * FRAME_SAMPLES))
    assert estimator.push(voicing(SPOKEN_FRAMES + 10, SPOKEN_FRAMES), ()) == 0.0
    assert estimator.voice_until is None


def test_a_voice_that_goes_on_into_a_new_turn_belongs_to_it() -> None:
    estimator = EndpointEstimator()
    confidences("yes", 0, estimator)
    estimator.new_turn(Samples(SPOKEN_FRAMES * FRAME_SAMPLES))
    estimator.push(voicing(SPOKEN_FRAMES, SPOKEN_FRAMES + 1), ())
    assert estimator.voice_until == (SPOKEN_FRAMES + 1) * FRAME_SAMPLES


def test_extreme_features_are_still_a_probability() -> None:
    for sign in (-1.0, 1.0):
        assert 0.0 <= estimate(Features(*[sign * 50.0] * len(Features.__slots__))) <= 1.0

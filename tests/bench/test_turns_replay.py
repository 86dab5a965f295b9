"""Our engine in the bench: what is asked when, and what the listener is told."""

import numpy as np
import pytest

from bench.recordings import Silence
from bench.turns_replay import at_moments, frames_that_begin_turns, padded, play, starts_in
from turnwise.engine.scripted import Cue, ScriptedEngine, spoken
from turnwise.turn.machine import Event
from turnwise.units import FRAME_SAMPLES, Samples, samples_from_ms

SECOND = samples_from_ms(1000)
SAYING = spoken("book me a table", Samples(0), SECOND)
AUDIO = np.zeros(3 * SECOND, np.float32)


def scripted() -> ScriptedEngine:
    return ScriptedEngine(
        [
            Cue(Samples(0), SAYING[:1], 0.1, samples_from_ms(80)),
            Cue(SECOND, SAYING, 0.5, SECOND),
            Cue(samples_from_ms(1600), SAYING, 0.9, SECOND),
        ]
    )


def test_a_moment_knows_the_last_frame_that_was_whole() -> None:
    said = at_moments(np.array([0.1, 0.2, 0.3]), np.array([0.0, 0.079, 0.08, 0.239, 0.24, 9.0]))

    assert said.tolist() == [0.0, 0.0, 0.1, 0.2, 0.3, 0.3]


def test_rows_are_as_long_as_the_grid() -> None:
    rows = padded([np.array([0.5]), np.array([0.1, 0.2])])

    assert rows.shape == (2, 51)
    assert np.isnan(rows[0, 1:]).all()
    assert rows[1, :2].tolist() == [0.1, 0.2]


def test_a_turn_begins_in_the_frame_in_which_the_end_is_over() -> None:
    silences = [Silence(0.5, 0.9, "hold"), Silence(1.0, 2.0, "end"), Silence(3.0, 20.0, "end")]

    assert frames_that_begin_turns(silences) == {25, 100}


def test_the_listener_decides_while_the_confidence_is_read_beside_it() -> None:
    played = play(scripted(), AUDIO, [Silence(1.0, 9.0, "end")])

    kinds = [event.event for event in played.events]
    assert kinds[:2] == [Event.START_OF_TURN, Event.END_OF_TURN]
    assert played.events[1].at_s == pytest.approx(1.6)
    assert Event.EAGER_END_OF_TURN in [event.event for event in played.eager_events]
    assert played.confidences[-1] == 0.9
    assert len(played.confidences) == -(-len(AUDIO) // FRAME_SAMPLES)


def test_a_sound_that_starts_turns_is_counted() -> None:
    assert starts_in(scripted(), AUDIO) >= 1
    assert starts_in(ScriptedEngine([]), AUDIO) == 0

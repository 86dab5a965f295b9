"""One recording from the file to what every system said and did."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from bench.recordings import Recording, Silence
from bench.turns import Bench, noises
from bench.turns_peers import WINDOW, Silero, SmartTurn, Voices
from bench.turns_report import OURS, SILENCE, SMART_TURN, SMART_TURN_ONCE
from turnwise.engine.scripted import Cue, ScriptedEngine, spoken
from turnwise.turn.machine import Event
from turnwise.units import SAMPLE_RATE_HZ, Audio, Samples, samples_from_ms

TALK_S, SILENT_S = 1.0, 2.0


class Level(Silero):
    """Hears a voice wherever there is sound."""

    def __init__(self) -> None: ...

    def hear(self, audio: Audio) -> Voices:
        windows = audio[: len(audio) // WINDOW * WINDOW].reshape(-1, WINDOW)
        voiced = np.abs(windows).max(axis=1) > 0.1
        return Voices(voiced, voiced)


class Convinced(SmartTurn):
    """Is always sure, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, float]] = []

    def probability(self, audio: Audio, start_s: float, until_s: float) -> float:
        self.asked.append((start_s, until_s))
        return 0.9


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    sound = np.zeros(int((TALK_S + SILENT_S) * SAMPLE_RATE_HZ))
    sound[: int(TALK_S * SAMPLE_RATE_HZ)] = 0.5
    soundfile.write(tmp_path / "a.wav", sound, SAMPLE_RATE_HZ)
    end = Silence(TALK_S, TALK_S + SILENT_S, "end")
    return Recording("a.wav", TALK_S + SILENT_S, silences=[end], folder=str(tmp_path))


def engine() -> ScriptedEngine:
    said = spoken("all right", Samples(0), samples_from_ms(1_000))
    return ScriptedEngine(
        [
            Cue(samples_from_ms(200), said, 0.1, samples_from_ms(200)),
            Cue(samples_from_ms(1_400), said, 0.8, samples_from_ms(1_000)),
        ]
    )


def test_a_recording_is_examined_by_all_on_the_same_grid(recording: Recording) -> None:
    smart_turn = Convinced()
    found = Bench(engine(), (Level(), smart_turn)).examine(recording)

    assert set(found.scores) == {OURS, SILENCE, SMART_TURN, SMART_TURN_ONCE}
    assert found.recording.duration == TALK_S + 6.0
    (ours,), (silence,), (behind,) = (found.scores[n] for n in (OURS, SILENCE, SMART_TURN))
    assert ours[:6] == pytest.approx([0.1, 0.1, 0.1, 0.1, 0.1, 0.8])  # known from 1.44 s on
    assert silence[10] == pytest.approx(1.0 / 5, abs=0.01)
    assert behind[:2] == pytest.approx([0.0, 0.9])  # at 0 s the voice has not ended for anybody
    assert np.isnan(behind[36:]).all()
    assert smart_turn.asked[0] == (0.0, 1.0)
    assert [event.event for event in found.events[OURS]][:2] == [
        Event.START_OF_TURN, Event.END_OF_TURN
    ]  # fmt: skip
    assert found.events[SMART_TURN][1].at_s == pytest.approx(33 * 0.032)


def test_without_peers_ours_is_alone(recording: Recording) -> None:
    found = Bench(engine(), None).examine(recording)

    assert list(found.scores) == list(found.events) == [OURS]


def test_a_folder_of_noise_comes_on_top_of_what_is_made_up(recording: Recording) -> None:
    made = noises(1.0, Path(recording.folder))

    row = Bench(ScriptedEngine([]), (Level(), Convinced())).false_starts(made["a.wav"])
    assert row[OURS] == 0
    assert row[SILENCE] == pytest.approx(1_200)
    assert "keyboard" in made
    assert list(noises(0, Path(recording.folder))) == ["a.wav"]

"""Callers of a machine: what is a pause, what an end, and what nobody can tell."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("scipy")

from training import callers

RATE = 16_000


def line(*spoken_s: tuple[float, float], length_s: float) -> np.ndarray:
    """Return a line with a hiss on which somebody hums at these times."""
    time = np.arange(int(length_s * RATE)) / RATE
    samples = np.random.default_rng(1).normal(0, 1e-3, len(time))
    for start, end in spoken_s:
        samples += 0.3 * np.sin(2 * np.pi * 200 * time) * ((time >= start) & (time < end))
    return samples.astype(np.float32)


def call(folder: Path, samples: np.ndarray, turns: int) -> None:
    log = folder / "logs" / "0123456789abcdef"
    log.mkdir(parents=True)
    soundfile.write(log / "recording.wav", np.stack([samples, 0 * samples], axis=1), RATE)
    history = ["TTS Where to?", "USER the airport"] * turns
    (log / "log.json").write_text(json.dumps({"history": history}))


def test_a_long_silence_ends_a_turn_a_short_one_does_not_and_between_nobody_knows(
    tmp_path: Path,
) -> None:
    spoken = [(1, 2), (2.6, 3.5), (8.5, 9.5), (11.5, 13)]
    call(tmp_path, line(*spoken, length_s=20), turns=3)
    (side,) = callers.callers(tmp_path, np.random.default_rng(1))
    assert side.name == "0123456789ab"
    assert [kind for _, _, kind in side.marks] == ["hold", "end", "unclear", "end"]
    pause, end, *_ = side.marks
    assert pause[0] / RATE == pytest.approx(1.5, abs=0.03)  # half a second is kept before
    assert (pause[1] - pause[0]) / RATE == pytest.approx(0.6, abs=0.03)
    assert 0.8 < (end[1] - end[0]) / RATE < 2.5  # of five seconds
    for start, stop, _ in side.marks:
        assert np.abs(side.samples[start + 480 : stop - 480]).max() < 0.01
    assert len(side.samples) >= side.marks[-1][1]


def test_a_call_whose_log_counts_other_turns_is_left_out(tmp_path: Path) -> None:
    call(tmp_path, line((1, 2), (8, 9), length_s=20), turns=9)
    assert list(callers.callers(tmp_path, np.random.default_rng(1))) == []


def test_a_call_on_which_nobody_can_be_told_from_the_line_is_left_out(tmp_path: Path) -> None:
    call(tmp_path, line(length_s=20), turns=1)
    assert list(callers.callers(tmp_path, np.random.default_rng(1))) == []

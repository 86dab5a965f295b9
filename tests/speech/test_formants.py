"""Formants: every phone sounds, at a fitting level, where its formants are."""

import numpy as np
import pytest
from numpy.typing import NDArray

from turnwise.speech.formants import FRAME_MS, PHONES, VOWELS, frames
from turnwise.speech.resonators import COLUMNS, FRAME_SAMPLES, RATE_HZ, synthesise

PITCH_HZ = (120.0, 90.0)


def parameters(*names: str, speed: float = 1.0, rises: bool = False) -> NDArray[np.float64]:
    return frames(names, speed, PITCH_HZ, rises)


def test_a_frame_is_as_long_here_as_there() -> None:
    assert FRAME_SAMPLES * 1000 == FRAME_MS * RATE_HZ
    assert parameters("AA").shape[1] == len(COLUMNS)


def test_the_lexicons_phones_are_all_there() -> None:
    assert len(PHONES) == 39
    assert len(VOWELS) == 15


@pytest.mark.parametrize("name", PHONES)
def test_every_phone_sounds_between_vowels_without_blowing_up(name: str) -> None:
    sound = synthesise(parameters("AA", name, "IY"), 1.0, seed=1)
    assert np.isfinite(sound).all()
    assert 0.5 < np.abs(sound).max() < 5.0
    assert np.array_equal(sound, synthesise(parameters("AA", name, "IY"), 1.0, seed=1))


@pytest.mark.parametrize("name", ["S", "SH", "F", "T", "K"])
def test_noise_is_softer_than_a_vowel(name: str) -> None:
    sound = synthesise(parameters("AA", name, "AA"), 1.0, seed=1)
    middle = len(sound) // 2
    consonant = sound[middle - 400 : middle + 400]
    assert np.abs(consonant).max() < np.abs(sound).max()


@pytest.mark.parametrize("name", ["IY", "AA", "UW", "AE"])
def test_a_vowel_has_its_energy_at_its_formants(name: str) -> None:
    sound = synthesise(parameters(name, name, name), 1.0, seed=1)
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    at_hz = np.fft.rfftfreq(len(sound), 1 / RATE_HZ)
    first, second, _ = PHONES[name].start

    def around(hz: float) -> float:
        return float(spectrum[np.abs(at_hz - hz) < 150].mean())

    assert around(first) > around((first + second) / 2) or second - first < 700
    assert around(second) > around(second + 600) or name == "IY"


def test_speed_and_questions_change_time_and_pitch() -> None:
    assert len(parameters("AA", "L", speed=1.5)) == pytest.approx(
        len(parameters("AA", "L")) / 1.5, abs=2
    )
    assert parameters("AA", "L", rises=True)[-1, 0] > 1.2 * parameters("AA", "L")[-1, 0]

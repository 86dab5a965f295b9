"""Frames of sound: the packaged sample of speech, and sounds that are no speech."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from turnwise.audio.decode import Decoder
from turnwise.samples.conversation import OGG
from turnwise.units import FRAME_SAMPLES, SAMPLE_RATE_HZ, Frame


@cache
def sample() -> tuple[Frame, ...]:
    """Return all of the packaged conversation: somebody books a table, in seven turns."""
    return tuple(Decoder(None, None).push(OGG.read_bytes()))


def speech(start_s: float, end_s: float) -> list[Frame]:
    """Return the sample's frames from about there to about there."""
    return list(sample()[frames_in(start_s) : frames_in(end_s)])


def frames_in(duration_s: float) -> int:
    return round(duration_s * SAMPLE_RATE_HZ / FRAME_SAMPLES)


def framed(samples: NDArray[np.floating]) -> list[Frame]:
    whole = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES]
    return list(whole.astype(np.float32).reshape(-1, FRAME_SAMPLES))


def silence(duration_s: float) -> list[Frame]:
    return framed(np.zeros(frames_in(duration_s) * FRAME_SAMPLES))


def noise(duration_s: float, level: float = 0.03, seed: int = 0) -> list[Frame]:
    samples = np.random.default_rng(seed).normal(0, level, frames_in(duration_s) * FRAME_SAMPLES)
    return framed(samples)


def tone(duration_s: float, pitch_hz: float = 220.0, level: float = 0.1) -> list[Frame]:
    positions = np.arange(frames_in(duration_s) * FRAME_SAMPLES)
    return framed(level * np.sin(2 * np.pi * pitch_hz * positions / SAMPLE_RATE_HZ))

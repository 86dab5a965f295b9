"""Sounds that are nobody's turn: a room, music, a keyboard, the agent's own voice far off."""

from collections.abc import Callable
from functools import partial

import numpy as np

from bench.logistic import Numbers
from turnwise.audio.decode import Decoder
from turnwise.samples.conversation import OGG
from turnwise.units import SAMPLE_RATE_HZ, Audio

ECHO_DB = -25.0
ROOM_DB = -45.0
"""Below full scale."""
PLAYED_DB = -20.0
TYPED_DB = -15.0
"""The loudest stroke; most are lower."""
SCALE_HZ = tuple(110.0 * 2 ** (step / 12) for step in (0, 3, 5, 7, 10, 12, 15, 17, 19, 22))


def sounds(seconds: float) -> dict[str, Callable[[], Audio]]:
    """Return how to make each of them, all deterministic: name -> maker of float32[n]."""
    samples = int(seconds * SAMPLE_RATE_HZ)
    makers = {"room": room, "music": music, "keyboard": keyboard, "echo of the agent": echo}
    return {name: partial(maker, samples) for name, maker in makers.items()}


def room(samples: int) -> Audio:
    """Hiss that falls by 3 dB an octave, a mains hum, and a fan that comes and goes."""
    draw = np.random.default_rng(1)
    seconds = np.arange(samples) / SAMPLE_RATE_HZ
    hum = sum(np.sin(2 * np.pi * 50 * n * seconds) / n for n in (1, 2, 3))
    fan = 1 + 0.5 * np.sin(2 * np.pi * seconds / 17)
    return _at(ROOM_DB, _pink(samples, draw) * fan + 0.3 * hum)


def music(samples: int) -> Audio:
    """Plucked notes of a pentatonic scale over held chords, drums on the beat."""
    draw = np.random.default_rng(2)
    played = np.zeros(samples + 4 * SAMPLE_RATE_HZ)
    beat = int(0.45 * SAMPLE_RATE_HZ)
    for number, start in enumerate(range(0, samples, beat)):
        _add(played, start, _note(draw.choice(SCALE_HZ) * draw.choice((1, 2, 4)), 0.9, 4.0))
        if number % 8 == 0:
            root = draw.choice(len(SCALE_HZ) - 4)
            for step in (0, 2, 4):
                _add(played, start, 0.5 * _note(SCALE_HZ[root + step], 3.6, 0.5))
        drum = draw.normal(0, 1, beat // 2) * np.exp(-np.arange(beat // 2) / 400)
        _add(played, start, (0.6 if number % 2 else 0.25) * drum)
    return _at(PLAYED_DB, played[:samples])


def keyboard(samples: int) -> Audio:
    """Strokes of keys, each two clicks with a ring, in bursts with pauses between."""
    draw = np.random.default_rng(3)
    typed = _at(ROOM_DB - 10, _pink(samples, draw)).astype(np.float64)
    typed = np.concatenate([typed, np.zeros(SAMPLE_RATE_HZ)])
    at_s = 0.0
    while int(at_s * SAMPLE_RATE_HZ) < samples:
        for delay_s, level in ((0.0, 1.0), (draw.uniform(0.05, 0.12), 0.5)):
            click = draw.normal(0, 1, 480) * np.exp(-np.arange(480) / draw.uniform(20, 80))
            loud = 10 ** ((TYPED_DB - draw.uniform(0, 12)) / 20) * level / 3
            _add(typed, int((at_s + delay_s) * SAMPLE_RATE_HZ), loud * click)
        at_s += draw.uniform(0.08, 0.25) if draw.random() < 0.95 else draw.uniform(1, 4)
    return np.clip(typed[:samples], -1, 1).astype(np.float32)


def echo(samples: int) -> Audio:
    """What a microphone hears of the agent's loudspeaker: the packaged conversation, far off."""
    speech = np.concatenate(list(Decoder(None, None).push(OGG.read_bytes())))
    quiet = np.resize(speech, samples) * 10 ** (ECHO_DB / 20)
    noise = np.random.default_rng(4).normal(0, 10 ** ((ROOM_DB - 15) / 20), samples)
    return (quiet + noise).astype(np.float32)


def _pink(samples: int, draw: np.random.Generator) -> Numbers:
    spectrum = np.fft.rfft(draw.normal(0, 1, samples))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    return np.fft.irfft(spectrum, samples)


def _note(hertz: float, seconds: float, decay_per_s: float) -> Numbers:
    time = np.arange(int(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    tone = sum(np.sin(2 * np.pi * hertz * n * time) / n**1.5 for n in range(1, 8))
    attack = np.minimum(1, time / 0.01) * np.minimum(1, (seconds - time) / 0.05)
    note: Numbers = tone * attack * np.exp(-decay_per_s * time)
    return note


def _add(whole: Numbers, start: int, part: Numbers) -> None:
    whole[start : start + len(part)] += part[: len(whole) - start]


def _at(level_db: float, sound: Numbers) -> Audio:
    power = np.sqrt(np.mean(sound**2))
    scaled: Audio = np.clip(sound / power * 10 ** (level_db / 20), -1, 1).astype(np.float32)
    return scaled

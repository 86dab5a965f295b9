"""A formant synthesiser's signal path: a voice and noise through resonators, compiled.

After D. H. Klatt, "Software for a cascade/parallel formant synthesizer", JASA 67 (1980), and
the voicing source of D. H. and L. C. Klatt, JASA 87 (1990): the vocal tract as resonators in a
row for voice and breath, and side by side for the noise of consonants.
"""

import math

import numpy as np
from numpy.typing import NDArray

from turnwise.engine.compiled import compiled
from turnwise.speech.interface import Sound

RATE_HZ = 16_000
FRAME_SAMPLES = 80  # 5 ms: parameters change so often
COLUMNS = (
    *("pitch_hz", "voice", "breath", "noise", "f1", "f2", "f3", "b1", "b2", "b3", "zero_hz"),
    *("a2", "a3", "a4", "a5", "a6", "bypass"),
)
"""Of a frame: pitch, three amplitudes, three formants and their bandwidths in Hz, the nasal
zero in Hz (the pole's own place: none), and the gains of the noise's resonators."""
OPEN_SHARE = 0.6  # of a period: how long the glottis is open
NASAL_HZ = 270.0
UPPER_HZ = (3_350.0, 4_200.0, 5_200.0)  # formants that hardly move
UPPER_WIDTH_HZ = (250.0, 350.0, 600.0)
NOISE_HZ = (3_300.0, 3_850.0, 5_500.0)  # of the consonants' upper resonators
NOISE_WIDTH_HZ = (350.0, 500.0, 1_600.0)


@compiled
def _resonate(
    value: float, hz: float, width_hz: float, memory: NDArray[np.float64], row: int
) -> float:
    """One step of a resonator with a gain of 1 at 0 Hz; its memory is a row of two."""
    decay = math.exp(-math.pi * width_hz / RATE_HZ)
    second = -decay * decay
    first = 2.0 * decay * math.cos(2.0 * math.pi * hz / RATE_HZ)
    out: float = (1.0 - first - second) * value + first * memory[row, 0] + second * memory[row, 1]
    memory[row, 1] = memory[row, 0]
    memory[row, 0] = out
    return out


@compiled
def _synthesise(
    frames: NDArray[np.float64], noise: NDArray[np.float64], scale: float
) -> NDArray[np.float64]:
    """Run all frames: float64[frames * FRAME_SAMPLES]."""
    out = np.zeros(len(frames) * FRAME_SAMPLES)
    memory = np.zeros((16, 2))
    phase = 0.0
    tilt = 0.0
    last = 0.0
    for index in range(len(out)):
        place = index / FRAME_SAMPLES
        left = int(place)
        right = min(left + 1, len(frames) - 1)
        share = place - left
        now = frames[left] * (1.0 - share) + frames[right] * share
        period = RATE_HZ / now[0]
        phase += 1.0 / period
        if phase >= 1.0:
            phase -= 1.0
        voice = 0.0
        if phase < OPEN_SHARE:
            inside = phase / OPEN_SHARE
            voice = 2.0 * inside - 3.0 * inside * inside
        tilt = 0.45 * tilt + 0.55 * voice
        breath = noise[index] * (1.0 if phase < OPEN_SHARE or now[1] < 0.05 else 0.5)
        value = now[1] * tilt + 0.12 * now[2] * breath
        # The nasal pair: a zero at zero_hz and a pole, which cancel where they are the same.
        decay = math.exp(-math.pi * 100.0 / RATE_HZ)
        first = 2.0 * decay * math.cos(2.0 * math.pi * now[10] / RATE_HZ)
        gain = 1.0 - first + decay * decay
        zeroed = (value - first * memory[0, 0] + decay * decay * memory[0, 1]) / gain
        memory[0, 1] = memory[0, 0]
        memory[0, 0] = value
        value = _resonate(zeroed, NASAL_HZ, 100.0, memory, 1)
        for each in range(3):
            value = _resonate(value, now[4 + each] * scale, now[7 + each], memory, 2 + each)
            value = _resonate(value, UPPER_HZ[each] * scale, UPPER_WIDTH_HZ[each], memory, 5 + each)
        hiss = now[3] * noise[index] * (1.0 if now[1] < 0.05 or phase < OPEN_SHARE else 0.4)
        change = hiss - last
        last = hiss
        side = now[16] * hiss * 0.25
        side += now[11] * _resonate(change, now[5] * scale, now[8] + 60.0, memory, 8)
        side -= now[12] * _resonate(change, now[6] * scale, now[9], memory, 9)
        for each in range(3):
            sign = 1.0 if each % 2 == 0 else -1.0
            side += (
                sign
                * now[13 + each]
                * _resonate(change, NOISE_HZ[each], NOISE_WIDTH_HZ[each], memory, 10 + each)
            )
        out[index] = value + side
    return out


def synthesise(frames: NDArray[np.float64], scale: float, seed: int) -> Sound:
    """Return the sound of frames.

    Args:
        frames: float64[frames, COLUMNS], 5 ms each.
        scale: Of all formants: 1 for a man, 1.15 for a woman.
        seed: Of the noise.
    """
    noise = np.random.default_rng(seed).standard_normal(len(frames) * FRAME_SAMPLES)
    sound: Sound = _synthesise(frames, noise, scale).astype(np.float32)
    return sound

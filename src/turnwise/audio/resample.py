"""Any supported rate to another, as a stream, the same bits however the stream was cut.

Hearing goes to 16 kHz, speaking from a voice's rate to the one that was asked for.

A polyphase FIR: a Kaiser-windowed sinc of linear phase, 5 ms long where either rate is below
16 kHz and 3 ms above. It is causal: n samples in give n * to / from samples out at once, so
that of what is heard 80 ms become exactly one frame, and the sound is late by half the
filter. The figures to 16 kHz, which the tests assert:

    from                 8 kHz    24, 44.1 and 48 kHz
    delay                2.5 ms   1.5 ms
    flat within 0.02 dB  to 3.4   to 7.0 kHz
    images               -85 dB   -85 dB   of tones within those bounds
    aliases                       -85 dB   of tones from 9 kHz: what could fall below 7 kHz
    SNR at 1 kHz         90 dB    90 dB

How the bits stay the same. Floating-point sums depend on their order, and the order
inside a matrix product depends on its shape, the library and the processor. So the sums
are made exact: samples are rounded to 24 bits after the point and coefficients to
COEFFICIENT_BITS, hence every product and every partial sum is a multiple of 2**-48 below
2**4, which float64 holds without rounding. Exact sums have no order. What remains is one
rounding to float32 at the end. State is bounded by one block and the filter's length.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import gcd

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from turnwise.errors import BadAudio
from turnwise.units import SAMPLE_RATE_HZ, Audio

RATE_HZ_MIN = 8_000
RATE_HZ_MAX = 48_000
PHASES_MAX = 640  # 11025 Hz needs so many; odder rates would need megabytes of coefficients
UP_SPAN_S = 0.005  # of the filter, below 16 kHz: telephone speech needs a steep edge at 4 kHz
DOWN_SPAN_S = 0.003  # above
KAISER_BETA = 8.5  # 85 dB in the stop band
SAMPLE_BITS = 24
COEFFICIENT_BITS = 24
TILE = 16  # outputs per product: small ones, which no linear algebra library spreads over threads

FILTERS_KEPT = 16  # a third of a megabyte at most each; WAV headers may name many rates

SAMPLE_SCALE = float(1 << SAMPLE_BITS)


@dataclass(frozen=True, slots=True)
class Filter:
    """The coefficients for one rate, laid out for products over blocks.

    A block is the shortest stretch that is whole in both rates and made of whole tiles.
    """

    taps: int
    """Length of the filter, in input samples."""
    block_in: int
    """Input samples per block."""
    block_out: int
    """Output samples per block."""
    tile_step: int
    """Input samples from one tile's window to the next one's."""
    weights: NDArray[np.float64]
    """float64[tiles, window, TILE]: window of input -> outputs."""


@lru_cache(maxsize=FILTERS_KEPT)
def filter_for(rate_hz: int, to_hz: int = SAMPLE_RATE_HZ) -> Filter:
    """Design the filter from one rate to another; designed once and kept while in use.

    Raises:
        BadAudio: Not from 8 to 48 kHz, or in no workable ratio.
    """
    if not RATE_HZ_MIN <= rate_hz <= RATE_HZ_MAX:
        raise BadAudio(
            f"the sample rate must be from {RATE_HZ_MIN} to {RATE_HZ_MAX} Hz, not {rate_hz}"
        )
    shared = gcd(rate_hz, to_hz)
    up, down = to_hz // shared, rate_hz // shared
    if up > PHASES_MAX:
        raise BadAudio(f"a sample rate of {rate_hz} Hz is not supported; 8000, 16000 and 48000 are")
    cycles = TILE // gcd(TILE, up)
    block_in, block_out = cycles * down, cycles * up
    steep = min(rate_hz, to_hz) < SAMPLE_RATE_HZ
    taps = round(rate_hz * (UP_SPAN_S if steep else DOWN_SPAN_S))
    tiles = block_out // TILE
    tile_step = TILE * down // up
    newest = np.arange(block_out) * down // up  # the last input each output may hear
    window = int(np.max(newest - np.arange(block_out) // TILE * tile_step)) + taps
    weights = np.zeros((tiles, window, TILE))
    phases = _phases(to_hz / rate_hz, taps, up)
    for index in range(block_out):
        tile, column = divmod(index, TILE)
        row = int(newest[index]) - tile * tile_step
        weights[tile, row : row + taps, column] = phases[index * down % up, ::-1]
    return Filter(taps, block_in, block_out, tile_step, weights)


def _phases(ratio: float, taps: int, up: int) -> NDArray[np.float64]:
    """The coefficients of an output that lies so many `up`ths of a sample after an input:
    float64[up, taps], newest input first, for unscaled samples.
    """
    fractions = (np.arange(up) / up)[:, np.newaxis]
    offset = np.arange(taps) + fractions - taps / 2  # input samples from the filter's middle
    cutoff = min(1.0, ratio)  # of the input's Nyquist frequency
    shape = np.sqrt(np.maximum(0.0, 1 - (2 * offset / taps) ** 2))
    coefficients = np.sinc(cutoff * offset) * np.i0(KAISER_BETA * shape)
    coefficients /= coefficients.sum(axis=1, keepdims=True)
    rounded: NDArray[np.float64] = np.rint(coefficients * (1 << COEFFICIENT_BITS))
    assert np.abs(rounded).sum(axis=1).max() < 1 << (COEFFICIENT_BITS + 4), (
        "partial sums stay exact"
    )
    return rounded / (SAMPLE_SCALE * (1 << COEFFICIENT_BITS))


class Resampler:
    """One stream's way from `rate_hz` to 16 kHz, or to another rate.

    Raises:
        BadAudio: As `filter_for`.
    """

    def __init__(self, rate_hz: int, to_hz: int = SAMPLE_RATE_HZ) -> None:
        self._filter = filter_for(rate_hz, to_hz)
        # The samples since the open block began, and as many before it as the filter is
        # long: whole numbers of 2**-SAMPLE_BITS. Silence came before the stream.
        self._heard = np.zeros(self._filter.taps - 1)
        self._given = 0  # outputs of the open block already returned

    def push(self, samples: Audio) -> Audio:
        """Return what can now be known: float32[m], from -1 to 1; m may be 0.

        Args:
            samples: float32[n] at the old rate, from -1 to 1; n may be 0.
        """
        plan = self._filter
        arrived = np.rint(samples.astype(np.float64) * SAMPLE_SCALE)
        since_block = len(self._heard) - (plan.taps - 1) + len(arrived)
        known = -(-since_block * plan.block_out // plan.block_in)  # rounded up
        blocks = -(-known // plan.block_out)
        tiles, window, _ = plan.weights.shape
        # Silence stands in for what has not come: it only meets coefficients that are 0,
        # or outputs that are not returned yet.
        heard = np.zeros(blocks * plan.block_in + window)
        heard[: len(self._heard)] = self._heard
        heard[len(self._heard) : len(self._heard) + len(arrived)] = arrived
        step = heard.itemsize
        windows = as_strided(
            heard,
            (blocks, tiles, 1, window),
            (plan.block_in * step, plan.tile_step * step, step, step),
            writeable=False,
        )
        outputs = np.matmul(windows, plan.weights).ravel()[self._given : known]
        whole = since_block // plan.block_in
        first = whole * plan.block_in
        self._heard = heard[first : plan.taps - 1 + since_block].copy()
        self._given = known - whole * plan.block_out
        limited: NDArray[np.float64] = np.clip(outputs, -1.0, 1.0)
        return limited.astype(np.float32)

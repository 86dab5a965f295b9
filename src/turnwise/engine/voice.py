"""Where a voice is: energy over a tracked noise floor, confirmed by a pitch.

Every 10 ms is a block. A block is active when one of two bands stands out of its own
noise floor; a run of active blocks is a voice once it has lasted, had a pitch in it and been
as loud as somebody near. So a hiss that begins is not a voice, a fan becomes floor within
FLOOR_FRAMES, a click is too short, and what is left of the agent's own voice is too faint.
"""

from collections import deque
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from turnwise.units import FRAME_SAMPLES, SAMPLE_RATE_HZ, Frame, Samples, samples_from_ms

BLOCK_SAMPLES = samples_from_ms(10)
BLOCKS = FRAME_SAMPLES // BLOCK_SAMPLES
WINDOW_SAMPLES = 512  # 32 ms: two periods of a low voice
BANDS_HZ = ((100, 1_000), (1_000, 3_600))  # what telephones carry
PITCH_HZ = (75, 400)

ON_DB = 9.0  # a block this far over the floor is active
OFF_DB = 6.0  # and stays so down to here
QUIETEST_DB = -70.0  # below full scale; no floor is lower, so that dither is no voice
FIRST_FLOOR_DB = -50.0  # the floor may not start above, in case a stream starts with speech
FLOOR_FRAMES = 30  # 2.4 s: longer than any vowel, so a voice cannot become floor
PITCH_MIN = 0.55  # autocorrelation of a block that has a pitch; white noise stays under 0.4
CONFIRM_BLOCKS = 6  # active blocks in a row that make a voice
CONFIRM_PITCHED = 3  # of which so many must have a pitch
NEAR_DB = -38.0
"""Below full scale, in one of the bands: somebody near is as loud at some moment of a run. Of 120
development recordings one is fainter; an agent's voice that comes back 25 dB down stays under -39.
"""
NEAR_SPREAD_DB = 15.0  # whoever is known to be near may be so much fainter than just before
GAP_BLOCKS = 10  # a stop consonant's closure does not end a run

Levels = NDArray[np.float64]

_WINDOW = np.hanning(WINDOW_SAMPLES)
_FFT_SIZE = 2 * WINDOW_SAMPLES  # room for the autocorrelation
_BINS = tuple(
    slice(low * _FFT_SIZE // SAMPLE_RATE_HZ, high * _FFT_SIZE // SAMPLE_RATE_HZ)
    for low, high in BANDS_HZ
)
_LAGS = slice(SAMPLE_RATE_HZ // PITCH_HZ[1], SAMPLE_RATE_HZ // PITCH_HZ[0])
_WINDOW_CORRELATION = np.fft.irfft(np.abs(np.fft.rfft(_WINDOW, _FFT_SIZE)) ** 2)[_LAGS]
_ENERGY_SCALE = float(np.sum(_WINDOW**2)) * _FFT_SIZE / 2


@dataclass(frozen=True, slots=True, eq=False)
class Voicing:
    """What one frame holds, and what is known of the voice so far."""

    heard_until: Samples
    voice_until: Samples | None
    """Just after the last voiced block of the stream; None before the first."""
    run_start: Samples | None
    """Where the run of active blocks that is going on began, confirmed or not."""
    level_db: float
    """Of the loudest block, below full scale."""
    over_floor_db: Levels
    """float64[BLOCKS]: how far each block stands out, in the band where it does most."""
    pitch_hz: float | None
    """Of the last block with a pitch in this frame."""


@dataclass(slots=True)
class _Run:
    start: Samples
    until: Samples
    active: int = 0
    pitched: int = 0
    loudest_db: float = -inf

    @property
    def confirmed(self) -> bool:
        return self.active >= CONFIRM_BLOCKS and self.pitched >= CONFIRM_PITCHED


class VoiceTracker:
    """Follows one stream. Its state is bounded and depends on the audio alone."""

    def __init__(self) -> None:
        self._tail = np.zeros(WINDOW_SAMPLES - BLOCK_SAMPLES, np.float32)
        self._heard_until = Samples(0)
        self._quiet: deque[Levels] = deque(maxlen=FLOOR_FRAMES)
        self._active = False
        self._run: _Run | None = None
        self._voice_until: Samples | None = None
        self._near_db = NEAR_DB

    def push(self, frame: Frame) -> Voicing:
        """Hear one more frame.

        Args:
            frame: float32[FRAME_SAMPLES].
        """
        samples = np.concatenate([self._tail, frame])
        self._tail = samples[-len(self._tail) :]
        windows = np.lib.stride_tricks.sliding_window_view(samples, WINDOW_SAMPLES)
        power = np.abs(np.fft.rfft(windows[::BLOCK_SAMPLES] * _WINDOW, _FFT_SIZE)) ** 2
        assert len(power) == BLOCKS
        levels = _levels_db(power)
        over = (levels - self._floor_db(levels)).max(axis=1)
        correlation, pitch = _pitch(power)
        for block in range(BLOCKS):
            level_db = float(levels[block].max())
            self._hear_block(over[block], correlation[block] > PITCH_MIN, level_db)
        pitched = pitch[(correlation > PITCH_MIN) & (over > OFF_DB)]
        return Voicing(
            heard_until=self._heard_until,
            voice_until=self._voice_until,
            run_start=self._run.start if self._run else None,
            level_db=float(levels.max()),
            over_floor_db=over,
            pitch_hz=float(pitched[-1]) if len(pitched) else None,
        )

    def _floor_db(self, levels: Levels) -> Levels:
        """Return float64[bands]: the quietest 50 ms of the last FLOOR_FRAMES, this one too."""
        smooth = (levels[:-4] + levels[1:-3] + levels[2:-2] + levels[3:-1] + levels[4:]) / 5
        self._quiet.append(smooth.min(axis=0))
        floor: Levels = np.min(np.array(self._quiet), axis=0)
        if len(self._quiet) < FLOOR_FRAMES // 4:
            floor = np.minimum(floor, FIRST_FLOOR_DB)
        return np.maximum(floor, QUIETEST_DB)

    def _hear_block(self, over_db: float, pitched: bool, level_db: float) -> None:
        self._heard_until = Samples(self._heard_until + BLOCK_SAMPLES)
        self._active = over_db > (OFF_DB if self._active else ON_DB)
        run = self._run
        if run and self._heard_until - run.until > GAP_BLOCKS * BLOCK_SAMPLES:
            run = self._run = None
        if not self._active:
            return
        if run is None:
            start = Samples(self._heard_until - BLOCK_SAMPLES)
            run = self._run = _Run(start, start)
        run.until = self._heard_until
        run.active += 1
        run.pitched += pitched
        run.loudest_db = max(run.loudest_db, level_db)
        if run.confirmed and run.loudest_db > self._near_db:
            self._near_db = min(NEAR_DB, run.loudest_db - NEAR_SPREAD_DB)
            self._voice_until = run.until


def _levels_db(power: Levels) -> Levels:
    """Return float64[blocks, bands], in decibels below full scale."""
    bands = [power[:, bins].sum(axis=1) / _ENERGY_SCALE for bins in _BINS]
    return 10 * np.log10(np.stack(bands, axis=1) + 1e-10)


def _pitch(power: Levels) -> tuple[Levels, Levels]:
    """Return float64[blocks] each: the best autocorrelation, 0 to 1, and its pitch in hertz."""
    power = power.copy()
    power[:, : _BINS[0].start] = 0  # no hum
    power[:, _BINS[1].stop :] = 0
    correlation = np.fft.irfft(power)
    total = np.maximum(correlation[:, :1], 1e-12)
    scaled = correlation[:, _LAGS] / total / (_WINDOW_CORRELATION / float(np.sum(_WINDOW**2)))
    best = scaled.argmax(axis=1)
    return scaled.max(axis=1), SAMPLE_RATE_HZ / (best + _LAGS.start)

"""The peers: silence after a voice activity detector, and Smart Turn v3 behind the same.

Both models come out of the wheel of pipecat-ai 1.14.0, whose settings are used: Silero every
32 ms, a voice from confidence 0.7 and loudness 0.6 on, speech after 0.2 s of it and none
after 0.2 s without, the model's state forgotten every 2 s while all is quiet; Smart Turn on
at most 8 s, with 0.7 s before the first speech of the turn. What a peer says of a moment in
a silence:

    silence     how long the detector has heard no voice by then, as a share of LOOK_S_MAX
    Smart Turn  asked at that moment, with the sound since 0.7 s before the turn began (the
                marks say where), at most the last 8 s; 0 while the detector hears a voice

Read at 0.2 s only, as eot-bench reads it, Smart Turn needs no detector: the marks are one.
What a peer does live, the text being there at once: silence ends a turn 0.6 s after speech has
stopped; Smart Turn when it is asked as speech stops and says more than 0.5, or else after
3 s more without speech.
"""

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, pi, tan
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from bench.logistic import Numbers
from bench.turns_events import TurnEvent
from bench.turns_marks import LOOK_S_MAX
from turnwise.turn.machine import Event
from turnwise.units import SAMPLE_RATE_HZ, Audio

WHEEL = "pipecat_ai-1.14.0-"
SILERO = "pipecat/audio/vad/data/silero_vad.onnx"
SMART_TURN = "pipecat/audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx"

WINDOW = 512
WINDOW_S = WINDOW / SAMPLE_RATE_HZ
CONTEXT = 64
VOICE_MIN = 0.7
LOUDNESS_MIN = 0.6
CONFIRM_WINDOWS = round(0.2 / WINDOW_S)
FORGET_WINDOWS = ceil(2.0 / WINDOW_S)
QUIET_MAX = 0.1
QUIET_WINDOWS = 5
LOUDNESS_SAMPLES = SAMPLE_RATE_HZ * 4 // 10
LOUDNESS_DB = (-110.0, -10.0)
"""Loudness 0 and 1."""
GATE_DB = -70.0
SMOOTHING = 0.2

SOUND_SAMPLES = 8 * SAMPLE_RATE_HZ
BEFORE_S = 0.7
MELS, FFT, HOP = 80, 400, 160
COMPLETE_MIN = 0.5
SILENCE_S = 0.6
"""After speech has stopped."""
GIVE_UP_S = 3.0

Flags = NDArray[np.bool_]


def models(wheel: Path) -> tuple["Silero", "SmartTurn"]:
    """Load both out of the wheel, as `pip download --no-deps pipecat-ai==1.14.0` brings it."""
    assert wheel.name.startswith(WHEEL), f"the peers are those of {WHEEL}*.whl, not {wheel.name}"
    with zipfile.ZipFile(wheel) as archive:
        return Silero(archive.read(SILERO)), SmartTurn(archive.read(SMART_TURN))


def _session(graph: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


# Where there is speech.


@dataclass(frozen=True, slots=True)
class Voices:
    """What the detector heard; one flag for each window of 32 ms."""

    voiced: Flags
    speaking: Flags
    """Confirmed by several windows in a row."""

    def silence_s(self, at_s: float) -> float:
        """Return how long no voice has been heard by then; all the time, if there was none."""
        heard = int(at_s / WINDOW_S + 1e-6)
        voiced = np.flatnonzero(self.voiced[:heard])
        return (heard - (voiced[-1] + 1 if len(voiced) else 0)) * WINDOW_S

    def speeches(self) -> list[tuple[float, float]]:
        """Return when speech was known to have begun and to have stopped; infinity: it goes on."""
        edges = np.flatnonzero(np.diff(self.speaking, prepend=False)) + 1
        times = [edge * WINDOW_S for edge in edges.tolist()]
        if len(times) % 2:
            times.append(float("inf"))
        return list(zip(times[::2], times[1::2], strict=True))

    @property
    def heard_s(self) -> float:
        return len(self.voiced) * WINDOW_S


class Silero:
    def __init__(self, graph: bytes) -> None:
        self._session = _session(graph)
        self._rate = np.array(SAMPLE_RATE_HZ, np.int64)

    def hear(self, audio: Audio) -> Voices:
        windows = audio[: len(audio) // WINDOW * WINDOW].reshape(-1, WINDOW)
        loud = loudness(audio)[: len(windows)] >= LOUDNESS_MIN
        follower = Follower()
        state, context = self._nothing()
        since_forgotten = low = 0
        for window, is_loud in zip(windows, loud.tolist(), strict=True):
            sound = np.concatenate([context, window])[None]
            output, state = self._session.run(
                None, {"input": sound, "state": state, "sr": self._rate}
            )
            context = window[-CONTEXT:]
            confidence = float(output[0, 0])
            low = low + 1 if confidence < QUIET_MAX else 0
            since_forgotten += 1
            if since_forgotten >= FORGET_WINDOWS and follower.is_quiet and low >= QUIET_WINDOWS:
                state, context = self._nothing()
                since_forgotten = 0
            follower.push(confidence >= VOICE_MIN and is_loud)
        return Voices(np.array(follower.voiced, bool), np.array(follower.speaking, bool))

    def _nothing(self) -> tuple[NDArray[np.float32], Audio]:
        return np.zeros((2, 1, 128), np.float32), np.zeros(CONTEXT, np.float32)


class Follower:
    """Confirms speech, and its absence, by CONFIRM_WINDOWS in a row."""

    def __init__(self) -> None:
        self.voiced: list[bool] = []
        self.speaking: list[bool] = []
        self._speaking = False
        self._against = 0
        """How many windows in a row have said otherwise."""

    @property
    def is_quiet(self) -> bool:
        return not self._speaking and not self._against

    def push(self, voiced: bool) -> None:
        self._against = self._against + 1 if voiced is not self._speaking else 0
        if self._against == CONFIRM_WINDOWS:
            self._speaking, self._against = voiced, 0
        self.voiced.append(voiced)
        self.speaking.append(self._speaking)


def loudness(audio: Audio) -> Numbers:
    """Return the smoothed loudness of the 0.4 s before the end of each window, 0 to 1.

    ITU-R BS.1770-4: a shelf and a high-pass filter (annex 1, with the coefficients' formulas
    of libebur128 for other rates than 48 kHz), then power; one block of 0.4 s has no gate but
    the absolute one.
    """
    size = len(audio) + SAMPLE_RATE_HZ  # both filters have died away within a second
    delay = np.exp(-2j * pi * np.fft.rfftfreq(size))
    spectrum = np.fft.rfft(audio, size)
    for zeros, poles in (_shelf(), _high_pass()):
        spectrum *= np.polyval(zeros[::-1], delay) / np.polyval(poles[::-1], delay)
    power = np.cumsum(np.concatenate([[0.0], np.fft.irfft(spectrum, size)[: len(audio)] ** 2]))
    until = np.arange(WINDOW, len(audio) + 1, WINDOW)
    blocks = power[until] - power[np.maximum(until - LOUDNESS_SAMPLES, 0)]
    level_db = -0.691 + 10 * np.log10(np.maximum(blocks / LOUDNESS_SAMPLES, 1e-20))
    lowest, highest = LOUDNESS_DB
    known = (until >= LOUDNESS_SAMPLES) & (level_db > GATE_DB)
    levels = np.where(known, np.clip((level_db - lowest) / (highest - lowest), 0, 1), 0)
    smoothed, level = [], 0.0
    for now in levels.tolist():
        level += SMOOTHING * (now - level)
        smoothed.append(level)
    return np.array(smoothed)


def _shelf() -> tuple[list[float], list[float]]:
    k, q = tan(pi * 1681.974450955533 / SAMPLE_RATE_HZ), 0.7071752369554196
    high = 10 ** (3.999843853973347 / 20)
    band = high**0.4996667741545416
    zeros = [high + band * k / q + k * k, 2 * (k * k - high), high - band * k / q + k * k]
    return zeros, [1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k]


def _high_pass() -> tuple[list[float], list[float]]:
    k, q = tan(pi * 38.13547087602444 / SAMPLE_RATE_HZ), 0.5003270373238773
    scale = 1 + k / q + k * k
    return [1.0, -2.0, 1.0], [1.0, 2 * (k * k - 1) / scale, (1 - k / q + k * k) / scale]


# Whether the turn is over.


class SmartTurn:
    def __init__(self, graph: bytes) -> None:
        self._session = _session(graph)
        self._filters = mel_filters()
        self._fade = np.hanning(FFT + 1)[:-1]

    def probability(self, audio: Audio, start_s: float, until_s: float) -> float:
        """Return how likely the turn is over that has been heard from there until then."""
        first = max(0, int((start_s - BEFORE_S) * SAMPLE_RATE_HZ))
        heard = audio[first : int(until_s * SAMPLE_RATE_HZ + 1e-3)][-SOUND_SAMPLES:]
        if not len(heard):
            return 0.0
        (answer,) = self._session.run(None, {"input_features": self.features(heard)[None]})
        return float(answer.ravel()[0])

    def features(self, audio: Audio) -> NDArray[np.float32]:
        """Return float32[MELS, 800]: log-mel energies as Whisper has them, of 8 s that end here.

        Args:
            audio: float32[n], at most 8 s; silence comes before it.
        """
        sound = np.pad(audio.astype(np.float32), (SOUND_SAMPLES - len(audio), 0))
        sound = (sound - sound.mean()) / np.sqrt(sound.var() + 1e-7)
        around = np.pad(sound.astype(np.float64), FFT // 2, mode="reflect")
        frames = np.lib.stride_tricks.sliding_window_view(around, FFT)[:-1:HOP]
        power = np.abs(np.fft.rfft(frames * self._fade)) ** 2
        levels = np.log10(np.maximum(self._filters @ power.T, 1e-10))
        levels = np.maximum(levels, levels.max() - 8)
        scaled: NDArray[np.float32] = ((levels + 4) / 4).astype(np.float32)
        return scaled


def mel_filters() -> Numbers:
    """Return float64[MELS, FFT // 2 + 1]: triangles of equal area on Slaney's mel scale."""
    lowest_log_hz, mels_below, step = 1000.0, 15.0, np.log(6.4) / 27
    top = mels_below + np.log(SAMPLE_RATE_HZ / 2 / lowest_log_hz) / step
    mels = np.linspace(0, top, MELS + 2)
    edges = np.where(
        mels < mels_below,
        mels * lowest_log_hz / mels_below,
        lowest_log_hz * np.exp(step * (mels - mels_below)),
    )
    bins = np.linspace(0, SAMPLE_RATE_HZ / 2, FFT // 2 + 1)
    low, middle, high = (edges[i : MELS + i, None] for i in range(3))
    rising, falling = (bins - low) / (middle - low), (high - bins) / (high - middle)
    filters: Numbers = np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low)
    return filters


# Live.


def silence_scores(voices: Voices, moments_s: Numbers) -> Numbers:
    return np.array([min(1.0, voices.silence_s(at_s) / LOOK_S_MAX) for at_s in moments_s])


def by_silence(voices: Voices) -> list[TurnEvent]:
    return loop(voices.speeches(), voices.heard_s, lambda start_s, stop_s: (SILENCE_S, False))


def by_smart_turn(smart_turn: SmartTurn, audio: Audio, voices: Voices) -> list[TurnEvent]:
    def wait(start_s: float, stop_s: float) -> tuple[float, bool]:
        complete = smart_turn.probability(audio, start_s, stop_s) > COMPLETE_MIN
        return (0.0, False) if complete else (GIVE_UP_S, True)

    return loop(voices.speeches(), voices.heard_s, wait)


def loop(
    speeches: Sequence[tuple[float, float]],
    heard_s: float,
    wait: Callable[[float, float], tuple[float, bool]],
) -> list[TurnEvent]:
    """Return the turns that come of it.

    Args:
        speeches: When speech began and stopped.
        heard_s: How much was heard in all; what would come later does not.
        wait: From a turn's start and a stop of its speech to how long to wait then, and
            whether that is giving up.
    """
    events: list[TurnEvent] = []
    start_s: float | None = None
    for number, (begun_s, stop_s) in enumerate(speeches):
        if start_s is None:
            start_s = begun_s
            events.append(TurnEvent(Event.START_OF_TURN, begun_s))
        if stop_s > heard_s:
            break
        wait_s, gave_up = wait(start_s, stop_s)
        next_s = speeches[number + 1][0] if number + 1 < len(speeches) else float("inf")
        if stop_s + wait_s < next_s and stop_s + wait_s <= heard_s:
            events.append(TurnEvent(Event.END_OF_TURN, stop_s + wait_s, gave_up))
            start_s = None
    return events

"""How likely it is that a turn is over: a small recurrent network, asked after every frame.

It reads the acoustic network's own frames, half-way and at the end, which know how the last
sounds were drawn out and whether a sentence closed, and beside them what is known of one turn:
how long the voice has been gone, how the turn sounded until then, whether its words are
complete, and what the caller expects. What a stream keeps between frames is STATE numbers.
training/turn_head.py makes the weights; nothing here knows thresholds: they are the client's.

After "Streaming Endpointer with Neural Audio Codecs and Label-Delayed Training" (Udupa et al.,
2025) and "Unified End-to-End Speech Recognition and Endpointing" (Bijwadia et al., 2022): a
recurrent head on frames that recognition needs anyway.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp, log, log2

import numpy as np
from numpy.typing import NDArray

from turnwise.engine.completeness import WORDS_MAX, Completeness, Expected, shown_by
from turnwise.engine.encoder import Floats, Slot, session
from turnwise.engine.interface import Word
from turnwise.engine.voice import OFF_DB, Voicing
from turnwise.units import Samples, samples_from_ms, seconds

FILE = "endpoint.onnx"
NONE = Samples(0)
SPEAKING_MAX = 0.1
"""Nobody is done while a voice is heard, or before: what the network says counts so little. As soon
as it is gone the network answers for itself; that no turn ends in a stop consonant is the policy's.
"""
SILENCE_MIN = samples_from_ms(100)  # less is a stop consonant
DOUBTED_FROM, DOUBTED_UNTIL = samples_from_ms(400), samples_from_ms(1_000)
DOUBT = 0.7
"""Of silence. In between most pauses end: the network is too sure there, by so much in log-odds."""
CUT_OFF_MAX = samples_from_ms(1_500)
"""Between two voices: who goes on so soon after an end was cut off, and the network is told of both
turns as one."""
LONGEST_S = 8.0
"""Silences are alike from here on."""
ODDS_MAX = 12.0

EXPECTED = tuple(Expected)
EVIDENCE = (
    "silence",  # log2 of tenths of a second since the last voice
    "voice",  # 1 while a voice is heard
    "prominence",  # tens of decibels the frame stands out of the noise floor
    "activity",  # share of its blocks that do
    "pitch",  # octaves the last pitch lies over the turn's average
    "loudness",  # tens of decibels the end is louder than the turn's average
    "paused",  # log2 of tenths of a second of the longest pause inside the turn
    "complete",  # log-odds that the words are all of a turn
    "has words",
    "certain",  # confidence of the last word
    "count",  # logarithm of how many words there are
    *EXPECTED,  # 1 if the client's hints say so, or, without any, the words
)
"""What the network is told of one turn, each of order one."""


class Endpoint:
    """Follows the turns of one stream, for what the network is to be told of them."""

    def __init__(self, completeness: Completeness) -> None:
        self.expected: Expected | None = None
        """What the client said the turn will hold."""
        self._completeness = completeness
        self._turn_start = self._heard_until = Samples(0)
        self.voice_until: Samples | None = None
        """Just after the last voiced sample of the turn; None before the first."""
        self._texts: tuple[str, ...] = ()
        self._so_far = _SoFar()
        self._ended: _SoFar | None = None
        self._judged: tuple[tuple[str, ...], Expected | None] = ((), None)
        self._told: Expected | None = self.expected
        self._complete = 0.0

    def new_turn(self, position: Samples) -> None:
        """Forget the turn so far, unless it goes on soon; the next one begins at that position."""
        so_far, self._so_far, self._ended = self._so_far, _SoFar(), None
        if self.voice_until is not None:
            so_far.words = (*so_far.words, *self._texts)[-WORDS_MAX:]
            so_far.voice_until, self._ended = self.voice_until, so_far
        self.voice_until, self._texts = None, ()
        self._turn_start = self._heard_until = position

    @property
    def silence(self) -> Samples:
        """Since the last voice of the turn; 0 before the first."""
        return Samples(self._heard_until - (self.voice_until or self._heard_until))

    def push(self, voicing: Voicing, words: Sequence[Word]) -> NDArray[np.float32]:
        """Return float32[len(EVIDENCE)] after one more frame.

        Args:
            voicing: Of the frame just heard.
            words: Of the turn so far, in lower case without marks.
        """
        self._follow_voice(voicing)
        self._texts = tuple(word.text.lower() for word in words)
        texts = (*self._so_far.words, *self._texts)
        self._judge(texts)
        silence_s = min(seconds(self.silence), LONGEST_S)
        prominence = float(voicing.over_floor_db.max())
        return np.array(
            [
                _log2_tenths(silence_s) / 4,
                self.voice_until is not None and self.silence < SILENCE_MIN,
                min(max(prominence, 0.0), 40.0) / 20,
                float((voicing.over_floor_db > OFF_DB).mean()),
                self._so_far.pitch.over_average(),
                self._so_far.loudness.over_average(),
                _log2_tenths(seconds(self._so_far.longest_pause)) / 4,
                max(-2.0, min(2.0, self._complete / 3)),
                bool(texts),
                words[-1].confidence if words else 0.0,
                log(1 + len(texts)) / 3,
                *(self._told is expected for expected in EXPECTED),
            ],
            np.float32,
        )

    def _judge(self, texts: tuple[str, ...]) -> None:
        """Find out what the words' text tells; it changes seldom, so it is kept."""
        if (texts, self.expected) != self._judged:
            self._judged = (texts, self.expected)
            self._told = self.expected or shown_by(texts)
            self._complete = self._completeness.log_odds(texts, self._told)

    def probability(self, log_odds: float) -> float:
        """Return the probability, 0 to 1, that the turn is over; small before it has begun."""
        if DOUBTED_FROM <= self.silence < DOUBTED_UNTIL:
            log_odds -= DOUBT
        said = 1 / (1 + exp(-max(-ODDS_MAX, min(ODDS_MAX, log_odds))))
        is_silent = self.voice_until is not None and self.silence > 0
        return said if is_silent else SPEAKING_MAX * said

    def _follow_voice(self, voicing: Voicing) -> None:
        self._heard_until = voicing.heard_until
        until = voicing.voice_until
        if until is None or until <= self._turn_start or until == self.voice_until:
            return
        if self.voice_until is not None and until < self.voice_until:
            self.voice_until = until  # what came after was no voice
            return
        if voicing.run_start is not None:
            self._follow_pause(voicing.run_start)
        self.voice_until = until
        self._so_far.loudness.push(voicing.level_db / 10)
        if voicing.pitch_hz is not None:
            self._so_far.pitch.push(log2(voicing.pitch_hz))

    def _follow_pause(self, until: Samples) -> None:
        """Take where the voice that is heard has begun."""
        if self.voice_until is None and self._ended is not None:
            if until - self._ended.voice_until > CUT_OFF_MAX:
                return
            self._so_far, self.voice_until = self._ended, self._ended.voice_until
        if self.voice_until is not None:
            pause = Samples(until - self.voice_until)
            self._so_far.longest_pause = max(self._so_far.longest_pause, pause)


@dataclass(slots=True)
class _Trail:
    """An average and how its last values compare."""

    count: int = 0
    total: float = 0.0
    end: float = 0.0

    def push(self, value: float) -> None:
        self.count += 1
        self.total += value
        self.end = value if self.count == 1 else 0.5 * self.end + 0.5 * value

    def over_average(self) -> float:
        """Return the difference, at most one either way: more is an error of measurement."""
        return max(-1.0, min(1.0, self.end - self.total / self.count)) if self.count else 0.0


@dataclass(slots=True)
class _SoFar:
    """How a turn went."""

    longest_pause: Samples = NONE
    pitch: _Trail = field(default_factory=_Trail)
    loudness: _Trail = field(default_factory=_Trail)
    words: tuple[str, ...] = ()
    """Those before it was cut off."""
    voice_until: Samples = NONE
    """Just after its last voice, if it has ended."""


def _log2_tenths(duration_s: float) -> float:
    return log2(1 + max(duration_s, 0.0) / 0.1)


class EndpointNetwork:
    """The network for all streams; constant but for its slots.

    Args:
        graph: The content of the ONNX file.
        slots_max: For how many streams there is room.
    """

    def __init__(self, graph: bytes, *, slots_max: int) -> None:
        self._session = session(graph, threads=1)
        shapes = {entry.name: entry.shape for entry in self._session.get_inputs()}
        self._state = np.zeros((slots_max, shapes["state"][1]), np.float32)

    def open(self, slot: Slot) -> None:
        """Begin a stream, which has heard nothing."""
        self._state[slot] = 0

    def step(self, slots: Sequence[Slot], middle: Floats, last: Floats, evidence: Floats) -> Floats:
        """Hear one more frame of some streams, each at most once.

        Args:
            slots: n of them, at least one.
            middle: float32[n, width], the acoustic network's frames, half-way.
            last: float32[n, width], and at its end.
            evidence: float32[n, len(EVIDENCE)].

        Returns:
            float32[n]: the logarithms of the odds that each turn is over.
        """
        rows = np.array(slots, np.int64)
        feeds = {"middle": middle, "last": last, "evidence": evidence, "state": self._state[rows]}
        log_odds, state = self._session.run(None, feeds)
        self._state[rows] = state
        found: Floats = log_odds[:, 0]
        return found

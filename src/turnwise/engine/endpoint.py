"""How likely it is that a turn is over: an estimate after every frame.

A logistic function of the silence so far, how complete the words sound, how the voice ended
and how the speaker has paused before. Nothing here knows thresholds; they are the client's.
WEIGHTS were fitted by bench/endpoint.py, which also says how good they are. They are honest
about conversation; read-out speech, with its long pauses, gets less than they promise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log2

from turnwise.engine.interface import Word
from turnwise.engine.voice import Voicing
from turnwise.units import Samples, samples_from_ms, seconds

SPEAKING_MAX = 0.1  # nobody is done while a voice is heard
ANSWER_WORDS_MAX = 2
SILENCE_MIN = samples_from_ms(100)  # less is a stop consonant, not a silence
LONG_SILENCE = samples_from_ms(500)


def _set_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Something must follow these: among 260,000 turns of conversation and dialogue they stand
# last ten times and more less often than in the middle, fillers twenty times.
OPEN_ENDED = _set_of(
    "a able about an and another any are as because been being but by can can't could didn't "
    "doesn't don't each even every feel for get getting give gonna had has having he he'll "
    "he's how i i'd i'll i'm i've if in into is it's its just keep kind let let's like little "
    "look looking looks make many may might most my of or other our prefer pretty put send "
    "she she's should so some sort sounds still tell than that's the their there's these they "
    "they're to trying until using very wanna was we we'll we're we've were what what's when "
    "where whether which who whole will with would write you're you've your"
)
FILLERS = _set_of("ah eh er erm hm hmm mm uh um")
# These stand last three times and more as often as in the middle.
CLOSING = _set_of(
    "absolutely account afternoon again area available bye correct cost day days else evening "
    "fine good goodbye great help here instead later minutes month morning needed now number "
    "perfect please right shortly soon thanks today tomorrow tonight too week yep"
)
# A turn may be no more than one or two of these.
ANSWERS = _set_of(
    "absolutely alright bye cool correct definitely exactly fine good goodbye great hello hey "
    "hi it nah no nope ok okay perfect please right sure thank thanks that's yeah yep yes you"
)
NUMBERS = _set_of(
    "zero oh one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy "
    "eighty ninety hundred thousand million double triple"
)
LETTERS = frozenset("bcdefghjklmnopqrstuvwxyz")
"""Without "a" and "i", which are words."""


@dataclass(frozen=True, slots=True)
class Features:
    """What the estimate is made of. All numbers are of order one."""

    silence: float
    """log2 of the silence over a quarter of a second."""
    long_silence: float
    """Seconds of silence beyond LONG_SILENCE: few pauses last, so each second tells."""
    open_ended: float
    """1 if the last word is one that something must follow."""
    filler: float
    """1 if the last word is a hesitation."""
    closing: float
    """1 if the last word is one that often ends a turn."""
    answer: float
    """1 if the turn is no more than a short answer."""
    dictated: float
    """1 if the last word is a number or a letter: more of them may follow."""
    pitch: float
    """Octaves the last pitch lies over the turn's average."""
    loudness: float
    """Tens of decibels the end is louder than the turn's average."""
    paused: float
    """log2 of the longest pause inside the turn over a quarter of a second, at least 0."""


WEIGHTS = Features(
    silence=0.59,
    long_silence=0.87,
    open_ended=-0.53,
    filler=-1.46,
    closing=0.91,
    answer=0.68,
    dictated=-0.41,
    pitch=-0.06,
    loudness=-1.29,
    paused=-0.13,
)
BIAS = -1.05


class EndpointEstimator:
    """Follows the turns of one stream. Its state is a few numbers."""

    def __init__(self) -> None:
        self._turn_start = Samples(0)
        self._start_turn()

    def new_turn(self, position: Samples) -> None:
        """Forget the turn so far; the next one begins at that position."""
        self._turn_start = position
        self._start_turn()

    def _start_turn(self) -> None:
        self.voice_until: Samples | None = None
        """Just after the last voiced sample of the turn; None before the first."""
        self._longest_pause = Samples(0)
        self._pitch = _Trail()
        self._loudness = _Trail()

    def push(self, voicing: Voicing, words: Sequence[Word]) -> float:
        """Return the probability, 0 to 1, that the turn is over; 0 before its first voice.

        Args:
            voicing: Of the frame just heard.
            words: Of the turn so far.
        """
        self._follow_voice(voicing)
        if self.voice_until is None:
            return 0.0
        silence = Samples(voicing.heard_until - self.voice_until)
        confidence = estimate(self.features(silence, words))
        return confidence if silence >= SILENCE_MIN else min(confidence, SPEAKING_MAX)

    def features(self, silence: Samples, words: Sequence[Word]) -> Features:
        spoken = [word.text.lower().strip(".,?!") for word in words[-1 - ANSWER_WORDS_MAX :]]
        last = spoken[-1] if spoken else ""
        return Features(
            silence=_log2_quarters(max(silence, samples_from_ms(80))),
            long_silence=seconds(Samples(max(0, silence - LONG_SILENCE))),
            open_ended=float(last in OPEN_ENDED),
            filler=float(last in FILLERS),
            closing=float(last in CLOSING),
            answer=float(0 < len(words) <= ANSWER_WORDS_MAX and ANSWERS.issuperset(spoken)),
            dictated=float(last in NUMBERS or last in LETTERS),
            pitch=self._pitch.end_over_average(),
            loudness=self._loudness.end_over_average(),
            paused=max(0.0, _log2_quarters(self._longest_pause)),
        )

    def _follow_voice(self, voicing: Voicing) -> None:
        until = voicing.voice_until
        if until is None or until <= self._turn_start or until == self.voice_until:
            return
        if self.voice_until is not None and voicing.run_start is not None:
            pause = Samples(voicing.run_start - self.voice_until)
            self._longest_pause = max(self._longest_pause, pause)
        self.voice_until = until
        self._loudness.push(voicing.level_db / 10)
        if voicing.pitch_hz is not None:
            self._pitch.push(log2(voicing.pitch_hz))


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

    def end_over_average(self) -> float:
        """Return the difference, at most one either way: more is an error of measurement."""
        return max(-1.0, min(1.0, self.end - self.total / self.count)) if self.count else 0.0


def _log2_quarters(duration: Samples) -> float:
    return log2(max(seconds(duration), 0.01) / 0.25)


def estimate(features: Features) -> float:
    """Return a probability; it never falls while only the silence grows."""
    score = BIAS + sum(
        getattr(WEIGHTS, name) * getattr(features, name) for name in Features.__slots__
    )
    return 1 / (1 + exp(-score))

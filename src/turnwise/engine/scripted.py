"""An engine that says what a test tells it to, or chatters for ever when told nothing.

With a script, the hypothesis after a frame is the last cue at or before `heard_until`.
Without one, a cycle of short utterances repeats, a pure function of the position, so cheap
that a benchmark over it measures everything else.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from math import exp

from turnwise.engine.interface import Hearing, Hypothesis, Word
from turnwise.errors import EngineFailed, Overloaded
from turnwise.units import FRAME_SAMPLES, Samples, samples_from_ms, seconds

START = Samples(0)
STREAMS_MAX = 10_000  # a step of them all takes about as long as a frame lasts


@dataclass(frozen=True, slots=True)
class Cue:
    """What is believed from a position on. All positions are the stream's."""

    position: Samples
    words: tuple[Word, ...] = ()
    """Words that began before the open turn are left out when it is said."""
    end_of_turn: float = 0.0
    voice_until: Samples | None = None


def spoken(text: str, start: Samples, end: Samples, confidence: float = 0.9) -> tuple[Word, ...]:
    """Spread the words of a text evenly from start to end."""
    texts = text.split()
    edges = [
        Samples(start + (end - start) * i // max(1, len(texts))) for i in range(len(texts) + 1)
    ]
    return tuple(Word(t, confidence, edges[i], edges[i + 1]) for i, t in enumerate(texts))


@dataclass(frozen=True, slots=True)
class Moment:
    """What is believed after one frame of the chatter, if its turn is the current utterance."""

    hypothesis: Hypothesis
    silent_since: Samples
    """Where the utterance before ended; a turn from before that holds earlier words too."""


@dataclass(slots=True)
class ScriptedStream:
    heard_until: Samples = START
    turn_start: Samples = START
    cycle: tuple[Moment, ...] = ()
    """What the chatter says in the cycle the stream is in."""


class ScriptedEngine:
    """An Engine[ScriptedStream].

    Args:
        script: Cues in the order of their positions; every stream follows the same ones.
            None: the endless chatter.
    """

    def __init__(
        self, script: Sequence[Cue] | None = None, *, streams_max: int = STREAMS_MAX
    ) -> None:
        assert streams_max > 0
        self.streams_max = streams_max
        self._streams_open = 0
        self._script = None if script is None else tuple(script)
        self._positions = [cue.position for cue in self._script or ()]
        assert self._positions == sorted(self._positions), "cues come in order"

    def open(self, keyterms: Sequence[str]) -> ScriptedStream:
        if self._streams_open == self.streams_max:
            raise Overloaded(f"all {self.streams_max} places are taken")
        self._streams_open += 1
        return ScriptedStream()

    def step(
        self, work: Sequence[tuple[ScriptedStream, Hearing]]
    ) -> list[Hypothesis | EngineFailed]:
        hypotheses: list[Hypothesis | EngineFailed] = []
        for stream, hearing in work:
            if hearing.new_turn:
                stream.turn_start = stream.heard_until
            stream.heard_until = Samples(stream.heard_until + FRAME_SAMPLES)
            if self._script is None:
                hypotheses.append(_chatter(stream))
            else:
                hypotheses.append(self._follow_script(stream))
        return hypotheses

    def _follow_script(self, stream: ScriptedStream) -> Hypothesis:
        assert self._script is not None
        index = bisect_right(self._positions, stream.heard_until) - 1
        cue = self._script[index] if index >= 0 else Cue(Samples(0))
        said = Hypothesis(stream.heard_until, cue.words, cue.end_of_turn, cue.voice_until)
        return _since(stream.turn_start, said)

    def close(self, state: ScriptedStream) -> None:
        assert self._streams_open > 0
        self._streams_open -= 1

    def stop(self) -> None:
        self._streams_open = 0


def _since(turn_start: Samples, said: Hypothesis) -> Hypothesis:
    """Leave out what belongs to turns before turn_start."""
    if said.voice_until is not None and said.voice_until <= turn_start:
        return Hypothesis(said.heard_until, (), 0.0, None)
    if not said.words or said.words[0].start >= turn_start:
        return said
    words = tuple(word for word in said.words if word.start >= turn_start)
    return replace(said, words=words)


# The chatter: what is said, and the milliseconds of silence after it. A comma is a pause
# in mid-utterance, long enough for a confidence that then turns out wrong.
UTTERANCES: tuple[tuple[str, int], ...] = (
    ("Hi there", 1_440),
    ("I'd like to book a table, for two people", 1_600),
    ("Tomorrow evening at seven", 1_280),
    ("Yes please", 1_120),
    ("My name is Alice, Alice Cooper", 1_520),
    ("Could we sit outside if the weather is fine", 1_680),
    ("No that's all", 1_200),
    ("Thank you very much, goodbye", 2_400),
)
COMMA_MS = 560


def _end_of_turn(heard_until: Samples, voice_until: Samples | None) -> float:
    """Rise in silence as an estimator does: 0.5 after 0.4 s, 0.7 after 0.5 s, 0.99 after 0.9 s."""
    if voice_until is None:
        return 0.0
    silence_s = seconds(Samples(heard_until - voice_until))
    return 1 / (1 + exp((0.4 - silence_s) / 0.11))


def _utterances() -> Iterator[tuple[Word, ...]]:
    """Yield each utterance's words within the first cycle."""
    at_ms = 480
    for text, pause_ms in UTTERANCES:
        words = []
        for token in text.split():
            end_ms = at_ms + 100 + 45 * len(token)
            words.append(
                Word(
                    token.rstrip(","),
                    round(0.8 + 0.015 * (len(token) % 12), 3),
                    samples_from_ms(at_ms),
                    samples_from_ms(end_ms),
                )
            )
            at_ms = end_ms + (COMMA_MS if token.endswith(",") else 20)
        yield tuple(words)
        at_ms += pause_ms


@cache
def _cycle_words() -> tuple[tuple[Word, ...], ...]:
    return tuple(_utterances())


@cache
def cycle_frames() -> int:
    """Return the length of the chatter's cycle, in whole frames."""
    last = _cycle_words()[-1][-1].end + samples_from_ms(UTTERANCES[-1][1])
    return -(-last // FRAME_SAMPLES)


def _shifted(word: Word, by: int) -> Word:
    return Word(word.text, word.confidence, Samples(word.start + by), Samples(word.end + by))


@lru_cache(maxsize=16)
def _cycle(number: int) -> tuple[Moment, ...]:
    """Return the moments of the cycle with that number.

    Streams of about the same age share it, so that a step builds nothing.
    """
    offset = number * cycle_frames() * FRAME_SAMPLES
    utterances = [tuple(_shifted(w, offset) for w in words) for words in _cycle_words()]
    before = utterances[-1][-1].end - cycle_frames() * FRAME_SAMPLES
    silent_since = Samples(max(0, before))
    current = 0
    moments: list[Moment] = []
    for frame in range(1, cycle_frames() + 1):
        heard_until = Samples(offset + frame * FRAME_SAMPLES)
        if current + 1 < len(utterances) and utterances[current + 1][0].start < heard_until:
            silent_since = utterances[current][-1].end
            current += 1
        moments.append(Moment(_believed(heard_until, utterances[current]), silent_since))
    return tuple(moments)


def _believed(heard_until: Samples, utterance: tuple[Word, ...]) -> Hypothesis:
    begun = [word for word in utterance if word.start < heard_until]
    if not begun:
        return Hypothesis(heard_until, (), 0.0, None)
    voice_until = min(begun[-1].end, heard_until)
    words = tuple(word for word in begun if word.end <= heard_until)
    return Hypothesis(heard_until, words, _end_of_turn(heard_until, voice_until), voice_until)


def _chatter(stream: ScriptedStream) -> Hypothesis:
    """Say what the position of the stream calls for."""
    number, frame = divmod(stream.heard_until // FRAME_SAMPLES - 1, cycle_frames())
    if frame == 0 or not stream.cycle:
        stream.cycle = _cycle(number)
    moment = stream.cycle[frame]
    if stream.turn_start < moment.silent_since:
        return _with_earlier(stream.turn_start, moment)
    return _since(stream.turn_start, moment.hypothesis)


def _with_earlier(turn_start: Samples, moment: Moment) -> Hypothesis:
    """Put the words of the turn's earlier utterances first: it went on for longer than one."""
    said = moment.hypothesis
    cycle_samples = cycle_frames() * FRAME_SAMPLES
    words = [
        _shifted(word, number * cycle_samples)
        for number in range(turn_start // cycle_samples, said.heard_until // cycle_samples + 1)
        for utterance in _cycle_words()
        for word in utterance
    ]
    earlier = tuple(w for w in words if turn_start <= w.start and w.end <= moment.silent_since)
    voice_until = said.voice_until
    if voice_until is None and earlier:
        voice_until = earlier[-1].end
    confidence = _end_of_turn(said.heard_until, voice_until)
    return Hypothesis(said.heard_until, earlier + said.words, confidence, voice_until)

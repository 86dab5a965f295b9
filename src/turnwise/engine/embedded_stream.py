"""One stream of the embedded engine: from the network's answers to a hypothesis.

Everything but the network, which hears all streams at once, and the tables, which are the
same for all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log

import numpy as np

from turnwise.engine.completeness import expected_by
from turnwise.engine.encoder import DELAY_OUTPUTS, OUTPUTS_PER_FRAME, Floats, Slot
from turnwise.engine.endpoint import Endpoint
from turnwise.engine.features import LOOKBACK
from turnwise.engine.interface import Hearing, Hypothesis, Word
from turnwise.engine.punctuation import NOTHING, Punctuation
from turnwise.engine.search import HeardWord, Search, SearchState
from turnwise.engine.terms import as_written
from turnwise.engine.voice import BLOCK_SAMPLES, OFF_DB, VoiceTracker, Voicing
from turnwise.errors import EngineFailed
from turnwise.units import FRAME_SAMPLES, Audio, Frame, Samples, samples_from_ms

OUTPUT_SAMPLES = FRAME_SAMPLES // OUTPUTS_PER_FRAME
VOICED_MIN = 0.3
"""Of a word's blocks: less is a word made of noise."""
PHONELESS_MIN = 0.8
"""How likely it is that no phone is heard, where none is."""
PHONELESS_AFTER = samples_from_ms(120)
"""Without a phone: less is a stop consonant or one wrong answer."""

MARK_AFTER = samples_from_ms(60)
"""Of silence: from then on the text has its last mark, so that an end that is announced has it."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What streams share; each thread has its own search."""

    search: Search
    punctuation: Punctuation


class EmbeddedStream:
    """What one client says. Deterministic: the same audio gives the same hypotheses."""

    def __init__(
        self,
        slot: Slot,
        search: SearchState,
        keyterms: Sequence[str],
        endpoint: Endpoint,
    ) -> None:
        self.slot = slot
        self.failure: str | None = None
        """Why it cannot go on."""
        self._search = search
        self._keyterms = tuple(keyterms)
        self._voice = VoiceTracker()
        self._outputs = 0
        """How many answers there were."""
        self._phoneless_from: Samples | None = None
        """Since when no phone has been heard; None while one is."""
        self._endpoint = endpoint
        self._tail = np.zeros(LOOKBACK, np.float32)
        self._heard_until = Samples(0)
        self._start_turn()

    def _start_turn(self) -> None:
        self._turn_start = self._heard_until
        self._voiced = [0]
        """How many of the turn's first blocks are voiced."""
        self._words: list[Word] = []
        self._readable = NOTHING

    def sound(self, frame: Frame) -> Audio:
        """Return the samples that the frame's features look at, and keep its end."""
        samples = np.concatenate([self._tail, frame])
        self._tail = samples[-LOOKBACK:]
        return samples

    def hear(
        self, hearing: Hearing, log_probs: Floats, frame_log_probs: Floats, tools: Tools
    ) -> Floats:
        """Take the network's answer to a frame, and return what tells whether the turn is over.

        Args:
            hearing: The frame, with what changed before it.
            log_probs: float32[OUTPUTS_PER_FRAME, classes], see `encoder.Encoded`.
            frame_log_probs: The same shape.
            tools: Those of this thread.

        Returns:
            float32[len(endpoint.EVIDENCE)]

        Raises:
            EngineFailed: The answer is no number, as of sound that is none.
        """
        if not (np.isfinite(log_probs).all() and np.isfinite(frame_log_probs).all()):
            raise EngineFailed("the network's answer is no number")
        if hearing.new_turn:
            self._endpoint.new_turn(self._heard_until)
            tools.search.new_turn(self._search)
            self._start_turn()
        if hearing.keyterms is not None:
            self._keyterms = hearing.keyterms
            tools.search.listen_for(self._search, self._keyterms)
        if hearing.hints is not None:
            self._endpoint.expected = expected_by(hearing.hints)
        tools.search.advance(self._search, log_probs)
        self._follow_phones(frame_log_probs[:, 0])
        voicing = self._without_phoneless(self._voice.push(hearing.frame))
        self._heard_until = voicing.heard_until
        self._follow_voice(voicing)
        words = self._placed(tools.search.best(self._search), voicing.voice_until)
        evidence = self._endpoint.push(voicing, words)
        self._words = words if self._endpoint.voice_until is not None else []
        has_paused = self._endpoint.silence >= MARK_AFTER
        self._readable = tools.punctuation.readable(
            self._words, ended=has_paused, before=self._readable
        )
        return evidence

    def believe(self, log_odds: float) -> Hypothesis:
        """Return what the frame just heard comes to.

        Args:
            log_odds: That the turn is over, of the end-of-turn network.
        """
        shown = tuple(
            Word(text, word.confidence, word.start, word.end)
            for text, word in zip(self._readable.texts, self._words, strict=True)
        )
        end_of_turn = self._endpoint.probability(log_odds)
        return Hypothesis(self._heard_until, shown, end_of_turn, self._endpoint.voice_until)

    def _follow_phones(self, no_phone: Floats) -> None:
        """Take float32[OUTPUTS_PER_FRAME]: how likely, as logarithms, no phone is heard."""
        for is_phoneless in (no_phone >= log(PHONELESS_MIN)).tolist():
            if not is_phoneless:
                self._phoneless_from = None
            elif self._phoneless_from is None:
                self._phoneless_from = Samples(max(0, _position(self._outputs)))
            self._outputs += 1

    def _without_phoneless(self, voicing: Voicing) -> Voicing:
        """Return where the voice is, unless what goes on like one has no phones any more.

        The network knows a voice from what else is loud, but tells 120 ms later; a voice that
        has just begun is one until then.
        """
        since, until = self._phoneless_from, voicing.voice_until
        if since is None or until is None or until <= since:
            return voicing
        heard_from = max(since, voicing.run_start or since)
        if _position(self._outputs) - heard_from < PHONELESS_AFTER:
            return voicing
        return replace(voicing, voice_until=since)

    def _follow_voice(self, voicing: Voicing) -> None:
        for level in voicing.over_floor_db.tolist():
            self._voiced.append(self._voiced[-1] + (level > OFF_DB))

    def _placed(self, heard: Sequence[HeardWord], voice_until: Samples | None) -> list[Word]:
        """Return the words that have a voice, with their place, and terms as they are written."""
        words: list[Word] = []
        after = self._turn_start
        for number, word in enumerate(heard):
            last = Samples(self._heard_until - (len(heard) - 1 - number))
            start = min(max(_position(word.start), after), Samples(last - 1))
            end = min(max(_position(word.end), Samples(start + 1)), last)
            if voice_until is not None and start < voice_until < end:
                end = voice_until  # no word outlasts the voice
            after = end
            if self._voiced_share(start, end) >= VOICED_MIN:
                words.append(Word(word.text, word.confidence, start, end))
        texts = as_written([word.text for word in words], self._keyterms)
        return [
            word if word.text == text else Word(text, word.confidence, word.start, word.end)
            for word, text in zip(words, texts, strict=True)
        ]

    def _voiced_share(self, start: Samples, end: Samples) -> float:
        first = (start - self._turn_start) // BLOCK_SAMPLES
        past = -((self._turn_start - end) // BLOCK_SAMPLES)
        return (self._voiced[past] - self._voiced[first]) / (past - first)


def _position(output: int) -> Samples:
    """Return where in the stream the sound lies that the network answers for there."""
    return Samples((output - DELAY_OUTPUTS) * OUTPUT_SAMPLES - LOOKBACK)

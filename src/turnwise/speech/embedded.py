"""The synthesiser that comes with the package: formants by rule, and the recogniser's lexicon.

A robot's voice, English only; it needs nothing installed and takes a hundredth of a second for
a sentence.
"""

import asyncio
from collections.abc import AsyncGenerator

import numpy as np

from turnwise.engine.language import load_lexicon
from turnwise.engine.terms import Lookup
from turnwise.speech.formants import frames
from turnwise.speech.interface import Sound, Voice
from turnwise.speech.program import cut
from turnwise.speech.pronounce import Phrase, phrases
from turnwise.speech.resonators import RATE_HZ, synthesise

LEVEL = 0.28  # vowels come out as loud as flite's
NOISE_SEED = 1  # the same text always sounds the same
HIGH = Voice("high", "en-US", RATE_HZ, feminine=True)
LOW = Voice("low", "en-US", RATE_HZ, feminine=False)
PITCH_HZ = {"high": (210.0, 165.0), "low": (125.0, 85.0)}
"""At the beginning and at the end of a phrase."""
SCALE = {"high": 1.15, "low": 1.0}
"""Of the formants: a woman's vocal tract is shorter."""


class Embedded:
    """A Synthesiser; see speech/interface.py."""

    name = "embedded"
    voices = (HIGH, LOW)

    def __init__(self) -> None:
        """Read the lexicon, and compile what is not compiled yet."""
        self._lookup: Lookup = load_lexicon().get
        spoken(Phrase(("AH",), rises=False, pause_ms=0), HIGH, 1.0)

    def expect(self, voice: Voice, speed: float = 1.0) -> None:
        """It is always ready."""

    async def say(self, text: str, voice: Voice, speed: float = 1.0) -> AsyncGenerator[Sound]:
        """See speech/interface.py."""
        for phrase in phrases(text, self._lookup):
            sound = await asyncio.to_thread(spoken, phrase, voice, speed)
            for piece in cut(sound, RATE_HZ):
                yield piece

    async def close(self) -> None:
        """Nothing is held between sayings."""


def spoken(phrase: Phrase, voice: Voice, speed: float) -> Sound:
    """Return the sound of a phrase and the pause after it: float32[n] at RATE_HZ."""
    parameters = frames(phrase.phones, speed, PITCH_HZ[voice.name], phrase.rises)
    sound = synthesise(parameters, SCALE[voice.name], NOISE_SEED)
    pause = np.zeros(round(phrase.pause_ms / speed * RATE_HZ / 1000), np.float32)
    return np.concatenate([(LEVEL * sound).clip(-1, 1), pause])

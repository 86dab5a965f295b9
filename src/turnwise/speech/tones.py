"""A synthesiser that needs nothing and says nothing: a beep a word. For tests and benchmarks."""

from collections.abc import AsyncGenerator

import numpy as np

from turnwise.errors import SynthesisFailed
from turnwise.speech.interface import Sound, Voice
from turnwise.speech.program import cut

RATE_HZ = 16_000
CHARACTER_MS = 60  # about what people take
PITCH_HZ = {"low": 220.0, "high": 440.0}
LEVEL = 0.25
BREAKS_AT = "\N{COLLISION SYMBOL}"
"""A text that holds this cannot be said, so that a failure can be asked for."""


class Tones:
    name = "tones"
    voices = (
        Voice("high", "en-US", RATE_HZ, feminine=True),
        Voice("low", "en-US", RATE_HZ, feminine=False),
    )

    def expect(self, voice: Voice, speed: float = 1.0) -> None:
        """It is always ready."""

    async def say(self, text: str, voice: Voice, speed: float = 1.0) -> AsyncGenerator[Sound]:
        """Beep for each character of each word, and be silent between words."""
        for word in text.split():
            if BREAKS_AT in word:
                raise SynthesisFailed("told to fail")
            length = round(RATE_HZ * CHARACTER_MS * len(word) / 1000 / speed)
            phase = np.arange(length) * (2 * np.pi * PITCH_HZ[voice.name] / RATE_HZ)
            beep = (LEVEL * np.sin(phase)).astype(np.float32)
            silence = np.zeros(round(RATE_HZ * CHARACTER_MS / 1000 / speed), np.float32)
            for sound in cut(np.concatenate([beep, silence]), RATE_HZ):
                yield sound

    async def close(self) -> None:
        """Nothing is held."""

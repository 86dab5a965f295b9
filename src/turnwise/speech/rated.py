"""A synthesiser whose voices all speak at one rate: what plays need not know whose they are."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

import numpy as np

from turnwise.audio.resample import Resampler
from turnwise.speech.encode import TAIL_S
from turnwise.speech.interface import Sound, Synthesiser, Voice


class Rated:
    """Wraps a synthesiser, which stays its owner's to close."""

    def __init__(self, synthesiser: Synthesiser, sample_rate_hz: int) -> None:
        self._synthesiser = synthesiser
        self._rate_hz = sample_rate_hz
        self._own = {voice.name: voice for voice in synthesiser.voices}

    @property
    def name(self) -> str:
        return self._synthesiser.name

    @property
    def voices(self) -> tuple[Voice, ...]:
        """The same voices, at the one rate."""
        return tuple(
            replace(voice, sample_rate_hz=self._rate_hz) for voice in self._synthesiser.voices
        )

    def expect(self, voice: Voice, speed: float = 1.0) -> None:
        """See speech/interface.py. It designs the filter between the rates, too."""
        own = self._own.get(voice.name, voice)
        if own.sample_rate_hz != self._rate_hz:
            Resampler(own.sample_rate_hz, self._rate_hz)
        self._synthesiser.expect(own, speed)

    async def say(self, text: str, voice: Voice, speed: float = 1.0) -> AsyncGenerator[Sound]:
        """See speech/interface.py."""
        own = self._own.get(voice.name, voice)
        same = own.sample_rate_hz == self._rate_hz
        resampler = None if same else Resampler(own.sample_rate_hz, self._rate_hz)
        async with aclosing(self._synthesiser.say(text, own, speed)) as sounds:
            async for sound in sounds:
                there = sound if resampler is None else resampler.push(sound)
                if len(there):
                    yield there
        if resampler is not None:
            tail = resampler.push(np.zeros(round(own.sample_rate_hz * TAIL_S), np.float32))
            if len(tail):
                yield tail

    async def close(self) -> None:
        """See the class."""

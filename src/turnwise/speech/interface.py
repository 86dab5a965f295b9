"""What a synthesiser is: the whole contract between whoever speaks and any engine.

    synthesiser = load("auto")                              # speech/load.py
    voice = choose("aura-2-phoebe-en", synthesiser.voices)  # speech/voices.py
    async for sound in synthesiser.say("Hello there.", voice, 1.0):
        play(sound, voice.sample_rate_hz)
    await synthesiser.close()

A synthesiser is constant: sayings share nothing, any number of them may go on at once, and
each belongs to one task of one event loop. How many sayings run side by side is the
engine's own business (a program that synthesises is started a bounded number of times);
one that has to wait waits in its first `async for`.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float32]
"""float32[n] at the voice's rate, mono, from -1.0 to 1.0, finite."""

SOUND_MS_MAX = 80
"""The longest piece that is given out at once; pieces are never empty."""
SAID_CHARACTERS_MAX = 2_400
"""The longest text one `say` takes; longer ones are cut with speech/clauses.py."""
SPEED_MIN, SPEED_MAX = 0.5, 1.5
"""Times the voice's natural speed."""


@dataclass(frozen=True, slots=True)
class Voice:
    name: str
    """The engine's own name for it."""
    language: str
    """BCP 47, such as `en` or `en-GB`."""
    sample_rate_hz: int
    """Of all sound said with it: 8,000 to 48,000."""
    feminine: bool | None = None
    """How it sounds; None: not known."""


class Synthesiser(Protocol):
    """Something that speaks. Made by speech/load.py, used from one event loop."""

    @property
    def name(self) -> str:
        """What `load` knows it by, such as `flite`."""
        ...

    @property
    def voices(self) -> tuple[Voice, ...]:
        """At least one; the first is spoken with where nothing else was asked for."""
        ...

    def expect(self, voice: Voice, speed: float = 1.0) -> None:
        """Get ready to say something in this way soon, as far as that saves time then.

        A hint, that never fails and may be given in vain; what it makes ready stays ready until
        it is used, or `close()`.
        """
        ...

    def say(self, text: str, voice: Voice, speed: float = 1.0) -> AsyncGenerator[Sound]:
        """Speak a text, piece by piece as it becomes sound.

        Pieces come as fast as they are made, not as fast as they are heard: whoever plays
        them paces them. Not asking for the next piece stops the engine sooner or later;
        nothing is buffered without bound.

        To stop at once, cancel the task that iterates, or call `aclose()`: what works on
        the text (a process, a request) is gone when that returns, and no sound comes after.

        Args:
            text: 1 to SAID_CHARACTERS_MAX characters of plain text. White space alone, and
                marks that nobody pronounces, give no sound at all, which is no error.
            voice: One of `voices`.
            speed: SPEED_MIN to SPEED_MAX. An engine without a dial for it comes as near as
                it can.

        Yields:
            1 sample to SOUND_MS_MAX of sound.

        Raises:
            SynthesisFailed: While iterating: the engine could not say this. Sound given out
                before stays valid; the next `say` may well succeed.
        """
        ...

    async def close(self) -> None:
        """Release what is held. Sayings that go on end. May be called twice."""
        ...

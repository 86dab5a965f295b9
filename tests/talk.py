"""Short ways to say what somebody said, in samples of 80 ms frames."""

from turnwise.engine.interface import Hypothesis, Word
from turnwise.units import FRAME_SAMPLES, Samples

QUIET_FRAMES = 2
"""Of quiet, after which the model is asked."""
SPEAKING_MAX = 0.1
"""No engine thinks a turn over more likely than this while a voice is heard."""


def frames(count: int) -> Samples:
    """Return the position after so many frames."""
    return Samples(count * FRAME_SAMPLES)


def words(text: str, confidence: float = 0.9, until: int = 0) -> tuple[Word, ...]:
    """Return the words of a text, one a frame up to that one, or from the start of the stream."""
    texts = text.split()
    first = max(0, until - len(texts))
    return tuple(
        Word(word, confidence, frames(index), frames(index + 1))
        for index, word in enumerate(texts, first)
    )


def belief(
    heard: int, text: str = "", end_of_turn: float = 0.0, voice: int | None = None
) -> Hypothesis:
    """Return a hypothesis.

    Args:
        heard: Frames heard.
        text: What was said in this turn so far.
        end_of_turn: Probability.
        voice: Frames up to the last voice; without it, voice goes on where there are words
            and has been gone for QUIET_FRAMES where the turn is likely over.
    """
    spoken = heard - QUIET_FRAMES if end_of_turn > SPEAKING_MAX else heard
    until = (max(1, spoken) if text else None) if voice is None else voice
    said = words(text, until=until or 0)
    return Hypothesis(frames(heard), said, end_of_turn, None if until is None else frames(until))

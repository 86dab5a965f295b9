"""From text to the bytes of speech, with a synthesiser: one clause, or all of a text."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from turnwise.settings import SpeechFormat, SpokenEncoding
from turnwise.speech.clauses import Clauses, speakable
from turnwise.speech.encode import RAW, Encoder, encoded
from turnwise.speech.interface import Synthesiser, Voice


def prepare(voice: Voice, form: SpeechFormat) -> None:
    """Design the filter between their rates, which may take a while the first time."""
    Encoder(voice.sample_rate_hz, SpokenEncoding.LINEAR16, form.sample_rate_hz)


async def clause(
    synthesiser: Synthesiser, text: str, voice: Voice, speed: float, form: SpeechFormat
) -> AsyncGenerator[bytes]:
    """Say a clause in a raw encoding; for others, in the linear16 they are made of.

    Args:
        synthesiser: Who speaks.
        text: What `clauses.speakable` gave: not empty.
        voice: One of the synthesiser's.
        speed: As in speech/interface.py.
        form: Without its container.

    Yields:
        Whole samples, never empty; as they come.

    Raises:
        SynthesisFailed: While iterating.
    """
    encoding = form.encoding if form.encoding in RAW else SpokenEncoding.LINEAR16
    encoder = Encoder(voice.sample_rate_hz, encoding, form.sample_rate_hz)
    async with aclosing(synthesiser.say(text, voice, speed)) as sounds:
        async for sound in sounds:
            if piece := encoder.push(sound):
                yield piece
    if rest := encoder.flush():
        yield rest


async def speech(
    synthesiser: Synthesiser, text: str, voice: Voice, speed: float, form: SpeechFormat
) -> AsyncGenerator[bytes]:
    """Say all of a text, clause by clause, container included.

    Raises:
        SynthesisFailed: While iterating.
    """
    async with aclosing(_samples(synthesiser, text, voice, speed, form)) as samples:
        async for piece in encoded(samples, form):
            yield piece


async def _samples(
    synthesiser: Synthesiser, text: str, voice: Voice, speed: float, form: SpeechFormat
) -> AsyncGenerator[bytes]:
    clauses = Clauses()
    for each in clauses.push(text) + clauses.flush():
        if words := speakable(each):
            async with aclosing(clause(synthesiser, words, voice, speed, form)) as pieces:
                async for piece in pieces:
                    yield piece

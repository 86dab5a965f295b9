"""The voice that comes with the package: it speaks, and our own recogniser knows the words."""

import numpy as np
import pytest

from turnwise.audio.decode import Decoder
from turnwise.audio.pcm import to_linear16
from turnwise.engine.interface import Hearing, Hypothesis
from turnwise.engine.load import load as load_engine
from turnwise.settings import Encoding
from turnwise.speech.embedded import HIGH, LOW, Embedded
from turnwise.speech.interface import SOUND_MS_MAX, Sound, Voice

SAYING = "I would like to book a table for two people."


@pytest.fixture(scope="module")
def synthesiser() -> Embedded:
    return Embedded()


async def said(synthesiser: Embedded, text: str, voice: Voice = LOW, speed: float = 1.0) -> Sound:
    pieces = [piece async for piece in synthesiser.say(text, voice, speed)]
    assert all(0 < len(piece) <= 16 * SOUND_MS_MAX for piece in pieces)
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)


async def test_it_speaks_at_a_human_pace_and_level(synthesiser: Embedded) -> None:
    for voice in (HIGH, LOW):
        sound = await said(synthesiser, SAYING, voice)
        assert 2.0 < len(sound) / 16_000 < 4.5
        assert 0.05 < float(np.sqrt(np.mean(sound**2))) < 0.25
        assert np.abs(sound).max() <= 1.0


async def test_speed_shortens_it(synthesiser: Embedded) -> None:
    usual, quick = await said(synthesiser, SAYING), await said(synthesiser, SAYING, speed=1.5)
    assert len(quick) == pytest.approx(len(usual) / 1.5, rel=0.15)


async def test_words_that_no_lexicon_has_are_read_by_rule(synthesiser: Embedded) -> None:
    assert len(await said(synthesiser, "Zorblaxian fnord")) > 8_000


async def test_nothing_to_pronounce_gives_no_sound(synthesiser: Embedded) -> None:
    assert len(await said(synthesiser, "...")) == 0


@pytest.mark.slow
async def test_our_own_recogniser_knows_most_words(synthesiser: Embedded) -> None:
    sound = np.concatenate([await said(synthesiser, SAYING), np.zeros(16_000, np.float32)])
    engine = load_engine("embedded", streams_max=1, workers=1)
    state = engine.open(())
    heard: set[str] = set()
    for frame in Decoder(Encoding.LINEAR16, 16_000).push(to_linear16(sound)):
        (belief,) = engine.step([(state, Hearing(frame))])
        assert isinstance(belief, Hypothesis)
        heard |= {word.text.lower().strip(".,?!") for word in belief.words}
    engine.stop()
    words = SAYING.lower().strip(".").split()
    assert sum(word in heard for word in words) >= 0.7 * len(words), heard

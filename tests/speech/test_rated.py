"""Voices at one rate, whatever their own."""

import numpy as np
import pytest

from turnwise.speech.interface import Sound, Voice
from turnwise.speech.rated import Rated
from turnwise.speech.tones import RATE_HZ, Tones


async def said(synthesiser: Rated | Tones, voice: Voice) -> Sound:
    return np.concatenate([sound async for sound in synthesiser.say("Hello there.", voice)])


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 24_000, 48_000])
async def test_all_voices_speak_at_the_one_rate_and_as_long_as_before(rate_hz: int) -> None:
    rated, own = Rated(Tones(), rate_hz), await said(Tones(), Tones.voices[0])
    assert {voice.sample_rate_hz for voice in rated.voices} == {rate_hz}
    heard = await said(rated, rated.voices[0])
    assert len(heard) / rate_hz == pytest.approx(len(own) / RATE_HZ, abs=0.01)
    loudest_hz = np.argmax(np.abs(np.fft.rfft(heard))) * rate_hz / len(heard)
    assert loudest_hz == pytest.approx(440, abs=5)


async def test_the_owner_closes_it() -> None:
    rated = Rated(Tones(), 8_000)
    await rated.close()
    assert rated.name == "tones"
    assert len(await said(rated, rated.voices[1]))

"""Encodings: what was asked for, at the rate and about the bit rate that was asked for."""

import io
import shutil
from collections.abc import AsyncIterator

import numpy as np
import pytest
import soundfile

from turnwise.audio.pcm import to_linear16
from turnwise.errors import SynthesisFailed
from turnwise.settings import Container, SpeechFormat, SpokenEncoding
from turnwise.speech import encode
from turnwise.speech.encode import Encoder, compressed, encoded, missing, wav_header
from turnwise.speech.interface import Sound

RATES_HZ = (8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
SECONDS = 4


def tone(rate_hz: int, seconds: float = SECONDS, pitch_hz: float = 440.0) -> Sound:
    phase = np.arange(round(rate_hz * seconds)) * (2 * np.pi * pitch_hz / rate_hz)
    wave: Sound = (0.5 * np.sin(phase)).astype(np.float32)
    return wave


def noise(rate_hz: int) -> bytes:
    chance = np.random.default_rng(1)
    return to_linear16(tone(rate_hz) + 0.1 * chance.standard_normal(SECONDS * rate_hz, np.float32))


async def pieces_of(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


@pytest.mark.parametrize("rate_hz", [16_000, 22_050])
@pytest.mark.parametrize("to_hz", RATES_HZ)
def test_a_second_stays_a_second_and_a_tone_the_same_tone(rate_hz: int, to_hz: int) -> None:
    encoder = Encoder(rate_hz, SpokenEncoding.LINEAR16, to_hz)
    samples = np.frombuffer(encoder.push(tone(rate_hz, 1.0)) + encoder.flush(), "<i2")
    assert len(samples) == pytest.approx(to_hz, abs=0.006 * to_hz)
    spectrum = np.abs(np.fft.rfft(samples[:to_hz] * np.hanning(min(to_hz, len(samples)))))
    assert spectrum.argmax() == pytest.approx(440, abs=1)
    assert np.abs(samples[to_hz // 10 : to_hz // 2]).max() == pytest.approx(16_384, rel=0.02)


@pytest.mark.parametrize("encoding", [SpokenEncoding.MULAW, SpokenEncoding.ALAW])
def test_telephone_encodings_take_a_byte_a_sample(encoding: SpokenEncoding) -> None:
    encoder = Encoder(8_000, encoding, 8_000)
    assert len(encoder.push(tone(8_000, 1.0))) == 8_000
    assert encoder.flush() == b""


@pytest.mark.parametrize(
    ("encoding", "subtype"),
    [
        (SpokenEncoding.LINEAR16, "PCM_16"),
        (SpokenEncoding.MULAW, "ULAW"),
        (SpokenEncoding.ALAW, "ALAW"),
    ],
)
@pytest.mark.parametrize("known", [True, False])
async def test_wav_is_read_by_others(encoding: SpokenEncoding, subtype: str, known: bool) -> None:
    form = SpeechFormat(encoding, Container.WAV, 8_000)
    data = Encoder(8_000, encoding, 8_000).push(tone(8_000, 1.0))
    if known:
        written = wav_header(form, len(data)) + data
    else:
        written = b"".join([piece async for piece in encoded(pieces_of(data), form)])
    with soundfile.SoundFile(io.BytesIO(written)) as sound:
        assert (sound.subtype, sound.samplerate, sound.channels) == (subtype, 8_000, 1)
        samples = sound.read(dtype="float32")
    assert len(samples) == 8_000
    assert samples == pytest.approx(tone(8_000, 1.0), abs=0.02)


async def test_raw_sound_passes_as_it_comes() -> None:
    form = SpeechFormat()
    assert [piece async for piece in encoded(pieces_of(b"12", b"34"), form)] == [b"12", b"34"]


@pytest.mark.parametrize(
    ("encoding", "rate_hz", "bit_rate", "begins"),
    [
        (SpokenEncoding.MP3, 22_050, 32_000, b"\xff\xf3"),
        (SpokenEncoding.MP3, 22_050, 48_000, b"\xff\xf3"),
        (SpokenEncoding.OPUS, 48_000, 12_000, b"OggS"),
        (SpokenEncoding.OPUS, 48_000, 64_000, b"OggS"),
    ],
)
async def test_lossy_files_have_the_bit_rate_asked_for(
    encoding: SpokenEncoding, rate_hz: int, bit_rate: int, begins: bytes
) -> None:
    form = SpeechFormat(encoding, Container.NONE, rate_hz, bit_rate)
    (written,) = [piece async for piece in encoded(pieces_of(noise(rate_hz)), form)]
    assert written.startswith(begins)
    assert len(written) * 8 / SECONDS == pytest.approx(bit_rate, rel=0.25)
    samples, found_hz = soundfile.read(io.BytesIO(written))
    assert found_hz == rate_hz
    assert len(samples) / found_hz == pytest.approx(SECONDS, abs=0.1)


def test_flac_loses_nothing() -> None:
    form = SpeechFormat(SpokenEncoding.FLAC, Container.NONE, 16_000)
    samples, _ = soundfile.read(io.BytesIO(compressed(noise(16_000), form)), dtype="int16")
    assert samples.tobytes() == noise(16_000)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")
async def test_aac_comes_in_adts_frames() -> None:
    form = SpeechFormat(SpokenEncoding.AAC, Container.NONE, 22_050, 48_000)
    (written,) = [piece async for piece in encoded(pieces_of(noise(22_050)), form)]
    assert written.startswith((b"\xff\xf1", b"\xff\xf9"))
    assert len(written) * 8 / SECONDS == pytest.approx(48_000, rel=0.15)


async def test_without_ffmpeg_there_is_no_aac(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert missing(SpokenEncoding.AAC) == "aac needs ffmpeg on the server"
    assert missing(SpokenEncoding.MP3) is None
    form = SpeechFormat(SpokenEncoding.AAC, Container.NONE, 22_050, 48_000)
    with pytest.raises(SynthesisFailed, match="ffmpeg does not start"):
        await encode.aac(b"", form)

"""From sound at a voice's rate to the bytes that were asked for (contract sections 7.1 to 7.3).

What has no container, or only WAV's header, is written as the sound comes. Files (MP3, Opus,
FLAC, AAC) are written once it is all there: they are asked for over HTTP, where nobody can
speak longer than a few minutes.
"""

import asyncio
import io
import shutil
import struct
from collections.abc import AsyncIterator, Callable, Mapping

import numpy as np

from turnwise.audio.pcm import to_alaw, to_linear16, to_mulaw
from turnwise.audio.resample import Resampler
from turnwise.errors import SynthesisFailed
from turnwise.settings import Container, SpeechFormat, SpokenEncoding
from turnwise.speech.interface import Sound

RAW: Mapping[SpokenEncoding, Callable[[Sound], bytes]] = {
    SpokenEncoding.LINEAR16: to_linear16,
    SpokenEncoding.MULAW: to_mulaw,
    SpokenEncoding.ALAW: to_alaw,
}
WAV_TAGS = {SpokenEncoding.LINEAR16: 1, SpokenEncoding.ALAW: 6, SpokenEncoding.MULAW: 7}
LENGTH_UNKNOWN = 0xFFFF_FFFF  # what ffmpeg and others write to a pipe
TAIL_S = 0.005  # of silence, which pushes the last sound through the resampler
MP3_KBIT_MIN, MP3_KBIT_MAX = 8, 160  # libmp3lame at 22.05 kHz, which is MPEG-2's
OPUS_BITS_MIN, OPUS_BITS_MAX = 6_000, 256_000  # what libsndfile's scale spans, of one channel
AAC_SECONDS_MAX = 30.0
BYTES_A_SAMPLE = {SpokenEncoding.LINEAR16: 2, SpokenEncoding.MULAW: 1, SpokenEncoding.ALAW: 1}


class Encoder:
    """One clause's way from a voice to raw bytes on the wire."""

    def __init__(self, rate_hz: int, encoding: SpokenEncoding, to_hz: int) -> None:
        self._write = RAW[encoding]
        self._resampler = None if rate_hz == to_hz else Resampler(rate_hz, to_hz)
        self._tail = np.zeros(round(rate_hz * TAIL_S), np.float32)

    def push(self, sound: Sound) -> bytes:
        return self._write(sound if self._resampler is None else self._resampler.push(sound))

    def flush(self) -> bytes:
        """Return what the resampler still holds."""
        return b"" if self._resampler is None else self._write(self._resampler.push(self._tail))


def wav_header(form: SpeechFormat, data_bytes: int | None = None) -> bytes:
    """Return the header of mono WAV; with no length, one that says it is not known."""
    size = BYTES_A_SAMPLE[form.encoding]
    rate_hz = form.sample_rate_hz
    fields = (WAV_TAGS[form.encoding], 1, rate_hz, rate_hz * size, size, 8 * size)
    total = LENGTH_UNKNOWN if data_bytes is None else 36 + data_bytes
    return b"".join(
        (
            b"RIFF",
            struct.pack("<I", total),
            b"WAVEfmt ",
            struct.pack("<IHHIIHH", 16, *fields),
            b"data",
            struct.pack("<I", LENGTH_UNKNOWN if data_bytes is None else data_bytes),
        )
    )


def missing(encoding: SpokenEncoding) -> str | None:
    """Say what is not installed that the encoding needs, or None."""
    if encoding is SpokenEncoding.AAC and shutil.which("ffmpeg") is None:
        return "aac needs ffmpeg on the server"
    return None


async def encoded(pieces: AsyncIterator[bytes], form: SpeechFormat) -> AsyncIterator[bytes]:
    """Turn linear16 into what was asked for.

    Args:
        pieces: At the format's rate; for raw encodings in that encoding, and passed through.
        form: Checked by wire/speak_query.py.

    Raises:
        SynthesisFailed: While iterating: an encoder failed.
    """
    if form.encoding in RAW:
        header = wav_header(form) if form.container is Container.WAV else b""
        async for piece in pieces:  # the header comes with the first: before it all may fail
            yield header + piece
            header = b""
        if header:
            yield header
        return
    linear16 = b"".join([piece async for piece in pieces])
    if form.encoding is SpokenEncoding.AAC:
        yield await aac(linear16, form)
    else:
        yield await asyncio.to_thread(compressed, linear16, form)


def compressed(linear16: bytes, form: SpeechFormat) -> bytes:
    """Write a whole MP3, Ogg Opus or FLAC file."""
    import soundfile  # slow to import, and few ask for these

    kind, subtype, level = {
        SpokenEncoding.MP3: ("MP3", "MPEG_LAYER_III", _mp3_level),
        SpokenEncoding.OPUS: ("OGG", "OPUS", _opus_level),
        SpokenEncoding.FLAC: ("FLAC", "PCM_16", _flac_level),
    }[form.encoding]
    constant = "CONSTANT" if form.encoding is SpokenEncoding.MP3 else None
    file = io.BytesIO()
    with soundfile.SoundFile(
        file,
        "w",
        samplerate=form.sample_rate_hz,
        channels=1,
        format=kind,
        subtype=subtype,
        compression_level=level(form.bit_rate or 0),
        bitrate_mode=constant,
    ) as sound:
        sound.write(np.frombuffer(linear16, "<i2"))
    return file.getvalue()


def _mp3_level(bit_rate: int) -> float:
    """Where libsndfile finds a constant bit rate, from 0 (the most) to 1."""
    return 1 - (bit_rate / 1000 - MP3_KBIT_MIN) / (MP3_KBIT_MAX - MP3_KBIT_MIN)


def _opus_level(bit_rate: int) -> float:
    within = min(max(bit_rate, OPUS_BITS_MIN), OPUS_BITS_MAX)
    return 1 - (within - OPUS_BITS_MIN) / (OPUS_BITS_MAX - OPUS_BITS_MIN)


def _flac_level(_: int) -> float:
    return 0.5


async def aac(linear16: bytes, form: SpeechFormat) -> bytes:
    """Have ffmpeg write AAC in ADTS frames.

    Raises:
        SynthesisFailed: It is not there, or fails.
    """
    rate = str(form.sample_rate_hz)
    source = ("-f", "s16le", "-ar", rate, "-ac", "1", "-i", "-")
    target = ("-c:a", "aac", "-b:a", str(form.bit_rate), "-f", "adts", "-")
    try:
        process = await asyncio.create_subprocess_exec(
            *("ffmpeg", "-loglevel", "error", *source, *target),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError as error:
        raise SynthesisFailed(f"ffmpeg does not start: {error.strerror}") from None
    try:
        async with asyncio.timeout(AAC_SECONDS_MAX):
            written, _ = await process.communicate(linear16)
    except TimeoutError:
        raise SynthesisFailed(f"ffmpeg took over {AAC_SECONDS_MAX:g} seconds") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise SynthesisFailed(f"ffmpeg ended with status {process.returncode}")
    return written

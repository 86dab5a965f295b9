"""The whole room: the right reader, the same frames however cut, and bounded memory."""

import re
import struct
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings

from tests.audio.hearing import Heard, cut, hear, hear_whole, positions, single_bytes
from tests.audio.writing import (
    element,
    extensible,
    int16,
    ogg,
    ogg_beginning,
    opus_head,
    opus_packets,
    packets_page,
    simple_block,
    tone,
    wav,
    wav_format,
    webm,
    webm_beginning,
    webm_cluster,
)
from turnwise.audio import pcm
from turnwise.audio.decode import Decoder
from turnwise.settings import DECODE_SLICE_BYTES, SAMPLE_RATES_HZ, Encoding
from turnwise.units import FRAME_SAMPLES, Frame

NOISE = np.random.default_rng(3).bytes(16_000)
PACKETS = opus_packets(20, 12)
STREAMS: dict[str, tuple[Encoding | None, int | None, bytes]] = {
    "linear16 at 16 kHz": (Encoding.LINEAR16, 16_000, NOISE),
    "linear16 at 8 kHz": (Encoding.LINEAR16, 8_000, NOISE),
    "linear16 at 44.1 kHz": (Encoding.LINEAR16, 44_100, NOISE),
    "linear32 at 48 kHz": (Encoding.LINEAR32, 48_000, NOISE),
    "linear32 at 24 kHz": (Encoding.LINEAR32, 24_000, NOISE),
    "mulaw at 8 kHz": (Encoding.MULAW, 8_000, NOISE),
    "alaw at 8 kHz": (Encoding.ALAW, 8_000, NOISE),
    "ogg-opus": (Encoding.OGG_OPUS, 48_000, ogg(PACKETS)),
    "Ogg": (None, None, ogg(PACKETS)),
    "Ogg, chained": (None, None, ogg(PACKETS) + ogg(PACKETS, opus_head(gain_q8=-1_541))),
    "WebM": (None, None, webm(PACKETS)),
    "WAV, stereo": (None, None, wav(NOISE, wav_format(channels=2, rate_hz=48_000))),
    "WAV, 24 bits": (None, None, wav(NOISE, extensible(1, 1, 22_050, 24))),
    "WAV under linear16": (Encoding.LINEAR16, 16_000, wav(NOISE, after=b"LIST")),
    "WAV without a length": (None, None, wav(NOISE, size=0xFFFFFFFF)),
    "damaged Ogg": (None, None, ogg(PACKETS) + b"OggZ" + bytes(100)),
    "Ogg with a bad packet": (None, None, ogg([*PACKETS, b"\xff", *PACKETS])),
    "WebM with an empty packet": (None, None, webm([*PACKETS, b"", *PACKETS])),
    "no audio": (None, None, b"GIF89a"),
}
NAMED = pytest.mark.parametrize("name", STREAMS)


def silent(frames: int) -> bytes:
    return bytes(4 * FRAME_SAMPLES * frames)


@NAMED
@given(positions)
@settings(max_examples=12, deadline=None)
def test_frames_and_errors_do_not_depend_on_how_the_bytes_were_cut(
    name: str, at: list[float]
) -> None:
    encoding, rate_hz, stream = STREAMS[name]
    whole = hear_whole(stream, encoding, rate_hz)
    assert hear(Decoder(encoding, rate_hz), cut(stream, at)) == whole


@NAMED
def test_a_stream_may_come_byte_by_byte(name: str) -> None:
    encoding, rate_hz, stream = STREAMS[name]
    assert hear(Decoder(encoding, rate_hz), single_bytes(stream)) == hear_whole(
        stream, encoding, rate_hz
    )


@NAMED
def test_each_stream_is_heard_or_refused(name: str) -> None:
    encoding, rate_hz, stream = STREAMS[name]
    heard = hear_whole(stream, encoding, rate_hz)
    assert bool(heard.audio) == (name != "no audio")
    assert (heard.error is None) == (not re.search("damaged|bad|empty|no audio", name))


def likeness_to_tone(heard: Heard, hz: float) -> float:
    """How much of the sound is this tone, 0 to 1, whatever its phase."""
    samples = heard.samples[2 * FRAME_SAMPLES :].astype(np.float64)
    at = np.arange(len(samples)) / 16_000
    waves = np.stack([np.sin(2 * np.pi * hz * at), np.cos(2 * np.pi * hz * at)], axis=1)
    level, *_ = np.linalg.lstsq(waves, samples, rcond=None)
    return float(np.sum((waves @ level) ** 2) / np.sum(samples**2))


@pytest.mark.parametrize("rate_hz", SAMPLE_RATES_HZ)
def test_a_tone_is_the_same_tone_at_every_rate(rate_hz: int) -> None:
    samples = tone(440, rate_hz)
    for encoding, stream in (
        (Encoding.LINEAR16, int16(samples)),
        (Encoding.LINEAR32, samples.astype("<f4").tobytes()),
    ):
        heard = hear_whole(stream, encoding, rate_hz)
        assert len(heard.samples) == 6 * FRAME_SAMPLES
        assert likeness_to_tone(heard, 440) > 0.99999
        assert np.abs(heard.samples).max() == pytest.approx(0.5, abs=0.003)


@pytest.mark.parametrize("name", ["Ogg", "WebM", "ogg-opus"])
def test_a_tone_is_the_same_tone_in_every_container(name: str) -> None:
    packets = opus_packets(20, 40, 48_000, 2)
    stream = webm(packets) if name == "WebM" else ogg(packets, opus_head(channels=2))
    heard = hear_whole(stream, STREAMS[name][0])
    assert len(heard.samples) == 9 * FRAME_SAMPLES
    assert likeness_to_tone(heard, 440) > 0.999


def test_bare_opus_packets_come_one_to_a_message() -> None:
    heard = hear(Decoder(Encoding.OPUS, 48_000), opus_packets(20, 40))
    assert len(heard.samples) == 10 * FRAME_SAMPLES
    assert likeness_to_tone(heard, 440) > 0.999


def test_containers_and_bare_packets_decode_alike() -> None:
    bare = hear(Decoder(Encoding.OPUS, None), PACKETS)
    head = opus_head(pre_skip=0)
    assert hear_whole(ogg(PACKETS, head)) == bare
    assert bare.audio


def test_a_chained_stream_starts_its_decoder_and_its_pre_skip_again() -> None:
    once = hear_whole(ogg(opus_packets(20, 8))).samples
    twice = hear_whole(ogg(opus_packets(20, 8)) * 2).samples
    assert len(once) == FRAME_SAMPLES
    link = 8 * 320 - 104
    assert np.array_equal(twice[link : link + len(once)], once)


@pytest.mark.parametrize("encoding", [None, *Encoding])
def test_an_empty_message_is_nothing(encoding: Encoding | None) -> None:
    decoder = Decoder(encoding, 16_000)
    assert hear(decoder, [b"", b""]) == Heard(b"", None)


@pytest.mark.parametrize("encoding", pcm.RAW)
def test_the_header_of_a_wav_file_under_a_raw_encoding_is_skipped(encoding: Encoding) -> None:
    heard = hear_whole(wav(NOISE), encoding, 16_000)
    assert heard == hear_whole(NOISE, Encoding.LINEAR16, 16_000)


def test_a_wav_file_says_its_own_rate() -> None:
    stream = wav(NOISE, wav_format(rate_hz=8_000))
    assert hear_whole(stream, Encoding.LINEAR16, 16_000) == hear_whole(
        NOISE, Encoding.LINEAR16, 8_000
    )


def test_raw_samples_are_heard_as_they_are() -> None:
    heard = hear_whole(struct.pack("<h", 16_384) * FRAME_SAMPLES, Encoding.LINEAR16, 16_000)
    assert heard.samples.tolist() == [0.5] * FRAME_SAMPLES


def test_every_channel_of_a_wav_file_counts() -> None:
    stream = wav(struct.pack("<2h", 16_384, 0) * FRAME_SAMPLES, wav_format(channels=2))
    assert hear_whole(stream).samples.tolist() == [0.25] * FRAME_SAMPLES


@pytest.mark.parametrize(
    ("encoding", "rate_hz", "stream", "text"),
    [
        (None, None, b"\x01\x02\x03\x04", "a WAV, Ogg or WebM stream was expected"),
        (None, None, b"\x01\x02\x03\x04", "but the first bytes are 01 02 03 04"),
        (None, 16_000, b"ID3\x04", "without encoding and sample_rate"),
        (Encoding.OGG_OPUS, None, wav(NOISE), "but the first bytes are 52 49 46 46"),
        (Encoding.OPUS, 48_000, ogg(PACKETS), "one bare packet per message, not Ogg"),
        (Encoding.OPUS, 48_000, webm(PACKETS), "one bare packet per message, not WebM"),
        (Encoding.OPUS, 48_000, b"\xff\xff", "not an Opus packet"),
        (Encoding.LINEAR16, None, NOISE, "raw linear16 needs sample_rate"),
        (Encoding.MULAW, 96_000, NOISE, "from 8000 to 48000 Hz, not 96000"),
        (None, None, wav(NOISE, wav_format(rate_hz=96_000)), "from 8000 to 48000 Hz, not 96000"),
        (None, None, wav(NOISE, wav_format(rate_hz=8_001)), "8001 Hz is not supported"),
    ],
)
def test_what_cannot_be_heard_is_refused_in_words(
    encoding: Encoding | None, rate_hz: int | None, stream: bytes, text: str
) -> None:
    error = hear_whole(stream, encoding, rate_hz).error
    assert error is not None
    assert text in error


def test_the_frames_before_an_error_are_heard() -> None:
    good = hear_whole(ogg(PACKETS))
    damaged = hear_whole(ogg(PACKETS) + bytes(27))
    assert damaged.audio == good.audio
    assert good.audio


# Two bytes that decode to 120 ms: the longest sound for the least data.
DENSE = bytes([0b11100011, 48])
MESSAGE_BYTES = 16 << 20


def dense_ogg() -> bytes:
    page = packets_page([DENSE] * 255)
    return ogg_beginning() + page * (MESSAGE_BYTES // len(page))


def dense_webm() -> bytes:
    blocks = webm_cluster(*[simple_block(DENSE)] * 1_000)
    return webm_beginning() + blocks * (MESSAGE_BYTES // len(blocks))


def peak_bytes(decoder: Decoder, message: bytes) -> int:
    """The most memory held while 48 seconds are taken from one message."""
    tracemalloc.start()
    try:
        for _ in islice(decoder.push(message), 600):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("encoding", "rate_hz", "message"),
    [
        (None, None, dense_ogg),
        (None, None, dense_webm),
        (Encoding.MULAW, 8_000, lambda: bytes(MESSAGE_BYTES)),
        (Encoding.LINEAR16, 44_100, lambda: bytes(MESSAGE_BYTES)),
        (None, None, lambda: wav(bytes(MESSAGE_BYTES), wav_format(7, 1, 8_000, 8))),
        (None, None, lambda: wav(bytes(MESSAGE_BYTES), wav_format(1, 64, 48_000, 8))),
    ],
    ids=["Ogg", "WebM", "mulaw", "linear16", "WAV", "WAV of 64 channels"],
)
def test_one_large_message_is_decoded_in_bounded_memory(
    encoding: Encoding | None, rate_hz: int | None, message: Callable[[], bytes]
) -> None:
    stream = message()
    next(Decoder(encoding, rate_hz).push(stream[:300_000]))  # what is made once: tables, library
    # A second try, for the interpreter may enlarge a table of its own meanwhile.
    assert any(peak_bytes(Decoder(encoding, rate_hz), stream) < 512 << 10 for _ in range(2))


def test_frames_are_decoded_only_as_they_are_taken() -> None:
    frames: Iterator[Frame] = Decoder(Encoding.LINEAR16, 16_000).push(bytes(MESSAGE_BYTES))
    assert next(frames).tobytes() == silent(1)


def test_what_a_container_skips_is_not_held() -> None:
    decoder = Decoder(None, None)
    hear(decoder, [webm_beginning() + webm_cluster(simple_block(PACKETS[0]))])
    skipped = element(0x1F43B675, unknown=True) + b"\xec\x01" + (1 << 40).to_bytes(7, "big")
    tracemalloc.start()
    try:
        hear(decoder, [skipped, *[bytes(DECODE_SLICE_BYTES)] * 1_000])
        held_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held_bytes < 16 * DECODE_SLICE_BYTES

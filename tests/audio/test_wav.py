"""WAV: every header that encoders write, in pieces of any size."""

import re

import pytest
from hypothesis import given

from tests.audio.hearing import cut, positions, read, single_bytes
from tests.audio.writing import chunk, extensible, wav, wav_format
from turnwise.audio import pcm
from turnwise.audio.wav import WavFormat, WavReader, known_length
from turnwise.errors import BadAudio
from turnwise.settings import CONTAINER_HEADER_BYTES_MAX

DATA = bytes(range(250))
MONO = WavFormat(pcm.INT16, 1, 16_000)
LIST = chunk(b"LIST", b"INFOISFT\x0e\0\0\0Lavf59.27.100\0")


def opened(stream: bytes) -> tuple[WavFormat, bytes]:
    return joined(read(WavReader().push, [stream]))


def joined(items: list[WavFormat | bytes]) -> tuple[WavFormat, bytes]:
    form, *data = items
    assert isinstance(form, WavFormat)
    return form, b"".join(piece for piece in data if isinstance(piece, bytes))


@pytest.mark.parametrize(
    "stream",
    [wav(DATA), wav(DATA, before=LIST, after=LIST), wav(DATA, size=0xFFFFFFFF, before=LIST)],
)
@given(positions)
def test_a_file_is_the_same_however_it_was_cut(stream: bytes, at: list[float]) -> None:
    assert joined(read(WavReader().push, cut(stream, at))) == (MONO, DATA)


def test_a_file_may_come_byte_by_byte() -> None:
    stream = wav(DATA, before=LIST, after=LIST)
    assert joined(read(WavReader().push, single_bytes(stream))) == (MONO, DATA)


@pytest.mark.parametrize("size", [0, 0x7FFFF000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF])
def test_data_of_unknown_length_go_on_until_the_stream_ends(size: int) -> None:
    assert opened(wav(DATA, size=size) + DATA) == (MONO, DATA + DATA)


def test_a_length_is_believed_unless_it_is_what_pipes_get() -> None:
    assert known_length(1) == 1
    assert known_length(0x7FFFEFFF) == 0x7FFFEFFF
    assert [known_length(size) for size in (0, 0x7FFFF000, 0xFFFFFFFF)] == [None] * 3


def test_what_follows_data_of_known_length_is_ignored() -> None:
    assert opened(wav(DATA, after=LIST) + wav(DATA)) == (MONO, DATA)


def test_a_chunk_of_odd_size_is_padded() -> None:
    assert opened(wav(DATA, before=chunk(b"junk", b"odd"))) == (MONO, DATA)


def test_the_format_arrives_before_any_data() -> None:
    assert read(WavReader().push, [wav(b"", size=0)]) == [MONO]


def test_files_past_four_gibibytes_have_another_name() -> None:
    sizes = chunk(b"ds64", bytes(28))
    stream = wav(DATA, size=0xFFFFFFFF)
    assert opened(b"RF64" + stream[4:12] + sizes + stream[12:]) == (MONO, DATA)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (wav_format(1, 1, 8_000, 8), WavFormat(pcm.UINT8, 1, 8_000)),
        (wav_format(1, 2, 44_100, 24), WavFormat(pcm.INT24, 2, 44_100)),
        (wav_format(1, 6, 48_000, 32), WavFormat(pcm.INT32, 6, 48_000)),
        (wav_format(3, 1, 48_000, 32), WavFormat(pcm.FLOAT32, 1, 48_000)),
        (wav_format(6, 1, 8_000, 8, b"\0\0"), WavFormat(pcm.ALAW, 1, 8_000)),
        (wav_format(7, 1, 8_000, 8, b"\0\0"), WavFormat(pcm.MULAW, 1, 8_000)),
        (extensible(1, 2, 48_000, 16), WavFormat(pcm.INT16, 2, 48_000)),
        (extensible(3, 1, 16_000, 32), WavFormat(pcm.FLOAT32, 1, 16_000)),
    ],
)
def test_each_sample_format_is_recognised(form: bytes, expected: WavFormat) -> None:
    assert opened(wav(DATA, form)) == (expected, DATA)


@pytest.mark.parametrize(
    ("stream", "text"),
    [
        (b"RIFF\0\0\0\0AVI LIST", "expected a RIFF header of a WAVE, not 52 49 46 46"),
        (b"OggS" + bytes(20), "expected a RIFF header"),
        (wav(DATA, wav_format()[:14]), "at least 16 bytes, not 14"),
        (wav(DATA, wav_format(2, bits=4)), "not format 0x0002 with 4 bits"),
        (wav(DATA, wav_format(3, bits=64)), "not format 0x0003 with 64 bits"),
        (wav(DATA, wav_format(0xFFFE)), "not format 0xfffe with 16 bits"),
        (wav(DATA, extensible(1, 1, 8_000, 16)[:-1] + b"x"), "not format 0xfffe"),
        (wav(DATA, wav_format(channels=0)), "from 1 to 64 channels, not 0"),
        (wav(DATA, wav_format(channels=65)), "from 1 to 64 channels, not 65"),
        (wav(DATA, wav_format() + bytes(1_010)), "a WAV format of 1026 bytes is over the limit"),
        (b"RIFF\0\0\0\0WAVE" + chunk(b"data", DATA), "data came before their format"),
        (wav(DATA, before=chunk(b"junk", b"", CONTAINER_HEADER_BYTES_MAX)), "no WAV data within"),
    ],
)
def test_what_is_no_wav_we_decode_is_bad_audio(stream: bytes, text: str) -> None:
    with pytest.raises(BadAudio, match=re.escape(text)):
        opened(stream)


def test_many_small_chunks_are_not_a_header() -> None:
    with pytest.raises(BadAudio, match="no WAV data within"):
        opened(wav(DATA, before=chunk(b"junk", b"") * (CONTAINER_HEADER_BYTES_MAX // 8)))

"""Uncompressed samples: right values, in range, the same however the bytes were cut."""

import struct
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.audio.hearing import cut, positions
from turnwise.audio import pcm
from turnwise.audio.pcm import Pcm, SampleFormat
from turnwise.units import Audio

FORMATS = [
    pcm.UINT8, pcm.INT16, pcm.INT24, pcm.INT32, pcm.FLOAT32, pcm.MULAW, pcm.ALAW
]  # fmt: skip
NOISE = np.random.default_rng(1).bytes(1_200)


def values(sample_format: SampleFormat, data: bytes, channels: int = 1) -> list[float]:
    return [float(value) for value in Pcm(sample_format, channels).push(data)]


@pytest.mark.parametrize("sample_format", FORMATS)
@pytest.mark.parametrize("channels", [1, 2, 5])
@given(positions)
def test_samples_do_not_depend_on_how_the_bytes_were_cut(
    sample_format: SampleFormat, channels: int, at: list[float]
) -> None:
    whole = Pcm(sample_format, channels).push(NOISE)
    parser = Pcm(sample_format, channels)
    pieces = np.concatenate([parser.push(piece) for piece in cut(NOISE, at)])
    assert pieces.tobytes() == whole.tobytes()
    assert pieces.dtype == np.float32


def test_samples_may_come_byte_by_byte() -> None:
    parser = Pcm(pcm.INT16)
    assert [len(parser.push(bytes([byte]))) for byte in (0, 64, 0, 192)] == [0, 1, 0, 1]


def test_integers_are_scaled_by_their_negative_full_scale() -> None:
    assert values(pcm.UINT8, bytes([0, 128, 192])) == [-1, 0, 0.5]
    assert values(pcm.INT16, struct.pack("<4h", -32768, 0, 16384, 32767)) == [
        -1,
        0,
        0.5,
        32767 / 32768,
    ]
    assert values(pcm.INT24, b"\0\0\x80" + b"\0\0\0" + b"\0\0\x40" + b"\x01\0\0") == [
        -1,
        0,
        0.5,
        2**-23,
    ]
    assert values(pcm.INT32, struct.pack("<3i", -(2**31), 1 << 30, 1)) == [-1, 0.5, 2**-31]


def test_floats_pass_and_what_is_out_of_range_is_clipped() -> None:
    data = struct.pack("<6f", 0.25, -1.0, 1.5, -7.0, float("inf"), float("-inf"))
    assert values(pcm.FLOAT32, data) == [0.25, -1, 1, -1, 1, -1]


def test_nan_becomes_silence_quiet_or_signalling() -> None:
    data = struct.pack("<4I", 0x7FC00000, 0x7F800001, 0xFFC00000, 0x3F000000)
    assert values(pcm.FLOAT32, data) == [0, 0, 0, 0.5]


@given(st.binary(max_size=400))
def test_any_bytes_are_finite_samples_within_full_scale(data: bytes) -> None:
    for sample_format in FORMATS:
        samples = Pcm(sample_format).push(data)
        assert np.isfinite(samples).all()
        assert (np.abs(samples) <= 1).all()


def test_mulaw_codes_are_those_of_g711() -> None:
    # G.711 table 2: 14-bit magnitudes (2 m + 33) 2^e - 33, shown on the 16-bit scale.
    expected = []
    for code in range(256):
        negative, segment, step = code < 128, 7 - code // 16 % 8, 15 - code % 16
        magnitude = 4 * ((2 * step + 33) * 2**segment - 33)
        expected.append((-magnitude if negative else magnitude) / 32768)
    assert values(pcm.MULAW, bytes(range(256))) == expected


def test_alaw_codes_are_those_of_g711() -> None:
    # G.711 table 1: 13-bit magnitudes 2 m + 1, then (2 m + 33) 2^(e - 1), times 8.
    expected = []
    for code in range(256):
        plain = code ^ 0b01010101
        segment, step = plain // 16 % 8, plain % 16
        magnitude = 8 * (2 * step + 1 if segment == 0 else (2 * step + 33) * 2 ** (segment - 1))
        expected.append((magnitude if plain >= 128 else -magnitude) / 32768)
    assert values(pcm.ALAW, bytes(range(256))) == expected


@pytest.mark.parametrize(
    ("sample_format", "code", "value"),
    [
        (pcm.MULAW, 0xFF, 0),
        (pcm.MULAW, 0x00, -32124),
        (pcm.MULAW, 0x80, 32124),
        (pcm.ALAW, 0xD5, 8),
        (pcm.ALAW, 0x2A, -32256),
        (pcm.ALAW, 0xAA, 32256),
    ],
)
def test_known_codes_of_telephone_speech(
    sample_format: SampleFormat, code: int, value: int
) -> None:
    assert values(sample_format, bytes([code])) == [value / 32768]


def test_channels_are_averaged() -> None:
    data = struct.pack("<6h", 16384, 0, 0, -16384, -32768, -32768)
    assert values(pcm.INT16, data, channels=2) == [0.25, -0.25, -1]
    assert values(pcm.INT16, data, channels=3) == [pytest.approx(1 / 6), pytest.approx(-5 / 6)]


@pytest.mark.parametrize(
    ("write", "values"), [(pcm.to_mulaw, pcm.MULAW_VALUES), (pcm.to_alaw, pcm.ALAW_VALUES)]
)
def test_every_telephone_code_is_written_as_it_was_read(
    write: Callable[[Audio], bytes], values: Audio
) -> None:
    again = values.take(np.frombuffer(write(values), np.uint8))
    assert np.array_equal(again, values)


@pytest.mark.parametrize(
    ("write", "values"), [(pcm.to_mulaw, pcm.MULAW_VALUES), (pcm.to_alaw, pcm.ALAW_VALUES)]
)
def test_every_sample_gets_the_nearest_telephone_code(
    write: Callable[[Audio], bytes], values: Audio
) -> None:
    samples = (np.arange(-(1 << 15), 1 << 15, 37) / (1 << 15)).astype(np.float32)
    written = values.take(np.frombuffer(write(samples), np.uint8))
    nearest = np.abs(samples[:, np.newaxis] - values).min(axis=1)
    assert np.abs(written - samples) == pytest.approx(nearest, abs=1e-6)


def test_linear16_is_rounded_and_clipped() -> None:
    samples = np.array([0, 0.5, -1, 1, 2, -2, 1.4 / 32_768], np.float32)
    written = np.frombuffer(pcm.to_linear16(samples), "<i2")
    assert written.tolist() == [0, 16_384, -32_768, 32_767, 32_767, -32_768, 1]

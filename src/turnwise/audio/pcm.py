"""Bytes of uncompressed audio, as they trickle in, to float samples of one channel; and back.

Every value that leaves is finite and from -1 to 1. Integers are divided by the size of
their negative full scale, so -32768 becomes -1 and 32767 just less than 1. A float that
is out of range is clipped, infinities too, and NaN becomes 0: whatever a client's driver
did, nothing after this room has to think about it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from turnwise.settings import Encoding
from turnwise.units import Audio

Samples32 = NDArray[np.float32]  # float32[n], one channel or several interleaved


def within_full_scale(values: Samples32) -> Samples32:
    """Clip to -1 to 1; NaN becomes 0.

    NaN is looked for among the bits: comparing a signalling NaN would raise a
    floating-point flag, and numpy a warning.
    """
    strange = (values.view(np.uint32) & 0x7FFFFFFF) > 0x7F800000
    if strange.any():
        values = np.where(strange, np.float32(0), values)
    return values.clip(np.float32(-1), np.float32(1))


def _from_uint8(data: bytes) -> Samples32:
    return (np.frombuffer(data, np.uint8).astype(np.float32) - np.float32(128)) * np.float32(
        1 / 128
    )


def _from_int16(data: bytes) -> Samples32:
    scaled: Samples32 = np.multiply(np.frombuffer(data, "<i2"), np.float32(1 / (1 << 15)))
    return scaled


def _from_int24(data: bytes) -> Samples32:
    wide = np.zeros((len(data) // 3, 4), np.uint8)
    wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
    return _from_int32(wide.tobytes())


def _from_int32(data: bytes) -> Samples32:
    return np.frombuffer(data, "<i4").astype(np.float32) * np.float32(1 / (1 << 31))


def _from_float32(data: bytes) -> Samples32:
    return within_full_scale(np.frombuffer(data, "<f4").astype(np.float32, copy=False))


def _from_mulaw(data: bytes) -> Samples32:
    return MULAW_VALUES.take(np.frombuffer(data, np.uint8))


def _from_alaw(data: bytes) -> Samples32:
    return ALAW_VALUES.take(np.frombuffer(data, np.uint8))


def _mulaw_values() -> Samples32:
    """Decode all 256 codes of ITU-T G.711 mu-law, on its usual 16-bit scale."""
    code = ~np.arange(256) & 0xFF  # the line carries every bit inverted
    exponent, mantissa = code >> 4 & 7, code & 15
    magnitude = (((mantissa << 3) + 132) << exponent) - 132  # 132 is G.711's bias of 33, times 4
    return (np.where(code & 0x80, -magnitude, magnitude) / (1 << 15)).astype(np.float32)


def _alaw_values() -> Samples32:
    """Decode all 256 codes of ITU-T G.711 A-law, on its usual 16-bit scale."""
    code = np.arange(256) ^ 0x55  # the line carries every other bit inverted
    exponent, mantissa = code >> 4 & 7, code & 15
    linear = (mantissa << 4) + 8  # the first segment has no leading one
    curved = (linear + 256) << np.maximum(exponent - 1, 0)
    magnitude = np.where(exponent == 0, linear, curved)
    return (np.where(code & 0x80, magnitude, -magnitude) / (1 << 15)).astype(np.float32)


MULAW_VALUES = _mulaw_values()
ALAW_VALUES = _alaw_values()


def to_linear16(samples: Samples32) -> bytes:
    """Write samples from -1 to 1 as 16-bit little-endian integers; what is beyond is clipped."""
    return _rounded(samples).astype("<i2").tobytes()


def to_mulaw(samples: Samples32) -> bytes:
    """Write each sample as the mu-law code whose value is nearest."""
    return _MULAW_CODES.take(_rounded(samples) + (1 << 15)).tobytes()


def to_alaw(samples: Samples32) -> bytes:
    """Write each sample as the A-law code whose value is nearest."""
    return _ALAW_CODES.take(_rounded(samples) + (1 << 15)).tobytes()


def _rounded(samples: Samples32) -> NDArray[np.int32]:
    scaled = np.rint(samples * np.float32(1 << 15))
    limited: NDArray[np.int32] = scaled.clip(-(1 << 15), (1 << 15) - 1).astype(np.int32)
    return limited


def _nearest_codes(values: Samples32) -> NDArray[np.uint8]:
    """Return the code nearest to each 16-bit value, from -32768 on: uint8[65536]."""
    order = np.argsort(values, kind="stable")
    levels = values[order] * np.float32(1 << 15)
    borders = (levels[1:] + levels[:-1]) / 2
    nearest = np.searchsorted(borders, np.arange(-(1 << 15), 1 << 15))
    return order[nearest].astype(np.uint8)


_MULAW_CODES = _nearest_codes(MULAW_VALUES)
_ALAW_CODES = _nearest_codes(ALAW_VALUES)


@dataclass(frozen=True, slots=True)
class SampleFormat:
    """How one sample of one channel is written."""

    size_bytes: int
    convert: Callable[[bytes], Samples32]
    """Whole samples to float32[n], a new array."""


UINT8 = SampleFormat(1, _from_uint8)
INT16 = SampleFormat(2, _from_int16)
INT24 = SampleFormat(3, _from_int24)
INT32 = SampleFormat(4, _from_int32)
FLOAT32 = SampleFormat(4, _from_float32)
MULAW = SampleFormat(1, _from_mulaw)
ALAW = SampleFormat(1, _from_alaw)

RAW: Mapping[Encoding, SampleFormat] = {
    Encoding.LINEAR16: INT16,
    Encoding.LINEAR32: FLOAT32,
    Encoding.MULAW: MULAW,
    Encoding.ALAW: ALAW,
}
"""The raw encodings that need nothing but this room."""


class Pcm:
    """Samples of one format, whose bytes may be cut anywhere."""

    def __init__(self, sample_format: SampleFormat, channels: int = 1) -> None:
        assert channels > 0
        self._convert = sample_format.convert
        self._channels = channels
        self._block_bytes = sample_format.size_bytes * channels  # one moment, all channels
        self._pending = b""  # less than one block

    def push(self, data: bytes) -> Audio:
        """Return the samples that are now whole, channels mixed down: float32[n], n may be 0.

        The rate stays as it was.
        """
        if self._pending:
            data = self._pending + data
        left_bytes = len(data) % self._block_bytes
        if left_bytes:
            self._pending = data[-left_bytes:]
            data = data[:-left_bytes]
        else:
            self._pending = b""
        samples = self._convert(data)
        return samples if self._channels == 1 else self._mixed(samples)

    def _mixed(self, samples: Samples32) -> Audio:
        """Average the channels, one after the other: always the same sum in the same order."""
        blocks = samples.reshape(-1, self._channels)
        mixed = blocks[:, 0].copy()
        for channel in range(1, self._channels):
            mixed += blocks[:, channel]
        return mixed * np.float32(1 / self._channels)

"""Small writers of what the audio room reads: samples, packets and containers."""

import struct
from collections.abc import Sequence
from functools import cache
from zlib import crc32

import numpy as np
import opuslib_next
from numpy.typing import NDArray

PRE_SKIP = 312  # what encoders write, at 48 kHz
UNKNOWN_SIZE = b"\x01" + b"\xff" * 7


def tone(hz: float, rate_hz: int, seconds: float = 0.5, level: float = 0.5) -> NDArray[np.float64]:
    return level * np.sin(2 * np.pi * hz * np.arange(int(rate_hz * seconds)) / rate_hz)


def int16(samples: NDArray[np.float64]) -> bytes:
    return np.rint(samples * 32767).astype("<i2").tobytes()


@cache
def opus_packets(
    milliseconds: int = 20, count: int = 10, rate_hz: int = 16_000, channels: int = 1
) -> tuple[bytes, ...]:
    """Encode a 440 Hz tone, the same in every channel."""
    encoder = opuslib_next.Encoder(rate_hz, channels, "voip")
    size = rate_hz * milliseconds // 1000
    samples = np.repeat(tone(440, rate_hz, count * milliseconds / 1000 + 0.01), channels)
    return tuple(
        encoder.encode(int16(samples[at * size * channels :][: size * channels]), size)
        for at in range(count)
    )


# WAV


def chunk(name: bytes, body: bytes, size: int | None = None) -> bytes:
    size = len(body) if size is None else size
    return name + struct.pack("<I", size) + body + b"\0" * (len(body) % 2)


def wav_format(
    tag: int = 1, channels: int = 1, rate_hz: int = 16_000, bits: int = 16, more: bytes = b""
) -> bytes:
    block = channels * bits // 8
    return struct.pack("<HHIIHH", tag, channels, rate_hz, rate_hz * block, block, bits) + more


def extensible(tag: int, channels: int, rate_hz: int, bits: int) -> bytes:
    tail = bytes.fromhex("000000001000800000aa00389b71")
    more = struct.pack("<HHI", 22, bits, 0) + struct.pack("<H", tag) + tail
    return wav_format(0xFFFE, channels, rate_hz, bits, more)


def wav(
    data: bytes,
    form: bytes | None = None,
    *,
    size: int | None = None,
    before: bytes = b"",
    after: bytes = b"",
) -> bytes:
    form = wav_format() if form is None else form
    body = b"WAVE" + chunk(b"fmt ", form) + before + chunk(b"data", data, size) + after
    return b"RIFF" + struct.pack("<I", len(body) if size is None else size) + body


# Ogg


def mirrored(value: int, bits: int) -> int:
    return int(f"{value:0{bits}b}"[::-1], 2)


def page_checksum(page: bytes) -> int:
    """Ogg's CRC by shifting one bit at a time, as RFC 3533 describes it."""
    register = 0
    for byte in page:
        register ^= byte << 24
        for _ in range(8):
            register = (register << 1) ^ (0x104C11DB7 if register & 0x80000000 else 0)
    return register


def sealed(page: bytes) -> bytes:
    """Write a page's checksum into it; quick, for fuzzing and long streams."""
    page = page[:22] + bytes(4) + page[26:]
    turned = bytes(mirrored(byte, 8) for byte in range(256))
    crc = mirrored(crc32(page.translate(turned), 0xFFFFFFFF) ^ 0xFFFFFFFF, 32)
    return page[:22] + struct.pack("<I", crc) + page[26:]


def ogg_page(
    segments: Sequence[int], body: bytes, *, serial: int = 7, flags: int = 0, number: int = 0
) -> bytes:
    assert len(segments) < 256
    header = struct.pack("<4sBBqIII", b"OggS", 0, flags, 0, serial, number, 0)
    return sealed(header + bytes([len(segments), *segments]) + body)


def segments_of(packet: bytes) -> list[int]:
    return [255] * (len(packet) // 255) + [len(packet) % 255]


def packets_page(packets: Sequence[bytes], *, serial: int = 7, flags: int = 0) -> bytes:
    segments = [size for packet in packets for size in segments_of(packet)]
    return ogg_page(segments, b"".join(packets), serial=serial, flags=flags)


def opus_head(
    channels: int = 1,
    pre_skip: int = PRE_SKIP,
    gain_q8: int = 0,
    *,
    version: int = 1,
    family: int = 0,
    mapping: bytes = b"",
) -> bytes:
    fixed = struct.pack(
        "<8sBBHIhB", b"OpusHead", version, channels, pre_skip, 48_000, gain_q8, family
    )
    return fixed + mapping


OPUS_TAGS = b"OpusTags" + struct.pack("<I", 4) + b"test" + struct.pack("<I", 0)


def ogg_beginning(head: bytes | None = None, serial: int = 7) -> bytes:
    head = opus_head() if head is None else head
    return packets_page([head], serial=serial, flags=2) + packets_page([OPUS_TAGS], serial=serial)


def ogg(
    packets: Sequence[bytes], head: bytes | None = None, *, serial: int = 7, per_page: int = 3
) -> bytes:
    pages = [
        packets_page(packets[at : at + per_page], serial=serial)
        for at in range(0, len(packets), per_page)
    ]
    return ogg_beginning(head, serial) + b"".join(pages)


# WebM


def element(element_id: int, *contents: bytes, unknown: bool = False) -> bytes:
    content = b"".join(contents)
    size = UNKNOWN_SIZE if unknown else (1 << 28 | len(content)).to_bytes(4, "big")
    return element_id.to_bytes((element_id.bit_length() + 7) // 8, "big") + size + content


EBML_HEADER = element(0x1A45DFA3, element(0x4282, b"webm"))


def webm_track(
    number: int = 1,
    kind: int = 2,
    codec: bytes = b"A_OPUS",
    head: bytes | None = None,
    more: bytes = b"",
) -> bytes:
    head = opus_head() if head is None else head
    return element(
        0xAE,
        element(0xD7, bytes([number])),
        element(0x83, bytes([kind])),
        element(0x86, codec),
        element(0x63A2, head),
        more,
    )


def block(packet: bytes, track: int = 1, flags: int = 0x80) -> bytes:
    return bytes([0x80 | track]) + b"\0\0" + bytes([flags]) + packet


def simple_block(packet: bytes, track: int = 1, flags: int = 0x80) -> bytes:
    return element(0xA3, block(packet, track, flags))


def webm_beginning(*tracks: bytes) -> bytes:
    """Up to the first cluster, as a browser's recorder writes it."""
    info = element(0x1549A966, element(0x2AD7B1, b"\x0f\x42\x40"))
    return (
        EBML_HEADER
        + element(0x18538067, unknown=True)
        + info
        + element(0x1654AE6B, *(tracks or (webm_track(),)))
    )


def webm_cluster(*blocks: bytes) -> bytes:
    return element(0x1F43B675, unknown=True) + element(0xE7, b"\0") + b"".join(blocks)


def webm(packets: Sequence[bytes], *tracks: bytes) -> bytes:
    middle = len(packets) // 2
    return (
        webm_beginning(*tracks)
        + webm_cluster(*map(simple_block, packets[:middle]))
        + webm_cluster(*map(simple_block, packets[middle:]))
    )

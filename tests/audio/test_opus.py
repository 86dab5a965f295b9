"""Opus packets to 16 kHz mono, and the header before them."""

import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.audio.writing import opus_head, opus_packets, tone
from turnwise.audio.opus import (
    PACKET_BYTES_MAX,
    PACKET_SAMPLES_MAX,
    PLAIN,
    OpusDecoder,
    OpusHead,
    parse_head,
)
from turnwise.errors import BadAudio
from turnwise.units import Audio


def decoded(packets: tuple[bytes, ...], head: OpusHead = PLAIN) -> Audio:
    decoder = OpusDecoder(head)
    return np.concatenate([decoder.decode(packet) for packet in packets])


def best_lag(samples: Audio, expected: NDArray[np.float64]) -> tuple[int, float]:
    """How many samples early the sound is, and how much it is then like what it should be."""
    settled = slice(1_600, 6_400)
    likeness = {
        lag: float(np.corrcoef(samples[settled], np.roll(expected, -lag)[settled])[0, 1])
        for lag in range(-16, 17)
    }
    return max(likeness.items(), key=lambda item: item[1])


@pytest.mark.parametrize(
    ("rate_hz", "channels"), [(16_000, 1), (48_000, 1), (48_000, 2), (8_000, 1)]
)
@pytest.mark.parametrize("milliseconds", [10, 20, 60])
def test_a_tone_comes_back_in_time_at_16_khz_and_mono(
    rate_hz: int, channels: int, milliseconds: int
) -> None:
    packets = opus_packets(milliseconds, 600 // milliseconds, rate_hz, channels)
    samples = decoded(packets, OpusHead(pre_skip=312, gain_q8=0))
    assert len(samples) == 16 * 600 - 104
    lag, likeness = best_lag(samples, tone(440, 16_000))
    assert abs(lag) <= 2
    assert likeness > 0.99


def test_the_pre_skip_spans_packets() -> None:
    packets = opus_packets(20, 5)
    assert decoded(packets, OpusHead(960 + 480, 0)).tobytes() == decoded(packets)[480:].tobytes()


def test_the_output_gain_is_applied() -> None:
    packets = opus_packets(20, 20)
    quieter = decoded(packets, OpusHead(0, -1_541))  # -6.02 dB
    assert quieter == pytest.approx(decoded(packets) / 2, abs=1e-4)


def test_a_gain_beyond_full_scale_is_clipped() -> None:
    samples = decoded(opus_packets(20, 20), OpusHead(0, 32_767))
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() == 1


def test_samples_given_out_are_not_written_again() -> None:
    decoder = OpusDecoder()
    packets = opus_packets(20, 3)
    first = decoder.decode(packets[0])
    kept = first.copy()
    decoder.decode(packets[1])
    assert np.array_equal(first, kept)


def test_a_packet_holds_at_most_120_milliseconds() -> None:
    forty_eight_empty_frames = bytes([0b11100011, 48])  # 2.5 ms each, RFC 6716 section 3.2.5
    assert len(OpusDecoder().decode(forty_eight_empty_frames)) == PACKET_SAMPLES_MAX
    with pytest.raises(BadAudio, match="not an Opus packet"):
        OpusDecoder().decode(bytes([0b11100011, 49]))


@pytest.mark.parametrize("packet", [b"\xff", b"\x03", b"\x9b\x30", b"\xfb\x3f"])
def test_a_packet_that_libopus_refuses_is_bad_audio(packet: bytes) -> None:
    with pytest.raises(BadAudio, match=rf"corrupted stream\): {packet.hex(' ')}"):
        OpusDecoder().decode(packet)


@pytest.mark.parametrize("size", [0, PACKET_BYTES_MAX + 1])
def test_a_packet_of_impossible_size_is_bad_audio(size: int) -> None:
    with pytest.raises(BadAudio, match=f"from 1 to 61440 bytes, not {size}"):
        OpusDecoder().decode(bytes(size))


def test_the_header_says_what_to_skip_and_how_loud() -> None:
    assert parse_head(opus_head(2, 3_840, -512)) == OpusHead(pre_skip=3_840, gain_q8=-512)


@pytest.mark.parametrize("channels", [1, 2])
def test_family_1_of_one_stream_is_accepted(channels: int) -> None:
    mapping = bytes([1, channels - 1, 0, 1][: 2 + channels])
    assert parse_head(opus_head(channels, family=1, mapping=mapping)) == OpusHead(312, 0)


@pytest.mark.parametrize(
    ("head", "text"),
    [
        (b"OpusHead", "at least 19 bytes"),
        (b"OpusTags" + bytes(20), "expected an OpusHead"),
        (opus_head(version=16), "version 1.0 is not supported"),
        (opus_head(channels=0), "not 0"),
        (opus_head(channels=6, family=1, mapping=bytes([4, 2, 0, 4, 1, 2, 3, 5])), "not 6"),
        (opus_head(channels=3), "1 or 2 channels, not 3"),
        (opus_head(channels=2, family=1, mapping=bytes([2, 0, 0, 1])), "one coupled stereo pair"),
        (opus_head(channels=2, family=1), "one coupled stereo pair"),
        (opus_head(channels=1, family=255), "family 255 is not supported"),
    ],
)
def test_a_header_we_cannot_follow_is_bad_audio(head: bytes, text: str) -> None:
    with pytest.raises(BadAudio, match=text):
        parse_head(head)


def test_importing_the_room_does_not_load_the_library() -> None:
    code = "import sys, turnwise.audio.decode; sys.exit('opuslib_next' in sys.modules)"
    path = ":".join(filter(None, sys.path))
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": path}, check=False)
    assert done.returncode == 0

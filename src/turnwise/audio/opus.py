"""Opus packets, straight to 16 kHz mono, and the header that containers carry before them.

libopus itself resamples (its delay is the encoder's look-ahead, which the pre-skip takes
away again) and mixes stereo down, for less work than decoding at 48 kHz would be. It
comes inside the `opuslib_next` wheel; this file is the only one that imports it, and
only when a stream brings Opus.
"""

from dataclasses import dataclass

import numpy as np

from turnwise.audio.pcm import within_full_scale
from turnwise.errors import BadAudio
from turnwise.units import SAMPLE_RATE_HZ, Audio, Samples

CODEC_RATE_HZ = 48_000  # what Opus counts time in, whatever was recorded
PACKET_SAMPLES_MAX = Samples(SAMPLE_RATE_HZ * 120 // 1000)  # RFC 6716 section 2.1.4: 120 ms
PACKET_BYTES_MAX = 61_440  # RFC 7845 section 6: treat anything longer as malformed
PRE_SKIP_MAX = 65_535  # its field has 16 bits

HEAD_MAGIC = b"OpusHead"
TAGS_MAGIC = b"OpusTags"


@dataclass(frozen=True, slots=True)
class OpusHead:
    """What a container says about the packets that follow (RFC 7845 section 5.1)."""

    pre_skip: int
    """Samples at 48 kHz to throw away at the start, 0 to PRE_SKIP_MAX."""
    gain_q8: int
    """Gain to apply, in 1/256 dB, -32768 to 32767."""


PLAIN = OpusHead(pre_skip=0, gain_q8=0)


def parse_head(packet: bytes) -> OpusHead:
    """Read an identification header.

    Raises:
        BadAudio: Not one, from an unknown major version, or of channels that do not
            make one mono or stereo stream.
    """
    if len(packet) < 19 or not packet.startswith(HEAD_MAGIC):
        raise BadAudio(f"expected an OpusHead of at least 19 bytes, not {packet[:19]!r}")
    version, channels = packet[8], packet[9]
    if version & 0xF0:
        raise BadAudio(f"OpusHead version {version >> 4}.{version & 15} is not supported; 0.1 is")
    _check_channels(channels, family=packet[18], mapping=packet[19:])
    return OpusHead(
        pre_skip=int.from_bytes(packet[10:12], "little"),
        gain_q8=int.from_bytes(packet[16:18], "little", signed=True),
    )


def _check_channels(channels: int, family: int, mapping: bytes) -> None:
    """Refuse what is not a single Opus stream of one or two channels."""
    if channels not in (1, 2):
        raise BadAudio(f"Opus must have 1 or 2 channels, not {channels}")
    if family == 0:
        return
    if family != 1:
        raise BadAudio(f"Opus channel mapping family {family} is not supported; 0 and 1 are")
    # Family 1 spells the mapping out: one stream, coupled if stereo, channels in order.
    expected = bytes([1, channels - 1, *range(channels)])
    if mapping[: len(expected)] != expected:
        raise BadAudio("Opus channels must be mono, or one coupled stereo pair")


class OpusDecoder:
    """One Opus stream."""

    def __init__(self, head: OpusHead = PLAIN) -> None:
        # Imported here: only a stream that brings Opus pays for loading the library.
        import opuslib_next
        from opuslib_next.api import c_float_pointer, decoder, info

        self._state = opuslib_next.Decoder(SAMPLE_RATE_HZ, 1)  # frees itself with us
        self._state.gain = head.gain_q8
        # The wheel's Decoder.decode_float makes a Python list of every packet, which takes
        # as long as decoding it. The function beneath writes into an array of ours.
        self._decode_float = decoder.libopus_decode_float
        self._reason = info.strerror
        self._decoded = np.empty(PACKET_SAMPLES_MAX, np.float32)
        self._target = self._decoded.ctypes.data_as(c_float_pointer)
        self._skip = head.pre_skip * SAMPLE_RATE_HZ // CODEC_RATE_HZ

    def decode(self, packet: bytes) -> Audio:
        """Return a packet's samples: float32[n], 0 to PACKET_SAMPLES_MAX of them.

        Raises:
            BadAudio: Empty, too long, or libopus refuses it. The state is then undefined.
        """
        if not 0 < len(packet) <= PACKET_BYTES_MAX:
            raise BadAudio(
                f"an Opus packet has from 1 to {PACKET_BYTES_MAX} bytes, not {len(packet)}"
            )
        count = self._decode_float(
            self._state.decoder_state, packet, len(packet), self._target, PACKET_SAMPLES_MAX, 0
        )
        if count < 0:
            reason = self._reason(count).decode()
            raise BadAudio(f"not an Opus packet ({reason}): {packet[:8].hex(' ')}")
        assert count <= PACKET_SAMPLES_MAX
        skipped = min(self._skip, count)
        self._skip -= skipped
        # Gain and the codec itself may overshoot. Clipping also copies, so that the next
        # packet does not write over samples given out.
        return within_full_scale(self._decoded[skipped:count])

"""WAV files, read as they trickle in: a header, then sample bytes until the data ends.

The header is RIFF (or RF64) with any chunks before `data`; those other than `fmt ` are
skipped. An encoder that writes to a pipe cannot know the length and writes 0, or all
ones, or nearly 2**31: then the data go on until the stream ends. After data of a known
length, whatever follows is ignored.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from turnwise.audio import pcm
from turnwise.audio.intake import Intake
from turnwise.errors import BadAudio
from turnwise.settings import CONTAINER_HEADER_BYTES_MAX

RIFF_BYTES = 12
CHUNK_HEADER_BYTES = 8
LENGTH_UNKNOWN_MIN = 0x7FFF_F000  # sox writes this; ffmpeg and others 0xFFFF_FFFF
FORMAT_BYTES_MIN = 16
FORMAT_BYTES_MAX = 1 << 10  # the longest standard one, WAVE_FORMAT_EXTENSIBLE, has 40
CHANNELS_MAX = 64  # mixing down costs time for each
EXTENSIBLE = 0xFFFE
# The real tag's first two bytes stand before this tail (Microsoft, "WAVEFORMATEXTENSIBLE").
EXTENSIBLE_TAIL = bytes.fromhex("000000001000800000aa00389b71")

SAMPLE_FORMATS: Mapping[tuple[int, int], pcm.SampleFormat] = {
    (1, 8): pcm.UINT8,
    (1, 16): pcm.INT16,
    (1, 24): pcm.INT24,
    (1, 32): pcm.INT32,
    (3, 32): pcm.FLOAT32,
    (6, 8): pcm.ALAW,
    (7, 8): pcm.MULAW,
}
"""By format tag and bits per sample."""


@dataclass(frozen=True, slots=True)
class WavFormat:
    samples: pcm.SampleFormat
    channels: int
    """1 to CHANNELS_MAX."""
    sample_rate_hz: int
    """As the header says: any number."""


def parse_format(chunk: bytes) -> WavFormat:
    """Read the body of a `fmt ` chunk.

    The size of a block and the bytes per second repeat what the other fields say, and
    are often wrong in the wild: they are not read.

    Raises:
        BadAudio: Too short, or in a format, depth or channel count we do not decode.
    """
    if len(chunk) < FORMAT_BYTES_MIN:
        raise BadAudio(f"a WAV format has at least {FORMAT_BYTES_MIN} bytes, not {len(chunk)}")
    tag = int.from_bytes(chunk[0:2], "little")
    channels = int.from_bytes(chunk[2:4], "little")
    bits = int.from_bytes(chunk[14:16], "little")
    if tag == EXTENSIBLE and chunk[26:40] == EXTENSIBLE_TAIL:
        tag = int.from_bytes(chunk[24:26], "little")
    samples = SAMPLE_FORMATS.get((tag, bits))
    if samples is None:
        raise BadAudio(
            "WAV must hold 8, 16, 24 or 32-bit PCM, 32-bit float, mulaw or alaw,"
            f" not format {tag:#06x} with {bits} bits"
        )
    if not 0 < channels <= CHANNELS_MAX:
        raise BadAudio(f"WAV must have from 1 to {CHANNELS_MAX} channels, not {channels}")
    return WavFormat(samples, channels, int.from_bytes(chunk[4:8], "little"))


def known_length(size_bytes: int) -> int | None:
    """What the size of a data chunk means: so many bytes, or None for until the end."""
    return size_bytes if 0 < size_bytes < LENGTH_UNKNOWN_MIN else None


class WavReader:
    def __init__(self) -> None:
        self._intake = Intake()  # header only
        self._header_bytes = 0  # read or skipped so far
        self._format_bytes: int | None = None  # of the fmt chunk while we wait for it
        self._format: WavFormat | None = None
        self._in_data = False
        self._data_bytes: int | None = None  # still to come; None: until the stream ends

    def push(self, piece: bytes) -> Iterator[WavFormat | bytes]:
        """Yield the format once, then sample bytes as they come.

        The iterator must be exhausted before the next push.

        Raises:
            BadAudio: While iterating: not a WAV file, or one we do not decode.
        """
        if not self._in_data:
            self._intake.add(piece)
            if not self._read_header():
                return
            assert self._format is not None
            yield self._format
            piece = self._intake.take_all()
        piece = piece[: self._data_bytes]
        if self._data_bytes is not None:
            self._data_bytes -= len(piece)
        if piece:
            yield piece

    def _read_header(self) -> bool:
        """Read as far as the bytes go; True at the first byte of the data."""
        if self._header_bytes == 0:
            riff = self._take(RIFF_BYTES)
            if riff is None:
                return False
            if riff[:4] not in (b"RIFF", b"RF64") or riff[8:] != b"WAVE":
                raise BadAudio(f"expected a RIFF header of a WAVE, not {riff.hex(' ')}")
        while not self._in_data:
            if self._format_bytes is None:
                chunk = self._take(CHUNK_HEADER_BYTES)
                if chunk is None:
                    return False
                self._open_chunk(chunk[:4], int.from_bytes(chunk[4:], "little"))
            else:
                body = self._take(self._format_bytes)
                if body is None:
                    return False
                self._format = parse_format(body)
                self._format_bytes = None
        return True

    def _open_chunk(self, name: bytes, size_bytes: int) -> None:
        if name == b"data":
            if self._format is None:
                raise BadAudio("WAV data came before their format")
            self._in_data = True
            self._data_bytes = known_length(size_bytes)
            return
        padded_bytes = size_bytes + size_bytes % 2  # chunks begin at even positions
        if name == b"fmt ":
            if size_bytes > FORMAT_BYTES_MAX:
                raise BadAudio(
                    f"a WAV format of {size_bytes} bytes is over the limit of {FORMAT_BYTES_MAX}"
                )
            self._format_bytes = padded_bytes
            return
        self._count(padded_bytes)
        self._intake.skip(padded_bytes)

    def _take(self, size_bytes: int) -> bytes | None:
        taken = self._intake.take(size_bytes)
        if taken is not None:
            self._count(size_bytes)
        return taken

    def _count(self, size_bytes: int) -> None:
        self._header_bytes += size_bytes
        if self._header_bytes > CONTAINER_HEADER_BYTES_MAX:
            raise BadAudio(f"no WAV data within the first {CONTAINER_HEADER_BYTES_MAX} bytes")

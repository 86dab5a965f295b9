"""WebM (Matroska), read as it trickles in, to the Opus packets inside.

A recorder in a browser writes segments and clusters of unknown size, so nothing here
relies on where they end: an element's id alone says what it is, wherever it stands.
The first Opus audio track is heard, all others are skipped. One block holds one packet:
laced blocks are refused, as are compressed or encrypted tracks. A new EBML header in
mid-stream (two recordings one after the other) begins afresh.

Ids and their meanings: RFC 8794 (EBML) and RFC 9559 (Matroska).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from turnwise.audio.intake import Intake
from turnwise.audio.opus import (
    CODEC_RATE_HZ,
    PACKET_BYTES_MAX,
    PRE_SKIP_MAX,
    OpusHead,
    parse_head,
)
from turnwise.errors import BadAudio
from turnwise.settings import CONTAINER_HEADER_BYTES_MAX

EBML = 0x1A45DFA3
SEGMENT = 0x18538067
TRACKS = 0x1654AE6B
TRACK_ENTRY = 0xAE
TRACK_NUMBER = 0xD7
TRACK_TYPE = 0x83
CODEC_ID = 0x86
CODEC_PRIVATE = 0x63A2
CODEC_DELAY = 0x56AA
CONTENT_ENCODINGS = 0x6D80
CLUSTER = 0x1F43B675
BLOCK_GROUP = 0xA0
BLOCK = 0xA1
SIMPLE_BLOCK = 0xA3

ENTERED = frozenset({SEGMENT, TRACKS, CLUSTER, BLOCK_GROUP})
"""What we look into, whatever its size; the rest is read whole or skipped whole."""
BLOCKS = frozenset({BLOCK, SIMPLE_BLOCK})

AUDIO_TRACK = 2
OPUS = b"A_OPUS"
ID_BYTES_MAX = 4
NUMBER_BYTES_MAX = 8
START_BYTES = ID_BYTES_MAX + 2 * NUMBER_BYTES_MAX  # an id, a size, a block's track number
BLOCK_FIXED_BYTES = 3  # after the track number: time code and flags
BLOCK_BYTES_MAX = NUMBER_BYTES_MAX + BLOCK_FIXED_BYTES + PACKET_BYTES_MAX
LACING = 0x06  # bits of a block's flags
NANOSECONDS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Track:
    number: int
    head: OpusHead


def number_at(data: bytes, at: int, bytes_max: int = NUMBER_BYTES_MAX) -> tuple[int, int] | None:
    """Read a number of EBML's variable size.

    Returns:
        The bits as written, marker included, and how many bytes they take; None if the
        data end before.

    Raises:
        BadAudio: Longer than `bytes_max`.
    """
    if at >= len(data):
        return None
    size_bytes = 9 - data[at].bit_length()
    if size_bytes > bytes_max:
        raise BadAudio(f"a WebM number of over {bytes_max} bytes begins with {data[at]:#04x}")
    if at + size_bytes > len(data):
        return None
    return int.from_bytes(data[at : at + size_bytes], "big"), size_bytes


def value_of(number: tuple[int, int]) -> int:
    """Take the marker bit away from what `number_at` found."""
    bits, size_bytes = number
    return bits - (1 << 7 * size_bytes)


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before an element's content."""

    id: int
    header_bytes: int
    size_bytes: int | None
    """Of the content; None if unknown."""


def header_at(data: bytes, at: int) -> Header | None:
    """Read an element's id and size; None if the data end before.

    Raises:
        BadAudio: These bytes are no element.
    """
    element_id = number_at(data, at, ID_BYTES_MAX)
    if element_id is None:
        return None
    size = number_at(data, at + element_id[1])
    if size is None:
        return None
    size_bytes = value_of(size)
    unknown = size_bytes == (1 << 7 * size[1]) - 1  # all ones
    return Header(element_id[0], element_id[1] + size[1], None if unknown else size_bytes)


def children(content: bytes) -> dict[int, bytes]:
    """Return the elements inside one that is here whole, by id; of several, the last.

    Raises:
        BadAudio: They do not fit.
    """
    found: dict[int, bytes] = {}
    at = 0
    while at < len(content):
        header = header_at(content, at)
        if header is None or header.size_bytes is None:
            raise BadAudio("a WebM track holds an element without an end")
        at += header.header_bytes
        found[header.id] = content[at : at + header.size_bytes]
        at += header.size_bytes
    if at > len(content):
        raise BadAudio("a WebM track holds an element that is longer than the track")
    return found


def whole_number(fields: Mapping[int, bytes], field_id: int) -> int:
    """Return an unsigned field, 0 if it is missing.

    Raises:
        BadAudio: Longer than a number may be.
    """
    field = fields.get(field_id, b"")
    if len(field) > NUMBER_BYTES_MAX:
        raise BadAudio(f"a WebM number has {len(field)} bytes; {NUMBER_BYTES_MAX} are the most")
    return int.from_bytes(field, "big")


def parse_track(content: bytes) -> Track | None:
    """Read a track entry; None if it is not Opus audio.

    The delay to skip is said twice, as OpusHead's pre-skip and as CodecDelay. They should
    agree, but Chrome writes neither and ffmpeg miscounts the second: the longer one holds.

    Raises:
        BadAudio: Opus that we cannot decode.
    """
    fields = children(content)
    is_audio = whole_number(fields, TRACK_TYPE) == AUDIO_TRACK
    if not is_audio or fields.get(CODEC_ID, b"").rstrip(b"\0") != OPUS:
        return None
    if CONTENT_ENCODINGS in fields:
        raise BadAudio("compressed or encrypted WebM tracks are not supported")
    head = parse_head(fields.get(CODEC_PRIVATE, b""))
    if CODEC_DELAY in fields:
        delay_ns = whole_number(fields, CODEC_DELAY)
        pre_skip = (delay_ns * CODEC_RATE_HZ + NANOSECONDS // 2) // NANOSECONDS
        if pre_skip > PRE_SKIP_MAX:
            raise BadAudio(f"a WebM codec delay of {delay_ns} ns is over the limit of 1.4 s")
        head = replace(head, pre_skip=max(head.pre_skip, pre_skip))
    return Track(whole_number(fields, TRACK_NUMBER), head)


def packet_in(block: bytes) -> bytes:
    """Return the one packet of a block.

    Raises:
        BadAudio: Cut short, or with several packets in it.
    """
    track = number_at(block, 0)
    if track is None or len(block) < track[1] + BLOCK_FIXED_BYTES:
        raise BadAudio(f"a WebM block of {len(block)} bytes is too short")
    if block[track[1] + BLOCK_FIXED_BYTES - 1] & LACING:
        raise BadAudio("WebM with several packets in a block (lacing) is not supported")
    return block[track[1] + BLOCK_FIXED_BYTES :]


class WebmReader:
    def __init__(self) -> None:
        self._intake = Intake()  # less than one track entry or block, and a piece
        self._wanted: Header | None = None  # the element whose content we wait for
        self._track: Track | None = None
        self._begun = False  # an EBML header has come
        self._in_audio = False  # a block has come
        self._header_bytes = 0  # before the first block

    def push(self, piece: bytes) -> Iterator[OpusHead | bytes]:
        """Yield the Opus track's header, then its packets.

        The iterator must be exhausted before the next push.

        Raises:
            BadAudio: While iterating: not WebM, or without Opus that we can decode.
        """
        self._intake.add(piece)
        while (wanted := self._seek()) is not None:
            assert wanted.size_bytes is not None, "only elements of known size are wanted"
            content = self._intake.take(wanted.size_bytes)
            if content is None:
                return
            self._wanted = None
            if wanted.id in BLOCKS:
                yield packet_in(content)
            else:
                self._track = parse_track(content)
                if self._track is not None:
                    yield self._track.head

    def _seek(self) -> Header | None:
        """Go on to the next element we want whole; None if the bytes end before it."""
        while self._wanted is None:
            start = self._intake.peek(START_BYTES)
            header = header_at(start, 0)
            if header is None:
                return None
            if header.id in BLOCKS and len(start) < header.header_bytes + min(
                NUMBER_BYTES_MAX, header.size_bytes or 0
            ):
                return None  # its track number may not be here yet
            self._intake.skip(header.header_bytes)
            if self._is_wanted(header, start):
                self._wanted = header
            elif header.id not in ENTERED:
                assert header.size_bytes is not None
                self._intake.skip(header.size_bytes)
        return self._wanted

    def _is_wanted(self, header: Header, start: bytes) -> bool:
        """Decide whether to read an element's content.

        `start` is the element's first bytes, a block's track number included.
        """
        if header.id == EBML:
            self._begun, self._in_audio, self._track, self._header_bytes = True, False, None, 0
        if not self._begun:
            raise BadAudio(f"expected an EBML header, not element {header.id:#x}")
        if header.id in ENTERED:
            return False
        if header.size_bytes is None:
            raise BadAudio(f"WebM element {header.id:#x} has no size")
        if header.id in BLOCKS:
            return self._is_our_block(header, start)
        if not self._in_audio:
            self._header_bytes += header.header_bytes + header.size_bytes
            if self._header_bytes > CONTAINER_HEADER_BYTES_MAX:
                raise BadAudio(f"no WebM audio within {CONTAINER_HEADER_BYTES_MAX} bytes")
            return header.id == TRACK_ENTRY and self._track is None
        return False

    def _is_our_block(self, header: Header, start: bytes) -> bool:
        self._in_audio = True
        if self._track is None:
            raise BadAudio("this WebM stream has no Opus audio track")
        number = number_at(start, header.header_bytes)
        if number is None or value_of(number) != self._track.number:
            return False
        if (header.size_bytes or 0) > BLOCK_BYTES_MAX:
            raise BadAudio(f"a WebM block is over the limit of {BLOCK_BYTES_MAX} bytes")
        return True

"""Ogg pages, read as they trickle in, to the Opus packets inside (RFC 3533 and 7845).

One logical stream is followed: the first that begins with an OpusHead. Others beside it
are skipped. When a new group of streams begins in mid-file (chained files, as radio
stations send them), the first Opus stream of that group is followed instead.

Bytes come over a reliable connection, so damage is the sender's mistake and is said, not
mended: a page that does not begin where the last one ended, whose checksum is wrong, or
that goes on with a packet which never began is BadAudio; there is no search for the next
page. A page is heard once it is whole, for only then can its checksum be known.
Page numbers and granule positions are not read, so the last packet's padding is heard.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from turnwise.audio.intake import Intake
from turnwise.audio.opus import HEAD_MAGIC, PACKET_BYTES_MAX, TAGS_MAGIC, OpusHead, parse_head
from turnwise.errors import BadAudio
from turnwise.settings import CONTAINER_HEADER_BYTES_MAX

HEADER_BYTES = 27  # before the table of segments
PAGE_BYTES_MAX = HEADER_BYTES + 255 + 255 * 255
CONTINUED, FIRST = 1, 2  # bits of the header's flags
GOES_ON = 255  # a segment of so many bytes does not end its packet

REVERSED_BITS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True, slots=True)
class Page:
    continued: bool
    """Its first segment belongs to the packet before."""
    first: bool
    """A logical stream begins."""
    serial: int
    """Which logical stream."""
    segments: bytes
    """Their sizes."""
    body: bytes


def checksum(page: bytes) -> int:
    """Return a page's CRC-32 as Ogg computes it, its own field counted as zero.

    Ogg shifts bits the other way from zlib and neither begins nor ends with ones.
    Mirroring every byte, and the result, gets zlib to do it, at C speed.
    """
    blanked = page[:22] + bytes(4) + page[26:]
    mirrored = zlib.crc32(blanked.translate(REVERSED_BITS), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)


class OggReader:
    def __init__(self) -> None:
        self._intake = Intake()  # less than one page, and a piece
        self._in_first_pages = False  # a group of streams begins with a page of each
        self._serial: int | None = None  # of the stream we follow
        self._packets_seen = 0  # 0: OpusHead is next, 1: OpusTags is
        self._unfinished: bytes | None = None  # a packet to go on with the next page
        self._header_bytes = 0

    def push(self, piece: bytes) -> Iterator[OpusHead | bytes]:
        """Yield each Opus stream's header, then its packets.

        The iterator must be exhausted before the next push.

        Raises:
            BadAudio: While iterating: not Ogg, damaged, or without Opus.
        """
        self._intake.add(piece)
        while (page := self._next_page()) is not None:
            if self._is_ours(page):
                yield from self._read(page)

    def _next_page(self) -> Page | None:
        header = self._intake.look(HEADER_BYTES)
        if header is None:
            return None
        if not header.startswith(b"OggS\0"):
            raise BadAudio(f"expected an Ogg page, version 0, not {header[:5].hex(' ')}")
        body_at = HEADER_BYTES + header[26]
        table = self._intake.look(body_at)
        if table is None:
            return None
        page = self._intake.take(body_at + sum(table[HEADER_BYTES:]))
        if page is None:
            return None
        if checksum(page) != int.from_bytes(page[22:26], "little"):
            raise BadAudio("an Ogg page is damaged: its checksum is wrong")
        if self._packets_seen < 2:
            self._header_bytes += len(page)
            if self._header_bytes > CONTAINER_HEADER_BYTES_MAX:
                raise BadAudio(f"no Opus within {CONTAINER_HEADER_BYTES_MAX} bytes of Ogg")
        return Page(
            continued=bool(page[5] & CONTINUED),
            first=bool(page[5] & FIRST),
            serial=int.from_bytes(page[14:18], "little"),
            segments=page[HEADER_BYTES:body_at],
            body=page[body_at:],
        )

    def _is_ours(self, page: Page) -> bool:
        if page.first and not self._in_first_pages:
            self._serial, self._packets_seen, self._header_bytes = None, 0, 0
            self._unfinished = None
        self._in_first_pages = page.first
        if page.first:
            if self._serial is None and page.body.startswith(HEAD_MAGIC):
                self._serial = page.serial
                return True
            return False
        if self._serial is None:
            raise BadAudio("this Ogg stream holds no Opus")
        return page.serial == self._serial

    def _read(self, page: Page) -> Iterator[OpusHead | bytes]:
        if page.segments and page.continued != (self._unfinished is not None):
            raise BadAudio("an Ogg packet lacks its beginning or its end")
        begin = end = 0
        for size_bytes in page.segments:
            end += size_bytes
            if size_bytes < GOES_ON:
                packet = (self._unfinished or b"") + page.body[begin:end]
                self._unfinished = None
                begin = end
                yield from self._whole(packet)
        if begin < end or (page.segments and page.segments[-1] == GOES_ON):
            self._keep((self._unfinished or b"") + page.body[begin:])

    def _keep(self, unfinished: bytes) -> None:
        """Remember a packet's beginning. Tags may be long (they hold pictures): drop them."""
        if self._packets_seen == 1:
            unfinished = unfinished[: len(TAGS_MAGIC)]
        if len(unfinished) > PACKET_BYTES_MAX:
            raise BadAudio(f"an Ogg packet is over the limit of {PACKET_BYTES_MAX} bytes")
        self._unfinished = unfinished

    def _whole(self, packet: bytes) -> Iterator[OpusHead | bytes]:
        self._packets_seen += 1
        if self._packets_seen == 1:
            yield parse_head(packet)
        elif self._packets_seen > 2:
            yield packet
        elif not packet.startswith(TAGS_MAGIC):
            raise BadAudio(f"expected OpusTags after the OpusHead, not {packet[:8]!r}")

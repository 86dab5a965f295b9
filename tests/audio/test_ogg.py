"""Ogg: pages whole and checked, packets across pages, streams side by side and in a row."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.audio.hearing import cut, positions, read, single_bytes
from tests.audio.writing import (
    OPUS_TAGS,
    ogg,
    ogg_beginning,
    ogg_page,
    opus_head,
    packets_page,
    page_checksum,
    sealed,
    segments_of,
)
from turnwise.audio.ogg import PAGE_BYTES_MAX, OggReader, checksum
from turnwise.audio.opus import PACKET_BYTES_MAX, OpusHead
from turnwise.errors import BadAudio
from turnwise.settings import CONTAINER_HEADER_BYTES_MAX

HEAD = OpusHead(pre_skip=312, gain_q8=0)
OTHER_HEAD = OpusHead(pre_skip=0, gain_q8=0)
PACKETS = [b"first", b"x" * 255, b"y" * 700, b"last"]
STREAM = ogg(PACKETS)


def opened(stream: bytes) -> list[OpusHead | bytes]:
    return read(OggReader().push, [stream])


@given(positions)
def test_packets_do_not_depend_on_how_the_bytes_were_cut(at: list[float]) -> None:
    assert read(OggReader().push, cut(STREAM, at)) == [HEAD, *PACKETS]


def test_a_stream_may_come_byte_by_byte() -> None:
    assert read(OggReader().push, single_bytes(STREAM)) == [HEAD, *PACKETS]


def test_a_packet_is_out_as_soon_as_its_page_is_whole() -> None:
    reader = OggReader()
    page = packets_page([b"now"])
    assert read(reader.push, [ogg_beginning(), page[:-1]]) == [HEAD]
    assert list(reader.push(page[-1:])) == [b"now"]


@pytest.mark.parametrize("splits", [[1], [2], [1, 3], [3]])
def test_a_packet_may_span_pages(splits: list[int]) -> None:
    packet = bytes(range(256)) * 4
    segments = segments_of(packet)
    assert segments == [255, 255, 255, 255, 4]
    bounds = [0, *splits, len(segments)]
    pages = [
        ogg_page(
            segments[begin:end], packet[255 * begin :][: sum(segments[begin:end])], flags=begin > 0
        )
        for begin, end in pairwise(bounds)
    ]
    assert opened(ogg_beginning() + b"".join(pages) + packets_page([b"z"])) == [HEAD, packet, b"z"]


def test_a_page_may_end_between_a_full_segment_and_an_empty_one() -> None:
    pages = ogg_page([255], b"x" * 255) + ogg_page([0, 1], b"y", flags=1)
    assert opened(ogg_beginning() + pages) == [HEAD, b"x" * 255, b"y"]


def test_an_empty_page_is_nothing() -> None:
    assert opened(ogg_beginning() + ogg_page([], b"") + packets_page([b"a"])) == [HEAD, b"a"]


def test_streams_beside_the_first_opus_one_are_skipped() -> None:
    stream = (
        packets_page([b"fishead\0"], serial=1, flags=2)
        + packets_page([opus_head()], serial=2, flags=2)
        + packets_page([opus_head(pre_skip=0)], serial=3, flags=2)
        + packets_page([b"bones"], serial=1)
        + packets_page([OPUS_TAGS], serial=2)
        + packets_page([b"other"], serial=3)
        + packets_page([b"ours"], serial=2)
    )
    assert opened(stream) == [HEAD, b"ours"]


@pytest.mark.parametrize("serial", [7, 8])
def test_a_chained_stream_begins_anew(serial: int) -> None:
    second = ogg([b"two"], opus_head(pre_skip=0), serial=serial)
    assert opened(ogg([b"one"]) + second) == [HEAD, b"one", OTHER_HEAD, b"two"]


def test_a_chain_may_break_off_in_the_middle_of_a_packet() -> None:
    broken = ogg_beginning() + ogg_page([255], b"x" * 255)
    assert opened(broken + ogg([b"two"])) == [HEAD, HEAD, b"two"]


def test_long_tags_are_skipped() -> None:
    pages = [ogg_page([255] * 255, (OPUS_TAGS + bytes(65_025))[:65_025])]
    pages += [ogg_page([255] * 255, bytes(65_025), flags=1) for _ in range(3)]
    pages += [ogg_page([9], bytes(9), flags=1)]
    stream = packets_page([opus_head()], flags=2) + b"".join(pages) + packets_page([b"a"])
    assert opened(stream) == [HEAD, b"a"]


@given(st.binary(min_size=27, max_size=600))
def test_the_checksum_is_the_one_of_rfc_3533(data: bytes) -> None:
    assert checksum(data) == page_checksum(data[:22] + bytes(4) + data[26:])


@given(at=st.integers(0, len(STREAM) - 1), bit=st.integers(0, 7))
def test_no_flipped_bit_goes_unnoticed(at: int, bit: int) -> None:
    damaged = bytearray(STREAM)
    damaged[at] ^= 1 << bit
    # A longer page than was sent is still awaited: then less comes out.
    try:
        assert opened(bytes(damaged)) != [HEAD, *PACKETS]
    except BadAudio as error:
        assert "Ogg" in str(error)  # noqa: PT017


@pytest.mark.parametrize(
    ("stream", "text"),
    [
        (STREAM[:-3] + b"abc" + STREAM, "its checksum is wrong"),
        (STREAM + b"garbage" * 4, "expected an Ogg page, version 0, not 67 61 72 62 61"),
        (b"OggS\x01" + STREAM[5:], "expected an Ogg page, version 0, not 4f 67 67 53 01"),
        (packets_page([b"\x01vorbis"], flags=2) + packets_page([b"v"]), "holds no Opus"),
        (packets_page([b"late"]), "holds no Opus"),
        (packets_page([opus_head(), b"no tags"], flags=2), "expected OpusTags"),
        (packets_page([opus_head(channels=5)], flags=2), "1 or 2 channels, not 5"),
        (ogg_beginning() + packets_page([b"x"], flags=1), "lacks its beginning or its end"),
        (
            ogg_beginning() + ogg_page([255], b"x" * 255) + packets_page([b"x"]),
            "lacks its beginning or its end",
        ),
    ],
)
def test_what_is_no_opus_in_ogg_is_bad_audio(stream: bytes, text: str) -> None:
    with pytest.raises(BadAudio, match=re.escape(text)):
        opened(stream)


def test_a_packet_that_never_ends_is_bad_audio() -> None:
    half = [255] * 130
    pages = ogg_page(half, bytes(255 * 130)) + ogg_page(half, bytes(255 * 130), flags=1)
    with pytest.raises(BadAudio, match=f"over the limit of {PACKET_BYTES_MAX} bytes"):
        opened(ogg_beginning() + pages)


def test_tags_that_never_end_are_bad_audio() -> None:
    reader = OggReader()
    read(reader.push, [packets_page([opus_head()], flags=2)])
    tags = ogg_page([255] * 255, OPUS_TAGS + bytes(65_025 - len(OPUS_TAGS)))
    more = ogg_page([255] * 255, bytes(65_025), flags=1)
    with pytest.raises(BadAudio, match=f"no Opus within {CONTAINER_HEADER_BYTES_MAX} bytes"):
        read(reader.push, [tags] + [more] * 20)


def test_the_largest_page_is_taken() -> None:
    page = sealed(ogg_page([255] * 255, bytes(255 * 255)))
    assert len(page) == PAGE_BYTES_MAX
    reader = OggReader()
    read(reader.push, [ogg_beginning()])
    with pytest.raises(BadAudio, match="an Ogg packet is over the limit"):
        list(reader.push(page))

"""WebM: as browsers' recorders write it, in pieces of any size."""

import re

import pytest
from hypothesis import given

from tests.audio.hearing import cut, positions, read, single_bytes
from tests.audio.writing import (
    EBML_HEADER,
    block,
    element,
    opus_head,
    simple_block,
    webm,
    webm_beginning,
    webm_cluster,
    webm_track,
)
from turnwise.audio.opus import OpusHead
from turnwise.audio.webm import (
    BLOCK_BYTES_MAX,
    Header,
    WebmReader,
    header_at,
    number_at,
)
from turnwise.errors import BadAudio
from turnwise.settings import CONTAINER_HEADER_BYTES_MAX

HEAD = OpusHead(pre_skip=312, gain_q8=0)
PACKETS = [b"first", b"x" * 300, b"", b"last"]
STREAM = webm(PACKETS)
VIDEO = webm_track(2, kind=1, codec=b"V_VP8")


def opened(stream: bytes) -> list[OpusHead | bytes]:
    return read(WebmReader().push, [stream])


@given(positions)
def test_packets_do_not_depend_on_how_the_bytes_were_cut(at: list[float]) -> None:
    assert read(WebmReader().push, cut(STREAM, at)) == [HEAD, *PACKETS]


def test_a_stream_may_come_byte_by_byte() -> None:
    assert read(WebmReader().push, single_bytes(STREAM)) == [HEAD, *PACKETS]


def test_a_packet_is_out_with_its_last_byte() -> None:
    reader = WebmReader()
    stream = webm_beginning() + webm_cluster(simple_block(b"now"))
    assert read(reader.push, [stream[:-1]]) == [HEAD]
    assert list(reader.push(stream[-1:])) == [b"now"]


def test_sizes_may_be_known() -> None:
    cluster = element(0x1F43B675, element(0xE7, b"\0"), simple_block(b"a"))
    tracks = element(0x1654AE6B, webm_track())
    segment = element(0x18538067, tracks, cluster, element(0x1C53BB6B, b"cues"), cluster)
    assert opened(EBML_HEADER + segment) == [HEAD, b"a", b"a"]


def test_a_block_may_stand_in_a_group() -> None:
    group = element(0xA0, element(0xA1, block(b"a", flags=0)), element(0x9B, b"\x14"))
    assert opened(webm_beginning() + webm_cluster(group, simple_block(b"b"))) == [HEAD, b"a", b"b"]


def test_only_the_first_opus_track_is_heard() -> None:
    beginning = webm_beginning(
        VIDEO, webm_track(3, codec=b"A_VORBIS"), webm_track(4, codec=b"A_OPUS\0"), webm_track(5)
    )
    blocks = [simple_block(bytes([track]) * 9, track) for track in (2, 3, 4, 5, 4)]
    assert opened(beginning + webm_cluster(*blocks)) == [HEAD, b"\4" * 9, b"\4" * 9]


def test_a_large_block_of_another_track_is_skipped_without_being_held() -> None:
    reader = WebmReader()
    picture = simple_block(bytes(1_000_000), track=2)
    stream = webm_beginning(VIDEO, webm_track()) + webm_cluster(picture, simple_block(b"a"))
    pieces = [stream[at : at + 4_096] for at in range(0, len(stream), 4_096)]
    items: list[OpusHead | bytes] = []
    for piece in pieces:
        items += reader.push(piece)
        assert len(reader._intake) <= 8_192
    assert items == [HEAD, b"a"]


def test_a_second_recording_begins_anew() -> None:
    second = webm([b"two"], webm_track(9, head=opus_head(pre_skip=0)))[: -len(simple_block(b"two"))]
    stream = webm([b"one"]) + second + simple_block(b"two", track=9)
    assert opened(stream) == [HEAD, b"one", OpusHead(0, 0), b"two"]


@pytest.mark.parametrize(
    ("pre_skip", "delay_ns", "expected"),
    [(0, 6_500_000, 312), (312, 2_166_667, 312), (312, 6_500_000, 312), (120, 80_000_000, 3_840)],
)
def test_the_longer_of_both_delays_is_skipped(pre_skip: int, delay_ns: int, expected: int) -> None:
    delay = element(0x56AA, delay_ns.to_bytes(4, "big"))
    track = webm_track(head=opus_head(pre_skip=pre_skip), more=delay)
    assert opened(webm([b"a"], track)) == [OpusHead(expected, 0), b"a"]


BEGUN = webm_beginning()


@pytest.mark.parametrize(
    ("stream", "text"),
    [
        (element(0x1654AE6B), "expected an EBML header, not element 0x1654ae6b"),
        (webm([b"a"], VIDEO), "has no Opus audio track"),
        (webm([b"a"], webm_track(codec=b"A_VORBIS")), "has no Opus audio track"),
        (webm([b"a"], element(0xAE)), "has no Opus audio track"),
        (webm([b"a"], webm_track(head=b"")), "expected an OpusHead"),
        (webm([b"a"], webm_track(head=opus_head(channels=6))), "1 or 2 channels, not 6"),
        (webm([b"a"], webm_track(more=element(0x6D80))), "compressed or encrypted"),
        (webm([b"a"], webm_track(more=element(0x56AA, b"\x7f" * 8))), "over the limit of 1.4 s"),
        (webm([b"a"], webm_track(more=element(0x56AA, bytes(9)))), "number has 9 bytes"),
        (webm([b"a"], webm_track(more=b"\xae")), "an element without an end"),
        (webm([b"a"], webm_track(more=element(0xEC, unknown=True))), "an element without an end"),
        (webm([b"a"], webm_track(more=b"\xec\x85")), "longer than the track"),
        (BEGUN + webm_cluster(simple_block(b"abc", flags=0x82)), "lacing"),
        (BEGUN + webm_cluster(simple_block(b"abc", flags=0x84)), "lacing"),
        (BEGUN + webm_cluster(element(0xA3, b"\x81\0\0")), "a WebM block of 3 bytes is too short"),
        (BEGUN + webm_cluster(simple_block(bytes(BLOCK_BYTES_MAX))), "block is over the limit"),
        (BEGUN + webm_cluster(element(0xA3, unknown=True)), "0xa3 has no size"),
        (BEGUN + element(0x1C53BB6B, unknown=True), "0x1c53bb6b has no size"),
        (BEGUN + b"\x08", "a WebM number of over 4 bytes begins with 0x08"),
        (BEGUN + b"\xa3\x00", "a WebM number of over 8 bytes begins with 0x00"),
        (EBML_HEADER + element(0xEC, bytes(CONTAINER_HEADER_BYTES_MAX)), "no WebM audio within"),
    ],
)
def test_what_is_no_opus_in_webm_is_bad_audio(stream: bytes, text: str) -> None:
    with pytest.raises(BadAudio, match=re.escape(text)):
        opened(stream)


def test_a_block_too_short_for_its_track_number_is_no_track_of_ours() -> None:
    cluster = webm_cluster(element(0xA3, b"\x40"), element(0xA3), simple_block(b"a"))
    assert opened(BEGUN + cluster) == [HEAD, b"a"]


@pytest.mark.parametrize(
    ("data", "number"),
    [
        (b"\x81", (0x81, 1)),
        (b"\x40\x02", (0x4002, 2)),
        (b"\x01" + bytes(7), (1 << 56, 8)),
        (b"\x40", None),
        (b"", None),
    ],
)
def test_numbers_say_their_own_length(data: bytes, number: tuple[int, int] | None) -> None:
    assert number_at(data, 0) == number


@pytest.mark.parametrize(
    ("data", "header"),
    [
        (b"\xa3\x84", Header(0xA3, 2, 4)),
        (b"\xa3\xff", Header(0xA3, 2, None)),
        (b"\x1f\x43\xb6\x75\x01\xff\xff\xff\xff\xff\xff\xff", Header(0x1F43B675, 12, None)),
        (b"\xa3", None),
        (b"\x1f\x43", None),
    ],
)
def test_an_element_begins_with_an_id_and_a_size(data: bytes, header: Header | None) -> None:
    assert header_at(data, 0) == header

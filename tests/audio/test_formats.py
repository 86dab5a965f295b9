"""What may arrive is known from its first bytes."""

import pytest

from turnwise.audio.formats import MAGIC, WRAPPINGS, Container, shown, sniff
from turnwise.settings import Encoding


@pytest.mark.parametrize(
    ("first", "container"),
    [
        (b"RIFF\x24\x00\x00\x00WAVE", Container.WAV),
        (b"RF64\xff\xff\xff\xffWAVE", Container.WAV),
        (b"OggS\x00\x02", Container.OGG),
        (b"\x1aE\xdf\xa3\x9f", Container.WEBM),
        (b"ID3\x04", None),
        (b"Ogg", None),
        (b"", None),
    ],
)
def test_a_container_is_known_by_its_first_bytes(first: bytes, container: Container | None) -> None:
    assert sniff(first) is container


def test_every_container_can_be_recognised_and_every_encoding_has_its_row() -> None:
    assert set(MAGIC.values()) == set(Container)
    assert set(WRAPPINGS) == {None, *Encoding}


def test_an_error_can_show_what_came() -> None:
    assert shown(b"ID3\x04\x00") == "49 44 33 04"
    assert shown(b"") == "nothing"

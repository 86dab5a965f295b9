"""What may arrive: raw encodings as the URL names them, containers by their first bytes."""

from collections.abc import Mapping
from enum import StrEnum

from turnwise.settings import Encoding


class Container(StrEnum):
    WAV = "WAV"
    OGG = "Ogg"
    WEBM = "WebM"


MAGIC: Mapping[bytes, Container] = {
    b"RIFF": Container.WAV,
    b"RF64": Container.WAV,  # the same, grown past 4 GiB
    b"OggS": Container.OGG,
    b"\x1a\x45\xdf\xa3": Container.WEBM,
}
MAGIC_BYTES = 4

assert all(len(magic) == MAGIC_BYTES for magic in MAGIC), "one look decides"

ANY = frozenset(Container)
WAV_ONLY = frozenset({Container.WAV})
OGG_ONLY = frozenset({Container.OGG})
NONE = frozenset[Container]()

WRAPPINGS: Mapping[Encoding | None, frozenset[Container]] = {
    None: ANY,
    # A WAV file streamed whole is common under a raw encoding (contract section 14.21).
    Encoding.LINEAR16: WAV_ONLY,
    Encoding.LINEAR32: WAV_ONLY,
    Encoding.MULAW: WAV_ONLY,
    Encoding.ALAW: WAV_ONLY,
    Encoding.OPUS: NONE,
    Encoding.OGG_OPUS: OGG_ONLY,
}
"""The containers a stream may come in, by what its URL says."""


def sniff(first: bytes) -> Container | None:
    """Recognise a container.

    Args:
        first: The stream's first bytes; with fewer than MAGIC_BYTES nothing is recognised.
    """
    return MAGIC.get(bytes(first[:MAGIC_BYTES]))


def shown(first: bytes) -> str:
    """Spell the bytes a stream began with, for an error's text."""
    return bytes(first[:MAGIC_BYTES]).hex(" ") or "nothing"

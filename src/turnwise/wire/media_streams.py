"""Telephone calls as media streams: the JSON that Twilio's Media Streams speak, and others.

The other side sends `connected`, `start`, `media` in 8 kHz mu-law, `dtmf`, `mark` and `stop`;
we send `media`, which it plays one after the other, `mark`, which it sends back once all before
it was played, and `clear`, which drops what it has not played and sends back every mark. Facts
from the public documentation of Twilio's Media Streams.
"""

from base64 import b64decode, b64encode
from binascii import Error as NoBase64

import msgspec
from msgspec import Struct, field

from turnwise.errors import BadMessage

REASON_CHARACTERS_MAX = 200


class Begin(Struct, frozen=True, rename="camel"):
    custom_parameters: dict[str, str] = field(default_factory=dict)
    """What whoever set up the call wants us to know."""


class Piece(Struct, frozen=True):
    payload: str
    track: str = "inbound"


class Mark(Struct, frozen=True):
    name: str = ""


class Event(Struct, frozen=True, rename="camel"):
    event: str
    stream_sid: str = ""
    start: Begin | None = None
    media: Piece | None = None
    mark: Mark | None = None


_decoder = msgspec.json.Decoder(Event)
_encoder = msgspec.json.Encoder()


def decode(text: str) -> Event:
    """Read one message; what is not known of it is skipped.

    Raises:
        BadMessage: It is none.
    """
    try:
        return _decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise BadMessage(str(error)[:REASON_CHARACTERS_MAX]) from None


def sound_of(event: Event) -> bytes:
    """Return the caller's sound in a message, mu-law; empty if there is none.

    Raises:
        BadMessage: It is not base64.
    """
    if event.media is None or event.media.track != "inbound":
        return b""
    try:
        return b64decode(event.media.payload, validate=True)
    except (NoBase64, ValueError):
        raise BadMessage("media.payload is base64") from None


def media(stream_sid: str, sound: bytes) -> str:
    """Write mu-law sound to be played."""
    piece = {"payload": b64encode(sound).decode()}
    return _encoder.encode({"event": "media", "streamSid": stream_sid, "media": piece}).decode()


def clear(stream_sid: str) -> str:
    """Write that what was not played yet is to be dropped."""
    return _encoder.encode({"event": "clear", "streamSid": stream_sid}).decode()


def mark(stream_sid: str, name: str) -> str:
    """Write what comes back when all sound before it was played."""
    label = {"name": name}
    return _encoder.encode({"event": "mark", "streamSid": stream_sid, "mark": label}).decode()

"""Messages of /v1/speak and /v2/speak <-> JSON."""

from typing import TypeVar

import msgspec

from turnwise.errors import BadMessage
from turnwise.wire.speak_messages import Ask, FirstMessage, SecondMessage, ServerMessage

REASON_CHARACTERS_MAX = 200  # a client's own text is not sent back at length

_encoder = msgspec.json.Encoder()
_first: msgspec.json.Decoder[FirstMessage] = msgspec.json.Decoder(FirstMessage)
_second: msgspec.json.Decoder[SecondMessage] = msgspec.json.Decoder(SecondMessage)
_ask: msgspec.json.Decoder[Ask] = msgspec.json.Decoder(Ask)

MessageT = TypeVar("MessageT")


def encode(message: ServerMessage) -> str:
    """Write a server's message, whose numbers are finite."""
    return _encoder.encode(message).decode()


def decode_first(text: str) -> FirstMessage:
    """Read what a client of /v1/speak sent; unknown fields are skipped.

    Raises:
        BadMessage: It is not JSON, not a message we know, or a field has the wrong type.
    """
    return _decoded(_first, text)


def decode_second(text: str) -> SecondMessage:
    """Read what a client of /v2/speak sent; unknown fields are skipped.

    Raises:
        BadMessage: As `decode_first`.
    """
    return _decoded(_second, text)


def decode_ask(body: bytes) -> Ask:
    """Read the body of a request for speech.

    Raises:
        BadMessage: As `decode_first`.
    """
    return _decoded(_ask, body)


def _decoded(decoder: "msgspec.json.Decoder[MessageT]", text: str | bytes) -> MessageT:
    try:
        return decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise BadMessage(str(error)[:REASON_CHARACTERS_MAX]) from None

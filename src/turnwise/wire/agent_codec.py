"""Messages of /v1/agent/converse <-> JSON."""

import msgspec

from turnwise.errors import BadMessage
from turnwise.wire.agent_messages import ClientMessage, ServerMessage

REASON_CHARACTERS_MAX = 200  # a client's own text is not sent back at length

_encoder = msgspec.json.Encoder()
_client: msgspec.json.Decoder[ClientMessage] = msgspec.json.Decoder(ClientMessage)


def encode(message: ServerMessage) -> str:
    """Write a server's message, whose numbers are finite."""
    return _encoder.encode(message).decode()


def decode(text: str) -> ClientMessage:
    """Read what a client sent; unknown fields are skipped.

    Raises:
        BadMessage: It is not JSON, not a message we know, or a field has the wrong type.
    """
    try:
        return _client.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise BadMessage(str(error)[:REASON_CHARACTERS_MAX]) from None

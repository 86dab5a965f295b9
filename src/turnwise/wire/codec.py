"""Messages <-> JSON. The only file that knows JSON."""

import re

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from turnwise.errors import BadMessage
from turnwise.settings import SHOWN_CHARACTERS_MAX
from turnwise.wire.messages import (
    ClientMessage,
    ConfigureFailure,
    ConfigureSuccess,
    EventName,
    ServerMessage,
    SpokenWord,
    TurnInfo,
    Warning,  # noqa: A004 - the wire's name
)

UNPARSABLE = "Could not deserialize last text message: "  # observed wording (contract 3.5)
VARIANTS = "expected one of `CloseStream`, `ForceEndTurn`, `Configure`"
REASON_CHARACTERS_MAX = 200  # a client's own text is not sent back at length

_encoder = msgspec.json.Encoder()
_client: msgspec.json.Decoder[ClientMessage] = msgspec.json.Decoder(ClientMessage)
_server: msgspec.json.Decoder[ServerMessage] = msgspec.json.Decoder(ServerMessage)
_TYPE = re.compile(r'"type"\s*:\s*"(?:[^"\\]|\\.)*"')


class _Head(msgspec.Struct):
    """Just enough of a message to see what it claims to be."""

    type: str
    event: object = None


_head = msgspec.json.Decoder(_Head)


def encode(message: ServerMessage, legacy: bool = False) -> str | None:
    """Write a server's message as JSON.

    Args:
        message: Whose numbers are finite.
        legacy: For clients that refuse what was added since (contract 9.1). TurnInfo has
            its ten required fields and words only `word` and `confidence`. Warning and both
            replies to Configure are not sent at all, since their type alone ends such a
            client's listening; its program could not have seen them in any case.

    Returns:
        None for a message that is not to be sent. It must not use up a sequence_id.
    """
    if legacy:
        match message:
            case TurnInfo():
                message = _first_edition(message)
            case Warning() | ConfigureSuccess() | ConfigureFailure():
                return None
    return _encoder.encode(message).decode()


def encode_client(message: ClientMessage) -> str:
    return _encoder.encode(message).decode()


def decode_client(text: str) -> ClientMessage:
    """Read what a client sent.

    Unknown fields are refused in Configure and tolerated elsewhere (contract 14.39).

    Raises:
        BadMessage: It is not JSON, not a message we know, or a field has the wrong type; with
            the observed wording.
    """
    try:
        return _client.decode(text)
    except msgspec.ValidationError as error:
        raise BadMessage(UNPARSABLE + _reason(text, error)) from None
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise BadMessage(UNPARSABLE + str(error)[:REASON_CHARACTERS_MAX]) from None


def decode_server(text: str) -> ServerMessage | None:
    """Read what a server sent; unknown fields are skipped.

    Returns:
        None for a type of message, or an event of TurnInfo, that did not exist when this
        was written. A client passes over both.

    Raises:
        BadMessage: It is not JSON, or lacks what its type requires.
    """
    try:
        return _server.decode(text)
    except msgspec.ValidationError as error:
        if _is_newer(text):
            return None
        raise BadMessage(f"not a server's message: {error}"[:REASON_CHARACTERS_MAX]) from None
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise BadMessage(f"not a server's message: {error}"[:REASON_CHARACTERS_MAX]) from None


def _first_edition(message: TurnInfo) -> TurnInfo:
    return replace(
        message,
        words=[SpokenWord(word.word, word.confidence) for word in message.words],
        languages=UNSET,
        languages_hinted=UNSET,
        trigger=UNSET,
    )


def _headline(text: str) -> _Head | None:
    try:
        return _head.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None


def _reason(text: str, error: msgspec.ValidationError) -> str:
    """Say why JSON is no client's message, as the service says it where that is known."""
    head = _headline(text)
    if head is not None and not _is_variant(head.type):
        line, column = _type_position(text)
        name = head.type[:SHOWN_CHARACTERS_MAX]
        return f"unknown variant `{name}`, {VARIANTS} at line {line} column {column}"
    reason = str(error)
    if reason == "Object missing required field `type`":
        return "missing field `type`"
    return reason[:REASON_CHARACTERS_MAX]


def _is_variant(name: str) -> bool:
    return f"`{name}`" in VARIANTS


def _type_position(text: str) -> tuple[int, int]:
    """Return line and column, from 1, of the quote that closes the type."""
    found = _TYPE.search(text)
    end = found.end() if found else len(text)
    return text.count("\n", 0, end) + 1, end - (text.rfind("\n", 0, end) + 1)


def _is_newer(text: str) -> bool:
    """Whether the message is of a type or an event that came after this was written."""
    head = _headline(text)
    if head is None:
        return False
    if head.type not in SERVER_TYPES:
        return True
    return head.type == "TurnInfo" and isinstance(head.event, str) and head.event not in EVENTS


SERVER_TYPES = frozenset(
    ("Connected", "TurnInfo", "ConfigureSuccess", "ConfigureFailure", "Warning", "Error")
)
EVENTS = frozenset(EventName)

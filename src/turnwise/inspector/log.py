"""A session as JSON Lines: what `transcribe --save` and the playground write. See docs/log.md.

The first line says what was asked of whom and which audio was sent; each line after it is a
message as it came, with how much audio had been sent by then and what the clock said.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec
from msgspec import Raw, Struct, ValidationError

from turnwise.errors import BadLog, BadMessage
from turnwise.wire.codec import decode_server
from turnwise.wire.messages import ServerMessage

VERSION = 1
LINE_SHOWN_CHARACTERS_MAX = 60  # of a line that is none, to know it again


class Sound(Struct, frozen=True, omit_defaults=True):
    name: str
    duration_s: float | None = None
    """None: nobody knew when the log began."""


class Head(Struct, frozen=True, omit_defaults=True):
    """The first line."""

    turnwise_log: int
    """The version of this format."""
    program: str
    """Who wrote it, with its version."""
    url: str
    """Path and query of the stream: the settings it was opened with."""
    audio: Sound


class Entry(Struct, frozen=True):
    """Any other line."""

    sent_s: float | None
    """Seconds of audio that had been sent when the message came; None: a container does not say."""
    clock_s: float
    """Seconds by the clock since the session began."""
    message: Raw
    """As it came; after a lost connection in the session's own numbers and times."""


class Taken(Struct, frozen=True, tag="Reconnected", tag_field="type"):
    """The client's own: the connection was lost, and a new one took over."""

    count: int
    resent_s: float
    lost_s: float


@dataclass(frozen=True, slots=True)
class Heard:
    sent_s: float | None
    clock_s: float
    message: ServerMessage | Taken


@dataclass(frozen=True, slots=True)
class Log:
    head: Head
    heard: tuple[Heard, ...]
    """What is known of it, oldest first."""
    unknown: int
    """Messages of a type that is none of `/v2/listen`."""


_encoder = msgspec.json.Encoder()
_head = msgspec.json.Decoder(Head)
_entry = msgspec.json.Decoder(Entry)
_taken = msgspec.json.Decoder(Taken)


def head_line(head: Head) -> str:
    return _encoder.encode(head).decode() + "\n"


def entry_line(sent_s: float | None, clock_s: float, message: str) -> str:
    """Write an entry; the message is JSON already."""
    sent_s = None if sent_s is None else round(sent_s, 3)
    entry = Entry(sent_s, round(clock_s, 3), Raw(message.encode()))
    return _encoder.encode(entry).decode() + "\n"


def taken_text(count: int, resent_s: float, lost_s: float) -> str:
    """Write what the log says of a connection that was lost and taken up again, as JSON."""
    return _encoder.encode(Taken(count, round(resent_s, 3), round(lost_s, 3))).decode()


def read(lines: Iterable[str]) -> Log:
    """Read a log.

    Raises:
        BadLog: It is none, or of a later version; with the number of the line.
    """
    rows = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not rows:
        raise BadLog("the log is empty")
    try:
        head = _head.decode(rows[0][1])
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise _bad(1, rows[0][1], error) from None
    if head.turnwise_log != VERSION:
        raise BadLog(f"the log is of version {head.turnwise_log}; this reads version {VERSION}")
    heard: list[Heard] = []
    unknown = 0
    for number, line in rows[1:]:
        try:
            entry = _entry.decode(line)
            message = _message(bytes(entry.message).decode())
        except (msgspec.DecodeError, BadMessage, UnicodeError) as error:
            raise _bad(number, line, error) from None
        if message is None:
            unknown += 1
        else:
            heard.append(Heard(entry.sent_s, entry.clock_s, message))
    return Log(head, tuple(heard), unknown)


def _message(text: str) -> ServerMessage | Taken | None:
    message = decode_server(text)
    if message is not None:
        return message
    try:
        return _taken.decode(text)
    except ValidationError:
        return None  # newer than we are, or of another protocol


def _bad(number: int, line: str, error: Exception) -> BadLog:
    shown = ascii(line.strip()[:LINE_SHOWN_CHARACTERS_MAX])
    return BadLog(f"line {number} of the log is not one of a session's: {error}: {shown}")

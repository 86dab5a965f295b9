"""What both editions of a speaking connection share: the verbs of their cores, and how they end.

A core is fed by a shell and never waits. What is to be said next stands in `saying`; while it
is another object than what the shell says just now, the shell stops that and begins anew.
What is to be sent, text and audio in their order, comes out of `due`.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from turnwise.errors import TurnwiseError

NORMAL_CLOSURE = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Saying:
    """One clause on its way to be said."""

    text: str
    """As it came; what of it is pronounced says clauses.speakable."""
    speed: float
    again: bool = False
    """It failed once."""


class Fault(Enum):
    """How a connection ends early: the code in its last words, the Close frame's, and why."""

    BINARY = "MESSAGE-0000", 1003, "Binary messages are not taken here."
    UNREADABLE = "DATA-0000", 1008, "The message could not be read: "
    TOO_LONG = "BIG-0000", 1009, "The text of a message is too long: "
    TOO_MANY = "BIG-0001", 1009, "Too much waits to be spoken."
    SYNTHESIS = "NET-0000", 1011, "The server could not speak."
    OVERTIME = "NET-0003", 1011, "The connection has lasted an hour."
    IDLE = "NET-0004", 1011, "Nothing came for too long, not even a ping."

    def __init__(self, code: str, close_code: int, reason: str) -> None:
        self.code = code
        self.close_code = close_code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Farewell:
    """The Close frame that is due."""

    code: int = NORMAL_CLOSURE
    reason: str = ""


class Session(Protocol):
    """The core of one speaking connection. `receive_*` never raises for what a client sends."""

    saying: Saying | None
    """What is to be said now; a new object whenever that changes."""
    farewell: Farewell | None
    """Once the connection must end."""
    characters: int
    """Of text taken."""

    def receive_text(self, text: str, now_s: float) -> None:
        """Take a text message.

        Args:
            text: The message.
            now_s: By a clock that only goes forward, for the limits per minute.
        """
        ...

    def receive_audio(self, audio: bytes) -> None:
        """Take a piece of what `saying` becomes: whole samples in the wire's encoding."""
        ...

    def receive_said(self) -> None:
        """Take note that `saying` is said to its end."""
        ...

    def receive_failure(self, error: TurnwiseError) -> None:
        """Take note that `saying` could not be said, or that the client was idle."""
        ...

    def receive_fault(self, fault: Fault) -> None:
        """End the connection."""
        ...

    def due(self) -> list[str | bytes]:
        """Return what is to be sent, in order; each is given out once."""
        ...

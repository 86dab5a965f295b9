"""What a conversation asks its shell to do, in the order it asks for it."""

from dataclasses import dataclass

from turnwise.agent.history import Entry, ToolCall
from turnwise.speech.interface import Sound


@dataclass(frozen=True, slots=True)
class Think:
    """Ask the model. The last entry is what it is to answer, or what a function gave back."""

    reply: int
    entries: tuple[Entry, ...]
    draft: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """From here on this reply is spoken: the user's turn is over with that text."""

    reply: int
    text: str | None
    """None: nobody asked, the agent speaks of itself."""


@dataclass(frozen=True, slots=True)
class Synthesise:
    reply: int
    text: str


@dataclass(frozen=True, slots=True)
class Saying:
    """The next Play is the beginning of this text."""

    reply: int
    text: str


@dataclass(frozen=True, slots=True)
class Play:
    reply: int
    sound: Sound


@dataclass(frozen=True, slots=True)
class Complete:
    """All of the reply's sound was given out; it may be playing still."""

    reply: int


@dataclass(frozen=True, slots=True)
class Call:
    """Call these functions. Never asked for a draft: what they do cannot be taken back."""

    reply: int
    calls: tuple[ToolCall, ...]


@dataclass(frozen=True, slots=True)
class Stop:
    """Cancel whatever goes on for this reply, sound first; then say `receive_stopped`."""

    reply: int
    draft: bool
    """Nobody knew of it: it was thought out in vain."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The reply is over, and this is what the user heard of it.

    What is still at work for it has nothing to add.
    """

    reply: int
    text: str
    cut_short: bool
    """The user broke in."""


Action = Think | Answer | Synthesise | Saying | Play | Complete | Call | Stop | Heard

"""What was said so far, as a language model is told it: only what was really heard.

Texts, not tokens: how a model counts is its own business, so the limit is in messages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from turnwise.speech.heard import words_within

Role = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True)
class Said:
    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A function the model wants called."""

    call_id: str
    name: str
    arguments: str
    """JSON, as the model wrote it; it may be wrong."""


@dataclass(frozen=True, slots=True)
class Called:
    """Functions the model had called, each with what came of it."""

    calls: tuple[ToolCall, ...]
    results: tuple[str, ...]
    """As many as calls, in their order."""


Entry = Said | Called

HISTORY_MESSAGES_MAX = 40  # twenty exchanges; what a small local model's context still holds


def trimmed(entries: Sequence[Entry], messages_max: int) -> tuple[Entry, ...]:
    """Return the latest entries, beginning with something the user said.

    What is left out goes a whole exchange at a time: an answer, or a function's result,
    without what it answers misleads the model. The user's last word stays in any case.
    """
    asked = [index for index, entry in enumerate(entries) if is_user(entry)]
    first = max(0, len(entries) - messages_max)
    if first == 0 or not asked:
        return tuple(entries[first:])
    return tuple(entries[next((index for index in asked if index >= first), asked[-1]) :])


def is_user(entry: Entry) -> bool:
    return isinstance(entry, Said) and entry.role == "user"


def heard_text(pieces: Sequence[tuple[str, int]], played_samples: int) -> str:
    """Return the words that sounded before the sound was stopped.

    Within a piece that was cut the words are taken to be evenly long for their letters,
    and a word that was not played whole was not heard.

    Args:
        pieces: Texts and how many samples their sound has, in order.
        played_samples: How much of all their sound was played.
    """
    heard: list[str] = []
    for text, samples in pieces:
        if samples == 0:  # could not be said
            continue
        if played_samples < samples:
            heard.append(text[: words_within(text, played_samples / samples)].rstrip())
            break
        heard.append(text)
        played_samples -= samples
    return " ".join(part for part in heard if part)

"""What a recogniser is: the whole contract between the core and any engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from turnwise.errors import EngineFailed
from turnwise.settings import Hints
from turnwise.units import Frame, Samples


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    """As it will be shown; no white space inside."""
    confidence: float
    """Probability that the word was said, 0 to 1."""
    start: Samples
    end: Samples
    language: str = "en"
    """Base language code, as in settings.LANGUAGES."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What the engine believes about the open turn after one more frame."""

    heard_until: Samples
    """Position just after the last sample taken into account."""
    words: tuple[Word, ...]
    """The turn so far, as if it ended now, oldest first; empty while nobody speaks."""
    end_of_turn: float
    """Probability, 0 to 1, that no more speech is coming in this turn."""
    voice_until: Samples | None
    """Position just after the last voiced sample of this turn; None before the first."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """One frame to hear, with what changed just before it."""

    frame: Frame
    new_turn: bool = False
    """Forget the words so far: they belong to a turn that is over. Acoustic context stays."""
    keyterms: tuple[str, ...] | None = None
    """The terms to listen for from now on; None leaves them as they are."""
    hints: Hints | None = None
    """What is known of the turn from now on; None leaves it as it was."""


StateT = TypeVar("StateT")


class Engine(Protocol[StateT]):
    """A recogniser. It never changes; everything that changes is in a StateT.

    None of its methods may run on an event loop: each may take a while. They are called
    from one thread at a time.
    """

    streams_max: int
    """How many streams it can keep up with on this machine."""

    def open(self, keyterms: Sequence[str]) -> StateT:
        """Start a stream.

        Raises:
            Overloaded: Every slot is taken.
        """
        ...

    def step(self, work: Sequence[tuple[StateT, Hearing]]) -> list[Hypothesis | EngineFailed]:
        """Hear one more frame of each stream, all in one batch.

        A stream appears at most once. Results come in the order of `work`, and no
        stream's result depends on who shares the batch. A stream that cannot go on gets
        its EngineFailed as its result; the others are unharmed.
        """
        ...

    def close(self, state: StateT) -> None:
        """Free the slot. The state must not be used again."""
        ...

    def stop(self) -> None:
        """Release everything: threads, processes, memory. Nothing may be called after."""
        ...

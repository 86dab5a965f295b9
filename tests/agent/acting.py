"""People and things for an agent to deal with: who speaks, what thinks, sounds and plays."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from turnwise.agent.history import Entry
from turnwise.agent.speak import Played
from turnwise.agent.think import Thought, Words
from turnwise.errors import SynthesisFailed, ThoughtFailed
from turnwise.speech.interface import Sound, Voice
from turnwise.wire.messages import EventName, SpokenWord, TurnInfo

RATE_HZ = 16_000
VOICE = Voice("test", "en", RATE_HZ)
PIECE = np.full(1_280, 0.1, np.float32)
PATIENCE_S = 30.0


def turn(event: EventName, index: int, text: str) -> TurnInfo:
    words = [SpokenWord(word, 0.9, 0.0, 1.0) for word in text.split()]
    return TurnInfo("r", event, index, 0.0, 1.5, text, words, 0.8, 0)


class User:
    """Says what the test says, and hangs up when told to."""

    def __init__(self) -> None:
        self._said: asyncio.Queue[TurnInfo | Exception | None] = asyncio.Queue()
        self._turn = -1

    def starts(self, text: str) -> None:
        self._turn += 1
        self._said.put_nowait(turn(EventName.START_OF_TURN, self._turn, text))

    def pauses(self, text: str) -> None:
        self._said.put_nowait(turn(EventName.EAGER_END_OF_TURN, self._turn, text))

    def goes_on(self, text: str) -> None:
        self._said.put_nowait(turn(EventName.TURN_RESUMED, self._turn, text))

    def ends(self, text: str) -> None:
        self._said.put_nowait(turn(EventName.END_OF_TURN, self._turn, text))

    def says(self, text: str) -> None:
        self.starts(text)
        self.ends(text)

    def hangs_up(self) -> None:
        self._said.put_nowait(None)

    def breaks(self, error: Exception) -> None:
        self._said.put_nowait(error)

    async def turns(self) -> AsyncIterator[TurnInfo]:
        while (said := await self._said.get()) is not None:
            if isinstance(said, Exception):
                raise said
            yield said


@dataclass
class Brain:
    """Answers with the next of its answers, the last one for ever. An exception is raised."""

    answers: Sequence[Sequence[Thought | Exception]]
    asked: list[tuple[Entry, ...]] = field(default_factory=list)
    cancelled: int = 0
    hang: bool = False
    """Whether it never comes to an end."""
    name: str = "brain"

    async def think(self, entries: Sequence[Entry]) -> AsyncGenerator[Thought]:
        self.asked.append(tuple(entries))
        try:
            for thought in self.answers[min(len(self.asked), len(self.answers)) - 1]:
                if isinstance(thought, Exception):
                    raise thought
                yield thought
            if self.hang:
                await asyncio.Event().wait()
        except (asyncio.CancelledError, GeneratorExit):
            self.cancelled += 1
            raise


@dataclass
class Throat:
    """Gives one piece of sound a word; fails at words that say so."""

    said: list[str] = field(default_factory=list)
    failures_left: int = 1_000
    name: str = "throat"
    voices: tuple[Voice, ...] = (VOICE,)

    def expect(self, voice: Voice, speed: float = 1.0) -> None:
        pass

    async def say(self, text: str, voice: Voice, speed: float = 1.0) -> AsyncGenerator[Sound]:
        self.said.append(text)
        for word in text.split():
            if "fail" in word and self.failures_left:
                self.failures_left -= 1
                raise SynthesisFailed("it cannot say this")
            yield PIECE
            await asyncio.sleep(0)

    async def close(self) -> None:
        pass


@dataclass
class Box:
    """A loudspeaker that plays all it has when the test lets it."""

    at_once: bool = True
    reply: int = -1
    sizes: list[int] = field(default_factory=list)
    """Samples of each piece of the reply."""
    heard: int = 0
    stops: int = 0
    log: list[tuple[int, int]] = field(default_factory=list)
    """Reply and how many pieces of it were heard."""
    played: Played | None = None

    @property
    def pieces(self) -> int:
        return len(self.sizes)

    def begin(self, reply: int) -> None:
        self._note()
        self.reply, self.sizes, self.heard = reply, [], 0

    def play(self, sound: Sound) -> None:
        self.sizes.append(len(sound))
        if self.at_once:
            self.hear(self.pieces)

    def hear(self, pieces: int) -> None:
        self.heard = pieces
        assert self.played is not None
        self.played(self.reply, sum(self.sizes[:pieces]))

    def stop(self) -> int:
        self.stops += 1
        return sum(self.sizes[: self.heard])

    async def run(self, played: Played) -> None:
        self.played = played
        try:
            await asyncio.Event().wait()
        finally:
            self._note()

    def _note(self) -> None:
        if self.reply >= 0:
            self.log.append((self.reply, self.heard))


def words(*texts: str) -> list[Thought | Exception]:
    return [Words(text) for text in texts]


FAILED = ThoughtFailed("HTTP status 429")

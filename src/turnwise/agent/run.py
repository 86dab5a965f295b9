"""Carry inputs to a Conversation and do what it asks for. Nothing is decided here."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import assert_never

from msgspec import UNSET

from turnwise.agent.actions import (
    Action,
    Answer,
    Call,
    Complete,
    Heard,
    Play,
    Saying,
    Stop,
    Synthesise,
    Think,
)
from turnwise.agent.conversation import Conversation
from turnwise.agent.history import Called, Entry, Said, ToolCall
from turnwise.agent.report import Report
from turnwise.agent.speak import Player
from turnwise.agent.think import Cost, Thinker, Wish, Words
from turnwise.agent.turns import State
from turnwise.errors import SynthesisFailed, ThoughtFailed, TurnwiseError
from turnwise.speech.interface import Synthesiser, Voice
from turnwise.wire.messages import EventName, TurnInfo

SOUND_S_MAX = 10.0  # from one piece of sound to the next
CALL_S_MAX = 20.0  # for a function; the user is waiting

logger = logging.getLogger("turnwise.agent")


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something failed, and the conversation goes on without it."""

    reply: int
    thinking: bool
    """The model; otherwise the synthesiser."""
    why: str


News = Action | TurnInfo | Trouble
"""What whoever watches is told, in order."""

Give = Callable[[Conversation], object]


class Agent:
    """One conversation with its tasks. Runs once."""

    def __init__(
        self,
        conversation: Conversation,
        thinker: Thinker,
        synthesiser: Synthesiser,
        voice: Voice,
        player: Player,
        *,
        speed: float = 1.0,
        call: Callable[[ToolCall], Awaitable[str]] | None = None,
        heard_s: Callable[[], float] | None = None,
        told: Callable[[News], None] | None = None,
    ) -> None:
        """Put the parts together; `run` begins.

        Args:
            conversation: Fresh; it is ours from here on.
            thinker: Answers. May be replaced in mid-conversation.
            synthesiser: Speaks, with the voice and at the speed that are given; likewise.
            voice: One of its voices, at the conversation's sample rate.
            player: Plays.
            speed: Times the voice's own.
            call: Calls a function and returns its result; None: there are none.
            heard_s: How much of the user's sound went out, if it goes out as it is spoken;
                with it the report knows when speech ended.
            told: Is told everything that happens.
        """
        self.thinker = thinker
        self.synthesiser = synthesiser
        self.voice = voice
        self.speed = speed
        self.report = Report()
        self._core = conversation
        self._player = player
        self._call = call
        self._heard_s = heard_s
        self._told = told
        self._inbox: asyncio.Queue[Give] = asyncio.Queue()
        self._tasks: dict[int, set[asyncio.Task[None]]] = {}
        self._listening = True
        self._end_delay_s: float | None = None

    def post(self, give: Give) -> None:
        """Have something done to the conversation, in order with all else."""
        self._inbox.put_nowait(give)

    async def run(self, turns: AsyncIterator[TurnInfo]) -> None:
        """Converse until the turns end and the last reply was heard.

        Raises:
            TurnwiseError: Listening failed.
        """
        clock = asyncio.get_running_loop().time
        self.synthesiser.expect(self.voice, self.speed)
        helpers = [
            asyncio.create_task(self._listen(turns)),
            asyncio.create_task(self._player.run(self._played)),
        ]
        try:
            while self._listening or self._core.state is State.SPEAKING:
                give = await self._inbox.get()
                give(self._core)
                while due := self._core.actions():
                    for action in due:
                        self._do(action, clock())
        finally:
            tasks = [*helpers, *(task for tasks in self._tasks.values() for task in tasks)]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # What comes in.

    async def _listen(self, turns: AsyncIterator[TurnInfo]) -> None:
        try:
            async for turn in turns:
                self.post(partial(self._hear, turn))
        except (TurnwiseError, OSError) as error:
            self.post(partial(_raise, error))
        self.post(self._hang_up)

    def _hear(self, turn: TurnInfo, core: Conversation) -> None:
        if self._told is not None:
            self._told(turn)
        self._end_delay_s = None
        if turn.event is EventName.END_OF_TURN and self._heard_s is not None and turn.words:
            end_s = turn.words[-1].end
            if end_s is not UNSET:
                self._end_delay_s = max(0.0, self._heard_s() - end_s)
        core.receive_turn(turn.event, turn.turn_index, turn.transcript)

    def _hang_up(self, _: Conversation) -> None:
        self._listening = False

    def _played(self, reply: int, samples: int) -> None:
        self.post(lambda core: core.receive_position(reply, samples))

    # What goes out.

    def _do(self, action: Action, now_s: float) -> None:
        if self._told is not None:
            self._told(action)
        match action:
            case Think(reply, entries, draft):
                self.report.began(reply, now_s, _characters(entries), draft=draft)
                self._start(reply, self._think(reply, entries))
            case Answer(reply, text):
                self._player.begin(reply)
                if text is not None:
                    self.report.over(reply, now_s, self._end_delay_s)
            case Synthesise(reply, text):
                self._start(reply, self._synthesise(reply, text))
            case Saying() | Complete():
                pass
            case Play(reply, sound):
                self.report.played(reply, now_s)
                self._player.play(sound)
            case Call(reply, calls):
                for call in calls:
                    self._start(reply, self._call_one(reply, call))
            case Stop(reply, draft):
                if draft:
                    self.report.drop(reply)
                else:
                    self._core.receive_stopped(reply, self._player.stop())
                self._cancel(reply)
            case Heard(reply):
                self._cancel(reply)
                self._log(reply)
            case _:
                assert_never(action)

    def _start(self, reply: int, work: "Awaitable[None]") -> None:
        task = asyncio.ensure_future(work)
        tasks = self._tasks.setdefault(reply, set())
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        task.add_done_callback(self._check)

    def _check(self, task: "asyncio.Task[None]") -> None:
        """Have a bug in a task end the conversation, not vanish."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self.post(partial(_raise, error))

    def _cancel(self, reply: int) -> None:
        for task in self._tasks.pop(reply, set()):
            task.cancel()

    async def _think(self, reply: int, entries: tuple[Entry, ...]) -> None:
        clock = asyncio.get_running_loop().time
        try:
            async with aclosing(self.thinker.think(entries)) as thoughts:
                async for thought in thoughts:
                    match thought:
                        case Words(text):
                            self.report.word(reply, clock())
                            self.post(partial(Conversation.receive_text, reply=reply, text=text))
                        case Wish(calls):
                            self.post(partial(Conversation.receive_calls, reply=reply, calls=calls))
                            return
                        case Cost(prompt_tokens, completion_tokens):
                            self.report.cost(reply, prompt_tokens, completion_tokens)
                        case _:
                            assert_never(thought)
        except ThoughtFailed as error:
            self._trouble(Trouble(reply, True, str(error)))
            self.post(lambda core: core.receive_failure(reply))
        else:
            self.post(lambda core: core.receive_thought_end(reply))

    async def _synthesise(self, reply: int, text: str) -> None:
        clock = asyncio.get_running_loop().time
        try:
            async with (
                asyncio.timeout(SOUND_S_MAX) as patience,
                aclosing(self.synthesiser.say(text, self.voice, self.speed)) as sounds,
            ):
                async for sound in sounds:
                    patience.reschedule(clock() + SOUND_S_MAX)
                    self.report.sound(reply, clock())
                    self.post(partial(Conversation.receive_sound, reply=reply, sound=sound))
        except (SynthesisFailed, TimeoutError) as error:
            self._trouble(Trouble(reply, False, str(error) or "no sound in time"))
            self.post(lambda core: core.receive_sound_failure(reply))
        else:
            self.post(lambda core: core.receive_sound_end(reply))

    async def _call_one(self, reply: int, call: ToolCall) -> None:
        if self._call is None:
            content = "error: there is no such function"
        else:
            try:
                async with asyncio.timeout(CALL_S_MAX):
                    content = await self._call(call)
            except (TurnwiseError, OSError, TimeoutError) as error:
                self._trouble(Trouble(reply, True, f"the function {call.name} failed: {error}"))
                content = f"error: {type(error).__name__}"
        self.post(lambda core: core.receive_result(reply, call.call_id, content))

    def _trouble(self, trouble: Trouble) -> None:
        logger.warning("%s", trouble.why, extra={"reply": trouble.reply})
        if self._told is not None:
            self._told(trouble)

    def _log(self, reply: int) -> None:
        turn = self.report.turn(reply)
        if turn.over_s is not None:
            logger.info(
                "answered",
                extra={
                    "reply": reply,
                    "end_delay_ms": _ms(turn.end_delay_s),
                    "think_delay_ms": _ms(turn.think_delay_s),
                    "answer_delay_ms": _ms(turn.answer_delay_s),
                    "eager_gain_ms": _ms(turn.eager_gain_s),
                },
            )


def _characters(entries: tuple[Entry, ...]) -> int:
    count = 0
    for entry in entries:
        match entry:
            case Said(text=text):
                count += len(text)
            case Called(calls=calls, results=results):
                count += sum(len(call.arguments) for call in calls) + sum(map(len, results))
            case _:
                assert_never(entry)
    return count


def _ms(duration_s: float | None) -> int | None:
    return None if duration_s is None else round(duration_s * 1000)


def _raise(error: BaseException, _: Conversation) -> None:
    raise error

"""/v1/agent/converse: a whole voice agent over one WebSocket (contract section 7.4).

The client sends what the user says and plays what the agent says. In between are our own
recogniser, as /v2/listen has it, the agent's core and the synthesiser of /v1/speak.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, assert_never

from msgspec import UNSET, UnsetType

from turnwise.agent.actions import Answer, Complete, Heard, Saying, Stop, Think
from turnwise.agent.conversation import Conversation
from turnwise.agent.history import ToolCall
from turnwise.agent.run import Agent, News, Trouble
from turnwise.agent.speak import ClockPlayer
from turnwise.agent.tools import Caller
from turnwise.errors import (
    BadConfigure,
    BadMessage,
    EngineFailed,
    Inactive,
    ThoughtFailed,
    TurnwiseError,
)
from turnwise.listener import Listener
from turnwise.schedule.runner import Ear
from turnwise.server import agent_settings as asked
from turnwise.server.agent_client import Client, Direct, Farewell
from turnwise.server.handshake import Send, Shared, Visitor, accept, refuse
from turnwise.server.protocol import Item, Stalled, StreamSocket
from turnwise.server.refusal import problem_of, status_of
from turnwise.speech.encode import Encoder
from turnwise.speech.interface import Sound
from turnwise.speech.rated import Rated
from turnwise.units import FRAME_MS
from turnwise.wire import agent_messages as wire
from turnwise.wire.agent_codec import decode
from turnwise.wire.codec import decode_server, encode_client
from turnwise.wire.messages import ConfigureFailure, ConfigureSuccess, EventName, TurnInfo
from turnwise.wire.messages import Error as ListenError
from turnwise.wire.messages import ForceEndTurn as ListenForceEndTurn

logger = logging.getLogger("turnwise.server")

INTERNAL_ERROR = 1011  # RFC 6455, 7.4.1
AGENT_SECONDS_MAX = 7_200.0  # of one conversation (contract section 7.4)


@dataclass(slots=True, eq=False)
class Line:
    """One open connection, as the clock sees it."""

    socket: StreamSocket
    quiet_since_s: float
    listener: Listener | None = None
    may_idle: bool = False

    @property
    def turn_open(self) -> bool:
        return self.listener is not None and self.listener.turn_open


async def serve(
    shared: Shared, visitor: Visitor, _query: str, socket: StreamSocket, send: Send
) -> None:
    """Serve one conversation, from its handshake to its end."""
    with ExitStack() as held:
        try:
            shared.keys.check(visitor.credentials)
            held.enter_context(shared.streams.place())
        except TurnwiseError as error:
            problem = problem_of(error, visitor.request_id)
            await refuse(shared, visitor, status_of(error), problem, send)
            return
        await accept(visitor, send)
        await converse(shared, visitor, socket, Direct(socket))


async def converse(shared: Shared, visitor: Visitor, socket: StreamSocket, client: Client) -> None:
    """Hold a conversation over an open socket, and log its two lines."""
    loop = asyncio.get_running_loop()
    line = Line(socket, loop.time())
    logger.info("agent opened", extra={"request_id": visitor.request_id})
    opened_s, ending = loop.time(), "client left"
    session = Session(shared, visitor, line, client)
    try:
        with shared.streams.watch(line):
            await session.converse()
    except Farewell as farewell:
        ending = farewell.message.code
        client.say(farewell.message)
        socket.close(farewell.close_code)
    except Exception:  # around one stream's task, as in handshake.py
        logger.exception("agent failed", extra={"request_id": visitor.request_id})
        ending = "bug"
        client.say(wire.Error("INTERNAL_SERVER_ERROR", "The server cannot go on."))
        socket.close(INTERNAL_ERROR)
    finally:
        logger.info(
            "agent closed",
            extra={
                "request_id": visitor.request_id,
                "why": ending,
                "open_s": round(loop.time() - opened_s, 3),
                "turns": session.turns,
            },
        )


class Session:
    """One conversation."""

    def __init__(self, shared: Shared, visitor: Visitor, line: Line, client: Client) -> None:
        self._shared = shared
        self._visitor = visitor
        self._line = line
        self._client = client
        self._say = client.say
        self._turns: asyncio.Queue[TurnInfo] = asyncio.Queue()
        self._answers: dict[str, asyncio.Future[str]] = {}
        """What clients' functions gave back, by call."""
        self._frames_heard = 0
        self._history = True
        self._experimental = False
        self._sounding = -1
        """The reply that was last heard of."""
        self._languages: tuple[list[str] | UnsetType, list[str] | UnsetType] = UNSET, UNSET
        """Of the turn that ended last, and those it was told to expect."""
        self._silent = False
        """The client was told to drop what it has not played, and nothing came since."""
        self.turns = 0

    async def converse(self) -> None:
        """Hold the conversation until the client leaves.

        Raises:
            Farewell: It cannot go on.
            CancelledError: The client is gone.
        """
        self._say(wire.Welcome(self._visitor.request_id))
        settings = await self._settings()
        try:
            await self._begin(settings)
        except BadConfigure as error:
            raise Farewell("INVALID_SETTINGS", str(error)) from None
        except ThoughtFailed as error:
            raise Farewell("FAILED_TO_THINK", str(error), INTERNAL_ERROR) from None
        try:
            ear: Ear[Any] = await self._shared.runner.open(self._keyterms)  # Any: see Shared
        except TurnwiseError:
            raise Farewell("FAILED_TO_LISTEN", "no recogniser is free", INTERNAL_ERROR) from None
        self._say(wire.SettingsApplied())
        if self._greeting:
            greeting = self._greeting
            self._agent.post(lambda core: core.say(greeting))
        running = asyncio.create_task(self._agent.run(self._heard_turns()))
        reading = asyncio.create_task(self._read(ear))
        try:
            done, _ = await asyncio.wait(
                [running, reading],
                timeout=AGENT_SECONDS_MAX,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in done:
                task.result()
            raise Farewell("SERVER_GOING_AWAY", "a conversation lasts two hours at most")
        finally:
            running.cancel()
            reading.cancel()
            try:
                await asyncio.gather(running, reading, return_exceptions=True)
            finally:  # the client may be gone by now
                ear.close()

    async def _settings(self) -> wire.Settings:
        """Wait for the first message; sound before it is nobody's."""
        while True:
            item = await self._client.read()
            match item:
                case bytes() | Stalled():
                    continue
                case str():
                    message = self._decoded(item)
                    if isinstance(message, wire.Settings):
                        return message
                    if not isinstance(message, wire.KeepAlive):
                        raise Farewell(
                            "NON_SETTINGS_MESSAGE_BEFORE_SETTINGS", "Settings comes first"
                        )
                case TurnwiseError():
                    raise _farewell_of(item)
                case _:
                    assert_never(item)

    async def _begin(self, settings: wire.Settings) -> None:
        """Put the agent together.

        Raises:
            BadConfigure, ThoughtFailed: It cannot be.
        """
        if isinstance(settings.agent, str):
            raise Farewell("AGENT_ID_NOT_SUPPORTED", "agents are not stored here: send settings")
        agent, options = settings.agent, self._shared.settings
        stream = asked.listening(settings, agent)
        form = asked.sounding(settings)
        self._history = settings.flags is None or settings.flags.history
        self._experimental = bool(settings.experimental)
        self._greeting = agent.greeting
        self._keyterms = stream.keyterms
        if agent.think_live is not None:
            raise Farewell("UNPARSABLE_CLIENT_MESSAGE", "think_live is not offered here")
        self._think = asked.thoughts(agent.think)
        self._functions = asked.functions(self._think, options)
        mind = asked.thinker(self._think, None, options)
        synthesiser = Rated(self._shared.speech.synthesiser, form.sample_rate_hz)
        voice, speed = asked.voice_of(agent.speak, synthesiser)
        self._encoder = Encoder(form.sample_rate_hz, form.encoding, form.sample_rate_hz)
        self._listener = self._line.listener = Listener(stream, self._visitor.request_id)
        clock = asyncio.get_running_loop().time
        player = ClockPlayer(form.sample_rate_hz, clock, send=self._send_sound)
        self._client.confirms(player.confirm)
        self._agent = Agent(
            Conversation(
                form.sample_rate_hz,
                eager=stream.thresholds.eager is not None,
                history=asked.past(agent.context),
            ),
            mind,
            synthesiser,
            voice,
            player,
            speed=speed,
            call=self._call,
            heard_s=lambda: self._frames_heard * FRAME_MS / 1000,
            told=self._tell,
        )

    # From the client.

    async def _read(self, ear: Ear[Any]) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            item = await self._client.read()
            self._take(item)
            for hearing in self._listener.hearings():
                try:
                    hypothesis = await ear.hear(hearing)
                except EngineFailed:
                    raise Farewell(
                        "FAILED_TO_LISTEN", "the recogniser failed", INTERNAL_ERROR
                    ) from None
                self._frames_heard += 1
                self._listener.receive_hypothesis(hypothesis)
                self._pass_on()
            self._pass_on()
            await self._client.taken()
            if not isinstance(item, Stalled):
                self._line.quiet_since_s = clock()

    def _take(self, item: Item) -> None:
        match item:
            case bytes():
                self._listener.receive_audio(item)
            case str():
                self._receive(self._decoded(item))
            case Stalled():
                self._listener.receive_stall(item.milliseconds)
            case TurnwiseError():
                raise _farewell_of(item)
            case _:
                assert_never(item)

    def _decoded(self, text: str) -> wire.ClientMessage:
        try:
            return decode(text)
        except BadMessage as error:
            raise Farewell("UNPARSABLE_CLIENT_MESSAGE", str(error)) from None

    def _receive(self, message: wire.ClientMessage) -> None:
        match message:
            case wire.Settings():
                raise Farewell("SETTINGS_ALREADY_APPLIED", "Settings comes once")
            case wire.KeepAlive():
                pass
            case wire.ForceEndTurn():
                self._listener.receive_text(encode_client(ListenForceEndTurn()))
            case wire.UpdateListen(listen):
                self._listener.receive_text(encode_client(asked.relisten(listen)))
            case wire.InjectUserMessage(content):
                self._agent.post(partial(Conversation.ask, text=content))
            case wire.InjectAgentMessage(text, "queue"):
                self._agent.post(partial(Conversation.append, text=text))
            case wire.InjectAgentMessage(text, "interrupt"):
                self._agent.post(partial(Conversation.interrupt, text=text))
            case wire.InjectAgentMessage(text):
                self._agent.post(partial(self._inject, text))
            case wire.SendFunctionCallResponse(content, call_id):
                waiting = self._answers.get(call_id or "")
                if waiting is not None and not waiting.done():
                    waiting.set_result(content)
            case wire.UpdatePrompt() | wire.UpdateThink() | wire.UpdateSpeak():
                try:
                    self._update(message)
                except (BadConfigure, ThoughtFailed) as error:
                    self._say(wire.Warning("INVALID_SETTINGS", str(error)))
            case _:
                assert_never(message)

    def _update(self, message: wire.UpdatePrompt | wire.UpdateThink | wire.UpdateSpeak) -> None:
        """Change the agent from its next thought, or its next sentence, on."""
        options = self._shared.settings
        match message:
            case wire.UpdatePrompt(prompt):
                self._agent.thinker = asked.thinker(self._think, prompt, options)
                self._say(wire.PromptUpdated())
            case wire.UpdateThink(given):
                think = asked.thoughts(given)
                functions = asked.functions(think, options)
                self._agent.thinker = asked.thinker(think, None, options)
                self._think, self._functions = think, functions
                self._say(wire.ThinkUpdated())
            case wire.UpdateSpeak(given_voice):
                synthesiser = self._agent.synthesiser
                self._agent.voice, self._agent.speed = asked.voice_of(given_voice, synthesiser)
                synthesiser.expect(self._agent.voice, self._agent.speed)
                self._say(wire.SpeakUpdated())
            case _:
                assert_never(message)

    def _inject(self, text: str, core: Conversation) -> None:
        if not core.say(text):
            self._say(wire.InjectionRefused("the user or the agent is speaking"))

    # From the recogniser.

    def _pass_on(self) -> None:
        for text in self._listener.messages_to_send():
            message = decode_server(text)
            match message:
                case TurnInfo():
                    self._turns.put_nowait(message)
                case ConfigureSuccess():
                    self._say(wire.ListenUpdated())
                case ConfigureFailure(description=why):
                    self._say(wire.Warning("INVALID_SETTINGS", "" if why is UNSET else why))
                case ListenError(description=why):
                    raise Farewell("USER_AUDIO_FORMAT", why)
                case _:
                    pass  # Connected, and ForceEndTurn without a turn, which is silent here

    async def _heard_turns(self) -> AsyncIterator[TurnInfo]:
        while True:
            yield await self._turns.get()

    # From the agent.

    def _send_sound(self, sound: Sound) -> None:
        if piece := self._encoder.push(sound):
            self._client.play(piece)

    def _tell(self, news: News) -> None:
        match news:
            case TurnInfo(event=EventName.END_OF_TURN):
                self._languages = news.languages, news.languages_hinted
            case TurnInfo(event=EventName.START_OF_TURN):
                self._silent = True
                self._say(wire.UserStartedSpeaking())
            case Stop(_, draft=False) if not self._silent:  # the text of a client broke in
                self._silent = True
                self._say(wire.UserStartedSpeaking())
            case Think(draft=False):
                self._say(wire.AgentThinking(""))
            case Answer(reply, text) if text is not None:
                self.turns += 1
                self._remember("user", text)
                self._say(wire.ConversationText("user", text, *self._languages))
                self._languages = UNSET, UNSET
                if self._agent.report.turn(reply).draft:  # it thought while nobody knew
                    self._say(wire.AgentThinking(""))
            case Saying(reply, text):
                if reply != self._sounding and self._experimental:
                    self._say(self._started(reply))
                self._sounding, self._silent = reply, False
                self._say(wire.ConversationText("assistant", text))
            case Complete(reply):
                if reply == self._sounding:
                    self._say(wire.AgentAudioDone())
                    self._report(reply)
            case Heard(_, text) if text:
                self._remember("assistant", text)
            case Trouble(_, thinking):  # why is in the log: our addresses are not clients' business
                if thinking:
                    self._say(wire.Warning("THINK_REQUEST_FAILED", "the model did not answer"))
                else:
                    self._say(wire.Warning("SPEAK_REQUEST_FAILED", "this could not be said"))
            case _:
                pass

    def _remember(self, role: str, content: str) -> None:
        if self._history:
            self._say(wire.History(role, content))

    def _started(self, reply: int) -> wire.AgentStartedSpeaking:
        turn = self._agent.report.turn(reply)
        now_s = asyncio.get_running_loop().time()
        since_s = 0.0 if turn.over_s is None else now_s - turn.over_s
        total_s = since_s + (turn.end_delay_s or 0.0)
        return wire.AgentStartedSpeaking(
            total_s, turn.speak_delay_s or 0.0, turn.think_delay_s or 0.0
        )

    def _report(self, reply: int) -> None:
        turn = self._agent.report.turn(reply)
        if turn.over_s is None:
            return
        total_s = turn.answer_delay_s
        if total_s is not None:
            total_s += turn.end_delay_s or 0.0
        self._say(
            wire.LatencyReport(
                _known(turn.end_delay_s),
                _known(turn.think_delay_s),
                _known(turn.think_delay_s),
                _known(turn.speak_delay_s),
                _known(total_s),
            )
        )

    async def _call(self, call: ToolCall) -> str:
        """Call a function at its endpoint, or have the client call it.

        Raises:
            ThoughtFailed: There is no such function, or it failed.
        """
        tool = next((each for each in self._functions if each.name == call.name), None)
        if tool is None:
            raise ThoughtFailed(f"the model asked for {call.name}, which does not exist")
        ours = tool.endpoint is not None
        request = wire.RequestedCall(call.call_id, call.name, call.arguments, not ours)
        self._say(wire.FunctionCallRequest([request]))
        try:
            if ours:
                content = await Caller(self._functions).call(call)
                self._say(wire.FunctionCallResponse(call.call_id, call.name, content))
                return content
            waiting: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            self._answers[call.call_id] = waiting
            return await waiting
        except asyncio.CancelledError:
            cancelled = wire.CancelledCall(call.call_id, call.name)
            self._say(wire.FunctionCallCancelled([cancelled]))
            raise
        finally:
            self._answers.pop(call.call_id, None)


def _known(duration_s: float | None) -> float | UnsetType:
    return UNSET if duration_s is None else duration_s


def _farewell_of(error: TurnwiseError) -> Farewell:
    if isinstance(error, Inactive):
        return Farewell("CLIENT_MESSAGE_TIMEOUT", str(error))
    return Farewell(type(error).code, "The server cannot go on.", INTERNAL_ERROR)

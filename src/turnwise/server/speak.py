"""/v1/speak and /v2/speak over a WebSocket: carry text to a session, and what it says back.

Two things go on at once: the client is read, and one clause is said. Whatever the client
says takes effect between two pieces of sound, so nothing of a cleared or interrupted clause
follows the answer to it.
"""

import asyncio
import logging
import secrets
from contextlib import ExitStack, aclosing
from dataclasses import dataclass

from turnwise.errors import SynthesisFailed, TurnwiseError
from turnwise.server.handshake import Send, Serve, Shared, Visitor, accept, refuse
from turnwise.server.metrics import Metrics
from turnwise.server.protocol import Stalled, StreamSocket
from turnwise.server.refusal import problem_of, status_of
from turnwise.settings import SPEAK_SECONDS_MAX, SpeakSettings
from turnwise.speech.clauses import speakable
from turnwise.speech.interface import Synthesiser, Voice
from turnwise.speech.render import clause, prepare
from turnwise.speech.session import Fault, Saying, Session
from turnwise.speech.session_v1 import SpeakV1
from turnwise.speech.session_v2 import SpeakV2
from turnwise.speech.voices import choose
from turnwise.wire.speak_query import Edition, parse

logger = logging.getLogger("turnwise.server")

SPEECH_ID_BYTES = 6  # 12 hexadecimal digits (contract section 7.3)


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for, checked, with the voice that answers to it."""

    settings: SpeakSettings
    synthesiser: Synthesiser
    voice: Voice


@dataclass(slots=True, eq=False)
class Line:
    """One open connection, as the clock sees it."""

    socket: StreamSocket
    may_idle: bool
    quiet_since_s: float = 0.0
    turn_open: bool = False


def admit(
    shared: Shared, visitor: Visitor, raw_query: str, edition: Edition, *, streamed: bool
) -> Order:
    """Check what was asked for, then who asks, then whether a voice here speaks so.

    Raises:
        Refused: In that order.
    """
    settings = parse(raw_query, edition, streamed=streamed)
    shared.keys.check(visitor.credentials)
    synthesiser = shared.speech.synthesiser
    return Order(settings, synthesiser, choose(settings.model, synthesiser.voices))


def speaker(edition: Edition) -> Serve:
    """Return what serves one connection of an edition."""

    async def serve(
        shared: Shared, visitor: Visitor, raw_query: str, socket: StreamSocket, send: Send
    ) -> None:
        with ExitStack() as held:
            try:
                order = admit(shared, visitor, raw_query, edition, streamed=True)
                held.enter_context(shared.speech.speakers.place())
            except TurnwiseError as error:
                problem = problem_of(error, visitor.request_id)
                await refuse(shared, visitor, status_of(error), problem, send)
                return
            await asyncio.to_thread(prepare, order.voice, order.settings.form)
            order.synthesiser.expect(order.voice, order.settings.speed)
            await accept(visitor, send)
            await _converse(shared, visitor, order, edition, socket)

    return serve


async def _converse(
    shared: Shared, visitor: Visitor, order: Order, edition: Edition, socket: StreamSocket
) -> None:
    """Hold the conversation, and log its two lines."""
    loop = asyncio.get_running_loop()
    session: Session
    if edition is Edition.FIRST:
        session = SpeakV1(order.settings, visitor.request_id)
    else:
        session = SpeakV2(order.settings, visitor.request_id, speech_id)
    opened_s = loop.time()
    logger.info("speech opened", extra=opening(visitor, order, edition))
    mouth = Mouth(socket, session, order, shared.metrics)
    ending = "client left"
    try:
        with shared.speech.speakers.watch(Line(socket, may_idle=edition is Edition.FIRST)):
            await mouth.converse()
        ending = str(session.farewell)
    except Exception:  # around one stream's task, as in handshake.py
        logger.exception("speech failed", extra={"request_id": visitor.request_id})
        ending = "bug"
        session.receive_fault(Fault.SYNTHESIS)
        mouth.finish()
    finally:
        shared.metrics.count_characters(session.characters)
        logger.info(
            "speech closed",
            extra={
                "request_id": visitor.request_id,
                "why": ending,
                "open_s": round(loop.time() - opened_s, 3),
                "characters": session.characters,
                "audio_bytes": mouth.audio_bytes,
            },
        )


class Mouth:
    """Says what a session wants said, and nothing that it does not want any more."""

    def __init__(
        self, socket: StreamSocket, session: Session, order: Order, metrics: Metrics
    ) -> None:
        self._socket = socket
        self._session = session
        self._order = order
        self._metrics = metrics
        self._saying: Saying | None = None
        self._task: asyncio.Task[None] | None = None
        self.audio_bytes = 0

    async def converse(self) -> None:
        """Serve until the session bids farewell.

        Raises:
            CancelledError: The client is gone.
        """
        loop = asyncio.get_running_loop()
        over_s = loop.time() + SPEAK_SECONDS_MAX
        reading = asyncio.ensure_future(self._socket.read())
        try:
            while True:
                self._send_due()
                if self._session.farewell is not None:
                    break
                await self._turn_to(self._session.saying)
                work = [task for task in (reading, self._task) if task is not None]
                done, _ = await asyncio.wait(
                    work, timeout=over_s - loop.time(), return_when=asyncio.FIRST_COMPLETED
                )
                if not done:
                    self._session.receive_fault(Fault.OVERTIME)
                if self._task in done:
                    self._said()
                if reading in done:
                    self._hear(reading.result(), loop.time())
                    reading = asyncio.ensure_future(self._socket.read())
        finally:
            reading.cancel()
            await self._turn_to(None)
        self.finish()

    def finish(self) -> None:
        """Send what is due, and the Close frame."""
        self._send_due()
        farewell = self._session.farewell
        assert farewell is not None
        self._socket.close(farewell.code, farewell.reason)

    def _hear(self, item: object, now_s: float) -> None:
        match item:
            case str():
                self._session.receive_text(item, now_s)
            case bytes():
                self._session.receive_fault(Fault.BINARY)
            case TurnwiseError():
                self._session.receive_failure(item)
            case Stalled():
                pass  # nobody waits for audio here
            case _:
                raise AssertionError(f"nothing to hear: {item!r}")

    def _said(self) -> None:
        """Take note of how the saying ended."""
        assert self._task is not None
        task, self._task = self._task, None
        self._saying = None
        try:
            task.result()
        except SynthesisFailed as failure:
            logger.warning("a clause could not be said", extra={"why": str(failure)})
            self._session.receive_failure(failure)
        else:
            self._session.receive_said()

    async def _turn_to(self, saying: Saying | None) -> None:
        """Say this from now on, whatever is being said."""
        if saying is self._saying:
            return
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            if not self._task.cancelled():
                self._task.exception()  # looked at: it came too late to matter
            self._task = None
        self._saying = saying
        if saying is not None:
            self._task = asyncio.create_task(self._say(saying))

    async def _say(self, saying: Saying) -> None:
        order = self._order
        text = speakable(saying.text)
        loop = asyncio.get_running_loop()
        began_s: float | None = loop.time()
        pieces = clause(order.synthesiser, text, order.voice, saying.speed, order.settings.form)
        async with aclosing(pieces):
            async for piece in pieces:
                if began_s is not None:
                    self._metrics.count_first_audio(loop.time() - began_s)
                    began_s = None
                self._session.receive_audio(piece)
                self._send_due()
                if self._socket.blocked_since_s is not None:
                    await self._socket.flushed()

    def _send_due(self) -> None:
        for item in self._session.due():
            if isinstance(item, bytes):
                self.audio_bytes += len(item)
            self._socket.write(item)


def speech_id() -> str:
    return f"dg_sp_{secrets.token_hex(SPEECH_ID_BYTES)}"


def opening(visitor: Visitor, order: Order, edition: Edition) -> dict[str, object]:
    """Return what the log says of a connection: what for, never which words."""
    return {
        "request_id": visitor.request_id,
        "client": visitor.address,
        "agent": visitor.headers.get("user-agent", "?")[:80],
        "path": edition.value,
        "model": order.settings.model[:80],
        "voice": f"{order.synthesiser.name}/{order.voice.name}",
        "encoding": order.settings.form.encoding.value,
        "sample_rate_hz": order.settings.form.sample_rate_hz,
    }

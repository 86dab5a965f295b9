"""From a request for /v2/listen to an open stream, or to a refusal (contract section 1)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from turnwise.errors import NO_STATUS, NoSuchModel, ServerError, TurnwiseError
from turnwise.listener import Listener
from turnwise.schedule.runner import Ear, Runner
from turnwise.server.ids import uuid7
from turnwise.server.keys import Keys
from turnwise.server.listen import carry
from turnwise.server.metrics import Metrics
from turnwise.server.protocol import SOCKET, StreamSocket
from turnwise.server.refusal import Problem, body_and_headers, problem_of, status_of
from turnwise.server.settings import Legacy, ServerSettings
from turnwise.server.streams import Stream, Streams
from turnwise.settings import StreamSettings
from turnwise.speech.interface import Synthesiser
from turnwise.units import FRAME_MS
from turnwise.wire import clients, query
from turnwise.wire.auth import Credentials, credentials

logger = logging.getLogger("turnwise.server")

Scope = MutableMapping[str, Any]  # Any: ASGI's own
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Speech:
    """What speaks, and its places."""

    synthesiser: Synthesiser
    speakers: Streams


@dataclass(frozen=True, slots=True)
class Shared:
    """What all streams of one process share."""

    settings: ServerSettings
    keys: Keys
    runner: Runner[Any]  # Any: only the engine itself knows what its states are
    streams: Streams
    metrics: Metrics
    speech: Speech


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks for a stream."""

    request_id: str
    headers: dict[str, str]
    credentials: Credentials
    address: str

    @classmethod
    def of(cls, scope: Scope) -> "Visitor":
        headers = headers_of(scope)
        client = scope.get("client") or ("?", 0)
        return cls(
            uuid7(),
            headers,
            credentials(headers.get("authorization"), scope.get("subprotocols", [])),
            f"{client[0]}:{client[1]}",
        )


def headers_of(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


Serve = Callable[[Shared, Visitor, str, StreamSocket, Send], Awaitable[None]]
"""One stream, from the query to its end."""


async def listen(shared: Shared, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one WebSocket of /v2/listen, from its handshake to its end."""
    await attend(_serve, shared, scope, receive, send)


async def attend(serve: Serve, shared: Shared, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one WebSocket until its client is gone, however that comes about."""
    visitor = Visitor.of(scope)
    await receive()  # websocket.connect
    socket: StreamSocket = scope["extensions"][SOCKET][SOCKET]
    task = asyncio.current_task()
    assert task is not None
    socket.on_gone = task.cancel
    if socket.gone:
        return
    try:
        await serve(shared, visitor, scope["query_string"].decode("latin-1"), socket, send)
    except asyncio.CancelledError:
        if not socket.gone:
            raise


async def _serve(
    shared: Shared, visitor: Visitor, raw_query: str, socket: StreamSocket, send: Send
) -> None:
    with ExitStack() as held:
        try:
            settings = admit(shared, visitor, raw_query)
            held.enter_context(shared.streams.place())
            ear = await shared.runner.open(settings.keyterms)
        except TurnwiseError as error:
            problem = problem_of(error, visitor.request_id)
            await refuse(shared, visitor, status_of(error), problem, send)
            return
        held.callback(ear.close)
        await accept(visitor, send)
        await _converse(shared, visitor, settings, socket, ear)


async def accept(visitor: Visitor, send: Send) -> None:
    await send(
        {
            "type": "websocket.accept",
            "subprotocol": visitor.credentials.subprotocol_to_echo,
            "headers": [(b"dg-request-id", visitor.request_id.encode())],
        }
    )


async def _converse(
    shared: Shared,
    visitor: Visitor,
    settings: StreamSettings,
    socket: StreamSocket,
    ear: Ear[Any],  # Any: see Shared.runner
) -> None:
    """Hold the conversation, and log its two lines."""
    loop = asyncio.get_running_loop()
    listener = listener_for(shared.settings, visitor, settings)
    stream = Stream(socket, listener, quiet_since_s=loop.time())
    opened_s = loop.time()
    logger.info("stream opened", extra=opening(visitor, settings))
    ending = "client left"
    try:
        with shared.streams.watch(stream):
            await carry(socket, ear, stream)
        ending = f"closed with {listener.close_due}"
    except Exception:  # one of the two places that catch a bug; the other is the engine's thread
        logger.exception("stream failed", extra={"request_id": visitor.request_id})
        ending = "bug"
        listener.receive_failure(ServerError("a bug"))
        for text in listener.messages_to_send():
            socket.write(text)
        socket.close(listener.close_due or NO_STATUS)
    finally:
        shared.metrics.count_turns(listener.ended_by)
        logger.info(
            "stream closed",
            extra={
                "request_id": visitor.request_id,
                "why": ending,
                "open_s": round(loop.time() - opened_s, 3),
                "heard_s": round(stream.frames_heard * FRAME_MS / 1000, 2),
                "turns": listener.turns_ended,
                "lag_ms_max": round(stream.lag_s_max * 1000),
            },
        )


def admit(shared: Shared, visitor: Visitor, raw_query: str) -> StreamSettings:
    """Check what was asked for, then who asks, then whether the model is here (1.2).

    Raises:
        Refused: In that order.
    """
    missing: NoSuchModel | None = None
    settings: StreamSettings | None = None
    try:
        settings = query.parse(raw_query)
    except NoSuchModel as error:
        missing = error
    shared.keys.check(visitor.credentials)
    if settings is None:
        assert missing is not None
        raise missing
    return settings


def listener_for(options: ServerSettings, visitor: Visitor, settings: StreamSettings) -> Listener:
    legacy = options.legacy is Legacy.ON or (
        options.legacy is Legacy.AUTO and clients.legacy(visitor.headers)
    )
    close_code = 1000 if options.close_code_1000 else clients.close_code_for(visitor.headers)
    return Listener(
        settings,
        visitor.request_id,
        legacy=legacy,
        end_turn_on_close=options.end_turn_on_close,
        close_code=close_code,
    )


async def refuse(
    shared: Shared, visitor: Visitor, status: int, problem: Problem, send: Send
) -> None:
    """Answer the handshake with an HTTP response (contract section 1.5)."""
    shared.metrics.count_refusal(problem.err_code)
    logger.info(
        "stream refused",
        extra={
            "request_id": visitor.request_id,
            "client": visitor.address,
            "status": status,
            "code": problem.err_code,
        },
    )
    body, headers = body_and_headers(problem)
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})


def opening(visitor: Visitor, settings: StreamSettings) -> dict[str, object]:
    """Return what the log says of a stream: how much was asked for, never which words."""
    return {
        "request_id": visitor.request_id,
        "client": visitor.address,
        "agent": visitor.headers.get("user-agent", "?")[:80],
        "model": settings.model.value,
        "encoding": settings.encoding.value if settings.encoding else "container",
        "sample_rate_hz": settings.sample_rate_hz,
        "thresholds": settings.thresholds,
        "keyterms": len(settings.keyterms),
        "tags": settings.tags,
    }

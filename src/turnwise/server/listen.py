"""Carry bytes between one WebSocket and one Listener. Nothing is decided here."""

import asyncio
from collections.abc import Awaitable
from typing import Protocol, assert_never

from turnwise.engine.interface import Hearing, Hypothesis
from turnwise.errors import EngineFailed, TurnwiseError
from turnwise.listener import Listener
from turnwise.server.protocol import Item, Stalled
from turnwise.server.streams import Stream


class Socket(Protocol):
    blocked_since_s: float | None

    async def read(self) -> Item: ...
    def write(self, text: str) -> None: ...
    async def flushed(self) -> None: ...
    def close(self, code: int) -> None: ...


class Ear(Protocol):
    def hear(self, hearing: Hearing) -> Awaitable[Hypothesis]: ...


async def carry(socket: Socket, ear: Ear, stream: Stream) -> None:
    """Serve a stream until it must end.

    While frames wait to be heard nothing is read: the socket's small inbox fills, then the
    client's TCP window, and no queue of ours can grow.

    Raises:
        CancelledError: The client is gone.
    """
    clock = asyncio.get_running_loop().time
    listener = stream.listener
    send_due(socket, listener)
    while listener.close_due is None:
        item = await socket.read()
        began_s = clock()
        give(listener, item)
        for hearing in listener.hearings():
            try:
                hypothesis = await ear.hear(hearing)
            except EngineFailed as failure:
                listener.receive_failure(failure)
                break
            stream.frames_heard += 1
            listener.receive_hypothesis(hypothesis)
            send_due(socket, listener)
            if socket.blocked_since_s is not None:
                await socket.flushed()
        send_due(socket, listener)
        if socket.blocked_since_s is not None:
            await socket.flushed()
        if not isinstance(item, Stalled):
            stream.quiet_since_s = now_s = clock()
            if now_s - began_s > stream.lag_s_max:
                stream.lag_s_max = now_s - began_s
    socket.close(listener.close_due)


def give(listener: Listener, item: Item) -> None:
    match item:
        case bytes():
            listener.receive_audio(item)
        case str():
            listener.receive_text(item)
        case Stalled():
            listener.receive_stall(item.milliseconds)
        case TurnwiseError():
            listener.receive_failure(item)
        case _:
            assert_never(item)


def send_due(socket: Socket, listener: Listener) -> None:
    for text in listener.messages_to_send():
        socket.write(text)

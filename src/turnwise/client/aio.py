"""The client for asyncio: a thin shell of the pure call in `protocol.py`."""

import asyncio
import os
import random
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from types import TracebackType
from typing import Self, Unpack

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from turnwise.client.address import (
    Address,
    Changes,
    Options,
    address,
    change_of,
    is_temporary,
    refusal,
    settings_of,
)
from turnwise.client.protocol import ABNORMAL, MESSAGES_WAITING_MAX, Call, Message
from turnwise.errors import ConnectionLost, HandshakeRefused, StreamFailed, Unreachable
from turnwise.wire.messages import Error, TurnInfo


def connect(
    url: str,
    *,
    api_key: str | None = None,
    token: str | None = None,
    reconnect: bool = True,
    **options: Unpack[Options],
) -> "Stream":
    """Prepare a stream; `async with` opens it.

        async with connect("ws://localhost:8080", eager_eot_threshold=0.4) as stream:
            stream.play(microphone())
            async for turn in stream:
                ...

    Args:
        url: The server; `/v2/listen` is added if there is no path.
        api_key: The environment's TURNWISE_API_KEY unless given.
        token: A temporary token, instead of a key.
        reconnect: Whether to take the stream up again when the connection is lost. That
            takes raw audio (linear16, linear32, mulaw, alaw): containers and Opus cannot be
            sent again from the middle.
        **options: See `Options`.

    Raises:
        BadQuery: The URL or an option is wrong.
        NoSuchModel: No server has that model.
    """
    key = os.environ.get("TURNWISE_API_KEY") if api_key is None else api_key
    return Stream(address(url, key, token), Call(settings_of(options)), reconnect=reconnect)


class Stream:
    """One stream. Iterating it yields turn events and keeps the connection up.

    Any task may send while one iterates. What the server says waits until it is iterated.
    """

    def __init__(self, server: Address, call: Call, *, reconnect: bool) -> None:
        self._server = server
        self._call = call
        self._reconnect = reconnect and call.resumable
        self._sending = asyncio.Lock()
        self._socket: ClientConnection | None = None
        self._players: list[asyncio.Task[None]] = []
        self._source_error: Exception | None = None

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            Unreachable: Nobody answers there.
            HandshakeRefused: Somebody does, and declines.
        """
        self._socket = await self._dial()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def __aiter__(self) -> AsyncIterator[TurnInfo]:
        return self._turns()

    async def _turns(self) -> AsyncIterator[TurnInfo]:
        async for message in self.messages():
            if isinstance(message, TurnInfo):
                yield message

    async def messages(self) -> AsyncIterator[Message]:
        """Yield everything the server says, and `Reconnected`; plain iteration only TurnInfo.

        Raises:
            StreamFailed: The server sent Error.
            ConnectionLost: The connection broke and could not be taken up again.
            HandshakeRefused: The server does not want us back.
            BadMessage: The server does not keep the contract.
        """
        while True:
            for message in self._call.messages_received():
                if isinstance(message, Error):
                    raise StreamFailed(message.code, message.description)
                yield message
            try:
                text = await self._open_socket.recv()
            except ConnectionClosed as closed:
                if self._source_error is not None:
                    raise self._source_error from None
                if self._call.receive_close(closed.rcvd.code if closed.rcvd else ABNORMAL):
                    return
                await self._take_up_again(closed)
            else:
                if isinstance(text, str):  # binary is never sent on this path (contract 4)
                    self._call.receive_text(text)

    async def send(self, audio: bytes) -> None:
        """Send audio in the encoding agreed on, cut anywhere; 80 ms at a time is best.

        While the connection is being taken up again this waits; while it is lost and nobody
        iterates, the last two minutes are kept.
        """
        async with self._sending:
            self._call.send_audio(audio)
            await self._flush()

    def play(
        self,
        source: Iterable[bytes] | AsyncIterable[bytes],
        *,
        realtime: bool = False,
        finish: bool = True,
    ) -> None:
        """Send a source's chunks in the background until it ends or the stream closes.

        Args:
            source: Audio as for `send`. A plain iterable is read in a thread, so it may block.
            realtime: Never faster than the audio lasts; for raw audio.
            finish: Whether `finish()` follows the last chunk.
        """
        self._players.append(asyncio.create_task(self._play(source, realtime, finish)))

    async def configure(self, **changes: Unpack[Changes]) -> None:
        """Change what is given, from here on; `messages()` has the server's answer."""
        async with self._sending:
            self._call.configure(change_of(changes))
            await self._flush()

    async def force_end_turn(self) -> None:
        """Say that the turn is over."""
        async with self._sending:
            self._call.force_end_turn()
            await self._flush()

    async def finish(self) -> None:
        """Say that no more audio comes and end the open turn; then iterate to the end."""
        async with self._sending:
            self._call.finish()
            await self._flush()

    async def close(self) -> None:
        """Stop at once, whatever was still to come."""
        for player in self._players:
            player.cancel()
        await asyncio.gather(*self._players, return_exceptions=True)  # all cancelled or done
        if self._socket is not None:
            await self._socket.close()

    async def _play(
        self, source: Iterable[bytes] | AsyncIterable[bytes], realtime: bool, finish: bool
    ) -> None:
        try:
            began_s = asyncio.get_running_loop().time() - self._call.sent_s if realtime else 0.0
            async for chunk in _chunks(source):
                if realtime:
                    early_s = began_s + self._call.sent_s - asyncio.get_running_loop().time()
                    await asyncio.sleep(max(0.0, early_s))
                await self.send(chunk)
            if finish:
                await self.finish()
        except Exception as error:  # the source's own: whoever iterates hears of it
            self._source_error = error
            await self._open_socket.close()

    @property
    def _open_socket(self) -> ClientConnection:
        assert self._socket is not None, "a stream is opened by `async with`"
        return self._socket

    async def _flush(self) -> None:
        """Send what is due. A connection that is lost is the iterating side's business."""
        try:
            for item in self._call.data_to_send():
                await self._open_socket.send(item)
        except ConnectionClosed:
            return

    async def _dial(self) -> ClientConnection:
        try:
            return await open_socket(
                self._server.with_query(self._call.settings),
                additional_headers=self._server.headers,
                proxy=None if self._server.local else True,
                max_queue=MESSAGES_WAITING_MAX,
            )
        except InvalidStatus as refused:
            response = refused.response
            raise refusal(
                response.status_code, response.headers.get("dg-error"), response.body
            ) from None
        except (OSError, TimeoutError, InvalidHandshake, ConnectionClosed) as error:
            raise Unreachable(f"no recogniser answers at {self._server.url}: {error}") from error

    async def _take_up_again(self, closed: ConnectionClosed) -> None:
        if not self._reconnect:
            raise ConnectionLost(f"the connection was lost: {closed}") from closed
        async with self._sending:  # nothing may go out before what is sent again
            while True:
                delay_s = self._call.retry_delay_s()
                if delay_s is None:
                    raise ConnectionLost(f"the server did not come back: {closed}") from closed
                # Not all clients of a server that restarts at the same moment.
                await asyncio.sleep(delay_s * random.uniform(0.5, 1.0))  # noqa: S311
                try:
                    self._socket = await self._dial()
                    break
                except Unreachable:
                    continue
                except HandshakeRefused as refused:
                    if not is_temporary(refused):
                        raise
            self._call.resume()
            await self._flush()


async def _chunks(source: Iterable[bytes] | AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Yield a source's chunks; a plain one is read in a thread, since it may block."""
    if isinstance(source, AsyncIterable):
        async for chunk in source:
            yield chunk
        return
    iterator = iter(source)
    while (item := await asyncio.to_thread(next, iterator, None)) is not None:
        yield item

"""The client without asyncio: the same thin shell, with threads where `aio.py` has tasks."""

import os
import random
import threading
import time
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self, Unpack

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as open_socket

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
    """Prepare a stream; `with` opens it. All arguments are those of `turnwise.connect`.

        with connect("ws://localhost:8080") as stream:
            stream.play(microphone())
            for turn in stream:
                ...

    Raises:
        BadQuery: The URL or an option is wrong.
        NoSuchModel: No server has that model.
    """
    key = os.environ.get("TURNWISE_API_KEY") if api_key is None else api_key
    return Stream(address(url, key, token), Call(settings_of(options)), reconnect=reconnect)


class Stream:
    """One stream. Iterating it yields turn events and keeps the connection up.

    Any thread may send while one iterates. What the server says waits until it is iterated.
    """

    def __init__(self, server: Address, call: Call, *, reconnect: bool) -> None:
        self._server = server
        self._call = call
        self._reconnect = reconnect and call.resumable
        self._sending = threading.Lock()  # keeps what goes out in order
        self._owner = threading.Lock()  # of the call; never held while anything waits
        self._socket: ClientConnection | None = None
        self._closing = threading.Event()
        self._source_error: Exception | None = None

    def __enter__(self) -> Self:
        """Connect.

        Raises:
            Unreachable: Nobody answers there.
            HandshakeRefused: Somebody does, and declines.
        """
        self._socket = self._dial()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[TurnInfo]:
        for message in self.messages():
            if isinstance(message, TurnInfo):
                yield message

    def messages(self) -> Iterator[Message]:
        """Yield everything the server says, and `Reconnected`; plain iteration only TurnInfo.

        Raises:
            StreamFailed: The server sent Error.
            ConnectionLost: The connection broke and could not be taken up again.
            HandshakeRefused: The server does not want us back.
            BadMessage: The server does not keep the contract.
        """
        while True:
            with self._owner:
                received = self._call.messages_received()
            for message in received:
                if isinstance(message, Error):
                    raise StreamFailed(message.code, message.description)
                yield message
            try:
                text = self._open_socket.recv()
            except ConnectionClosed as closed:
                if self._source_error is not None:
                    raise self._source_error from None
                code = closed.rcvd.code if closed.rcvd else ABNORMAL
                if self._closing.is_set() or self._call.receive_close(code):
                    return
                self._take_up_again(closed)
            else:
                if isinstance(text, str):  # binary is never sent on this path (contract 4)
                    with self._owner:
                        self._call.receive_text(text)

    def send(self, audio: bytes) -> None:
        """Send audio in the encoding agreed on, cut anywhere; 80 ms at a time is best.

        While the connection is being taken up again this waits; while it is lost and nobody
        iterates, the last two minutes are kept.
        """
        with self._sending:
            with self._owner:
                self._call.send_audio(audio)
            self._flush()

    def play(self, source: Iterable[bytes], *, realtime: bool = False, finish: bool = True) -> None:
        """Send a source's chunks from a thread until it ends or the stream closes.

        Args:
            source: Audio as for `send`; it may block.
            realtime: Never faster than the audio lasts; for raw audio.
            finish: Whether `finish()` follows the last chunk.
        """
        # A source that blocks for ever must not keep the program from ending.
        threading.Thread(target=self._play, args=(source, realtime, finish), daemon=True).start()

    def configure(self, **changes: Unpack[Changes]) -> None:
        """Change what is given, from here on; `messages()` has the server's answer."""
        with self._sending:
            with self._owner:
                self._call.configure(change_of(changes))
            self._flush()

    def force_end_turn(self) -> None:
        """Say that the turn is over."""
        with self._sending:
            with self._owner:
                self._call.force_end_turn()
            self._flush()

    def finish(self) -> None:
        """Say that no more audio comes and end the open turn; then iterate to the end."""
        with self._sending:
            with self._owner:
                self._call.finish()
            self._flush()

    def close(self) -> None:
        """Stop at once, whatever was still to come."""
        self._closing.set()
        if self._socket is not None:
            self._socket.close()

    def _play(self, source: Iterable[bytes], realtime: bool, finish: bool) -> None:
        try:
            began_s = time.monotonic() - self._call.sent_s if realtime else 0.0
            for chunk in source:
                if realtime:
                    self._closing.wait(max(0.0, began_s + self._call.sent_s - time.monotonic()))
                if self._closing.is_set():
                    return
                self.send(chunk)
            if finish:
                self.finish()
        except Exception as error:  # the source's own: whoever iterates hears of it
            self._source_error = error
            self._open_socket.close()

    @property
    def _open_socket(self) -> ClientConnection:
        assert self._socket is not None, "a stream is opened by `with`"
        return self._socket

    def _flush(self) -> None:
        """Send what is due. A connection that is lost is the iterating side's business."""
        with self._owner:
            due = self._call.data_to_send()
        try:
            for item in due:
                self._open_socket.send(item)
        except ConnectionClosed:
            return

    def _dial(self) -> ClientConnection:
        try:
            # Entered here and closed in close(): its life is not that of any one block.
            return open_socket(
                self._server.with_query(self._call.settings),
                additional_headers=self._server.headers,
                proxy=None if self._server.local else True,
                max_queue=MESSAGES_WAITING_MAX,
            ).__enter__()
        except InvalidStatus as refused:
            response = refused.response
            raise refusal(
                response.status_code, response.headers.get("dg-error"), response.body
            ) from None
        except (OSError, TimeoutError, InvalidHandshake, ConnectionClosed) as error:
            raise Unreachable(f"no recogniser answers at {self._server.url}: {error}") from error

    def _take_up_again(self, closed: ConnectionClosed) -> None:
        if not self._reconnect:
            raise ConnectionLost(f"the connection was lost: {closed}") from closed
        with self._sending:  # nothing may go out before what is sent again
            while True:
                delay_s = self._call.retry_delay_s()
                if delay_s is None:
                    raise ConnectionLost(f"the server did not come back: {closed}") from closed
                # Not all clients of a server that restarts at the same moment.
                self._closing.wait(delay_s * random.uniform(0.5, 1.0))  # noqa: S311
                if self._closing.is_set():
                    return
                try:
                    self._socket = self._dial()
                    break
                except Unreachable:
                    continue
                except HandshakeRefused as refused:
                    if not is_temporary(refused):
                        raise
            with self._owner:
                self._call.resume()
            self._flush()

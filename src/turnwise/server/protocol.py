"""uvicorn's connections, with what a stream needs and ASGI has no words for.

- A Close frame without a status code, which ends streams here (contract section 6).
- When the client was last heard, pings included (contract section 3.5).
- A gone client is noticed while its audio is still being heard.
- Different limits for text and audio (contract section 14.29), and a URL beyond 8 KiB.

A WebSocket's scope carries its StreamSocket under SOCKET.
"""

import asyncio
import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from uvicorn._types import ASGISendEvent
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode
from websockets.http11 import Request

from turnwise.errors import NO_STATUS, BadRequest, TurnwiseError
from turnwise.server.ids import uuid7
from turnwise.server.refusal import body_and_headers, problem_of
from turnwise.settings import TEXT_MESSAGE_BYTES_MAX, URL_BYTES_MAX

SOCKET = "turnwise.socket"

INBOX_BYTES_MAX = 64 << 10  # 2 s of 16 kHz linear16 wait here, then the client waits
HEADER_BYTES_MAX = 8_000  # one header; the WebSocket parser takes lines of 8 KiB
HEADERS_MAX = 100  # it takes 128
REQUEST_SECONDS_MAX = 10.0  # from the connection to the end of its first request's headers
CLOSE_SECONDS_MAX = 10.0  # from our Close frame to the client's
REASON_BYTES_MAX = 123  # of a Close frame, beside its code
LINGER_SECONDS_MAX = 2.0  # for a client that breaks the protocol to read why it is dropped


@dataclass(frozen=True, slots=True)
class Stalled:
    """No audio has come for so long although a turn is open."""

    milliseconds: int


Item = bytes | str | Stalled | TurnwiseError
"""What one stream's task is woken for: audio, text, or word from the clock."""


class StreamSocket(WebSocketsSansIOProtocol):
    """One WebSocket. It is read in items and written in text."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],  # Any: uvicorn's own signature
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.close_timeout = CLOSE_SECONDS_MAX
        self.heard_at_s = self.loop.time()
        """When bytes last came from the client."""
        self.blocked_since_s: float | None = None
        """Since when the client takes nothing, although there is something to take."""
        self.gone = False
        """Nothing more will come from the client, and nothing will reach it."""
        self.on_gone: Callable[[], object] = _nothing
        self._url = b""
        self._inbox: deque[Item] = deque()
        self._inbox_bytes = 0
        self._partial = bytearray()
        self._partial_text = False
        self._reader: asyncio.Future[None] | None = None

    def greet(self, url: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        """Start the handshake with a request that the HTTP side has read.

        The URL travels beside: the parser of the WebSocket side takes only 8 KiB of it.
        """
        self._url = url
        lines = [b"GET / HTTP/1.1", *(name + b": " + value for name, value in headers)]
        self.data_received(b"\r\n".join([*lines, b"", b""]))
        if not self.handshake_initiated:  # the WebSocket side is stricter than the HTTP side
            self._refuse()
            self.transport.close()

    # For the stream's task.

    async def read(self) -> Item:
        """Return what came next. Cancelled, by way of on_gone, when the client is gone."""
        while not self._inbox:
            self._reader = self.loop.create_future()
            await self._reader
        item = self._inbox.popleft()
        if isinstance(item, bytes | str):
            self._inbox_bytes -= len(item)
        if self.read_paused and not self._inbox:
            self._inbox_bytes = 0
            self._regulate()
        return item

    def write(self, item: str | bytes) -> None:
        """Send one message, text or binary. If it does not go out at once, `flushed` waits."""
        if not (self.gone or self.close_sent):
            if isinstance(item, str):
                self.transport.write(whole_frame(Opcode.TEXT, item.encode()))
            else:
                self.transport.write(whole_frame(Opcode.BINARY, item))

    async def flushed(self) -> None:
        """Wait until the client has taken most of what was written."""
        await self.writable.wait()

    def close(self, code: int, reason: str = "") -> None:
        """Send a Close frame, without a status if the code is NO_STATUS.

        Args:
            code: Of the close.
            reason: Cut to what a Close frame holds (RFC 6455, 5.5); plain ASCII.
        """
        if self.gone or self.close_sent:
            return
        if code == NO_STATUS:
            self.conn.send_close()
        else:
            self.conn.send_close(code, ascii(reason)[1:-1][:REASON_BYTES_MAX])
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self._inbox.clear()
        self._inbox_bytes = 0
        self._regulate()
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)

    # For the clock.

    @property
    def waiting(self) -> bool:
        """Whether all that came was worked through, so that it is the client's turn."""
        return self._reader is not None and not self._reader.done()

    def post(self, item: Stalled | TurnwiseError) -> None:
        """Wake the stream's task with word from the clock."""
        self._inbox.append(item)
        self._wake()

    def file_number(self) -> int:
        number: int = self.transport.get_extra_info("socket").fileno()
        return number

    def abort(self) -> None:
        """Drop a client to whom nothing can be said any more."""
        self.transport.abort()
        self._leave()

    # For the event loop.

    def data_received(self, data: bytes) -> None:
        self.heard_at_s = self.loop.time()
        self.conn.receive_data(data)
        if self.conn.parser_exc is not None:
            self.handle_parser_exception()
            return
        events = self.conn.events
        if len(events) == 1 and isinstance(event := events[0], Frame) and _is_audio(event):
            events.clear()
            self._deliver(bytes(event.data))
        else:
            self.handle_events()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.blocked_since_s = self.loop.time()
        self._regulate()

    def resume_writing(self) -> None:
        super().resume_writing()
        self.blocked_since_s = None
        self._regulate()

    def eof_received(self) -> None:
        """A client that has shut its side of the connection is gone, whatever it may read."""
        self._leave()
        self.loop.call_later(LINGER_SECONDS_MAX, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._leave()

    # For uvicorn.

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code != 101:
            return
        raw_path, _, query = self._url.partition(b"?")
        self.scope["path"] = unquote(raw_path.decode("latin-1"))
        self.scope["raw_path"] = raw_path
        self.scope["query_string"] = query
        self.scope["extensions"] = {"websocket.http.response": {}, SOCKET: {SOCKET: self}}

    async def send(self, message: ASGISendEvent) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body":
            self.handshake_complete = True  # by a refusal; uvicorn would log it as a failure

    def handle_text(self, event: Frame) -> None:
        self._partial_text = True
        self._take(event)

    def handle_bytes(self, event: Frame) -> None:
        if event.fin:
            self._deliver(bytes(event.data))
        else:
            self._partial_text = False
            self._take(event)

    def handle_cont(self, event: Frame) -> None:
        self._take(event)

    def handle_close(self, event: Frame) -> None:
        super().handle_close(event)
        self._leave()
        self.loop.call_later(self.close_timeout, self.transport.abort)  # if it never takes ours

    def handle_parser_exception(self) -> None:
        """The client broke the WebSocket protocol: say how, and read no more of it."""
        if self.gone:  # said already; this is what came after
            return
        if not self.handshake_complete:  # frames before they were asked for
            self._refuse()
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self._leave()
        if not self.transport.is_closing():
            # Closed while unread bytes wait, the socket would be reset and the Close frame
            # lost with it; so the rest is read, and thrown away.
            if self.transport.can_write_eof():
                self.transport.write_eof()
            self.close_timer = self.loop.call_later(LINGER_SECONDS_MAX, self.transport.abort)

    def _refuse(self) -> None:
        self.handshake_complete = True
        problem = problem_of(BadRequest("This is no WebSocket handshake."), uuid7())
        self.transport.write(http_response(400, *body_and_headers(problem)))

    def _take(self, event: Frame) -> None:
        """Put a fragment to the ones before it."""
        self._partial += event.data
        if self._partial_text and len(self._partial) > TEXT_MESSAGE_BYTES_MAX:
            self._partial.clear()
            self._fail(1009, f"a text message has at most {TEXT_MESSAGE_BYTES_MAX} bytes")
        elif event.fin:
            message = bytes(self._partial)
            self._partial.clear()
            if not self._partial_text:
                self._deliver(message)
                return
            try:
                self._deliver(message.decode())
            except UnicodeDecodeError:
                self._fail(1007, "a text message is UTF-8")

    def _fail(self, code: int, reason: str) -> None:
        if not (self.gone or self.close_sent):
            self.conn.fail(code, reason)
            self.handle_parser_exception()

    def _deliver(self, item: bytes | str) -> None:
        if self.close_sent or self.gone:
            return
        self._inbox.append(item)
        self._inbox_bytes += len(item)
        if self._inbox_bytes > INBOX_BYTES_MAX and not self.read_paused:
            self._regulate()
        self._wake()

    def _wake(self) -> None:
        reader = self._reader
        if reader is not None and not reader.done():
            reader.set_result(None)

    def _regulate(self) -> None:
        """Read from the client only if what it says has somewhere to go."""
        full = self._inbox_bytes > INBOX_BYTES_MAX and not self.close_sent
        pause = full or self.blocked_since_s is not None
        if pause == self.read_paused or self.gone or self.transport.is_closing():
            return
        self.read_paused = pause
        if pause:
            self.transport.pause_reading()
        else:
            self.heard_at_s = self.loop.time()  # it could not be heard until now
            self.transport.resume_reading()

    def _leave(self) -> None:
        if not self.gone:
            self.gone = True
            self.handshake_complete = True  # there is nobody left to answer
            self.on_gone()


class RequestReader(HttpToolsProtocol):
    """The HTTP side, with limits on what it reads and our own words when it refuses."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._header_count = 0
        self._patience = self.loop.call_later(REQUEST_SECONDS_MAX, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._patience.cancel()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self._header_count = 0
        self._patience.cancel()
        self._patience = self.loop.call_later(REQUEST_SECONDS_MAX, self.transport.abort)
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        _limit(len(self.url), URL_BYTES_MAX)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._header_count += 1
        _limit(self._header_count, HEADERS_MAX)
        _limit(len(name) + len(value), HEADER_BYTES_MAX)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if not (self.parser.should_upgrade() and self._should_upgrade()):
            self._patience.cancel()
        super().on_headers_complete()

    def _should_upgrade(self) -> bool:
        return super()._should_upgrade() and self.parser.get_method() == b"GET"

    def _unsupported_upgrade_warning(self) -> None:
        """Answered as the plain request it also is."""

    def handle_websocket_upgrade(self) -> None:
        self._patience.cancel()
        self.connections.discard(self)
        socket = StreamSocket(self.config, self.server_state, self.app_state)
        socket.connection_made(self.transport)
        socket.greet(self.url, self.headers)
        self.transport.set_protocol(socket)

    def send_400_response(self, msg: str) -> None:
        problem = problem_of(BadRequest("This is no HTTP request, or too large a one."), uuid7())
        self.transport.write(http_response(400, *body_and_headers(problem)))
        self.transport.close()


def _nothing() -> None:
    pass


def _limit(count: int, count_max: int) -> None:
    """Make the HTTP parser give up on a request that is too large."""
    if count > count_max:
        raise ValueError(f"{count} is more than {count_max}")


def _is_audio(frame: Frame) -> bool:
    """Whether it is what comes nearly always: a whole binary message."""
    return frame.opcode is Opcode.BINARY and frame.fin


def whole_frame(opcode: Opcode, payload: bytes) -> bytes:
    """Return one whole unmasked message (RFC 6455, 5.2)."""
    first, size = 0x80 | opcode, len(payload)
    if size < 126:
        return struct.pack("!BB", first, size) + payload
    if size < 1 << 16:
        return struct.pack("!BBH", first, 126, size) + payload
    return struct.pack("!BBQ", first, 127, size) + payload


def http_response(status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> bytes:
    lines = [b"HTTP/1.1 %d Bad Request" % status, b"connection: close"]
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join([*lines, b"", body])

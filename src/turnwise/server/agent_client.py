"""Who talks with an agent, whatever messages they understand; and how it ends."""

from collections.abc import Callable
from typing import Protocol

from turnwise.server.protocol import Item, StreamSocket
from turnwise.wire import agent_messages as wire
from turnwise.wire.agent_codec import encode

POLICY_VIOLATION = 1008  # RFC 6455, 7.4.1


class Client(Protocol):
    """Who is talked to, in whatever messages it understands."""

    async def read(self) -> Item: ...
    def say(self, message: wire.ServerMessage) -> None: ...
    def play(self, sound: bytes) -> None: ...
    def confirms(self, played: Callable[[], None]) -> None:
        """Call this whenever all sound that was sent has been played, if that is ever known."""
        ...

    async def taken(self) -> None:
        """Wait until most of what was sent is taken."""
        ...


class Direct:
    """A client that speaks the messages of /v1/agent/converse."""

    def __init__(self, socket: StreamSocket) -> None:
        self._socket = socket
        self.read = socket.read
        self.play = socket.write

    def say(self, message: wire.ServerMessage) -> None:
        self._socket.write(encode(message))

    def confirms(self, played: Callable[[], None]) -> None:
        """Clients of this kind do not say."""

    async def taken(self) -> None:
        if self._socket.blocked_since_s is not None:
            await self._socket.flushed()


class Farewell(Exception):
    """The conversation ends with this word."""

    def __init__(self, code: str, description: str, close_code: int = POLICY_VIOLATION) -> None:
        super().__init__(description)
        self.message = wire.Error(code, description)
        self.close_code = close_code

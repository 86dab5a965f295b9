"""/v1/agent/media-streams: the same agent on the telephone, in Twilio's message format.

A call's Settings come from the parameters of its `start`: `prompt`, `greeting`, `voice`,
`eager_eot_threshold`, and `api_key` where the server wants one, since whoever opens such a
stream cannot send headers.
"""

from collections.abc import Callable
from contextlib import ExitStack

from msgspec.json import encode as encode_json

from turnwise.errors import BadCredentials, BadMessage, TurnwiseError
from turnwise.server.agent_client import Farewell
from turnwise.server.converse import converse
from turnwise.server.handshake import Send, Shared, Visitor, accept, refuse
from turnwise.server.protocol import Item, StreamSocket
from turnwise.server.refusal import problem_of, status_of
from turnwise.wire import agent_messages as wire
from turnwise.wire.auth import Credentials
from turnwise.wire.media_streams import Begin, clear, decode, mark, media, sound_of

TELEPHONE = {"encoding": "mulaw", "sample_rate": 8_000}


class Telephone:
    """A caller, as a client of the agent."""

    def __init__(self, shared: Shared, visitor: Visitor, socket: StreamSocket) -> None:
        self._shared = shared
        self._visitor = visitor
        self._socket = socket
        self._stream_sid = ""
        self._marks = 0
        self._awaited = ""
        """The mark whose return says that all was played; none if some of it was dropped."""
        self._played: Callable[[], None] = lambda: None

    async def read(self) -> Item:
        """Return what came next that matters: Settings once, then sound.

        Raises:
            Farewell: It is no media stream, or has no right to be here.
        """
        while True:
            item = await self._socket.read()
            if not isinstance(item, str):
                return item
            try:
                event = decode(item)
                sound = sound_of(event)
            except BadMessage as error:
                raise Farewell("UNPARSABLE_CLIENT_MESSAGE", str(error)) from None
            if event.event == "start":
                self._stream_sid = event.stream_sid
                return self._settings(event.start or Begin())
            if event.mark is not None and event.mark.name == self._awaited != "":
                self._played()
            if sound:
                return sound

    def say(self, message: wire.ServerMessage) -> None:
        """Drop what is still to be played when the caller breaks in; the rest is not for ears."""
        if isinstance(message, wire.UserStartedSpeaking):
            self._awaited = ""
            self._socket.write(clear(self._stream_sid))
        elif isinstance(message, wire.AgentAudioDone):
            self._marks += 1
            self._awaited = f"reply {self._marks}"
            self._socket.write(mark(self._stream_sid, self._awaited))

    def play(self, sound: bytes) -> None:
        self._awaited = ""
        self._socket.write(media(self._stream_sid, sound))

    def confirms(self, played: Callable[[], None]) -> None:
        self._played = played

    async def taken(self) -> None:
        if self._socket.blocked_since_s is not None:
            await self._socket.flushed()

    def _settings(self, begin: Begin) -> str:
        given = begin.custom_parameters
        key = given.get("api_key")
        if self._visitor.credentials.secret is None:
            try:
                self._shared.keys.check(Credentials("token", key))
            except BadCredentials as error:
                raise Farewell("INVALID_AUTH", str(error)) from None
        provider: dict[str, str | float] = {"model": "flux-general-en"}
        if eager := given.get("eager_eot_threshold"):
            try:
                provider["eager_eot_threshold"] = float(eager)
            except ValueError:
                raise Farewell("INVALID_SETTINGS", "eager_eot_threshold is a number") from None
        return encode_json(
            {
                "type": "Settings",
                "audio": {"input": TELEPHONE, "output": TELEPHONE},
                "agent": {
                    "listen": {"provider": provider},
                    "think": {"prompt": given.get("prompt")},
                    "speak": {"provider": {"model": given.get("voice")}},
                    "greeting": given.get("greeting"),
                },
            }
        ).decode()


async def serve(
    shared: Shared, visitor: Visitor, _query: str, socket: StreamSocket, send: Send
) -> None:
    """Serve one call, from its handshake to its end."""
    with ExitStack() as held:
        try:
            if visitor.credentials.secret is not None:
                shared.keys.check(visitor.credentials)
            held.enter_context(shared.streams.place())
        except TurnwiseError as error:
            problem = problem_of(error, visitor.request_id)
            await refuse(shared, visitor, status_of(error), problem, send)
            return
        await accept(visitor, send)
        await converse(shared, visitor, socket, Telephone(shared, visitor, socket))

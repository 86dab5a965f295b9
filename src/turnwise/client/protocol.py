"""The caller's side of one stream, over as many connections as it takes.

A call never waits and knows no clock and no socket. A shell feeds it and empties it:

    send_audio, configure, force_end_turn, finish   what the user wants
    data_to_send                                    what is to go out now, in order
    receive_text                                    what the server said
    messages_received                               what the user is to hear of it
    receive_close, resume                           a connection ended; a new one stands

How a call outlives its connection. The server begins every connection afresh: its time,
its turns and its sequence ids start at zero, and it knows nothing of a turn that was open.
So a call keeps the audio of the open turn, or the last moment before silence, and sends it
again; what comes back is renumbered. For the user

- times, turn indices and sequence ids only grow, as if nothing had happened;
- a turn that was open goes on: it does not start twice, and Updates about audio that was
  reported before are left out;
- a turn that was said to be likely over is resumed, because the server that said so is gone;
- `Reconnected` says that it happened, how much was sent again and how much was lost.
"""

from collections import deque
from contextlib import suppress
from dataclasses import dataclass

from msgspec.structs import replace

from turnwise.errors import BadConfigure, BadMessage
from turnwise.settings import Encoding, StreamSettings
from turnwise.wire.codec import decode_server, encode_client
from turnwise.wire.configure import apply
from turnwise.wire.messages import (
    CloseStream,
    Configure,
    ConfigureFailure,
    ConfigureSuccess,
    EventName,
    ForceEndTurn,
    ServerMessage,
    SpokenWord,
    TurnInfo,
    Warning,  # noqa: A004 - the wire's name
)

SAMPLE_BYTES = {Encoding.LINEAR16: 2, Encoding.LINEAR32: 4, Encoding.MULAW: 1, Encoding.ALAW: 1}
"""Encodings that can be cut at any sample: only these can be sent again from the middle."""
RESEND_S_MAX = 120.0  # longer than nearly any turn; 4 MB of 16 kHz linear16
LEAD_S = 1.0  # heard before a turn starts, so that a first word half heard is sent again
RETRY_DELAYS_S = (0.1, 0.5, 1.0, 2.0, 4.0, 8.0)  # a server that restarts is back by then
MESSAGES_WAITING_MAX = 1_024  # while all that is sent again and nobody reads the answers
NO_ACTIVE_TURN = "FORCE_END_TURN_NO_ACTIVE_TURN"  # contract section 4.6
ABNORMAL = 1006  # how a WebSocket library names a connection that ended without Close


@dataclass(frozen=True, slots=True)
class Reconnected:
    """The connection was lost and a new one took over. All times go on."""

    count: int
    """How often by now."""
    resent_s: float
    """Seconds of audio that are heard a second time."""
    lost_s: float
    """Seconds of audio that nobody will hear: more was under way than is kept."""


Message = ServerMessage | Reconnected


Request = Configure | ForceEndTurn | CloseStream


@dataclass(frozen=True, slots=True)
class Audio:
    position_bytes: int
    """How much audio went before it, from the beginning of the call."""
    data: bytes


@dataclass(frozen=True, slots=True)
class Asked:
    position_bytes: int
    request: Request


class Call:
    """One call: not thread-safe, owned by one shell."""

    def __init__(self, settings: StreamSettings) -> None:
        self._settings = settings
        self._audio: deque[Audio] = deque()  # what may have to be sent again
        self._asked: list[Asked] = []  # not answered yet
        self._due: list[bytes | str] = []
        self._received: list[Message] = []
        self._sent_bytes = 0
        self._needed_from_bytes = 0
        self._connection_from_bytes = 0
        self._connections = 1
        self._retries = 0
        self._finishing = False
        self._last: TurnInfo | None = None  # as the user saw it
        self._turn_open = False
        self._likely_over = False
        self._turns_ended = 0
        self._turns_before = 0  # ended before this connection
        self._turn_end_s = 0.0
        self._heard_until_s = 0.0
        self._sequence_id = -1  # the user's last
        self._sequence_base = 0
        self._server_sequence_id = -1

    @property
    def settings(self) -> StreamSettings:
        """What holds now: what the call began with, and every Configure that succeeded."""
        return self._settings

    @property
    def sent_s(self) -> float:
        """How much audio was sent. Only raw audio says how long it is."""
        return self._seconds(self._sent_bytes)

    @property
    def turn_open(self) -> bool:
        """Whether somebody is speaking, as far as the user was told."""
        return self._turn_open

    @property
    def resumable(self) -> bool:
        """Whether audio can be sent again from the middle. Containers and Opus cannot."""
        return self._byte_rate is not None

    def send_audio(self, data: bytes) -> None:
        """Send audio, of any length, cut anywhere; an empty message says nothing."""
        assert not self._finishing, "nothing follows finish()"
        if not data:
            return
        self._due.append(data)
        if self.resumable:
            self._audio.append(Audio(self._sent_bytes, data))
        self._sent_bytes += len(data)
        self._forget()

    def configure(self, change: Configure) -> None:
        """Change settings from here on; ConfigureSuccess or ConfigureFailure answers."""
        self._ask(change)

    def force_end_turn(self) -> None:
        """Say that the turn is over; a Warning answers if there is none."""
        self._ask(ForceEndTurn())

    def finish(self) -> None:
        """End the open turn, if any, and say that no more audio comes. More calls do nothing."""
        if not self._finishing:
            self._finishing = True
            self._ask(ForceEndTurn())
            self._ask(CloseStream())

    def data_to_send(self) -> list[bytes | str]:
        """Give out what is due, each once a connection, in order."""
        due, self._due = self._due, []
        return due

    def receive_text(self, text: str) -> None:
        """Take one text message of the server.

        Raises:
            BadMessage: The server does not keep the contract.
        """
        message = decode_server(text)
        if message is None:  # newer than we are; nothing we know of depends on it
            return
        if message.sequence_id <= self._server_sequence_id:
            last = self._server_sequence_id
            raise BadMessage(f"sequence_id must grow from {last}, not be {message.sequence_id}")
        self._server_sequence_id = message.sequence_id
        match message:
            case TurnInfo():
                self._receive_turn(message)
                return
            case ConfigureSuccess():
                change = self._answered(Configure)
                if isinstance(change, Configure):
                    with suppress(BadConfigure):  # a server that allows more than ours
                        self._settings = apply(change, self._settings)
            case ConfigureFailure():
                self._answered(Configure)
            case Warning() if message.code == NO_ACTIVE_TURN:
                self._answered(ForceEndTurn)
                if self._finishing and not any(
                    isinstance(asked.request, ForceEndTurn) for asked in self._asked
                ):
                    return  # the answer to finish(), which did not need one
        self._hear(replace(message, sequence_id=self._sequence_base + message.sequence_id))

    def messages_received(self) -> list[Message]:
        """Give out what the server said, each once, in order."""
        received, self._received = self._received, []
        return received

    def receive_close(self, code: int) -> bool:
        """Take the end of a connection. Return whether the call is over with it.

        Args:
            code: Of the Close frame; 1006 if there was none.
        """
        return self._finishing and code != ABNORMAL

    def retry_delay_s(self) -> float | None:
        """Return how long to wait before the next attempt; None to give up.

        Attempts are counted from the last TurnInfo that told anything new.
        """
        if self._retries == len(RETRY_DELAYS_S):
            return None
        self._retries += 1
        return RETRY_DELAYS_S[self._retries - 1]

    def resume(self) -> None:
        """A new connection stands: what the lost one may not have heard is due again."""
        assert self.resumable, "only audio that can be cut can be taken up again"
        begin = self._sent_bytes
        if self._audio:
            begin = max(self._audio[0].position_bytes, self._needed_from_bytes)
        heard_until = self._position_bytes(self._heard_until_s)
        resent_s = self._seconds(max(0, heard_until - begin))
        lost_s = self._seconds(max(0, begin - heard_until))
        self._connection_from_bytes = begin
        self._connections += 1
        self._turns_before = self._turns_ended
        if self._likely_over:
            assert self._last is not None, "a turn was open"
            self._likely_over = False
            self._hear(
                replace(
                    self._last,
                    event=EventName.TURN_RESUMED,
                    sequence_id=self._sequence_id + 1,
                )
            )
        self._sequence_base = self._sequence_id + 1
        self._server_sequence_id = -1
        self._received.append(Reconnected(self._connections - 1, resent_s, lost_s))
        self._due = self._again(begin)

    def _ask(self, request: Request) -> None:
        self._asked.append(Asked(self._sent_bytes, request))
        self._due.append(encode_client(request))

    def _answered(self, kind: type[Request]) -> Request | None:
        """Drop and return the oldest request of that kind: answers come in order."""
        for asked in self._asked:
            if isinstance(asked.request, kind):
                self._asked.remove(asked)
                return asked.request
        return None

    def _again(self, begin: int) -> list[bytes | str]:
        """Return what to send a second time, from that byte on."""
        kept: list[Audio | Asked] = [*self._asked, *self._audio]
        # A request stands before the audio that begins where it was made.
        kept.sort(key=lambda each: (each.position_bytes, isinstance(each, Audio)))
        return [
            each.data[max(0, begin - each.position_bytes) :]
            if isinstance(each, Audio)
            else encode_client(each.request)
            for each in kept
        ]

    def _receive_turn(self, message: TurnInfo) -> None:
        """Tell the user, in the user's own numbers, unless it was told before."""
        turn = self._renumbered(message)
        if turn.event is EventName.START_OF_TURN and self._turn_open:
            turn = replace(turn, event=EventName.UPDATE)
        if turn.audio_window_end > self._heard_until_s:
            self._retries = 0
        elif turn.event is EventName.UPDATE and self._connections > 1:
            return
        match turn.event:
            case EventName.START_OF_TURN:
                self._turn_open = True
            case EventName.EAGER_END_OF_TURN:
                self._likely_over = True
            case EventName.TURN_RESUMED:
                self._likely_over = False
            case EventName.END_OF_TURN:
                self._turn_open = self._likely_over = False
                self._turns_ended += 1
                self._turn_end_s = turn.audio_window_end
                if turn.trigger == "manual":
                    self._answered(ForceEndTurn)
            case EventName.UPDATE:
                pass
        turn = replace(turn, audio_window_end=max(turn.audio_window_end, self._heard_until_s))
        self._heard_until_s = turn.audio_window_end
        self._last = turn
        self._hear(turn)
        self._forget()

    def _renumbered(self, message: TurnInfo) -> TurnInfo:
        """Return the message in the user's numbers: of the call, not of this connection."""
        if self._connections == 1:
            return message
        by_s = self._seconds(self._connection_from_bytes)
        # The first turn of a connection began where the call's last turn ended.
        start_s = self._turn_end_s if message.turn_index == 0 else message.audio_window_start + by_s
        return replace(
            message,
            sequence_id=self._sequence_base + message.sequence_id,
            turn_index=self._turns_before + message.turn_index,
            audio_window_start=start_s,
            audio_window_end=message.audio_window_end + by_s,
            words=[_shifted(word, by_s) for word in message.words],
        )

    def _hear(self, message: ServerMessage) -> None:
        self._sequence_id = message.sequence_id
        self._received.append(message)

    def _forget(self) -> None:
        """Let go of audio that would not be sent again."""
        if self._byte_rate is None:
            return
        if not self._turn_open:
            needed_from_s = max(self._turn_end_s, self._heard_until_s - LEAD_S)
            self._needed_from_bytes = self._position_bytes(needed_from_s)
        oldest = self._sent_bytes - round(RESEND_S_MAX * self._byte_rate)
        self._needed_from_bytes = max(self._needed_from_bytes, oldest - oldest % self._sample_bytes)
        while self._audio:
            first = self._audio[0]
            if first.position_bytes + len(first.data) > self._needed_from_bytes:
                break
            self._audio.popleft()

    @property
    def _sample_bytes(self) -> int:
        return SAMPLE_BYTES[self._settings.encoding or Encoding.LINEAR16]

    @property
    def _byte_rate(self) -> int | None:
        encoding, rate_hz = self._settings.encoding, self._settings.sample_rate_hz
        if encoding not in SAMPLE_BYTES or rate_hz is None:
            return None
        return SAMPLE_BYTES[encoding] * rate_hz

    def _seconds(self, size_bytes: int) -> float:
        assert self._byte_rate is not None
        return size_bytes / self._byte_rate

    def _position_bytes(self, position_s: float) -> int:
        """Return the first byte of the sample at that moment of the call."""
        assert self._byte_rate is not None
        size_bytes = round(position_s * self._byte_rate)
        return size_bytes - size_bytes % self._sample_bytes


def _shifted(word: SpokenWord, by_s: float) -> SpokenWord:
    return SpokenWord(
        word.word,
        word.confidence,
        word.start + by_s if isinstance(word.start, float) else word.start,
        word.end + by_s if isinstance(word.end, float) else word.end,
    )

"""One connection to /v1/speak: text goes in, audio and Flushed come out (contract section 7.1).

    OPEN     text is taken
    CLOSING  Close came: what is there is still spoken
    CLOSED   the Close frame is due

Clauses are spoken as soon as they are whole; Flush speaks the rest, and is answered once all
audio before it was sent. Clear drops all that was not sent, and the answers to the flushes
among it. Not safe for threads; one task owns it.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from enum import Enum
from typing import assert_never

from turnwise.errors import BadMessage, Inactive, TurnwiseError
from turnwise.settings import (
    FLUSHES_A_MINUTE,
    SPEAK_CHARACTERS_A_MINUTE,
    SPEAK_CHARACTERS_MAX,
    SpeakSettings,
)
from turnwise.speech.clauses import Clauses, speakable
from turnwise.speech.session import Farewell, Fault, Saying
from turnwise.speech.voices import VERSION, uuid_of
from turnwise.wire.speak_codec import decode_first, encode
from turnwise.wire.speak_messages import (
    Clear,
    Cleared,
    Close,
    FirstMessage,
    FirstWarning,
    Flush,
    Metadata,
    SequenceFlushed,
    ServerMessage,
    Speak,
)

MINUTE_S = 60.0


class State(Enum):
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


class Signal(Enum):
    CLOSE = "close"  # the client wants no more
    SPOKEN = "spoken"  # nothing is left to say
    FAULT = "fault"


TRANSITIONS: Mapping[State, Mapping[Signal, State]] = {
    State.OPEN: {
        Signal.CLOSE: State.CLOSING,
        Signal.SPOKEN: State.OPEN,
        Signal.FAULT: State.CLOSED,
    },
    State.CLOSING: {
        Signal.CLOSE: State.CLOSING,
        Signal.SPOKEN: State.CLOSED,
        Signal.FAULT: State.CLOSED,
    },
    State.CLOSED: dict.fromkeys(Signal, State.CLOSED),
}


class Flushing(Enum):
    """Stands in the queue where a Flush came."""

    MARK = "mark"


class SpeakV1:
    """A Session of the first edition."""

    def __init__(self, settings: SpeakSettings, request_id: str) -> None:
        self.saying: Saying | None = None
        self.farewell: Farewell | None = None
        self.characters = 0
        self._speed = settings.speed
        self._state = State.OPEN
        self._clauses = Clauses()
        self._queue: deque[Saying | Flushing] = deque()
        self._due: list[str | bytes] = []
        self._answers = 0
        self._flushes = PerMinute(FLUSHES_A_MINUTE)
        self._taken = PerMinute(SPEAK_CHARACTERS_A_MINUTE)
        self._sounded = False
        name = settings.model
        self._send(Metadata(request_id, name, VERSION, uuid_of(name)))

    def receive_text(self, text: str, now_s: float) -> None:
        """See speech/session.py."""
        if self._state is not State.OPEN:
            return
        try:
            message = decode_first(text)
        except BadMessage as error:
            self._end(Fault.UNREADABLE, str(error))
            return
        self._take(message, now_s)
        self._advance()

    def receive_audio(self, audio: bytes) -> None:
        """See speech/session.py."""
        assert self.saying is not None
        if audio:
            self._sounded = True
            self._due.append(audio)

    def receive_said(self) -> None:
        """See speech/session.py."""
        assert self.saying is not None
        self.saying = None
        self._advance()

    def receive_failure(self, error: TurnwiseError) -> None:
        """A clause that failed before it sounded is tried once more."""
        if isinstance(error, Inactive):
            self._end(Fault.IDLE)
        elif self.saying is None or self.saying.again or self._sounded:
            self._end(Fault.SYNTHESIS)
        else:
            self.saying = replace(self.saying, again=True)

    def receive_fault(self, fault: Fault) -> None:
        """See speech/session.py."""
        self._end(fault)

    def due(self) -> list[str | bytes]:
        """See speech/session.py."""
        due, self._due = self._due, []
        return due

    def _take(self, message: FirstMessage, now_s: float) -> None:
        match message:
            case Speak():
                self._speak(message.text, now_s)
            case Flush():
                if self._flushes.take(1, now_s):
                    self._flush()
                    self._queue.append(Flushing.MARK)
                else:
                    self._warn(
                        "FLUSH_LIMIT_EXCEEDED",
                        f"More than {FLUSHES_A_MINUTE} Flush messages within 60 seconds: this one "
                        "was not processed.",
                    )
            case Clear():
                self._clauses.flush()
                self._queue.clear()
                self.saying = None
                self._send(Cleared(self._next_answer()))
            case Close():
                self._flush()
                self._state = TRANSITIONS[self._state][Signal.CLOSE]
            case _:
                assert_never(message)

    def _speak(self, text: str, now_s: float) -> None:
        if len(text) > SPEAK_CHARACTERS_MAX:
            limit = f"{len(text)} characters, and the limit is {SPEAK_CHARACTERS_MAX}."
            self._end(Fault.TOO_LONG, limit)
        elif self._taken.take(len(text), now_s):
            self.characters += len(text)
            self._queue_all(self._clauses.push(text))
        else:
            self._warn(
                "CHARACTER_LIMIT_EXCEEDED",
                f"More than {SPEAK_CHARACTERS_A_MINUTE} characters within 60 seconds: the last "
                "message was not processed.",
            )

    def _flush(self) -> None:
        self._queue_all(self._clauses.flush())

    def _queue_all(self, clauses: list[str]) -> None:
        self._queue += [Saying(clause, self._speed) for clause in clauses if speakable(clause)]

    def _advance(self) -> None:
        """Answer the flushes whose audio was sent, and have the next clause said."""
        while self.saying is None and self._queue and self._state is not State.CLOSED:
            item = self._queue.popleft()
            if isinstance(item, Saying):
                self.saying = item
                self._sounded = False
            else:
                self._send(SequenceFlushed(self._next_answer()))
        if self.saying is None and not self._queue:
            self._state = TRANSITIONS[self._state][Signal.SPOKEN]
            if self._state is State.CLOSED and self.farewell is None:
                self.farewell = Farewell()

    def _end(self, fault: Fault, more: str = "") -> None:
        self._state = TRANSITIONS[self._state][Signal.FAULT]
        self._queue.clear()
        self.saying = None
        if self.farewell is None:
            self.farewell = Farewell(fault.close_code, f"{fault.code} {fault.reason}{more}")

    def _warn(self, code: str, text: str) -> None:
        self._send(FirstWarning(code, text, code, text))

    def _next_answer(self) -> int:
        self._answers += 1
        return self._answers - 1

    def _send(self, message: ServerMessage) -> None:
        self._due.append(encode(message))


class PerMinute:
    """A limit on what may be taken within any 60 seconds."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken: deque[tuple[float, int]] = deque()
        self._sum = 0

    def take(self, count: int, now_s: float) -> bool:
        """Take so much, or return False if that were too much."""
        while self._taken and self._taken[0][0] <= now_s - MINUTE_S:
            self._sum -= self._taken.popleft()[1]
        if self._sum + count > self._limit:
            return False
        if count:
            self._sum += count
            self._taken.append((now_s, count))
        return True

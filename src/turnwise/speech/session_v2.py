"""One connection to /v2/speak: turns with a beginning, an end, and an interruption (7.3).

    IDLE      no turn
    SPEAKING  a turn takes text, and its clauses are spoken as they become whole
    ENDING    the turn was flushed: its last audio is due; text that comes opens the next turn
    CLOSED    the Close frame is due

A turn is SpeechStarted, audio, Flushed, SpeechMetadata; nothing of another turn comes between.
Interrupt drops the turn and those that wait behind it. Audio is made faster than it is played,
so a turn may be interrupted after its SpeechMetadata: as long as the offset lies before audio
that was sent, the answer says what of it was heard. Not safe for threads; one task owns it.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import Enum
from typing import assert_never

from msgspec.structs import astuple

from turnwise.errors import BadMessage, Inactive, TurnwiseError
from turnwise.settings import (
    SPEAK_CHARACTERS_MAX,
    TURN_CHARACTERS_MAX,
    TURNS_KEPT_MAX,
    TURNS_WAITING_MAX,
    SpeakSettings,
    SpokenEncoding,
)
from turnwise.speech.clauses import speakable, without_markup
from turnwise.speech.heard import Spoken, Turn
from turnwise.speech.session import Farewell, Fault, Saying
from turnwise.speech.voices import VERSION, uuid_of
from turnwise.wire.speak_codec import decode_second, encode
from turnwise.wire.speak_messages import (
    Applied,
    Close,
    Configure,
    ConfigureFailure,
    ConfigureSuccess,
    Connected,
    Flush,
    Interrupt,
    PlaybackOffset,
    SecondMessage,
    SecondWarning,
    ServerMessage,
    SessionMetadata,
    Speak,
    SpeakError,
    SpeechFlushed,
    SpeechInterrupted,
    SpeechMetadata,
    SpeechStarted,
    TurnFigures,
)
from turnwise.wire.speak_query import SPEED, SPEED_STEP, Edition, on_step


class State(Enum):
    IDLE = "idle"
    SPEAKING = "speaking"
    ENDING = "ending"
    CLOSED = "closed"


class Signal(Enum):
    TEXT = "text"  # the first text of a turn
    FLUSH = "flush"  # the turn has all its text
    SPOKEN = "spoken"  # and all its audio was sent
    INTERRUPT = "interrupt"
    END = "end"  # the connection's


TRANSITIONS: Mapping[State, Mapping[Signal, State]] = {
    State.IDLE: {
        Signal.TEXT: State.SPEAKING,
        Signal.INTERRUPT: State.IDLE,
        Signal.END: State.CLOSED,
    },
    State.SPEAKING: {
        Signal.FLUSH: State.ENDING,
        Signal.INTERRUPT: State.IDLE,
        Signal.END: State.CLOSED,
    },
    State.ENDING: {
        Signal.SPOKEN: State.IDLE,
        Signal.INTERRUPT: State.IDLE,
        Signal.END: State.CLOSED,
    },
    State.CLOSED: {Signal.END: State.CLOSED},
}

NO_ACTIVE_SPEECH = "There is no active turn. The request will be ignored."


class SpeakV2:
    """A Session of the second edition.

    Args:
        settings: Of a raw encoding.
        request_id: Of the connection.
        new_id: Gives an id for each turn.
    """

    def __init__(self, settings: SpeakSettings, request_id: str, new_id: Callable[[], str]) -> None:
        self.saying: Saying | None = None
        self.farewell: Farewell | None = None
        self.characters = 0
        self._new_id = new_id
        self._speed = settings.speed
        self._speed_set = settings.speed != 1.0
        size_bytes = 2 if settings.form.encoding is SpokenEncoding.LINEAR16 else 1
        self._bytes_a_ms = size_bytes * settings.form.sample_rate_hz / 1000
        self._state = State.IDLE
        self._closing = False
        self._turns: deque[Turn] = deque()  # the one being spoken, then those behind it
        self._queue: deque[Saying] = deque()  # of the first of them
        self._sent: deque[Turn] = deque(maxlen=TURNS_KEPT_MAX)  # since the last interruption
        self._total_ms = 0.0
        self._established_ms = 0.0  # what the next interruption must advance past
        self._billable = 0
        self._due: list[str | bytes] = []
        name = settings.model
        self._send(Connected(request_id, name, VERSION, [uuid_of(name)]))

    def receive_text(self, text: str, now_s: float) -> None:
        """See speech/session.py."""
        if self._state is State.CLOSED or self._closing:
            return
        try:
            message = decode_second(text)
        except BadMessage as error:
            self._end(Fault.UNREADABLE, str(error))
            return
        self._take(message)
        self._advance()

    def receive_audio(self, audio: bytes) -> None:
        """See speech/session.py."""
        assert self.saying is not None
        if audio:
            length_ms = len(audio) / self._bytes_a_ms
            self._turns[0].spoken[-1].milliseconds += length_ms
            self._total_ms += length_ms
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
        elif self.saying is None or self.saying.again or self._turns[0].spoken[-1].milliseconds:
            self._end(Fault.SYNTHESIS)
        else:
            self._warn("SYNTHESIS_RETRYING", "A part of the turn failed and is tried again.")
            self.saying = replace(self.saying, again=True)

    def receive_fault(self, fault: Fault) -> None:
        """See speech/session.py."""
        self._end(fault)

    def due(self) -> list[str | bytes]:
        """See speech/session.py."""
        due, self._due = self._due, []
        return due

    def _take(self, message: SecondMessage) -> None:
        match message:
            case Speak():
                self._speak(message.text)
            case Flush():
                self._flush()
            case Interrupt():
                self._interrupt(message.playback_offset)
            case Configure():
                self._configure(message.speed)
            case Close():
                self._closing = True
                if self._turns and not self._turns[-1].flushed:
                    self._flush()
            case _:
                assert_never(message)

    # Text.

    def _speak(self, text: str) -> None:
        if len(text) > SPEAK_CHARACTERS_MAX:
            limit = f"{len(text)} characters, and the limit is {SPEAK_CHARACTERS_MAX}."
            self._end(Fault.TOO_LONG, limit)
            return
        if not text:
            return
        if not self._turns or self._turns[-1].flushed:
            if len(self._turns) > TURNS_WAITING_MAX:
                self._end(Fault.TOO_MANY)
                return
            self._turns.append(Turn(self._new_id()))
            if len(self._turns) == 1:
                self._begin()
        turn = self._turns[-1]
        bare = len(without_markup(text))
        if bare < len(text) and not turn.markup_characters:
            self._warn("INPUT_MARKUP_STRIPPED", "Markup in the text is not pronounced.")
        turn.characters += len(text)
        if turn.characters > TURN_CHARACTERS_MAX:
            self._end(Fault.TOO_MANY)
            return
        turn.markup_characters += len(text) - bare
        self.characters += len(text)
        self._billable += bare
        self._cut_off(turn, turn.clauses.push(text))

    def _flush(self) -> None:
        if not self._turns or self._turns[-1].flushed:
            self._warn("NO_ACTIVE_SPEECH", NO_ACTIVE_SPEECH)
            return
        turn = self._turns[-1]
        turn.flushed = True
        self._cut_off(turn, turn.clauses.flush())
        if turn is self._turns[0]:
            self._step(Signal.FLUSH)

    def _cut_off(self, turn: Turn, clauses: list[str]) -> None:
        """Have clauses spoken, or keep them for when it is their turn's turn."""
        turn.unspoken += "".join(clauses)
        if turn is self._turns[0]:
            self._queue += [Saying(clause, self._speed) for clause in clauses]
        else:
            turn.waiting += [Saying(clause, self._speed) for clause in clauses]

    # Turns.

    def _begin(self) -> None:
        turn = self._turns[0]
        turn.start_ms = self._total_ms
        self._queue = deque(turn.waiting)
        self._step(Signal.TEXT)
        self._send(SpeechStarted(turn.speech_id))
        if turn.flushed:
            self._step(Signal.FLUSH)

    def _advance(self) -> None:
        """Have the next clause said; end the turns that are all said, and then the connection."""
        while self.saying is None and self._turns and self._state is not State.CLOSED:
            turn = self._turns[0]
            if self._queue:
                saying = self._queue.popleft()
                turn.unspoken = turn.unspoken[len(saying.text) :]
                turn.spoken.append(Spoken(saying.text))
                if speakable(saying.text):
                    self.saying = saying
            elif turn.flushed:
                self._finish(turn)
            else:
                return
        if self._closing and not self._turns and self._state is not State.CLOSED:
            self._step(Signal.END)
            totals = (round(self._total_ms), self.characters, self._billable)
            self._send(SessionMetadata(*totals))
            self.farewell = Farewell()

    def _finish(self, turn: Turn) -> None:
        if not speakable(turn.text):
            self._warn("NO_SYNTHESIZABLE_TEXT", "There is nothing in the turn to pronounce.")
        elif not turn.milliseconds:
            self._warn("NO_AUDIO_GENERATED", "The turn's text gave no audio.")
        self._send(SpeechFlushed(turn.speech_id))
        self._send(SpeechMetadata(*astuple(_figures(turn))))
        self._turns.popleft()
        self._sent.append(turn)
        self._step(Signal.SPOKEN)
        if self._turns:
            self._begin()

    def _interrupt(self, offset: PlaybackOffset | None) -> None:
        """Say no more, and tell what was heard if the client says how far it played."""
        played_ms = self._played(offset)
        turns = [*self._sent, *self._turns]
        unheard = [turn for turn in turns if played_ms is not None and turn.end_ms > played_ms]
        if not self._turns and not unheard:
            self._warn("NO_ACTIVE_SPEECH", NO_ACTIVE_SPEECH)
            return
        first = (unheard or [self._turns[0]])[0]
        if played_ms is None:
            message = SpeechInterrupted(round(self._total_ms), _figures(first))
        else:
            text = "".join(turn.text for turn in turns[turns.index(first) :])
            cut = first.heard(played_ms)
            message = SpeechInterrupted(round(played_ms), _figures(first), text[:cut], text[cut:])
            self._total_ms = played_ms
        self._established_ms = self._total_ms
        self._turns.clear()
        self._queue.clear()
        self._sent.clear()
        self.saying = None
        self._step(Signal.INTERRUPT)
        self._send(message)

    def _played(self, offset: PlaybackOffset | None) -> float | None:
        """Return how much was played, or None if the client does not say, or cannot be right."""
        if offset is None:
            return None
        if offset.type == "time_ms" and self._established_ms < offset.value <= self._total_ms + 1:
            return min(float(offset.value), self._total_ms)
        self._warn(
            "INVALID_INTERRUPT_OFFSET",
            f"playback_offset must be of type time_ms, past {self._established_ms:.0f} and at most "
            f"{self._total_ms:.0f}; it is passed over.",
        )
        return None

    def _configure(self, speed: float | None) -> None:
        """Change the speed of what is cut off from here on, or say why not."""
        if speed is not None:
            knob = SPEED[Edition.SECOND]
            problem = knob.problem(speed)
            if problem is not None:
                self._send(ConfigureFailure("SPEED_OUT_OF_RANGE", problem, "speed", speed))
                return
            if not on_step(speed):
                problem = f"speed must be a multiple of {SPEED_STEP}"
                self._send(ConfigureFailure("SPEED_INCREMENT_INVALID", problem, "speed", speed))
                return
            self._speed = speed
            self._speed_set = True
        applied = Applied(self._speed) if self._speed_set else Applied()
        self._send(ConfigureSuccess(applied))

    def _end(self, fault: Fault, more: str = "") -> None:
        if self._state is State.CLOSED:
            return
        self._step(Signal.END)
        self._turns.clear()
        self._queue.clear()
        self.saying = None
        self._send(SpeakError(fault.code, f"{fault.reason}{more}"))
        self.farewell = Farewell(fault.close_code, fault.code)

    def _step(self, signal: Signal) -> None:
        row = TRANSITIONS[self._state]
        assert signal in row, f"no transition from {self._state.name} on {signal.name}"
        self._state = row[signal]

    def _warn(self, code: str, text: str) -> None:
        self._send(SecondWarning(code, text))

    def _send(self, message: ServerMessage) -> None:
        self._due.append(encode(message))


def _figures(turn: Turn) -> TurnFigures:
    billable = turn.characters - turn.markup_characters
    return TurnFigures(turn.speech_id, round(turn.milliseconds), turn.characters, billable)

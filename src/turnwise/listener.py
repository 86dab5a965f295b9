"""One stream: the only place where audio, turns and the wire meet.

A listener never waits, knows no clock and is owned by one task. A shell feeds it and
empties it; whatever a client sends, no method raises.

    receive_audio, receive_text   what the client said, in the order it came
    receive_end                   the client is gone
    hearings                      frames that became whole, one at a time
    receive_hypothesis            the engine's answer to the last of them
    receive_stall                 no audio has come for so long
    receive_failure               the stream cannot go on
    messages_to_send, close_due   what the shell is to do now

Audio and text are worked through strictly in the order they came (contract section 3):
a message waits until the frames before it were heard. That happens inside `hearings`.
"""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import replace
from typing import assert_never

from msgspec import UNSET

from turnwise.audio.decode import Decoder
from turnwise.engine.interface import Hearing, Hypothesis, Word
from turnwise.errors import (
    NO_STATUS,
    BadAudio,
    BadConfigure,
    BadMessage,
    ServerError,
    TurnwiseError,
)
from turnwise.settings import Hints, Model, StreamSettings
from turnwise.text.style import show
from turnwise.turn.machine import Event
from turnwise.turn.turns import Report, Turns
from turnwise.units import Frame, seconds
from turnwise.wire.codec import decode_client, encode
from turnwise.wire.configure import apply
from turnwise.wire.messages import (
    ActiveThresholds,
    ClientMessage,
    CloseStream,
    Configure,
    ConfigureFailure,
    ConfigureSuccess,
    Connected,
    Error,
    EventName,
    ForceEndTurn,
    ServerMessage,
    SpokenWord,
    TurnInfo,
    Warning,  # noqa: A004 - the wire's name
)

NO_HINTS = Hints()
NO_ACTIVE_TURN = "FORCE_END_TURN_NO_ACTIVE_TURN"  # contract section 4.6


class Listener:
    def __init__(
        self,
        settings: StreamSettings,
        request_id: str,
        *,
        legacy: bool = False,
        end_turn_on_close: bool = False,
        close_code: int = NO_STATUS,
    ) -> None:
        """Greet the client: `Connected` is due at once.

        Args:
            settings: What the connection's URL says.
            request_id: The UUID of every message of this stream.
            legacy: Say only what the first clients can parse (contract section 9.1).
            end_turn_on_close: End an open turn when the client closes; the wire's own
                rule is to leave it open (14.1).
            close_code: How the socket ends after CloseStream (14.2).
        """
        self._settings = settings
        self._request_id = request_id
        self._legacy = legacy
        self._end_turn_on_close = end_turn_on_close
        self._close_code = close_code
        self._decoder = Decoder(settings.encoding, settings.sample_rate_hz)
        self._turns = Turns(settings.thresholds)
        self._arrived: deque[Iterator[Frame] | ClientMessage | BadMessage] = deque()
        self._new_turn = False
        self._keyterms: tuple[str, ...] | None = None
        self._hints = settings.hints if settings.hints != NO_HINTS else None
        self._owed = False  # a hearing was given out and its hypothesis is still to come
        self._sequence_id = 0
        self._due: list[str] = []
        self._close_due: int | None = None
        self._ended_by: Counter[str] = Counter()
        self._say(Connected(request_id, self._sequence_id))

    @property
    def close_due(self) -> int | None:
        """A close code once the stream must end, else None."""
        return self._close_due

    @property
    def turn_open(self) -> bool:
        """Whether a client that stops sending would leave a turn hanging."""
        return self._turns.open

    @property
    def turns_ended(self) -> int:
        return self._turns.ended

    @property
    def ended_by(self) -> Counter[str]:
        """How many turns ended, by trigger."""
        return self._ended_by

    def receive_audio(self, data: bytes) -> None:
        """Take one binary message. It is decoded slice by slice, as `hearings` comes to it."""
        self._arrived.append(self._decoder.push(data))

    def receive_text(self, text: str) -> None:
        """Take one text message. It counts when `hearings` comes to it."""
        try:
            self._arrived.append(decode_client(text))
        except BadMessage as error:
            self._arrived.append(error)

    def receive_end(self) -> None:
        """The client is gone: nothing that waits matters any more."""
        self._arrived.clear()
        if self._close_due is None:
            self._close_due = NO_STATUS

    def receive_failure(self, error: TurnwiseError) -> None:
        """Tell the client why the stream ends, and end it."""
        if self._close_due is not None:
            return
        code = type(error).code
        # What broke inside is ours to know; the client hears that something did.
        description = "The server cannot go on." if isinstance(error, ServerError) else str(error)
        self._say(Error(self._sequence_id, code, description))
        self._arrived.clear()
        self._close_due = type(error).close_code

    def receive_stall(self, milliseconds: int) -> None:
        """No audio has come for so long, by the wall clock, although a turn is open.

        Args:
            milliseconds: Since the last audio, not since the last call.
        """
        if self._close_due is None:
            self._tell(self._turns.stall(milliseconds))

    def hearings(self) -> Iterator[Hearing]:
        """Give out the frames to hear, oldest first, and obey the messages between them.

        Before asking for the next, answer the last with `receive_hypothesis`.
        """
        while self._arrived and self._close_due is None:
            item = self._arrived[0]
            if isinstance(item, Iterator):
                frame = self._next_frame(item)
                if frame is not None:
                    yield self._hearing(frame)
                    continue
            elif isinstance(item, BadMessage):
                self.receive_failure(item)
            else:
                self._obey(item)
            if self._arrived:
                self._arrived.popleft()

    def receive_hypothesis(self, hypothesis: Hypothesis) -> None:
        """Take the engine's answer to the hearing given out last."""
        assert self._owed, "a hypothesis answers a hearing"
        self._owed = False
        if self._close_due is not None:
            return
        shown = show(hypothesis.words, self._settings.style)
        if shown is not hypothesis.words:
            hypothesis = replace(hypothesis, words=shown)
        self._tell(self._turns.hear(hypothesis))

    def messages_to_send(self) -> list[str]:
        """Give out the text that became due, each once, in order."""
        due, self._due = self._due, []
        return due

    def _next_frame(self, frames: Iterator[Frame]) -> Frame | None:
        try:
            return next(frames, None)
        except BadAudio as error:
            self.receive_failure(error)
            return None

    def _hearing(self, frame: Frame) -> Hearing:
        assert not self._owed, "one frame at a time: the last hearing has no hypothesis yet"
        self._owed = True
        new_turn = self._new_turn or self._turns.stale
        hearing = Hearing(frame, new_turn, self._keyterms, self._hints)
        self._new_turn = False
        self._keyterms = self._hints = None
        return hearing

    def _obey(self, message: ClientMessage) -> None:
        match message:
            case Configure():
                self._configure(message)
            case ForceEndTurn():
                self._force_end_turn()
            case CloseStream():
                self._close_stream()
            case _:
                assert_never(message)

    def _configure(self, message: Configure) -> None:
        try:
            settings = apply(message, self._settings)
        except BadConfigure as error:
            failure = ConfigureFailure(
                self._request_id, self._sequence_id, error.reply_code, str(error)
            )
            self._say(failure)
            return
        if settings.keyterms != self._settings.keyterms:
            self._keyterms = settings.keyterms
        if settings.hints != self._settings.hints:
            self._hints = settings.hints
        self._settings = settings
        self._turns.thresholds = settings.thresholds
        self._say(self._configuration())

    def _configuration(self) -> ConfigureSuccess:
        thresholds = self._settings.thresholds
        return ConfigureSuccess(
            self._request_id,
            self._sequence_id,
            ActiveThresholds(
                eot_threshold=thresholds.eot,
                eot_timeout_ms=thresholds.timeout_ms,
                eager_eot_threshold=UNSET if thresholds.eager is None else thresholds.eager,
            ),
            list(self._settings.keyterms),
            list(self._settings.language_hints) if self._multilingual else UNSET,
            self._settings.style.numerals,
            self._settings.hints.agent_said or UNSET,
            self._settings.hints.expecting or UNSET,
        )

    def _force_end_turn(self) -> None:
        if self._turns.open:
            self._tell(self._turns.force())
            return
        description = "Received ForceEndTurn while no turn was active; the request was ignored."
        self._say(Warning(self._request_id, self._sequence_id, NO_ACTIVE_TURN, description))

    def _close_stream(self) -> None:
        ending = self._turns.force() if self._end_turn_on_close else []
        self._tell(ending or self._turns.last_word())
        self._arrived.clear()
        self._close_due = self._close_code

    @property
    def _multilingual(self) -> bool:
        return self._settings.model is Model.MULTILINGUAL

    def _tell(self, reports: list[Report]) -> None:
        for report in reports:
            self._new_turn |= report.event is Event.END_OF_TURN
            if report.trigger is not None:
                self._ended_by[report.trigger.value] += 1
            self._say(self._turn_info(report))

    def _turn_info(self, report: Report) -> TurnInfo:
        hypothesis = report.hypothesis
        words = hypothesis.words
        hinted: list[str] | None = None
        if self._multilingual:
            hinted = list(self._settings.language_hints)
        return TurnInfo(
            self._request_id,
            EventName.UPDATE if report.event is None else EventName(report.event.value),
            report.turn_index,
            seconds(report.start),
            seconds(hypothesis.heard_until),
            " ".join([word.text for word in words]),
            [
                SpokenWord(word.text, word.confidence, seconds(word.start), seconds(word.end))
                for word in words
            ],
            hypothesis.end_of_turn,
            self._sequence_id,
            UNSET if hinted is None else detected(words),
            UNSET if hinted is None else hinted,
            UNSET if report.trigger is None else report.trigger.value,
        )

    def _say(self, message: ServerMessage) -> None:
        """Make a message due and use up its number, unless this client could not parse it."""
        text = encode(message, legacy=self._legacy)
        if text is not None:
            self._sequence_id += 1
            self._due.append(text)


def detected(words: tuple[Word, ...]) -> list[str]:
    """Return the languages of the words, the one of most words first (contract section 4.3)."""
    return [language for language, _ in Counter(word.language for word in words).most_common()]

"""What a log comes to: turns, the curve, events, thresholds, delays. All times are audio's."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from urllib.parse import urlsplit

from turnwise.errors import Refused
from turnwise.inspector.log import Log, Taken
from turnwise.settings import Thresholds
from turnwise.wire.messages import ConfigureSuccess, Error, EventName, SpokenWord, TurnInfo
from turnwise.wire.query import parse


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    confidence: float
    start_s: float | None
    """None: the server gave no times."""
    end_s: float | None


@dataclass(frozen=True, slots=True)
class Turn:
    index: int
    start_s: float
    """When StartOfTurn came."""
    end_s: float
    """When EndOfTurn came, or the last message if it never did."""
    words: tuple[Word, ...]
    ended: bool
    trigger: str
    """Empty: it never ended, or the server does not say why."""
    delay_s: float | None
    """From the end of the last word to EndOfTurn."""
    eager_lead_s: float | None
    """From the EagerEndOfTurn that held to EndOfTurn."""
    resumed: int
    """Likely ends that were none."""

    @property
    def transcript(self) -> str:
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class Moment:
    """An event."""

    at_s: float
    name: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Threshold:
    """In force from a moment on."""

    from_s: float
    eot: float
    eager: float | None


@dataclass(frozen=True, slots=True)
class Session:
    turns: tuple[Turn, ...]
    curve: tuple[tuple[float, float], ...]
    """(seconds, end-of-turn confidence) of every TurnInfo."""
    moments: tuple[Moment, ...]
    thresholds: tuple[Threshold, ...]
    end_s: float
    lag_s: float | None
    """Median of how much more audio had been sent than a message told of."""

    @property
    def delay_s_median(self) -> float | None:
        return delay_s_median(self.turns)

    @property
    def eager_lead_s_median(self) -> float | None:
        return _median([turn.eager_lead_s for turn in self.turns])


def delay_s_median(turns: Iterable[Turn]) -> float | None:
    """Over the turns the model ended: the others waited for a clock or for the client."""
    return _median([turn.delay_s for turn in turns if turn.trigger == "model"])


def session_of(log: Log) -> Session:
    reading = Reading(thresholds_of(log.head.url))
    lags_s = []
    for heard in log.heard:
        reading.hear(heard.message)
        if isinstance(heard.message, TurnInfo) and heard.sent_s is not None:
            lags_s.append(heard.sent_s - heard.message.audio_window_end)
    turns = tuple(reading.turns)
    end_s = max(reading.heard_s, log.head.audio.duration_s or 0.0)
    return Session(
        turns,
        tuple(reading.curve),
        tuple(reading.moments),
        tuple(reading.thresholds),
        end_s,
        _median(lags_s),
    )


def thresholds_of(url: str) -> Thresholds:
    """Return the thresholds a stream was opened with; the defaults where its URL is not ours."""
    try:
        return parse(urlsplit(url).query).thresholds
    except Refused:
        return Thresholds()


class Reading:
    """Takes messages one after the other, while they come or from a log."""

    def __init__(self, thresholds: Thresholds = Thresholds()) -> None:  # noqa: B008 - frozen
        self.turns: list[Turn] = []
        """As they are now; the last one may be open."""
        self.curve: list[tuple[float, float]] = []
        self.moments: list[Moment] = []
        self.thresholds = [Threshold(0.0, thresholds.eot, thresholds.eager)]
        self.heard_s = 0.0
        self._start_s: float | None = None  # of the open turn
        self._eager_s: float | None = None
        self._resumed = 0

    def hear(self, message: object) -> None:
        match message:
            case TurnInfo():
                self._turn(message)
            case ConfigureSuccess(thresholds=now):
                eot, eager = now.eot_threshold, now.eager_eot_threshold
                before = self.thresholds[-1].eot
                self.thresholds.append(
                    Threshold(
                        self.heard_s,
                        eot if isinstance(eot, float) else before,
                        eager if isinstance(eager, float) else None,
                    )
                )
            case Taken():
                self.moments.append(Moment(self.heard_s, "Reconnected"))
            case Error():
                self.moments.append(Moment(self.heard_s, "Error", message.code))

    def _turn(self, message: TurnInfo) -> None:
        at_s = self.heard_s = message.audio_window_end
        self.curve.append((at_s, message.end_of_turn_confidence))
        trigger = message.trigger if isinstance(message.trigger, str) else ""
        if message.event is not EventName.UPDATE:
            self.moments.append(Moment(at_s, message.event.value, trigger))
        match message.event:
            case EventName.START_OF_TURN:
                self._start_s, self._eager_s, self._resumed = at_s, None, 0
            case EventName.EAGER_END_OF_TURN:
                self._eager_s = at_s
            case EventName.TURN_RESUMED:
                self._eager_s = None
                self._resumed += 1
        if self._start_s is None:
            if message.event is EventName.UPDATE:
                return  # nobody speaks
            self._start_s = at_s  # its start came before we listened
        turn = self._now(message, self._start_s, trigger)
        if self.turns and not self.turns[-1].ended:
            self.turns[-1] = turn
        else:
            self.turns.append(turn)
        if message.event is EventName.END_OF_TURN:
            self._start_s = None

    def _now(self, message: TurnInfo, start_s: float, trigger: str) -> Turn:
        words = tuple(_word(word) for word in message.words)
        at_s = message.audio_window_end
        last_s = words[-1].end_s if words else None
        ended = message.event is EventName.END_OF_TURN
        delay_s = at_s - last_s if ended and last_s is not None else None
        lead_s = at_s - self._eager_s if ended and self._eager_s is not None else None
        return Turn(
            message.turn_index, start_s, at_s, words, ended, trigger, delay_s, lead_s, self._resumed
        )


def _word(word: SpokenWord) -> Word:
    start_s = word.start if isinstance(word.start, float) else None
    end_s = word.end if isinstance(word.end, float) else None
    return Word(word.word, word.confidence, start_s, end_s)


def _median(values: list[float] | list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None

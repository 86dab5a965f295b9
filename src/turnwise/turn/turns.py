"""The turns of one stream: hypotheses in, reports out."""

from dataclasses import dataclass, replace

from turnwise.engine.interface import Hypothesis
from turnwise.settings import STALL_MS_MIN, Thresholds
from turnwise.turn.cadence import update_is_due
from turnwise.turn.machine import Event, Signal, State, step
from turnwise.turn.policy import (
    Draft,
    Trigger,
    Verdict,
    Voice,
    are_stale,
    judge,
    transcript,
    voice_after,
    voiced_since,
)
from turnwise.units import Samples, samples_from_ms


@dataclass(frozen=True, slots=True)
class Report:
    """What is to be said about a turn at one moment."""

    event: Event | None
    """None: an Update, which says that time passed."""
    turn_index: int
    start: Samples
    """Where the turn's audio begins: at 0, or at the end of the turn before (14.37)."""
    hypothesis: Hypothesis
    trigger: Trigger | None = None
    """On END_OF_TURN only."""


SILENCE = Hypothesis(Samples(0), (), 0.0, None)


class Turns:
    """Follows the turns of one stream. Every `hear`, `force` and `stall` says what became due."""

    def __init__(self, thresholds: Thresholds) -> None:
        self.thresholds = thresholds
        """May be replaced at any moment; counts from the next decision on."""
        self._state = State.IDLE
        self._index = 0
        self._start = Samples(0)
        self._opened_at = Samples(0)
        self._said_until = Samples(0)
        self._heard = SILENCE
        self._draft: Draft | None = None
        self._voice: Voice | None = None

    @property
    def open(self) -> bool:
        """Whether a turn has started and not ended."""
        return self._state is not State.IDLE

    @property
    def ended(self) -> int:
        """How many turns have ended."""
        return self._index

    @property
    def stale(self) -> bool:
        """Whether the words heard are guesses that started no turn, to be forgotten."""
        return not self.open and are_stale(self._heard)

    def hear(self, hypothesis: Hypothesis) -> list[Report]:
        """Take the next hypothesis; positions never run backwards."""
        assert hypothesis.heard_until >= self._heard.heard_until, "audio is heard in order"
        if self._draft is not None:
            voiced = Samples(self._draft.voiced + voiced_since(self._heard, hypothesis))
            self._draft = replace(self._draft, voiced=voiced)
        if not self.open:
            self._voice = voice_after(self._voice, self._heard, hypothesis)
        self._heard = hypothesis
        reports = self._decide(self._silence())
        if not reports and update_is_due(hypothesis.heard_until, self._said_until):
            return [self._report(None)]
        return reports

    def force(self) -> list[Report]:
        """End the open turn because the client says so; nothing if none is open."""
        return self._apply(((Signal.OVER, Trigger.MANUAL),)) if self.open else []

    def stall(self, milliseconds: int) -> list[Report]:
        """Take note that no audio has come for so long, by the wall clock.

        Only the time-out can follow from it: no words can.
        """
        if not self.open or milliseconds < STALL_MS_MIN:
            return []
        return self._decide(Samples(self._silence() + samples_from_ms(milliseconds)))

    def last_word(self) -> list[Report]:
        """Return an Update for what was heard since the last report, if anything was."""
        if self._heard.heard_until == self._said_until:
            return []
        return [self._report(None)]

    def _silence(self) -> Samples:
        voice_until = self._heard.voice_until
        since = self._opened_at if voice_until is None else voice_until
        return Samples(self._heard.heard_until - since)

    def _decide(self, silence: Samples) -> list[Report]:
        heard = (self._state, self._heard, self.thresholds, silence, self._draft, self._voice)
        return self._apply(judge(*heard))

    def _apply(self, verdict: Verdict) -> list[Report]:
        reports = []
        for signal, trigger in verdict:
            self._state, event = step(self._state, signal)
            reports.append(self._report(event, trigger))
            self._turn_the_page(event)
        return reports

    def _turn_the_page(self, event: Event) -> None:
        """Keep what the next decision needs to know of this event."""
        now = self._heard.heard_until
        if event is Event.START_OF_TURN:
            self._opened_at = now
        elif event is Event.EAGER_END_OF_TURN:
            self._draft = Draft(transcript(self._heard))
        elif event is Event.TURN_RESUMED:
            self._draft = None
        else:  # END_OF_TURN
            self._index += 1
            self._start = now
            self._draft = self._voice = None

    def _report(self, event: Event | None, trigger: Trigger | None = None) -> Report:
        self._said_until = self._heard.heard_until
        heard = self._heard
        if event is None and not self.open:
            heard = replace(heard, words=())  # guesses so far: words that count start a turn
        return Report(event, self._index, self._start, heard, trigger)

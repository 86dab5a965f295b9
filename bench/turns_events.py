"""What a system's turn events are worth, held against marked silences: Flux's form.

An end is found if an EndOfTurn comes in its silence: not more than EARLY_S before the last word
is over, nor after somebody goes on. Only the first in a silence counts; every other EndOfTurn
is false, but for those in silences that the marks leave open. The delay of an end is from
the end of its last word, which is the silence's start.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.recordings import Silence
from turnwise.turn.machine import Event

EARLY_S = 0.1
"""What marks may be wrong by, both sides together."""
LATE_S = 2.0
PAUSE_S_MIN = 0.2


@dataclass(frozen=True, slots=True)
class TurnEvent:
    event: Event
    at_s: float
    """Of the audio heard."""
    timed_out: bool = False
    word_end_s: float | None = None
    """Of a StartOfTurn: where its first word ends, by the recogniser's own times."""


@dataclass(frozen=True, slots=True)
class Ends:
    """What became of one recording's ends and pauses."""

    delays_s: tuple[float, ...]
    """Of the ends that were found."""
    missed: int
    false: int
    timed_out: int
    """Of the ends that were found, those that only the time-out ended."""
    pauses: int
    """Holds of PAUSE_S_MIN or more."""
    pauses_cut: int
    """Those in which a turn was ended."""


@dataclass(frozen=True, slots=True)
class Eager:
    """What became of one recording's announced ends."""

    announced: int
    kept: int
    """Followed by their end, not by a resumption."""
    right: int
    """In a silence that ends a turn."""
    judged: int
    """All but those in silences that the marks leave open."""
    leads_s: tuple[float, ...]
    """From the announcement to the end, of those kept."""


def ends_of(silences: Sequence[Silence], events: Sequence[TurnEvent]) -> Ends:
    told = [event for event in events if event.event is Event.END_OF_TURN]
    found: dict[int, TurnEvent] = {}
    cut: set[int] = set()
    false = 0
    for event in told:
        place = place_of(event.at_s, silences)
        kind = None if place is None else silences[place].kind
        if place is not None and kind == "hold":
            cut.add(place)
        if place is not None and kind == "end" and place not in found:
            found[place] = event
        elif kind != "unclear":
            false += 1
    pauses = {
        place
        for place, silence in enumerate(silences)
        if silence.kind == "hold" and silence.end - silence.start >= PAUSE_S_MIN - 1e-6
    }
    return Ends(
        tuple(event.at_s - silences[place].start for place, event in found.items()),
        sum(silence.kind == "end" for silence in silences) - len(found),
        false,
        sum(event.timed_out for event in found.values()),
        len(pauses),
        len(pauses & cut),
    )


def starts_of(
    silences: Sequence[Silence], events: Sequence[TurnEvent], duration_s: float
) -> tuple[float, ...]:
    """Return how long after the first sound of a turn its StartOfTurn came, in seconds.

    Turns whose first sound the marks know are those after an end. One that was not heard within
    LATE_S, or opened in the silence before, has no delay.
    """
    told = [event.at_s for event in events if event.event is Event.START_OF_TURN]
    sounds = [s.end for s in silences if s.kind == "end" and s.end < duration_s - EARLY_S]
    heard = [[at_s for at_s in told if -EARLY_S <= at_s - sound <= LATE_S] for sound in sounds]
    return tuple(min(some) - sound for some, sound in zip(heard, sounds, strict=True) if some)


def starts_after_words(events: Sequence[TurnEvent]) -> tuple[float, ...]:
    """Return how long after the end of its first word each StartOfTurn came, in seconds."""
    told = [event for event in events if event.event is Event.START_OF_TURN]
    return tuple(e.at_s - e.word_end_s for e in told if e.word_end_s is not None)


def eager_of(silences: Sequence[Silence], events: Sequence[TurnEvent]) -> Eager:
    announced = [n for n, event in enumerate(events) if event.event is Event.EAGER_END_OF_TURN]
    kinds = []
    leads_s = []
    for number in announced:
        place = place_of(events[number].at_s, silences)
        kinds.append(None if place is None else silences[place].kind)
        after = events[number + 1] if number + 1 < len(events) else None
        if after is not None and after.event is Event.END_OF_TURN:
            leads_s.append(after.at_s - events[number].at_s)
    return Eager(
        len(announced),
        len(leads_s),
        kinds.count("end"),
        len(kinds) - kinds.count("unclear"),
        tuple(leads_s),
    )


def place_of(at_s: float, silences: Sequence[Silence]) -> int | None:
    """Return which silence a moment lies in; an end's reaches EARLY_S into the word before it."""
    for place, silence in enumerate(silences):
        early_s = EARLY_S if silence.kind == "end" else 0.0
        if silence.start - early_s <= at_s <= silence.end:
            return place
    return None

"""When a turn starts, may be over, goes on after all, and ends.

Rule 1: everything that decides whether a turn event may happen is in this file.
Rule 2: this file knows no thresholds, no clock, no audio and no JSON.

    IDLE      nobody is speaking
    SPEAKING  a turn is open
    ENDING    the turn may be over; the client may be drafting its reply

The contract calls them Initial, TurnOngoing and AwaitingEnd (section 5).
The diagram in ARCHITECTURE.md is drawn from TRANSITIONS, and a test keeps it so.
"""

from collections.abc import Mapping
from enum import Enum, StrEnum


class State(Enum):
    IDLE = "idle"
    SPEAKING = "speaking"
    ENDING = "ending"


class Signal(Enum):
    SPEECH = "speech"  # the first words of a turn
    LIKELY_OVER = "likely over"  # confidence reached the eager threshold
    NOT_OVER = "not over"  # other words, or a voice, after all
    OVER = "over"  # confidence, time-out, or the client's own word


class Event(StrEnum):
    START_OF_TURN = "StartOfTurn"
    EAGER_END_OF_TURN = "EagerEndOfTurn"
    TURN_RESUMED = "TurnResumed"
    END_OF_TURN = "EndOfTurn"


TRANSITIONS: Mapping[State, Mapping[Signal, tuple[State, Event]]] = {
    State.IDLE: {
        Signal.SPEECH: (State.SPEAKING, Event.START_OF_TURN),
    },
    State.SPEAKING: {
        Signal.LIKELY_OVER: (State.ENDING, Event.EAGER_END_OF_TURN),
        Signal.OVER: (State.IDLE, Event.END_OF_TURN),
    },
    State.ENDING: {
        Signal.NOT_OVER: (State.SPEAKING, Event.TURN_RESUMED),
        Signal.OVER: (State.IDLE, Event.END_OF_TURN),
    },
}


def step(state: State, signal: Signal) -> tuple[State, Event]:
    """Return the next state and the event to report."""
    row = TRANSITIONS[state]
    assert signal in row, f"no transition from {state.name} on {signal.name}"
    return row[signal]


def mermaid() -> str:
    """Draw TRANSITIONS as a Mermaid state diagram."""
    arrows = [
        f"    {before.name} --> {after.name} : {event}"
        for before, row in TRANSITIONS.items()
        for after, event in row.values()
    ]
    return "\n".join(["stateDiagram-v2", "    [*] --> IDLE", *arrows])

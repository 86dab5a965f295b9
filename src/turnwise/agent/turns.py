"""When the agent drafts, speaks and hushes.

Rule 1: everything that decides whose turn it is, is in this file.
Rule 2: this file knows no words, no audio, no clock and no JSON.

    NONE      nobody says anything
    HUSHED    the user has the floor, and the agent is silent
    DRAFTING  the user may be done; a reply is thought out, but not spoken
    SPEAKING  the agent has the floor: its one reply is thought out, spoken and heard

A reply is spoken in SPEAKING and nowhere else, and every way into SPEAKING is the end of a
user's turn, or a word of the agent's own while nobody says anything.

The diagram in ARCHITECTURE.md is drawn from TRANSITIONS, and a test keeps it so.
"""

from collections.abc import Mapping
from enum import Enum


class State(Enum):
    NONE = "none"
    HUSHED = "hushed"
    DRAFTING = "drafting"
    SPEAKING = "speaking"


class Signal(Enum):
    STARTED = "user starts"  # StartOfTurn
    LIKELY_OVER = "turn likely over"  # EagerEndOfTurn, if replies are drafted early at all
    RESUMED = "turn resumed"  # TurnResumed, or the announced words did not hold
    OVER = "turn over"  # EndOfTurn
    NOTHING = "turn without words"  # EndOfTurn after which there is nothing to answer
    SAY = "own word"  # a greeting, or a sentence put into the agent's mouth
    FINISHED = "reply heard"  # its last sound was played, or it came to nothing


class Deed(Enum):
    LISTEN = "listen"
    DRAFT = "draft"  # begin a reply, and keep it to ourselves
    DROP = "drop"  # throw the draft away
    PROMOTE = "promote"  # the draft becomes the reply, and is spoken
    ANSWER = "answer"  # begin a reply that is spoken as it is thought out
    HUSH = "hush"  # stop the sound, the synthesis and the thinking; keep what was heard
    REST = "rest"  # keep the whole reply


TRANSITIONS: Mapping[State, Mapping[Signal, tuple[State, Deed]]] = {
    State.NONE: {
        Signal.STARTED: (State.HUSHED, Deed.LISTEN),
        Signal.SAY: (State.SPEAKING, Deed.ANSWER),
    },
    State.HUSHED: {
        Signal.LIKELY_OVER: (State.DRAFTING, Deed.DRAFT),
        Signal.OVER: (State.SPEAKING, Deed.ANSWER),
        Signal.NOTHING: (State.NONE, Deed.LISTEN),
    },
    State.DRAFTING: {
        Signal.RESUMED: (State.HUSHED, Deed.DROP),
        Signal.OVER: (State.SPEAKING, Deed.PROMOTE),
    },
    State.SPEAKING: {
        Signal.STARTED: (State.HUSHED, Deed.HUSH),
        Signal.FINISHED: (State.NONE, Deed.REST),
    },
}


def step(state: State, signal: Signal) -> tuple[State, Deed]:
    """Return the next state and what is to be done."""
    row = TRANSITIONS[state]
    assert signal in row, f"no transition from {state.name} on {signal.name}"
    return row[signal]


def mermaid() -> str:
    """Draw TRANSITIONS as a Mermaid state diagram."""
    arrows = [
        f"    {before.name} --> {after.name} : {signal.value} / {deed.value}"
        for before, row in TRANSITIONS.items()
        for signal, (after, deed) in row.items()
    ]
    return "\n".join(["stateDiagram-v2", "    [*] --> NONE", *arrows])

"""The turn machine: what it accepts, what it refuses, and what any run of it spells."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnwise.turn.machine import TRANSITIONS, Event, Signal, State, mermaid, step

LETTERS = {
    Event.START_OF_TURN: "S",
    Event.EAGER_END_OF_TURN: "E",
    Event.TURN_RESUMED: "R",
    Event.END_OF_TURN: "T",
}
TURNS = re.compile(r"(S(ER)*E?T)*(S(ER)*E?)?")


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("signal", Signal)
def test_every_state_and_signal_is_a_row_or_a_refusal(state: State, signal: Signal) -> None:
    if signal in TRANSITIONS[state]:
        assert step(state, signal) == TRANSITIONS[state][signal]
    else:
        with pytest.raises(AssertionError, match="no transition"):
            step(state, signal)


@given(st.lists(st.sampled_from(Signal), max_size=200))
def test_any_run_spells_whole_turns_and_at_most_one_open_one(signals: list[Signal]) -> None:
    state, spelled = State.IDLE, ""
    for signal in signals:
        if signal in TRANSITIONS[state]:
            state, event = step(state, signal)
            spelled += LETTERS[event]
    assert TURNS.fullmatch(spelled)


def test_the_diagram_names_every_event() -> None:
    assert all(event in mermaid() for event in Event)


def test_the_diagram_in_the_architecture_is_this_one() -> None:
    text = (Path(__file__).parents[2] / "ARCHITECTURE.md").read_text()
    assert f"```mermaid\n{mermaid()}\n```" in text


def test_the_diagram_draws_every_row_of_the_table() -> None:
    assert mermaid().count("-->") == 1 + sum(len(row) for row in TRANSITIONS.values())

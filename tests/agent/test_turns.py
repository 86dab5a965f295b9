"""The agent's floor: what the table allows, and what any run of it comes to."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnwise.agent.turns import TRANSITIONS, Deed, Signal, State, mermaid, step

LETTERS = {
    Deed.LISTEN: "",
    Deed.DRAFT: "d",
    Deed.DROP: "x",
    Deed.PROMOTE: "P",
    Deed.ANSWER: "A",
    Deed.HUSH: "h",
    Deed.REST: "r",
}
REPLIES = re.compile(r"(dx|(dP|A)[hr])*(d|dP|A)?")


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("signal", Signal)
def test_every_state_and_signal_is_a_row_or_a_refusal(state: State, signal: Signal) -> None:
    if signal in TRANSITIONS[state]:
        assert step(state, signal) == TRANSITIONS[state][signal]
    else:
        with pytest.raises(AssertionError, match="no transition"):
            step(state, signal)


@given(st.lists(st.sampled_from(Signal), max_size=200))
def test_any_run_ends_each_reply_before_the_next_begins(signals: list[Signal]) -> None:
    state, spelled = State.NONE, ""
    for signal in signals:
        if signal in TRANSITIONS[state]:
            state, deed = step(state, signal)
            spelled += LETTERS[deed]
    assert REPLIES.fullmatch(spelled)


def test_only_the_end_of_a_turn_or_a_word_of_its_own_makes_the_agent_speak() -> None:
    ways = {
        signal
        for row in TRANSITIONS.values()
        for signal, (after, _) in row.items()
        if after is State.SPEAKING
    }
    assert ways == {Signal.OVER, Signal.SAY}


def test_the_diagram_draws_every_row_of_the_table() -> None:
    assert mermaid().count("-->") == 1 + sum(len(row) for row in TRANSITIONS.values())


def test_the_diagram_in_the_architecture_is_this_one() -> None:
    text = (Path(__file__).parents[2] / "ARCHITECTURE.md").read_text()
    assert f"```mermaid\n{mermaid()}\n```" in text

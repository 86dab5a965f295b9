"""What the model is told: the latest exchanges, whole, and only what was heard."""

from hypothesis import given
from hypothesis import strategies as st

from turnwise.agent.history import Called, Entry, Said, ToolCall, heard_text, trimmed

CALL = Called((ToolCall("1", "clock", "{}"),), ("noon",))
PAST: list[Entry] = [Said("user", "u"), Said("assistant", "a"), CALL]
ENTRIES = st.lists(st.sampled_from(PAST), max_size=12)
LAST = Said("user", "last")


@given(ENTRIES, st.integers(1, 12))
def test_what_is_left_is_the_end_and_begins_with_the_users_word(
    entries: list[Entry], messages_max: int
) -> None:
    said: list[Entry] = [*entries, LAST]
    left = trimmed(said, messages_max)
    assert list(left) == said[len(said) - len(left) :]
    assert len(left) <= messages_max
    assert left == tuple(said) or left[0] in (Said("user", "u"), LAST)


def test_the_users_last_word_stays_with_the_functions_that_were_called_for_it() -> None:
    entries: list[Entry] = [Said("user", "before"), Said("user", "now"), CALL, CALL]
    assert trimmed(entries, 1) == (Said("user", "now"), CALL, CALL)


PIECES = [("One two three.", 1_400), ("Four five.", 1_000)]


def test_what_was_played_whole_was_heard_whole() -> None:
    assert heard_text(PIECES, 2_400) == "One two three. Four five."


def test_a_word_that_was_cut_was_not_heard() -> None:
    assert heard_text(PIECES, 0) == ""
    assert heard_text(PIECES, 700) == "One two"
    assert heard_text(PIECES, 1_400) == "One two three."
    assert heard_text(PIECES, 1_400 + 999) == "One two three. Four"


def test_a_piece_that_could_not_be_said_was_not_heard() -> None:
    assert heard_text([("One.", 400), ("Two.", 0)], 400) == "One."


@given(st.lists(st.tuples(st.text(max_size=30), st.integers(0, 99))), st.integers(0, 4_000))
def test_what_was_heard_is_the_beginning(pieces: list[tuple[str, int]], played: int) -> None:
    whole = " ".join(text for text, samples in pieces if samples).split()
    heard = heard_text(pieces, played).split()
    assert heard == whole[: len(heard)]

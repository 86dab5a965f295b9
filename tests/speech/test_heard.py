"""What was heard: whole clauses for certain, words within one by their length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnwise.speech.heard import Spoken, Turn, words_within


def turn(*spoken: tuple[str, float], unspoken: str = "") -> Turn:
    return Turn("id", start_ms=1_000, spoken=[Spoken(*each) for each in spoken], unspoken=unspoken)


@pytest.mark.parametrize(
    ("until_ms", "heard"),
    [
        (0, ""),
        (1_000, ""),
        (1_001, ""),
        (1_500, "One "),
        (2_000, "One two. "),
        (2_750, "One two. Three "),
        (3_000, "One two. Three four. "),
        (9_000, "One two. Three four. "),
    ],
)
def test_words_are_heard_when_their_share_of_the_clause_was_played(
    until_ms: float, heard: str
) -> None:
    said = turn(("One two. ", 1_000), ("Three four. ", 1_000), unspoken="Five.")
    assert said.text[: said.heard(until_ms)] == heard


def test_a_clause_that_has_no_sound_yet_was_not_heard() -> None:
    said = turn(("One. ", 500), ("Two. ", 0))
    assert said.text[: said.heard(1_500)] == "One. "


@given(text=st.text(st.sampled_from("ab. ,"), max_size=60), share=st.floats(0, 1))
def test_more_time_never_hears_less(text: str, share: float) -> None:
    assert 0 <= words_within(text, share / 2) <= words_within(text, share) <= len(text)


def test_all_the_time_hears_all_the_words() -> None:
    assert words_within("Hello there. ", 1.0) == len("Hello there. ")

"""Clauses: ready as early as can be told, and put together they are the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnwise.speech.clauses import (
    CLAUSE_CHARACTERS_MAX,
    PHRASE_CHARACTERS_MIN,
    Clauses,
    speakable,
    without_markup,
)

TEXTS = st.text(st.sampled_from("ab D.,;!?\n 3*<>—"), max_size=400)


@given(texts=st.lists(TEXTS, max_size=8))
def test_nothing_is_lost_however_the_text_was_cut(texts: list[str]) -> None:
    clauses = Clauses()
    given_out = [clause for text in texts for clause in clauses.push(text)]
    assert "".join([*given_out, *clauses.flush()]) == "".join(texts)
    assert clauses.waiting == ""


@given(text=TEXTS, cuts=st.lists(st.integers(0, 400)).map(sorted))
def test_clauses_never_outgrow_their_limit(text: str, cuts: list[int]) -> None:
    clauses = Clauses()
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, None], strict=True)]
    for piece in pieces:
        for clause in clauses.push(piece):
            assert 0 < len(clause) <= CLAUSE_CHARACTERS_MAX
    assert len(clauses.waiting) <= CLAUSE_CHARACTERS_MAX


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("Hello there. How", ["Hello there. "]),
        ("Hello there.", []),
        ("It costs 3.", []),
        ("It costs 3.50 euros. Fine", ["It costs 3.50 euros. "]),
        ("Dr. Smith and Mr. Jones came. They", ["Dr. Smith and Mr. Jones came. "]),
        ("J. S. Bach, e.g. a fugue. It", ["J. S. Bach, e.g. a fugue. "]),
        ('"Really?" she asked. No', ['"Really?" ', "she asked. "]),
        ("Wait… what! Yes", ["Wait… ", "what! "]),
        ("One line.\nAnother one. ", ["One line.\n", "Another one. "]),
        ("short, so it waits", []),
        ("I heard you say: nothing", []),
    ],
)
def test_a_clause_is_whole_at_the_mark_that_ends_it(text: str, whole: list[str]) -> None:
    assert Clauses().push(text) == whole


def test_a_comma_will_do_once_there_is_much_to_say() -> None:
    start = "x" * PHRASE_CHARACTERS_MIN
    assert Clauses().push(f"Hi. {start}, and more") == ["Hi. ", f"{start}, "]


def test_the_first_words_need_not_wait_for_their_sentence() -> None:
    clauses = Clauses()
    text = "Certainly, at seven o'clock, by the window"
    assert clauses.push(text) == ["Certainly, "]
    assert clauses.flush() == ["at seven o'clock, by the window"]
    assert clauses.push(text) == ["Certainly, "]  # after a flush somebody waits again


def test_text_without_any_mark_is_cut_at_a_space() -> None:
    text = "word " * 100
    (first, *_) = Clauses().push(text)
    assert len(first) <= CLAUSE_CHARACTERS_MAX
    assert first.endswith(" ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("  Hello   there \n", "Hello there"),
        ("**Very** `important`", "Very important"),
        ("<speak>Hello <break time='1s'/>there</speak>", "Hello there"),
        ("2 * 3 < 7 and 8 > 7", "2 * 3 < 7 and 8 > 7"),
        ("...", ""),
        ("", ""),
        (" — ", ""),
    ],
)
def test_what_is_pronounced_has_no_markup(text: str, said: str) -> None:
    assert speakable(text) == said


def test_taking_markup_out_leaves_the_spaces() -> None:
    assert without_markup("a  *b* \n") == "a  b \n"

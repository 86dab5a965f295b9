"""Pronouncing: numbers and signs become words, words become phones, marks become pauses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnwise.speech.formants import PHONES
from turnwise.speech.pronounce import PAUSE_MS, cardinal, in_words, phrases

LEXICON = {"hello": "HH AH L OW", "there": "DH EH R", "how": "HH AW"}


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"),
        (13, "thirteen"),
        (20, "twenty"),
        (42, "forty two"),
        (100, "one hundred"),
        (2_026, "two thousand twenty six"),
        (1_000_001, "one million one"),
        (10**12 - 1, cardinal(999) + " billion " + cardinal(999_999_999)),
    ],
)
def test_numbers_are_said_in_words(number: int, words: str) -> None:
    assert cardinal(number) == words


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("It costs $3.50.", "It costs three point five zero dollars."),
        ("1,250 of them", "one thousand two hundred fifty of them"),
        ("at 7:30 or 9:05", "at seven thirty or nine oh five"),
        ("at 7:00", "at seven o'clock"),
        ("007", "zero zero seven"),
        ("9" * 13, " ".join(["nine"] * 13)),
        ("50% & more", "fifty percent and more"),
    ],
)
def test_what_is_written_with_figures_and_signs_is_spelled_out(text: str, said: str) -> None:
    assert " ".join(in_words(text).replace(" .", ".").split()) == said


def test_marks_part_phrases_and_a_question_rises() -> None:
    said = phrases("Hello there, how? Hello", LEXICON.get)
    assert [phrase.phones for phrase in said] == [
        ("HH", "AH", "L", "OW", "DH", "EH", "R"),
        ("HH", "AW"),
        ("HH", "AH", "L", "OW"),
    ]
    assert [phrase.rises for phrase in said] == [False, True, False]
    assert [phrase.pause_ms for phrase in said][:2] == [PAUSE_MS[","], PAUSE_MS["?"]]


@given(text=st.text(max_size=80))
def test_any_text_has_phones_that_can_be_spoken(text: str) -> None:
    for phrase in phrases(text, LEXICON.get):
        assert phrase.phones
        assert set(phrase.phones) <= set(PHONES)

"""Which words hold numbers that must not be shown (contract 1.2, `redact`)."""

import pytest

from tests.saying import say
from turnwise.settings import Redact
from turnwise.text import numerals
from turnwise.text.numerals import Numeral
from turnwise.text.redaction import find


def redacted(text: str, redact: Redact = Redact.NUMBERS) -> str:
    words = say(text)
    tokens = text.split()
    for span in reversed(find(words, numerals.find(words), redact)):
        tokens[span.first : span.past] = [span.text]
    return " ".join(tokens)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("my number is nine two eight four", "my number is *"),
        ("my number is 9 2 8 4 ok", "my number is * ok"),
        ("one hundred twenty", "*"),
        ("it was nineteen ninety nine", "it was *"),
        ("one two", "one two"),
        ("twenty five people", "twenty five people"),
        ("25 people", "25 people"),
        ("room 123b", "room *"),
        ("one two and three four", "one two and three four"),
        ("one two three and four five six", "* and *"),
        ("9 two 8", "*"),
        ("five double five one", "*"),
        ("five dash five five", "*"),
        ("double five one", "double five one"),
        ("five one double trouble", "five one double trouble"),
        ("three point one four", "*"),
        ("nothing here", "nothing here"),
    ],
)
def test_numbers_hides_runs_of_three_digits(said: str, expected: str) -> None:
    assert redacted(said) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("on may the fifth", "on *"),
        ("on May 5th, please", "on * please"),
        ("the fifth of may", "the *"),
        ("the fifth of may will do", "the * will do"),
        ("the 28th May", "the *"),
        ("may the fifth twenty twenty six then", "* then"),
        ("the fifth of may twenty twenty six", "the *"),
        ("march five of june", "*"),
        ("you may go in march", "you may go in march"),
        ("five of them in may", "five of them in may"),
        ("the five", "the five"),
        ("five of", "five of"),
    ],
)
def test_numbers_hides_dates(said: str, expected: str) -> None:
    assert redacted(said) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("i am twenty five", "i am *"),
        ("the fourth of 2", "the * of *"),
        ("1 2 3", "*"),
        ("no one knows", "no one knows"),
        ("on may the fifth", "on *"),
    ],
)
def test_aggressive_numbers_hides_every_numeral(said: str, expected: str) -> None:
    assert redacted(said, Redact.AGGRESSIVE_NUMBERS) == expected


def test_spans_that_touch_are_one() -> None:
    words = say("june 5 june 6")
    assert find(words, [], Redact.NUMBERS) == [Numeral(0, 4, "*")]

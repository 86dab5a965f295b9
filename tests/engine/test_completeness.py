"""Whether words are all of a turn, and what a caller's hint changes."""

import pytest

from turnwise.engine.completeness import (
    Completeness,
    Expected,
    clues,
    expected_after,
    expected_by,
)
from turnwise.settings import Expecting, Hints


@pytest.fixture(scope="module")
def completeness() -> Completeness:
    return Completeness.load()


def odds(completeness: Completeness, text: str, expected: Expected | None = None) -> float:
    return completeness.log_odds(text.split(), expected)


def test_no_words_tell_nothing(completeness: Completeness) -> None:
    assert completeness.log_odds([]) == 0.0


@pytest.mark.parametrize(
    ("complete", "open_ended"),
    [
        ("i would like to book a table", "i would like to book a"),
        ("thank you very much", "thank you for the"),
        ("yes please", "yes and"),
        ("that's all thanks", "that's because um"),
    ],
)
def test_what_sounds_complete_is_likelier_a_whole_turn(
    completeness: Completeness, complete: str, open_ended: str
) -> None:
    assert odds(completeness, complete) > odds(completeness, open_ended) + 1


def test_a_telephone_number_is_complete_with_its_last_digit(completeness: Completeness) -> None:
    digits = "four one five five five five two six seven one"
    whole = odds(completeness, digits, Expected.DIGITS)
    for count in (3, 6):
        part = " ".join(digits.split()[:count])
        assert odds(completeness, part, Expected.DIGITS) < whole - 1


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Okay. What's your phone number?", Expected.DIGITS),
        ("Could you spell your last name for me?", Expected.SPELLING),
        ("What is the delivery address?", Expected.ADDRESS),
        ("Is that correct?", Expected.YES_NO),
        ("Is that your address?", Expected.YES_NO),
        ("Shall I book it?", Expected.YES_NO),
        ("What would you like to eat?", Expected.OPEN),
        ("Your table is booked.", None),
        ("", None),
    ],
)
def test_a_question_says_what_to_expect(said: str, expected: Expected | None) -> None:
    assert expected_after(said) == expected


def test_what_the_caller_expects_goes_before_what_the_agent_asked() -> None:
    hints = Hints("Is that correct?", Expecting.SPELLING)
    assert expected_by(hints) == Expected.SPELLING
    assert expected_by(Hints("Is that correct?")) == Expected.YES_NO
    assert expected_by(Hints()) is None
    assert {Expected(expecting.value) for expecting in Expecting} < set(Expected)


def test_digits_and_letters_at_the_end_are_counted() -> None:
    assert "r digit 3" in clues(["my", "number", "is", "five", "five", "five"])
    assert "r letter 4" in clues(["johnson", "j", "o", "h", "n"])
    assert not [clue for clue in clues(["hello"]) if clue.startswith("r ")]


def test_hints_only_add_clues() -> None:
    words = ["five", "five", "five"]
    assert set(clues(words)) < set(clues(words, Expected.DIGITS))

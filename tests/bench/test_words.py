"""What counts as the same words."""

import pytest

from bench.words import normalised


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Two-thirty PM.", "two thirty p m"),
        ("OK, Mr. Fox; it's 5%", "okay mister fox it's five percent"),
        ("1,984", "one thousand nine hundred eighty four"),
        ("02", "zero two"),
        ("90210", "nine zero two one zero"),
        ("'Tis good-bye!", "tis goodbye"),
    ],
)
def test_writings_of_the_same_words_are_equal(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(
    ("one", "other"), [("I am", "I a m"), ("its", "it's"), ("one four", "fourteen")]
)
def test_other_words_are_not(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)

"""What stands around a word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnwise.text.punctuation import peel


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("word", ("", "word", "")),
        ("“word,”", ("“", "word", ",”")),
        ("it's", ("", "it's", "")),
        ("...", ("...", "", "")),
        ("", ("", "", "")),
    ],
)
def test_marks_are_peeled_off_both_ends(text: str, parts: tuple[str, str, str]) -> None:
    assert peel(text) == parts


@given(st.text())
def test_the_parts_make_the_word(text: str) -> None:
    assert "".join(peel(text)) == text

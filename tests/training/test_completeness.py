"""What stands for complete and for incomplete turns."""

from random import Random

import numpy as np
import pytest

pytest.importorskip("numba")

from training import completeness
from turnwise.engine.completeness import Expected


def test_a_turn_is_complete_and_its_beginnings_are_not() -> None:
    turn = completeness.Turn("I'd like a table, for two.", None, "test", held_out=False)
    found = list(completeness.examples_of(turn, Random(1)))
    assert found[0] == (["i'd", "like", "a", "table", "for", "two"], True)
    assert found[1:]
    assert all(words == found[0][0][: len(words)] for words, _ in found)
    assert all(label is (len(words) == 6) for words, label in found)


def test_what_was_broken_off_is_no_complete_turn() -> None:
    turn = completeness.Turn("and um", None, "test", held_out=False, finished=False)
    assert all(not label for _, label in completeness.examples_of(turn, Random(1)))


def test_segments_of_one_speaker_are_one_turn() -> None:
    segments = [
        {"speaker": "a", "text": "so", "act": "F"},
        {"speaker": "a", "text": "we go.", "act": "S"},
        {"speaker": "b", "text": "mm-hmm.", "act": "B"},
    ]
    assert [turn["text"] for turn in completeness.merged(segments)] == ["so we go.", "mm-hmm."]


def test_marks_are_told_from_words() -> None:
    words, marks = completeness.words_and_marks("Well, call 5.")
    assert words == ["well", "call", "five"]
    assert marks == [True, False, True]


def test_the_area_under_the_curve() -> None:
    labels = np.array([1, 1, 0, 0], np.float32)
    assert completeness.area(np.array([3, 2, 1, 0]), labels) == 1.0
    assert completeness.area(np.array([0, 0, 0, 0]), labels) == 0.5
    assert completeness.area(np.array([0, 3, 1, 2]), labels) == 0.5


def test_made_up_answers_say_what_was_asked() -> None:
    turns = completeness.made_up_turns(1)
    assert {turn.expected for turn, _ in zip(turns, range(10), strict=False)} <= {None, *Expected}

"""What is given to a synthesiser: letters as letters, pauses, and nothing it cannot say."""

import gzip
import json
from pathlib import Path
from random import Random

import pytest

from training.phrases import FILLERS
from training.sayings import (
    TURN,
    Saying,
    hesitating,
    is_spelled,
    runs,
    text_for,
    with_pauses,
    written_sayings,
)

TEXT = (
    "the birch canoe slid on smooth planks well i don't know a dog barked mr smith came to b"
    " it was late we went home by old road or dr"
)
VOCABULARY = frozenset(TEXT.split())
CANOE = "the birch canoe slid on the smooth planks"


def saying(text: str, kind: str = "sentence") -> Saying:
    words = tuple(text.split())
    return Saying(words, ("",) * len(words), kind, "made up")


@pytest.mark.parametrize(
    ("text", "kind", "letters"),
    [
        ("j a n e", "spelled", "jane"),
        ("a as in apple", "spelled", "a"),
        ("at nine a m on a monday", "time", "am"),
        ("code b a three", "command", "ba"),
        ("order a pizza", "order", ""),
        ("i want a b", "order", "ab"),
        ("twelve oak street a", "address", "a"),
        ("a two hour walk", "sentence", ""),
    ],
)
def test_a_letter_is_told_from_a_word(text: str, kind: str, letters: str) -> None:
    words = text.split()
    spelled = [word for place, word in enumerate(words) if is_spelled(words, place, kind)]
    assert "".join(spelled) == letters


def test_letters_that_a_program_would_not_read_as_letters_are_respelled() -> None:
    assert text_for(saying("a z", "spelled"), "flite") == "ay z."
    assert text_for(saying("a z", "spelled"), "espeak-ng") == "eigh zee."
    assert text_for(saying("a z", "spelled"), "kokoro") == "eigh zee."  # espeak-ng reads for it
    assert text_for(saying("a dog"), "flite") == "a dog."


def test_marks_stand_in_the_text_and_not_in_the_transcript() -> None:
    spoken = Saying(("well", "who", "knows"), (",", "", "?"), "sentence", "CC0")
    assert text_for(spoken, "flite") == "well, who knows?"
    assert spoken.transcript == "well who knows"


def test_a_text_ends_with_a_full_stop_whatever_mark_was_last() -> None:
    assert text_for(Saying(("well",), (",",), "sentence", "CC0"), "flite") == "well."


def test_pauses_come_in_all_ways_between_none_and_after_nearly_every_digit() -> None:
    words = ["five"] * 10
    chance = Random(1)
    counts = {sum(map(bool, with_pauses(words, "digits", chance))) for _ in range(200)}
    assert {0, 3, 8} <= counts
    assert max(counts) <= 9


def test_no_pause_follows_the_last_word() -> None:
    chance = Random(1)
    assert all(with_pauses(["a", "b", "c"], "spelled", chance)[-1] == "" for _ in range(100))


def test_a_folder_gives_sentences_with_their_marks(tmp_path: Path) -> None:
    lines = [
        "First, cut.",
        "The birch canoe slid on the smooth planks.",
        "Well, I don\u2019t know!",
    ]
    (tmp_path / "one.txt").write_text(
        "\n".join([*lines, "A dog barked 3 times.", "It was"]), "utf-8"
    )
    said = list(written_sayings(tmp_path, "CC0", VOCABULARY, set()))
    assert [one.transcript for one in said] == [
        CANOE,
        "well i don't know",
    ]
    assert said[1].marks == (",", "", "", "!")


def test_prose_is_joined_across_its_lines_and_parted_at_full_stops(tmp_path: Path) -> None:
    path = tmp_path / "book.txt"
    path.write_text("cut\n\nIt was\nlate. We went\nhome by the old\nroad.\n\ncut\n", "utf-8")
    said = list(written_sayings(path, "public domain", VOCABULARY, set()))
    assert [one.transcript for one in said] == ["it was late", "we went home by the old road"]


def test_dialogues_give_their_turns(tmp_path: Path) -> None:
    path = tmp_path / "talk.jsonl.gz"
    with gzip.open(path, "wt") as lines:
        lines.write(json.dumps({"turns": [{"text": "a dog barked. well, I know"}]}) + "\n")
    said = list(written_sayings(path, "BSD", VOCABULARY, set()))
    assert [(one.transcript, one.kind) for one in said] == [("a dog barked well i know", TURN)]
    assert said[0].marks == ("", "", ".", ",", "", "")


def test_a_turn_that_is_too_long_for_a_breath_or_two_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "talk.jsonl.gz"
    with gzip.open(path, "wt") as lines:
        lines.write(json.dumps({"turns": [{"text": "a dog barked. " * 11}]}) + "\n")
    assert not list(written_sayings(path, "BSD", VOCABULARY, set()))


def test_who_thinks_says_a_filler_and_pauses_after_it() -> None:
    spoken = Saying(tuple(CANOE.split()), ("",) * 8, "sentence", "CC0")
    for seed in range(20):
        said = hesitating(spoken, Random(seed))
        added = [place for place, mark in enumerate(said.marks) if mark]
        assert len(said.words) > 8
        assert said.marks[0] == "" or said.words[0] == "the"
        assert added
        rest = list(said.words)
        for filler in " ".join(FILLERS).split():
            rest = [word for word in rest if word != filler]
        assert rest == CANOE.split()
        assert len(said.marks) == len(said.words)


@pytest.mark.parametrize(
    "sentence",
    [
        "The dr went home.",
        "To b or to b.",
        "A xylophone slid.",
        "Well.",
        "It was\u2026 late.",
        "IT was late.",
    ],
)
def test_what_is_not_said_as_it_stands_is_left_out(tmp_path: Path, sentence: str) -> None:
    path = tmp_path / "one.txt"
    path.write_text(f"Cut.\n{sentence}\nCut.\n", "utf-8")
    assert not list(written_sayings(path, "CC0", VOCABULARY, set()))


def test_evaluation_sentences_are_left_out_even_in_part(tmp_path: Path) -> None:
    path = tmp_path / "one.txt"
    path.write_text("Cut.\nWell, the birch canoe slid on.\nIt was late.\nCut.\n", "utf-8")
    avoided = set(runs(CANOE.split()))
    said = list(written_sayings(path, "CC0", VOCABULARY, avoided))
    assert [one.transcript for one in said] == ["it was late"]


def test_short_sentences_are_runs_as_a_whole_and_the_shortest_none() -> None:
    assert list(runs(["it", "was", "late"])) == [("it", "was", "late")]
    assert list(runs(["good", "morning"])) == []

"""What another recogniser heard: which of it is learned from, and how it is asked."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

pytest.importorskip("scipy")
from training import pseudo_labels
from training.pseudo_labels import Heard, Moonshine, pieces_of, text_of, turns_of, words_to_learn

RATE = 16_000


def test_a_tokenizer_is_lengths_and_tokens_and_a_length_may_take_two_bytes() -> None:
    long = b"a" * 300
    assert pieces_of(b"\x02ab" + bytes([128 + 300 % 128, 300 // 128]) + long + b"\x01c") == [
        b"ab", long, b"c",
    ]  # fmt: skip


def test_tokens_spell_words_and_bytes_but_not_what_is_about_the_text() -> None:
    pieces = ["▁say".encode(), "▁caf".encode(), b"<0xC3>", b"<0xA9>", b"</s>"]
    assert text_of(pieces) == "say café"


@pytest.mark.parametrize(
    ("heard", "seconds", "words"),
    [
        (Heard("Turn left, please.", -0.1), 2.0, ("turn", "left", "please")),
        (Heard("Turn left, please.", -0.4), 2.0, None),
        (Heard("", -0.1), 2.0, None),
        (Heard("Room 12, please.", -0.1), 2.0, None),
        (Heard("Turn left, please.", -0.1), 0.4, None),
        (Heard("Please.", -0.1), 9.0, None),
    ],
    ids=["sure", "unsure", "nothing", "digits", "too many", "too few"],
)
def test_only_sure_words_at_the_rate_of_speech_are_learned_from(
    heard: Heard, seconds: float, words: tuple[str, ...] | None
) -> None:
    assert words_to_learn(heard, seconds) == words


def test_a_call_is_cut_where_turns_end_and_not_in_pauses() -> None:
    silences = [(1.0, 1.4, "hold"), (2.0, 4.0, "end"), (4.2, 5.0, "end"), (7.0, 7.1, "unclear")]
    marks = [dict(zip(("start", "end", "kind"), mark, strict=True)) for mark in silences]
    row = {"duration": 9.0, "silences": marks}
    turns = [pytest.approx(turn) for turn in [(0.0, 2.4), (4.8, 7.1), (6.9, 9.0)]]
    assert list(turns_of(row)) == turns  # the one of 0.2 s is left out


class Parrot:
    """A decoder that says after each token a given one; it counts what it is reminded of."""

    def __init__(self, says: list[dict[int, int]]) -> None:
        self.says = says
        self.reminded: list[int] = []

    def run(self, _: None, feed: dict[str, Any]) -> list[Any]:
        self.reminded.append(feed["past_key_values.0.decoder.key"].shape[2])
        assert feed["use_cache_branch"].tolist() == [self.reminded[-1] > 0]
        logits = np.full((len(self.says), 1, 6), -10.0, np.float32)
        for row, (says, ids) in enumerate(zip(self.says, feed["input_ids"], strict=True)):
            logits[row, 0, says[int(ids[0])]] = 0.0
        grown = np.zeros((len(self.says), 8, self.reminded[-1] + 1, 36), np.float32)
        return [logits, grown]


def moonshine(says: list[dict[int, int]]) -> tuple[Moonshine, Parrot]:
    asked = Moonshine.__new__(Moonshine)
    parrot: Any = Parrot(says)
    encoder: Any = type("Encoder", (), {"run": lambda *_: (np.zeros((len(says), 3, 288)),)})()
    asked._pieces = [b"<unk>", b"<s>", b"</s>", "▁yes".encode(), "▁no".encode(), b"sir"]
    asked._encoder, asked._decoder = encoder, parrot
    asked._memory = ["past_key_values.0.decoder.key"]
    asked._outputs = ["logits", "present.0.decoder.key"]
    return asked, parrot


def test_each_recording_of_a_batch_has_its_own_end() -> None:
    asked, parrot = moonshine([{1: 3, 3: 2, 2: 2}, {1: 4, 4: 5, 5: 2}])
    heard = asked.hear([np.zeros(RATE, np.float32), np.zeros(2 * RATE, np.float32)])
    assert [one.text for one in heard] == ["yes", "nosir"]
    assert heard[0].sure == pytest.approx(-5 * np.exp(-10), rel=0.1)
    assert parrot.reminded == [0, 1, 2]


def test_what_comes_to_no_end_is_not_sure() -> None:
    asked, _ = moonshine([{1: 3, 3: 3}])
    assert asked.hear([np.zeros(RATE, np.float32)]) == [Heard("", -np.inf)]


def test_a_manifest_is_written_of_the_wordless_recordings_that_are_sure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "call"):
        soundfile.write(tmp_path / f"{name}.flac", np.zeros(3 * RATE, np.int16), RATE)
    about = {"duration": 3.0, "speaker": "s", "license": "CC0"}
    silences = [{"start": 1.0, "end": 2.0, "kind": "end"}]
    rows = [
        {"file": "a.flac", "transcript": None, **about},
        {"file": "b.flac", "transcript": "known", **about},
        {"file": "call.flac", "transcript": None, "silences": silences, **about},
    ]
    (tmp_path / "m.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    class Inline:
        def __init__(self, *_: object, **__: object) -> None: ...
        def __enter__(self) -> "Inline":
            return self

        def __exit__(self, *_: object) -> None: ...

        map = staticmethod(map)

    monkeypatch.setattr(pseudo_labels, "ProcessPoolExecutor", Inline)
    monkeypatch.setattr(
        pseudo_labels, "_hear", lambda paths: [Heard(f"It is {p.stem[0]}.", -0.1) for p in paths]
    )
    assert pseudo_labels.label(tmp_path / "m.jsonl", tmp_path, jobs=1) == 3
    labelled = (tmp_path / "labelled.jsonl").read_text(encoding="utf-8")
    written = [json.loads(line) for line in labelled.splitlines()]
    assert {row["file"]: row["transcript"] for row in written} == {
        "a.flac": "it is a", "turns/call-0.flac": "it is c", "turns/call-1.flac": "it is c",
    }  # fmt: skip
    assert soundfile.info(tmp_path / "turns/call-0.flac").duration == pytest.approx(1.4)

"""Fit whether words are all of a turn: `engine/completeness.py` says what they are judged by.

    python -m training.completeness --dialogs DIALOGS --out completeness.safetensors

Whole turns of dialogues and made-up answers stand for what is complete, their beginnings for what
is not: at random words, at marks, and after words that people hesitate after. Where a turn answers
another, what that one asked for is a clue in half of the examples. One dialogue in forty is held
out, and the area under the curve is reported on it.
"""

import argparse
import gzip
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from zlib import crc32

import numba
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from training.normalise import spoken
from training.phrases import KINDS, sentences
from turnwise.engine.completeness import FILE, ROWS, Expected, clues, expected_after, rows_of
from turnwise.engine.weights import FOLDER, record

HELD_OUT = 40
TURN_WORDS_MAX = 60
BEGINNINGS = 3
"""Of a turn, that stand for what is not complete."""
HINT_SHARE = 0.5
MADE_UP = 4_000
"""Of each kind of made-up answer."""
EPOCHS = 6
RATE = 0.08
DECAY = 2e-6
HESITATED = frozenset(
    "a an the and or but so to of in on at for with my your his her our their is are was i we they "
    "um uh like because if that which it's i'm i'd would could can will want need about".split()
)
EXPECTED_KINDS = {
    "digits": Expected.DIGITS, "phone": Expected.DIGITS, "code": Expected.DIGITS,
    "address": Expected.ADDRESS, "spelled": Expected.SPELLING, "email": Expected.SPELLING,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Turn:
    text: str
    """With its marks."""
    expected: Expected | None
    source: str
    held_out: bool
    finished: bool = True


def dialog_turns(path: Path) -> Iterator[Turn]:
    name = path.name.partition(".")[0]
    with gzip.open(path, "rt") as lines:
        for line in lines:
            dialog = json.loads(line)
            held_out = crc32(dialog["id"].encode()) % HELD_OUT == 0
            before = ""
            for turn in merged(dialog["turns"]):
                finished = turn.get("act", "S") not in "DF"
                if turn.get("act") != "B":
                    yield Turn(turn["text"], expected_after(before), name, held_out, finished)
                before = turn["text"]


def merged(turns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join successive turns of one speaker; the last one's act counts."""
    out: list[dict[str, Any]] = []
    for turn in turns:
        if out and out[-1]["speaker"] == turn["speaker"] and "act" in turn:
            out[-1] = {**turn, "text": f"{out[-1]['text']} {turn['text']}"}
        else:
            out.append(turn)
    return out


def made_up_turns(seed: int) -> Iterator[Turn]:
    for kind in KINDS:
        for number, text in enumerate(sentences(kind, MADE_UP, seed)):
            yield Turn(text, EXPECTED_KINDS.get(kind), f"made up {kind}", number % HELD_OUT == 0)


def words_and_marks(text: str) -> tuple[list[str], list[bool]]:
    """Return the words as they are heard, and whether a mark follows each."""
    words: list[str] = []
    marks: list[bool] = []
    for part in re.findall(r"[^,.?!;:]+|[,.?!;:]+\s", text + " "):
        if part[0] in ",.?!;:":
            if marks:
                marks[-1] = True
            continue
        said = re.findall(r"[a-z']+", spoken(part))
        words += said
        marks += [False] * len(said)
    return words, marks


def examples_of(turn: Turn, chance: Random) -> Iterator[tuple[list[str], bool]]:
    """Return beginnings of a turn, and whether each is the whole."""
    words, marks = words_and_marks(turn.text)
    words, marks = words[-TURN_WORDS_MAX:], marks[-TURN_WORDS_MAX:]
    if not words:
        return
    if turn.finished:
        yield words, True
    inside = range(1, len(words))
    choices = [
        [at for at in inside if marks[at - 1]],
        [at for at in inside if words[at - 1] in HESITATED],
        list(inside),
    ]
    for _ in range(min(BEGINNINGS, len(words) - 1)):
        places = chance.choices(choices, [0.35, 0.25, 0.4])[0] or choices[2]
        yield words[: chance.choice(places)], False


class Examples:
    """Rows of the table for each example, flat."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.starts = [0]
        self.labels: list[bool] = []
        self.sources: list[str] = []

    def add(self, words: list[str], expected: Expected | None, label: bool, source: str) -> None:
        self.rows += rows_of(clues(words, expected))
        self.starts.append(len(self.rows))
        self.labels.append(label)
        self.sources.append(source)

    def arrays(self) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.float32]]:
        return (
            np.array(self.rows, np.int32), np.array(self.starts), np.array(self.labels, np.float32),
        )  # fmt: skip


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _epoch(
    rows: Any, starts: Any, labels: Any, order: Any, table: Any, squares: Any, rate: float
) -> float:
    """Move the table by each example once (AdaGrad, Duchi et al., 2011); returns the mean loss.

    The last row is the bias.
    """
    total = 0.0
    bias = len(table) - 1
    for number in order:
        score = table[bias]
        for place in range(starts[number], starts[number + 1]):
            score += table[rows[place]]
        said = 1 / (1 + np.exp(-score))
        label = labels[number]
        total -= np.log(max(said if label > 0.5 else 1 - said, 1e-9))
        slope = said - label
        for place in range(starts[number], starts[number + 1] + 1):
            row = rows[place] if place < starts[number + 1] else bias
            gradient = slope + DECAY * table[row]
            squares[row] += gradient * gradient
            table[row] -= rate * gradient / np.sqrt(squares[row])
    return total / len(order)


def scores(
    rows: NDArray[np.int32], starts: NDArray[np.int64], table: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.add.reduceat(table[rows], starts[:-1]) + table[-1]


def area(said: NDArray[Any], labels: NDArray[Any]) -> float:
    """The share of pairs of an end and a hold in which the end has the higher score."""
    order = np.argsort(said, kind="stable")
    ranks = np.empty(len(said))
    _values, inverse, counts = np.unique(said[order], return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts - 1) / 2
    ranks[order] = middle[inverse]
    ends = labels > 0.5
    count = int(ends.sum())
    if count in (0, len(labels)):
        return float("nan")
    return float((ranks[ends].sum() - count * (count + 1) / 2) / (count * (len(said) - count)))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--dialogs", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=FOLDER / FILE)
    parser.add_argument("--turns", type=int, default=40_000, help="at most so many of each source")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = Random(options.seed)
    kept, held = Examples(), Examples()
    sources = [list(dialog_turns(path)) for path in sorted(options.dialogs.glob("*.jsonl.gz"))]
    for turns in [*sources, list(made_up_turns(options.seed))]:
        if len(turns) > options.turns:
            turns = chance.sample(turns, options.turns)
        for turn in turns:
            expected = turn.expected if chance.random() < HINT_SHARE else None
            into = held if turn.held_out else kept
            for words, label in examples_of(turn, chance):
                into.add(words, expected, label, turn.source + (" +" if expected else ""))
        print(turns[0].source, len(kept.labels), file=sys.stderr, flush=True)
    table, squares = np.zeros(ROWS + 1), np.full(ROWS + 1, 1.0)
    rng = np.random.default_rng(options.seed)
    train, test = kept.arrays(), held.arrays()
    for epoch in range(EPOCHS):
        order = rng.permutation(len(train[2]))
        loss = _epoch(*train, order, table, squares, RATE * (1 - epoch / EPOCHS))
        print(f"{loss:.4f}, held out: {area(scores(*test[:2], table), test[2]):.3f}", flush=True)
    said, names = scores(*test[:2], table), np.array(held.sources)
    for name in sorted(set(names)):
        chosen = names == name
        print(f"{name}: {chosen.sum()}, AUC {area(said[chosen], test[2][chosen]):.3f}")
    scale = float(np.abs(table[:-1]).max()) / 127
    save_file(
        {
            "weights": np.round(table[:-1] / scale).astype(np.int8),
            "scale": np.array([scale], np.float32),
            "bias": np.array([table[-1]], np.float32),
        },
        options.out,
    )
    if options.out.parent == FOLDER:
        record(options.out)


if __name__ == "__main__":
    main()

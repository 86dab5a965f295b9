"""Whether words are all of a turn, by the words alone: a logistic function of what they end in.

Each clue (the last word, the last two, how many words there are, how many digits or letters in a
row stand at the end) is hashed to a row of one table of weights. What a caller expects to hear
makes clues of its own, so that "yes" is complete where yes or no was asked for and four digits
are not where a number is dictated. training/completeness.py fits the table on dialogues.
"""

import re
import zlib
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Self

import numpy as np
from numpy.typing import NDArray

from turnwise.engine.weights import Arrays, read_arrays
from turnwise.settings import Hints

FILE = "completeness.safetensors"
ROWS = 1 << 16
WORDS_MAX = 24
"""Beyond this a turn is long, and no clue asks how long."""
RUN_MAX = 20
SHOWN_MIN = 3
"""So many digits or letters in a row are dictated."""


def _set_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


NUMBERS = _set_of(
    "zero oh one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy "
    "eighty ninety hundred thousand million double triple point"
)
LETTER_WORDS = frozenset("ai")
LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz") - LETTER_WORDS
"""Without those which are words unless they stand among letters."""


class Expected(StrEnum):
    """What the next turn is expected to hold: settings.Expecting, and what else can be asked."""

    DIGITS = "digits"
    ADDRESS = "address"
    SPELLING = "spelling"
    YES_NO = "yes-no"
    OPEN = "open"
    """An answer to a question that yes or no does not answer."""


_ASKS_FOR = (
    (Expected.SPELLING, r"\bspell|\bletter by letter|\bletters\b"),
    (Expected.ADDRESS, r"\baddress(?! .*e-?mail)|\bstreet\b|\bwhere do you live|\bzip code and\b"),
    (
        Expected.DIGITS,
        r"\bnumber\b|\bdigits?\b|\bzip\b|\bpostal code|\bpin\b|\bcode\b|date of birth|\bbirthday",
    ),
)
_OPENS = re.compile(r"\b(what|when|where|which|who|whom|whose|why|how|tell me|describe)\b")
_YES_NO = re.compile(
    r"^(?:and |so |okay |ok |well |but |then |now |alright |great |perfect )*(?:is|are|am|was|were|"
    r"do|does|did|can|could|will|would|should|shall|may|has|have|had|isn't|aren't|don't|doesn't|"
    r"didn't|can't|couldn't|won't|wouldn't|haven't|hasn't|anything|any)\b|"
    r"\b(?:right|correct|okay|ok|is that so)$"
)


def expected_by(hints: Hints) -> Expected | None:
    """Return what to expect: what the caller said, else what was asked."""
    if hints.expecting is not None:
        return Expected(hints.expecting.value)
    return expected_after(hints.agent_said)


@lru_cache(maxsize=64)
def expected_after(said: str) -> Expected | None:
    """Return what is to be expected after somebody said this; None if nothing was asked.

    Only the last sentence counts; without a question mark at the end it must ask by its words.
    """
    sentences = [part for part in re.split(r"(?<=[.?!])\s+", said.strip().lower()) if part]
    if not sentences:
        return None
    last = sentences[-1]
    asks = last.endswith("?") or re.search(r"\b(please|could you|can you|tell me|give me)\b", last)
    if not asks:
        return None
    plain = " ".join(re.findall(r"[a-z'-]+", last))
    for expected, pattern in _ASKS_FOR:
        if re.search(pattern, plain) and not re.search(r"\b(is|was) (that|this)\b", plain):
            return expected
    if _OPENS.search(plain) or not last.endswith("?"):
        return Expected.OPEN
    return Expected.YES_NO if _YES_NO.search(plain) else Expected.OPEN


def shown_by(words: Sequence[str]) -> Expected | None:
    """Return what is to be expected where nobody said it: more of what the words end in."""
    before = len(words)
    while before and words[before - 1] in LETTER_WORDS:
        before -= 1
    kind, run = _run(words[:before])
    if kind == "digit":
        return Expected.DIGITS if before == len(words) and run >= SHOWN_MIN else None
    return Expected.SPELLING if run and run + len(words) - before >= SHOWN_MIN else None


def clues(words: Sequence[str], expected: Expected | None = None) -> list[str]:
    """Return what tells whether these words are all of a turn.

    Args:
        words: In lower case without marks; at least one.
        expected: What the caller said is expected.
    """
    count = len(words)
    length = _bucket(count)
    last = words[-1]
    before, earlier = ("", *words)[-2], ("", "", *words)[-3]
    found = [
        f"1 {last}",
        f"2 {before} {last}",
        f"3 {earlier} {before} {last}",
        f"n {length}",
        f"l {length} {last}",
        f"f {words[0]} {length}",
        f"g {' '.join(words[:2])} {last}" if count > 2 else f"w {' '.join(words)}",
    ]
    kind, run = _run(words)
    if run:
        found.append(f"r {kind} {run}")
    if expected is not None:
        found += [
            f"e {expected}",
            f"el {expected} {last}",
            f"en {expected} {length}",
            f"er {expected} {kind} {run}",
            f"e2 {expected} {before} {last}",
        ]
    return found


def rows_of(found: Sequence[str]) -> list[int]:
    return [zlib.crc32(clue.encode()) % ROWS for clue in found]


def _bucket(count: int) -> int:
    if count <= 4:
        return count
    return 5 if count <= 6 else 6 if count <= 9 else 7 if count <= 14 else 8 if count <= 24 else 9


def _run(words: Sequence[str]) -> tuple[str, int]:
    """Return whether the words end in digits or letters, and how many stand in a row."""
    kind, run = "", 0
    for word in reversed(words[-RUN_MAX:]):
        if word in NUMBERS:
            now = "digit"
        elif word in LETTERS or (len(word) == 1 and kind == "letter"):
            now = "letter"
        else:
            break
        if kind and now != kind:
            break
        kind, run = now, run + 1
    return kind, run


class Completeness:
    """The table. Constant: all streams share one.

    Args:
        arrays: "weights" int8[ROWS], "scale" float32[1], "bias" float32[1].
    """

    def __init__(self, arrays: Arrays) -> None:
        weights: NDArray[np.float64] = arrays["weights"].astype(np.float64) * float(
            arrays["scale"][0]
        )
        self._weights: list[float] = weights.tolist()
        self._bias = float(arrays["bias"][0])

    @classmethod
    def load(cls) -> Self:
        """Read the weights that ship with the package.

        Raises:
            EngineFailed: They are missing or damaged.
        """
        return cls(read_arrays(FILE))

    def log_odds(self, words: Sequence[str], expected: Expected | None = None) -> float:
        """Return the logarithm of the odds that the words are all of a turn; 0 for none."""
        if not words:
            return 0.0
        return self._bias + sum(self._weights[row] for row in rows_of(clues(words, expected)))

"""Words made comparable, and what became of each: what every word error rate rests on."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import jiwer


def _listed(words: str) -> list[str]:
    return words.split()


UNITS = _listed(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
TENS = _listed("zero ten twenty thirty forty fifty sixty seventy eighty ninety")
SPELLINGS = {
    "mr": "mister", "mrs": "missus", "dr": "doctor", "ok": "okay", "&": "and", "%": "percent",
    "cannot": "can not", "gonna": "going to", "wanna": "want to", "o'clock": "oclock",
    "goodbye": "good bye", "alright": "all right", "oh": "o", "pm": "p m",
}  # fmt: skip


def normalised(text: str) -> list[str]:
    """Fold case, drop marks, part at hyphens, spell numbers and a few abbreviations."""
    text = text.lower().replace("\u2019", "'").replace("-", " ").replace("_", " ")
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    text = re.sub(r"\d+", lambda digits: f" {_spelled(digits.group())} ", text)
    text = re.sub(r"[^a-z0-9'&% ]+", " ", text)
    words = [word.strip("'") for word in text.split()]
    return " ".join(SPELLINGS.get(word, word) for word in words if word).split()


def _spelled(digits: str) -> str:
    """Say up to four digits as a number, more of them, or a leading zero, one by one."""
    if len(digits) > 4 or (digits[0] == "0" and len(digits) > 1):
        return " ".join(UNITS[int(digit)] for digit in digits)
    return _number(int(digits))


def _number(value: int) -> str:
    if value < 20:
        return UNITS[value]
    if value < 100:
        return TENS[value // 10] + (f" {UNITS[value % 10]}" if value % 10 else "")
    if value < 1_000:
        rest = f" {_number(value % 100)}" if value % 100 else ""
        return f"{UNITS[value // 100]} hundred{rest}"
    rest = f" {_number(value % 1_000)}" if value % 1_000 else ""
    return f"{UNITS[value // 1_000]} thousand{rest}"


@dataclass(frozen=True, slots=True)
class Score:
    errors: int
    words: int
    """In the reference."""
    places: tuple[int | None, ...]
    """Of each heard word, which word of the reference it is; None if it is none."""

    @property
    def right(self) -> tuple[bool, ...]:
        """Of each heard word."""
        return tuple(place is not None for place in self.places)


def score(reference: Sequence[str], heard: Sequence[str]) -> Score:
    """Align what was heard with what was said."""
    assert reference
    if not heard:
        return Score(len(reference), len(reference), ())
    result = jiwer.process_words(" ".join(reference), " ".join(heard))
    places: list[int | None] = [None] * len(heard)
    for chunk in result.alignments[0]:
        if chunk.type == "equal":
            places[chunk.hyp_start_idx : chunk.hyp_end_idx] = range(
                chunk.ref_start_idx, chunk.ref_end_idx
            )
    errors = result.substitutions + result.deletions + result.insertions
    return Score(errors, len(reference), tuple(places))

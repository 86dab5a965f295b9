"""Which words hold numbers that must not be shown (contract 1.2, `redact`).

A numeral is what numerals.find() would write with digits, or a word that has digits
already; spoken or written makes no difference. Numerals side by side are one run, and so
are those that only `double`, `triple`, `dash` or `hyphen` keep apart.

    numbers              runs of at least three digits, and dates: a numeral beside a month
    aggressive_numbers   every run, and dates
"""

from collections.abc import Sequence

from turnwise.engine.interface import Word
from turnwise.settings import Redact
from turnwise.text.numerals import MONTHS, Numeral
from turnwise.text.punctuation import peel

MASK = "*"
DIGITS_MIN = 3
JOINTS = frozenset(("double", "triple", "dash", "hyphen"))


def find(words: Sequence[Word], numerals: Sequence[Numeral], redact: Redact) -> list[Numeral]:
    """Return what to replace, in order; spans that touch are one."""
    plain = [peel(word.text)[1].lower() for word in words]
    found: list[Numeral] = []
    for first, past, digits in _runs(plain, numerals):
        whole = _with_month(plain, first, past)
        if whole != (first, past) or digits >= DIGITS_MIN or redact is Redact.AGGRESSIVE_NUMBERS:
            start, end = whole
            if found and start <= found[-1].past:
                start = min(start, found.pop().first)
            found.append(Numeral(start, end, MASK))
    return found


def _runs(plain: Sequence[str], numerals: Sequence[Numeral]) -> list[tuple[int, int, int]]:
    """Return (first word, past the last, digits) of each run of numerals."""
    spoken = {numeral.first: numeral for numeral in numerals}
    runs: list[tuple[int, int, int]] = []
    at = joined_from = 0  # a run that ends at or after joined_from goes on at `at`
    while at < len(plain):
        numeral = spoken.get(at)
        text, past = (numeral.text, numeral.past) if numeral else (plain[at], at + 1)
        digits = sum(map(str.isdigit, text))
        if digits:
            if runs and runs[-1][1] >= joined_from:
                first, _, before = runs.pop()
                runs.append((first, past, before + digits))
            else:
                runs.append((at, past, digits))
            joined_from = past
        elif plain[at] not in JOINTS:
            joined_from = past
        at = past
    return runs


def _with_month(plain: Sequence[str], first: int, past: int) -> tuple[int, int]:
    """Widen a run to the date it is part of: `may the fifth`, `the fifth of may`."""
    start = first - 1 if first > 0 and plain[first - 1] == "the" else first
    if start > 0 and plain[start - 1] in MONTHS:
        first = start - 1
    end = past + 1 if past < len(plain) and plain[past] == "of" else past
    if end < len(plain) and plain[end] in MONTHS:
        past = end + 1
    return first, past

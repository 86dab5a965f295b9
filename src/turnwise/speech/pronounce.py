"""From text to phones, with the recogniser's own lexicon: phrases parted by pauses."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from turnwise.engine.terms import Lookup, pronunciations

PAUSE_MS = {",": 140, ";": 200, ":": 200, ".": 320, "!": 320, "?": 320}
"""After a phrase, by the mark that ends it; other marks part no phrases."""
LAST_PAUSE_MS = 60
NUMBER_DIGITS_MAX = 12  # longer ones are read digit by digit
ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
)
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
SCALES = ((10**9, "billion"), (10**6, "million"), (1_000, "thousand"), (100, "hundred"))
SIGNS = {"&": "and", "%": "percent", "@": "at", "+": "plus", "=": "equals", "°": "degrees"}

_MONEY = re.compile(r"([$€£])\s?(\d[\d,]*(?:\.\d+)?)")
_COINS = {"$": "dollars", "€": "euros", "£": "pounds"}
_CLOCK = re.compile(r"\b(\d{1,2}):([0-5]\d)\b")
_GROUPED = re.compile(r"(?<=\d),(?=\d{3}\b)")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_PHRASE = re.compile(r"[^,;:.!?]+[,;:.!?]*")


@dataclass(frozen=True, slots=True)
class Phrase:
    phones: tuple[str, ...]
    rises: bool
    """Whether it ends a question."""
    pause_ms: int
    """After it."""


def phrases(text: str, lookup: Lookup) -> list[Phrase]:
    """Return the phrases of a text that have something to pronounce."""
    found: list[Phrase] = []
    for match in _PHRASE.finditer(in_words(text)):
        said = match[0].rstrip(",;:.!?")
        phones = tuple(_phones(said, lookup))
        if phones:
            mark = match[0][len(said) :][:1]
            found.append(Phrase(phones, "?" in match[0], PAUSE_MS.get(mark, LAST_PAUSE_MS)))
    return found


def in_words(text: str) -> str:
    """Spell out numbers, money, times of day and signs."""
    text = _MONEY.sub(lambda m: f"{m[2]} {_COINS[m[1]]}", text)
    text = _GROUPED.sub("", text)
    text = _CLOCK.sub(lambda m: f"{m[1]} {_minutes(m[2])}", text)
    text = _NUMBER.sub(lambda m: f" {_number(m[0])} ", text)
    for sign, word in SIGNS.items():
        text = text.replace(sign, f" {word} ")
    return text


def cardinal(number: int) -> str:
    """Return a number in words: 0 to 10**12 - 1."""
    if number < 20:
        return ONES[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return TENS[tens - 2] + (f" {ONES[ones]}" if ones else "")
    scale, name = next(each for each in SCALES if number >= each[0])
    many, rest = divmod(number, scale)
    return f"{cardinal(many)} {name}" + (f" {cardinal(rest)}" if rest else "")


def _number(text: str) -> str:
    whole, _, part = text.partition(".")
    exact = len(whole) > NUMBER_DIGITS_MAX or (len(whole) > 1 and whole.startswith("0"))
    words = _digits(whole) if exact else cardinal(int(whole))
    return f"{words} point {_digits(part)}" if part else words


def _digits(text: str) -> str:
    return " ".join(ONES[int(digit)] for digit in text)


def _minutes(text: str) -> str:
    if text == "00":
        return "o'clock"
    return f"oh {text[1]}" if text.startswith("0") else text


def _phones(text: str, lookup: Lookup) -> Iterator[str]:
    for word in text.split():
        ways = pronunciations(word, lookup)
        if ways:
            yield from ways[0].split()

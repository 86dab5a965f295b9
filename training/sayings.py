"""What synthesisers are given to say: sentences, where they pause, and how they are respelled.

A transcript holds the words as the lexicon writes them, in lower case: letters and digits one
by one. The text for a program says the same with marks for pauses, and respells what the
program would not read as a letter.
"""

import gzip
import json
import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from training.phrases import FILLERS

DIGITS = frozenset("zero oh one two three four five six seven eight nine double triple".split())
WORDS_RANGE = (2, 22)  # a breath or two
TURN_WORDS_MAX = 30
WINDOW_CHARACTERS = 32_768
FILE_ORDER_SEED = 1  # a folder's files come in one shuffled order, so that a part is a sample
OVERLAP_WORDS = 5
WRITTEN = "sentence"  # the kind of what comes from a text
TURN = "turn"  # of what somebody says in a dialogue until another speaks; all others are made up
ESPEAK_READS = ("espeak-ng", "kokoro")
ABBREVIATIONS = frozenset("mr mrs ms dr st vs etc jr sr co inc ltd rev gen col capt prof".split())


@dataclass(frozen=True, slots=True)
class Saying:
    words: tuple[str, ...]
    marks: tuple[str, ...]
    """What follows each word: "" or one of , ; : . ? !"""
    kind: str
    licence: str

    @property
    def transcript(self) -> str:
        return " ".join(self.words)


def is_spelled(words: Sequence[str], place: int, kind: str) -> bool:
    """Whether the word is a letter's name; "a" is one in spelling and among letters and digits."""
    word = words[place]
    if len(word) != 1 or word == "i" or kind in (WRITTEN, TURN):
        return False
    if word != "a" or kind in ("spelled", "code", "address"):
        return True
    beside = [*words[max(0, place - 1) : place], *words[place + 1 : place + 2]]
    return any(word in DIGITS or (len(word) == 1 and word != "i") for word in beside)


def text_for(saying: Saying, program: str) -> str:
    """Write a saying so that the program reads letters as letters."""
    words = []
    for place, (word, mark) in enumerate(zip(saying.words, saying.marks, strict=True)):
        if is_spelled(list(saying.words), place, saying.kind):
            if word == "a":
                word = "eigh" if program in ESPEAK_READS else "ay"
            elif word == "z" and program in ESPEAK_READS:
                word = "zee"
        words.append(word + mark)
    text = " ".join(words)
    return text if text[-1] in ".?!" else f"{text.rstrip(',;:')}."


def with_pauses(words: Sequence[str], kind: str, chance: Random) -> tuple[str, ...]:
    """Put marks into a made-up sentence: read in one go, in groups, or as if dictated."""
    way = chance.choices(["fluent", "grouped", "dictated"], [0.35, 0.4, 0.25])[0]
    marks = [""] * len(words)
    left = chance.randint(2, 4)
    for place in range(len(words) - 1):
        sign = words[place] in DIGITS or is_spelled(words, place, kind)
        sign_next = words[place + 1] in DIGITS or is_spelled(words, place + 1, kind)
        pauses = chance.random() < 0.04
        if sign != sign_next and way != "fluent":
            pauses = chance.random() < 0.4
        elif sign and way == "grouped":
            left -= 1
            pauses = left == 0
        elif sign and way == "dictated":
            pauses = chance.random() < 0.8
        if pauses:
            marks[place] = "," if chance.random() < 0.8 else "."
            left = chance.randint(2, 4)
    return tuple(marks)


def hesitating(saying: Saying, chance: Random) -> Saying:
    """Return a sentence as who thinks says it: fillers with a pause after, perhaps before them."""
    words, marks = list(saying.words), list(saying.marks)
    for place in sorted(chance.sample(range(1, len(words)), min(2, len(words) // 6)), reverse=True):
        filler = chance.choice(FILLERS).split()
        if chance.random() < 0.5 and not marks[place - 1]:
            marks[place - 1] = ","
        words[place:place] = filler
        marks[place:place] = [""] * (len(filler) - 1) + [","]
    return Saying(tuple(words), tuple(marks), saying.kind, saying.licence)


def written_sayings(
    path: Path, licence: str, vocabulary: Container[str], avoided: Container[tuple[str, ...]]
) -> Iterator[Saying]:
    """Return the sentences of a text, of dialogues whole turns, that can be said as they stand.

    Args:
        path: a text file, of which a window from the middle is read, a folder of them, or
            dialogues (.jsonl.gz) with a list of "turns" that have a "text".
        licence: of the text.
        vocabulary: words that can be said; a sentence with others is left out.
        avoided: runs of words that must not be said, see `runs`.
    """
    is_dialogue = path.suffix == ".gz"
    kind, words_max = (TURN, TURN_WORDS_MAX) if is_dialogue else (WRITTEN, WORDS_RANGE[1])
    for text in _texts(path):
        for sentence in [text] if is_dialogue else re.split(r"(?<=[.?!])[\"']?\s+", text):
            words, marks = _words_and_marks(sentence)
            if WORDS_RANGE[0] <= len(words) <= words_max and all(
                word in vocabulary and word not in ABBREVIATIONS and (len(word) > 1 or word in "ai")
                for word in words
            ):
                saying = Saying(words, marks, kind, licence)
                if not any(run in avoided for run in runs(words)):
                    yield saying


def runs(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Return every run of five words in a row; of three or four words, them all."""
    if len(words) >= 3:
        for start in range(max(1, len(words) - OVERLAP_WORDS + 1)):
            yield tuple(words[start : start + OVERLAP_WORDS])


def plain_words(text: str) -> list[str]:
    return re.findall(r"[a-z]+(?:'[a-z]+)*", text.lower().replace("\u2019", "'"))


def _texts(path: Path) -> Iterator[str]:
    if path.is_dir():
        files = sorted(path.glob("*.txt"))
        Random(FILE_ORDER_SEED).shuffle(files)
        for inner in files:
            yield from _texts(inner)
    elif path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                yield from (turn["text"] for turn in json.loads(line)["turns"])
    else:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size // 2 - WINDOW_CHARACTERS // 2))
            window = file.read(WINDOW_CHARACTERS).decode("utf-8", "replace")
        sentence_a_line = len(re.findall(r"[.?!]\n", window)) > 0.7 * window.count("\n")
        yield from window.splitlines()[1:-1] if sentence_a_line else _paragraphs(window)


def _paragraphs(window: str) -> Iterable[str]:
    """Join lines; the first and the last paragraph are cut off by the window, so they go."""
    for paragraph in re.split(r"\n\s*\n", window.replace("\r", ""))[1:-1]:
        yield " ".join(paragraph.split())


def _words_and_marks(sentence: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return words and the mark after each; nothing at all if there is more than those."""
    sentence = sentence.replace("\u2019", "'").strip(" \"'\u201c\u201d")
    if not re.fullmatch(r"[A-Za-z' ,;:.?!\"\u201c\u201d-]+", sentence) or "..." in sentence:
        return (), ()
    if re.search(r"[A-Z]{2}|\.[A-Za-z]", sentence):
        return (), ()
    words, marks = [], []
    for token in re.split(r"[ -]+", sentence):
        bare = token.strip("\"'\u201c\u201d,;:.?!").lower()
        mark = re.search(r"[,;:.?!]", token)
        if bare:
            words.append(bare)
            marks.append(mark.group() if mark else "")
    return tuple(words), tuple(marks)

"""Cut text that trickles in into clauses, each ready to be spoken; and what of it is speakable.

The cuts lose nothing: the clauses put together are the text, white space included.
"""

import re

CLAUSE_CHARACTERS_MAX = 300
"""A clause is cut here, at a space if there is one: nobody breathes so long."""
PHRASE_CHARACTERS_MIN = 60
"""From here on a comma will do: a listener waits for the sound, not for the sentence."""
FIRST_PHRASE_CHARACTERS_MIN = 8
"""The same, for a comma alone, where nothing was said yet: `Certainly,` lasts longer than it takes
to make the rest."""

_ABBREVIATIONS = (
    "mr",
    "mrs",
    "ms",
    "dr",
    "prof",
    "st",
    "jr",
    "sr",
    "vs",
    "e.g",
    "i.e",
    "no",
    "approx",
)
_SENTENCE = re.compile(r"""(?:[.!?…]+["')\]”’]*|\n)\s+|[。！？]""")  # noqa: RUF001 - full-width marks
_PHRASE = re.compile(r"""[,;:]["')\]”’]*\s+|\s+[–—-]\s+|—""")  # noqa: RUF001 - real dashes
_LAST_WORD = re.compile(r"([A-Za-z.]+)\.$")
_MARKUP = re.compile(r"</?[A-Za-z][^<>]*>|[*_`#~]+(?=\S)|(?<=\S)[*_`#~]+")


class Clauses:
    """The text of one stream that was not spoken yet."""

    def __init__(self) -> None:
        self._text = ""
        self._first = True

    @property
    def waiting(self) -> str:
        """What is no whole clause yet."""
        return self._text

    def push(self, text: str) -> list[str]:
        """Return the clauses that are now whole, white space after them included.

        A full stop at the very end may be half of `3.5`, so it waits for what follows.
        """
        self._text += text
        whole: list[str] = []
        while (end := _cut(self._text, self._first)) is not None:
            whole.append(self._text[:end])
            self._text = self._text[end:]
            self._first = False
        return whole

    def flush(self) -> list[str]:
        """Return what is left: no more text belongs to it."""
        rest, self._text = self._text, ""
        self._first = True
        return [rest] if rest else []


def speakable(text: str) -> str:
    """Return what is to be pronounced: without tags and marks of emphasis, spaces put right.

    Returns:
        The empty string if there is nothing to pronounce.
    """
    bare = " ".join(without_markup(text).split())
    return bare if any(character.isalnum() for character in bare) else ""


def without_markup(text: str) -> str:
    """Return a text without tags and marks of emphasis, its spaces as they were."""
    return _MARKUP.sub("", text)


def _cut(text: str, first: bool) -> int | None:
    """Return where the first clause ends, or None if it may go on."""
    for found in _SENTENCE.finditer(text):
        if not _is_abbreviation(text[: found.end()].rstrip()):
            return min(found.end(), _limit(text))
    for found in _PHRASE.finditer(text):
        early = first and text[found.start()] == ","
        if found.start() >= (FIRST_PHRASE_CHARACTERS_MIN if early else PHRASE_CHARACTERS_MIN):
            return min(found.end(), _limit(text))
    return _limit(text) if len(text) > CLAUSE_CHARACTERS_MAX else None


def _limit(text: str) -> int:
    if len(text) <= CLAUSE_CHARACTERS_MAX:
        return len(text)
    space = text.rfind(" ", 1, CLAUSE_CHARACTERS_MAX)
    return CLAUSE_CHARACTERS_MAX if space < 0 else space + 1


def _is_abbreviation(text: str) -> bool:
    """Whether the full stop at the end of a text ends no sentence: `Dr.`, an initial."""
    word = _LAST_WORD.search(text)
    return word is not None and (
        word[1].lower() in _ABBREVIATIONS or (len(word[1]) == 1 and word[1].isupper())
    )

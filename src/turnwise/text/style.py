"""Show recognised words the way a stream asked for: numerals, redaction, profanity filter."""

from collections.abc import Sequence

from turnwise.engine.interface import Word
from turnwise.settings import TextStyle
from turnwise.text import numerals, profanity, redaction
from turnwise.text.numerals import Numeral
from turnwise.text.punctuation import peel


def show(words: tuple[Word, ...], style: TextStyle) -> tuple[Word, ...]:
    """Return the words as they are to be sent, in order; the same tuple if nothing is asked.

    Words that become one have the start of the first, the end of the last, and the
    confidence of the least sure. Redaction finds numbers whether or not numerals are on.
    English only; other languages' words pass unchanged, apart from their digits.
    """
    if style.numerals or style.redact is not None:
        said = numerals.find(words)
        hidden = [] if style.redact is None else redaction.find(words, said, style.redact)
        words = _replace(words, said if style.numerals else [], hidden)
    if style.profanity_filter:
        words = tuple(_masked(word) for word in words)
    return words


def _replace(
    words: tuple[Word, ...], said: Sequence[Numeral], hidden: Sequence[Numeral]
) -> tuple[Word, ...]:
    """Put each span's text in place of its words; what is hidden wins over what was said."""
    spans = {span.first: span for span in (*said, *hidden)}
    shown: list[Word] = []
    at = 0
    while at < len(words):
        span = spans.get(at)
        if span is None:
            shown.append(words[at])
            at += 1
        else:
            shown.append(_merged(words[span.first : span.past], span.text))
            at = span.past
    return tuple(shown)


def _merged(words: tuple[Word, ...], text: str) -> Word:
    confidence = min(word.confidence for word in words)
    return Word(text, confidence, words[0].start, words[-1].end)


def _masked(word: Word) -> Word:
    before, core, after = peel(word.text)
    if not profanity.is_profane(core):
        return word
    return Word(f"{before}{profanity.MASK}{after}", word.confidence, word.start, word.end)

"""Words as an engine would say them: ten samples each, ever less sure."""

from turnwise.engine.interface import Word
from turnwise.units import Samples


def say(text: str) -> tuple[Word, ...]:
    return tuple(
        Word(token, 1 - index / 100, Samples(index * 10), Samples(index * 10 + 9))
        for index, token in enumerate(text.split())
    )


def read(words: tuple[Word, ...]) -> str:
    return " ".join(word.text for word in words)

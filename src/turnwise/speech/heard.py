"""How much of a turn's text was heard when so much of its audio was played.

Engines say how long a clause lasts, not when each of its words sounds. Within a clause words
are taken to last as long as they are spelled, which is right to a word or so; between clauses
nothing is estimated.
"""

import re
from dataclasses import dataclass, field

from turnwise.speech.clauses import Clauses
from turnwise.speech.session import Saying

_WORD = re.compile(r"\S+\s*")


@dataclass(slots=True)
class Spoken:
    """One clause that was said, or is being said."""

    text: str
    milliseconds: float = 0.0


@dataclass(slots=True)
class Turn:
    """One answer of an agent, from its first Speak to its Flush or Interrupt."""

    speech_id: str
    start_ms: float = 0.0
    """Of its audio, in the session."""
    flushed: bool = False
    characters: int = 0
    markup_characters: int = 0
    clauses: Clauses = field(default_factory=Clauses)
    spoken: list[Spoken] = field(default_factory=list)
    unspoken: str = ""
    """Text after the spoken clauses that is already cut off."""
    waiting: list[Saying] = field(default_factory=list)
    """What to say of it, collected while another turn is being spoken."""

    @property
    def milliseconds(self) -> float:
        return sum(clause.milliseconds for clause in self.spoken)

    @property
    def end_ms(self) -> float:
        return self.start_ms + self.milliseconds

    @property
    def text(self) -> str:
        return "".join(clause.text for clause in self.spoken) + self.unspoken + self.clauses.waiting

    def heard(self, until_ms: float) -> int:
        """Return how many characters of `text` were heard when the session's audio was played
        until there; a cut between two words.
        """
        left_ms = until_ms - self.start_ms
        characters = 0
        for clause in self.spoken:
            if left_ms <= 0:
                break
            if left_ms < clause.milliseconds:
                return characters + words_within(clause.text, left_ms / clause.milliseconds)
            characters += len(clause.text)
            left_ms -= clause.milliseconds
        return characters


def words_within(text: str, share: float) -> int:
    """Return how many characters the words have that fit wholly into a share of a text.

    Args:
        text: A clause.
        share: 0 to 1.
    """
    limit = share * len(text.rstrip())
    characters = 0
    for word in _WORD.finditer(text):
        if word.start() + len(word[0].rstrip()) > limit:
            break
        characters = word.end()
    return characters

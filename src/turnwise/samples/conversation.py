"""The packaged conversation: its sound, and who says what when. See README.md beside it."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
OGG = FOLDER / "conversation.ogg"


@dataclass(frozen=True, slots=True)
class Said:
    """A turn, as conversation.txt has it."""

    start_s: float
    end_s: float
    words: tuple[str, ...]


@cache
def turns() -> tuple[Said, ...]:
    """Return the turns, oldest first."""
    lines = (FOLDER / "conversation.txt").read_text("utf-8").splitlines()
    rows = [line.split() for line in lines if not line.startswith("#")]
    return tuple(
        Said(float(start), float(end), tuple(w for w in words if not w.startswith("<")))
        for start, end, *words in rows
    )

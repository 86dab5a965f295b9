"""What a stream came to: its turns, how fast they were ended, and how many words were right."""

from collections.abc import Iterable

from rich.table import Table

from turnwise.client import Message
from turnwise.inspector.session import Reading, Turn, delay_s_median


class Summary:
    """Listens to a stream's messages and keeps what the table needs."""

    def __init__(self) -> None:
        self._reading = Reading()
        self.complete = False
        """Whether the source was heard to its end."""

    def hear(self, message: Message) -> None:
        self._reading.hear(message)

    @property
    def turns(self) -> list[Turn]:
        """Those that ended."""
        return [turn for turn in self._reading.turns if turn.ended]

    @property
    def false_starts(self) -> int:
        """Likely ends that were none."""
        return sum(turn.resumed for turn in self._reading.turns)

    @property
    def delay_s_median(self) -> float | None:
        return delay_s_median(self.turns)

    def table(self) -> Table:
        table = Table(title="Turns", title_justify="left", title_style="bold", box=None)
        for heading in ("turn", "words", "ended at", "trigger", "delay", "eager lead"):
            table.add_column(heading, justify="left" if heading == "trigger" else "right")
        table.add_column("transcript", overflow="fold")
        for turn in self.turns:
            table.add_row(
                str(turn.index),
                str(len(turn.words)),
                f"{turn.end_s:.2f} s",
                turn.trigger,
                milliseconds(turn.delay_s),
                milliseconds(turn.eager_lead_s),
                turn.transcript,
            )
        return table

    def lines(self) -> list[str]:
        """Say the same in words."""
        words = sum(len(turn.words) for turn in self.turns)
        lines = [
            f"{len(self.turns)} turns, {words} words in {self._reading.heard_s:.1f} s of audio."
        ]
        if self.delay_s_median is not None:
            lines.append(
                "End-of-turn delay, from the end of the last word to the event in audio time: "
                f"median {milliseconds(self.delay_s_median)} over the turns the model ended."
            )
        if self.false_starts:
            lines.append(f"{self.false_starts} likely ends were taken back (TurnResumed).")
        return lines


def milliseconds(duration_s: float | None) -> str:
    return "-" if duration_s is None else f"{duration_s * 1000:.0f} ms"


def bare(words: Iterable[str]) -> list[str]:
    """Return the words in lower case and without their marks, as transcripts have them."""
    return [text for word in words if (text := word.lower().strip(".,?!"))]


def word_errors(spoken: list[str], heard: list[str]) -> int:
    """Count the fewest insertions, deletions and replacements that turn one into the other."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(spoken, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (word != other))
    return row[-1]

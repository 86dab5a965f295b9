"""What a terminal shows of a stream: words coloured by confidence, events with audio time.

On a terminal the open turn is rewritten in place while it is spoken. Elsewhere, in a file or
a pipe, each event is a plain line and nothing is ever rewritten.
"""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from turnwise.client import Event, Message, Reconnected, TurnInfo
from turnwise.wire.messages import ConfigureFailure, Warning  # noqa: A004 - the wire's name

CONFIDENCE_COLOURS = ((0.90, "green"), (0.80, "yellow"), (0.70, "dark_orange"), (0.0, "red"))
"""The lowest confidence of each colour, best first: the scale of the Flux quickstart."""
EVENT_STYLES = {
    Event.START_OF_TURN: "bold cyan",
    Event.EAGER_END_OF_TURN: "bold yellow",
    Event.TURN_RESUMED: "bold magenta",
    Event.END_OF_TURN: "bold green",
}
LEGEND = "word confidence:"
BAR_CELLS = 10


def colour_of(confidence: float) -> str:
    return next(colour for lowest, colour in CONFIDENCE_COLOURS if confidence >= lowest)


def legend() -> Text:
    """Say what the colours mean."""
    text = Text().append(LEGEND, style="dim")
    upper = 1.0
    for lowest, colour in CONFIDENCE_COLOURS:
        text.append(f"  {lowest:.2f} to {upper:.2f}", style=colour)
        upper = lowest
    return text


def words_of(turn: TurnInfo) -> Text:
    """Return the transcript, each word in the colour of its confidence."""
    text = Text()
    for word in turn.words:
        text.append(word.word, style=colour_of(word.confidence)).append(" ")
    text.rstrip()
    return text


def bar(confidence: float) -> Text:
    """Draw an end-of-turn confidence."""
    full = round(confidence * BAR_CELLS)
    text = Text().append("▕", style="dim")
    text.append("█" * full, style="cyan").append("·" * (BAR_CELLS - full), style="dim")
    return text.append("▏", style="dim").append(f"{confidence:4.2f}", style="dim")


def event_line(turn: TurnInfo) -> Text:
    """Return the line that stays: audio time, event, why, confidence, words."""
    style = EVENT_STYLES.get(turn.event, "dim")
    text = Text().append(f"{turn.audio_window_end:8.2f} s  ", style="dim")
    text.append(f"{turn.event.value:<14}", style=style)
    why = turn.trigger if isinstance(turn.trigger, str) else ""
    text.append(f" {why:<8}", style="dim")
    text.append(f"{turn.end_of_turn_confidence:4.2f}  ", style="dim")
    return text.append_text(words_of(turn))


def open_line(turn: TurnInfo) -> Text:
    """Return the line that is rewritten while somebody speaks."""
    text = Text().append(f"{turn.audio_window_end:8.2f} s  ", style="dim")
    text.append_text(bar(turn.end_of_turn_confidence)).append("  ")
    return text.append_text(words_of(turn))


def notice(message: Message) -> Text | None:
    """Return a line for what is no turn event, or None if nobody needs to know."""
    match message:
        case Reconnected():
            text = f"the connection was lost and is back; {message.resent_s:.1f} s are heard again"
            return Text(f"{text}, {message.lost_s:.1f} s are lost", style="yellow")
        case Warning() | ConfigureFailure():
            return Text(f"{message.code}: {message.description}", style="yellow")
    return None


class Screen:
    """Shows messages as they come; a context manager, since it may hold the terminal's line."""

    def __init__(self, console: Console, *, live: bool = True) -> None:
        """Rewrite the open turn in place if `live`, where there is a terminal."""
        self._console = console
        self._rewrites = live and console.is_terminal
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        if self._rewrites:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._rewrites:
            self._live.stop()

    def show(self, message: Message) -> None:
        if not isinstance(message, TurnInfo):
            line = notice(message)
            if line is not None:
                self._console.print(line)
            return
        if message.event is not Event.UPDATE:
            self._console.print(event_line(message), soft_wrap=not self._rewrites)
        if self._rewrites:
            ended = message.event is Event.END_OF_TURN
            self._live.update(Text() if ended else open_line(message), refresh=True)

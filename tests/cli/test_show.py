"""What a terminal shows."""

import io

import pytest
from rich.console import Console

from tests.cli.printed import turn
from turnwise.cli.show import Screen, bar, colour_of, event_line, legend, open_line, words_of
from turnwise.client import Event, Message, Reconnected
from turnwise.wire.messages import ConfigureFailure, Connected, Warning  # noqa: A004 - the wire's


@pytest.mark.parametrize(
    ("confidence", "colour"),
    [
        (1.0, "green"),
        (0.90, "green"),
        (0.899, "yellow"),
        (0.80, "yellow"),
        (0.79, "dark_orange"),
        (0.70, "dark_orange"),
        (0.69, "red"),
        (0.0, "red"),
    ],
)
def test_a_word_has_the_colour_of_its_confidence(confidence: float, colour: str) -> None:
    assert colour_of(confidence) == colour
    text = words_of(turn(Event.UPDATE, 1.0, ("hi", 1.0, 0.5), ("there", confidence, 0.9)))
    assert text.plain == "hi there"
    assert [span.style for span in text.spans] == ["green", colour]


def test_the_legend_names_every_colour() -> None:
    assert legend().plain.endswith("0.90 to 1.00  0.80 to 0.90  0.70 to 0.80  0.00 to 0.70")


@pytest.mark.parametrize(
    ("confidence", "drawn"),
    [(0.0, "▕··········▏0.00"), (0.52, "▕█████·····▏0.52"), (1.0, "▕██████████▏1.00")],
)
def test_the_bar_rises_with_the_end_of_turn_confidence(confidence: float, drawn: str) -> None:
    assert bar(confidence).plain == drawn


def test_an_event_says_when_what_why_and_the_words() -> None:
    ended = turn(Event.END_OF_TURN, 3.04, ("hi", 0.9, 2.5), trigger="model", confidence=0.81)
    assert event_line(ended).plain == "    3.04 s  EndOfTurn      model   0.81  hi"


def test_the_open_turn_has_a_bar() -> None:
    assert open_line(turn(Event.UPDATE, 3.04, ("hi", 0.9, 2.5))).plain == (
        "    3.04 s  ▕█████·····▏0.50  hi"
    )


STORY: list[Message] = [
    Connected("id", 0),
    turn(Event.UPDATE, 0.24),
    turn(Event.START_OF_TURN, 0.48, ("hi", 0.95, 0.4)),
    turn(Event.UPDATE, 0.72, ("hi", 0.95, 0.4), ("you", 0.5, 0.7)),
    turn(Event.END_OF_TURN, 0.96, ("hi", 0.95, 0.4), ("you", 0.5, 0.7), trigger="model"),
]


def shown(console: Console, messages: list[Message]) -> str:
    with Screen(console) as screen:
        for message in messages:
            screen.show(message)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_without_a_terminal_events_are_plain_lines_and_nothing_else() -> None:
    assert shown(Console(file=io.StringIO(), width=40), STORY) == (
        "    0.48 s  StartOfTurn            0.50  hi\n"
        "    0.96 s  EndOfTurn      model   0.50  hi you\n"
    )


def test_on_a_terminal_the_open_turn_is_rewritten_in_place() -> None:
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system="standard")
    text = shown(console, STORY)
    assert "\x1b[2K" in text  # the line is erased to be written again
    assert "▕" in text
    assert "\x1b[32mhi" in text
    assert "\x1b[31myou" in text


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    console = Console(file=io.StringIO(), width=80, force_terminal=True)
    assert "\x1b[32m" not in shown(console, STORY)


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (
            Reconnected(1, 2.5, 0.0),
            "the connection was lost and is back; 2.5 s are heard again, 0.0 s are lost",
        ),
        (Warning("id", 1, "CODE", "Why."), "CODE: Why."),
        (ConfigureFailure("id", 1, "CODE", "Why."), "CODE: Why."),
    ],
)
def test_what_the_user_should_know_is_a_line(message: Message, line: str) -> None:
    assert shown(Console(file=io.StringIO(), width=100), [message]) == f"{line}\n"

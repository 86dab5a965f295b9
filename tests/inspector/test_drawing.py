"""Rows of SVG: well-formed, in their place, and safe whatever was said."""

from xml.etree import ElementTree as ET

import pytest

from tests.inspector.logs import MESSAGES, text, turn_info
from turnwise.inspector.drawing import (
    DARK,
    LEFT,
    LIGHT,
    PEAK_S,
    PIXELS_PER_S,
    WIDTH,
    Peaks,
    rows,
    style,
    sureness,
)
from turnwise.inspector.log import read
from turnwise.inspector.session import session_of

LOUD = [(-0.5, 1.0)] * round(12.5 / PEAK_S)


def drawn(*messages: object, peaks: Peaks = (), until_s: float = 12.5) -> list[ET.Element]:
    session = session_of(read(text(*messages or MESSAGES).splitlines()))
    return [ET.fromstring(f"<svg>{row}</svg>") for row in rows(session, peaks, until_s)]


def texts(row: ET.Element, name: str) -> list[str]:
    return ["".join(e.itertext()) for e in row.iter("text") if e.get("class") == name]


def test_there_is_a_row_for_every_ten_seconds() -> None:
    assert len(drawn()) == 2
    assert len(drawn(until_s=10.0)) == 1
    assert len(drawn(until_s=0.0)) == 1


def test_events_stand_where_they_happened() -> None:
    (line,) = [e for e in drawn()[0].iter("line") if e.get("class") == "start-line"]
    assert float(line.get("x1", "")) == pytest.approx(LEFT + 0.96 * PIXELS_PER_S)
    assert texts(drawn()[0], "end") == ["EndOfTurn (model)"]
    assert texts(drawn()[1], "start") == ["StartOfTurn"]


def test_names_that_would_overlap_are_left_out_but_their_lines_are_not() -> None:
    row = drawn()[0]
    assert texts(row, "eager") == ["EagerEndOfTurn"]
    assert len([e for e in row.iter("line") if e.get("class") == "eager-line"]) == 2


def test_words_are_coloured_by_confidence_and_escaped() -> None:
    row = drawn()[0]
    assert texts(row, "sure") == ["0.95Hello"]
    assert texts(row, "guess") == ["0.65<there>"]


def test_words_side_by_side_take_another_lane() -> None:
    near = [(f"supercalifragilistic{i}", 0.95, 1.0 + i / 10) for i in range(6)]
    row = drawn(turn_info("StartOfTurn", 2.0, *near))[0]
    assert len({e.get("y") for e in row.iter("text") if e.get("class") == "sure"}) == 3


def test_a_word_at_the_edge_stays_inside() -> None:
    row = drawn(turn_info("StartOfTurn", 9.98, ("unmistakably", 0.95, 9.96)))[0]
    (word,) = [e for e in row.iter("text") if e.get("class") == "sure"]
    assert word.get("text-anchor") == "end"
    assert float(word.get("x", "")) < WIDTH


def test_an_event_at_the_edge_is_named_to_its_left() -> None:
    row = drawn(turn_info("StartOfTurn", 9.92))[0]
    (name,) = [e for e in row.iter("text") if e.get("class") == "start"]
    assert name.get("text-anchor") == "end"


def test_a_word_without_times_is_not_drawn() -> None:
    message = turn_info("StartOfTurn", 0.96)
    message["words"] = [{"word": "Hello", "confidence": 0.95}]
    assert texts(drawn(message)[0], "sure") == []


def test_a_word_without_an_end_has_no_bar() -> None:
    message = turn_info("StartOfTurn", 0.96)
    message["words"] = [{"word": "Hello", "confidence": 0.95, "start": 0.5}]
    row = drawn(message)[0]
    assert texts(row, "sure") == ["0.95Hello"]
    assert [e for e in row.iter("rect") if e.get("class") == "sure"] == []


def test_the_waveform_is_drawn_where_there_is_audio() -> None:
    with_audio = drawn(peaks=LOUD[:100])
    assert [len(list(row.iter("polygon"))) for row in with_audio] == [1, 0]
    assert list(drawn()[0].iter("polygon")) == []


def test_soft_audio_is_drawn_as_high_as_loud_audio_but_silence_is_not() -> None:
    def top(peaks: Peaks) -> float:
        points = next(drawn(peaks=peaks)[0].iter("polygon")).get("points", "").split()
        return min(float(point.split(",")[1]) for point in points)

    assert top([(-0.1, 0.1)] * 9) == top([(-0.5, 1.0)] * 9)
    assert top([(-0.001, 0.001)] * 9) > top([(-0.1, 0.1)] * 9)


def test_thresholds_are_drawn_for_as_long_as_they_held() -> None:
    def dashed(row: ET.Element, name: str) -> list[tuple[str | None, str | None]]:
        lines = [e for e in row.iter("line") if e.get("class") == f"{name}-line dashed"]
        return [(line.get("x1"), line.get("x2")) for line in lines]

    first, second = drawn()
    assert dashed(first, "eager") == [("34.0", "234.0")]
    assert dashed(first, "end") == [("34.0", "234.0"), ("234.0", "1034.0")]
    assert dashed(second, "eager") == []
    assert dashed(second, "end") == [("34.0", "1034.0")]


def test_the_curve_runs_on_over_the_edge_of_a_row() -> None:
    first, second = (next(iter(row.iter("polyline"))).get("points", "") for row in drawn())
    assert len(first.split()) == 7
    assert len(second.split()) == 2


def test_every_colour_there_is_has_a_dark_twin_and_a_use() -> None:
    assert LIGHT.keys() == DARK.keys()
    sheet = style(lambda name: LIGHT[name])
    assert {name for name, colour in LIGHT.items() if colour not in sheet} == {"paper"}


@pytest.mark.parametrize(
    ("confidence", "name"),
    [(1.0, "sure"), (0.9, "sure"), (0.89, "fairly"), (0.7, "unsure"), (0.0, "guess")],
)
def test_confidences_have_the_quickstarts_colours(confidence: float, name: str) -> None:
    assert sureness(confidence) == name

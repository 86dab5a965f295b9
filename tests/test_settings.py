"""Every knob's range is the contract's (sections 1.2 and 14.3)."""

import pytest

from turnwise.errors import BadQuery
from turnwise.settings import (
    EAGER_EOT_THRESHOLD,
    EOT_THRESHOLD,
    EOT_TIMEOUT_MS,
    Knob,
    Thresholds,
    shown,
)


@pytest.mark.parametrize("text", ["0.70", ".7", "0.7", "7e-1"])
def test_a_number_may_be_spelled_in_any_way(text: str) -> None:
    assert EOT_THRESHOLD.parse(text) == 0.7


@pytest.mark.parametrize(
    ("knob", "text"),
    [
        (EOT_THRESHOLD, "0.49"),
        (EOT_THRESHOLD, "1.01"),
        (EAGER_EOT_THRESHOLD, "0.29"),
        (EAGER_EOT_THRESHOLD, "0.91"),
        (EOT_TIMEOUT_MS, "499"),
        (EOT_TIMEOUT_MS, "60001"),
        (EOT_THRESHOLD, "nan"),
        (EOT_THRESHOLD, "inf"),
    ],
)
def test_a_value_out_of_range_is_refused_with_the_range(knob: Knob, text: str) -> None:
    with pytest.raises(BadQuery, match=rf"{knob.name} must be from {knob.low:g} to {knob.high:g}"):
        knob.parse(text)


@pytest.mark.parametrize(
    ("knob", "text"),
    [(EOT_THRESHOLD, "1"), (EAGER_EOT_THRESHOLD, "0.3"), (EOT_TIMEOUT_MS, "60000")],
)
def test_the_ends_of_a_range_belong_to_it(knob: Knob, text: str) -> None:
    assert knob.parse(text) == float(text)


@pytest.mark.parametrize(
    "text", ["high", "", "1_0", " 1", "1 ", "0x1", "\N{ARABIC-INDIC DIGIT ONE}", ".", "1e"]
)
def test_what_is_no_number_is_said_to_be_none(text: str) -> None:
    with pytest.raises(BadQuery, match="eot_threshold must be a number, not '"):
        EOT_THRESHOLD.parse(text)


def test_milliseconds_are_whole() -> None:
    with pytest.raises(BadQuery, match="whole number"):
        EOT_TIMEOUT_MS.parse("500.5")


def test_the_defaults_of_a_stream_are_the_knobs_defaults() -> None:
    defaults = Thresholds()
    assert (defaults.eot, defaults.eager, defaults.timeout_ms) == (
        EOT_THRESHOLD.default,
        EAGER_EOT_THRESHOLD.default,
        EOT_TIMEOUT_MS.default,
    )


def test_a_refused_value_is_shown_short_and_in_ascii() -> None:
    assert shown("é\r\n" + "x" * 100) == "'\\xe9\\r\\n" + "x" * 37 + "'"

"""Sixteen samples are a millisecond."""

import pytest

from turnwise.units import FRAME_SAMPLES, Samples, samples_from_ms, seconds


def test_a_frame_is_80_ms() -> None:
    assert samples_from_ms(80) == FRAME_SAMPLES == 1_280


def test_seconds_are_samples_at_16_khz() -> None:
    assert seconds(Samples(24_000)) == pytest.approx(1.5)

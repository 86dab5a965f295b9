"""Sounds that are nobody's turn: right length, in range, and the same every time."""

import numpy as np
import pytest

from bench.turns_noise import sounds


@pytest.mark.parametrize("name", sounds(2.0))
def test_a_sound_is_as_long_as_asked_in_range_and_always_the_same(name: str) -> None:
    first, second = (sounds(2.0)[name]() for _ in range(2))

    assert first.dtype == np.float32
    assert len(first) == 32_000
    assert np.abs(first).max() <= 1
    assert first.std() > 1e-4
    assert np.array_equal(first, second)

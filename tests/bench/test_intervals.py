"""Intervals: quantiles of what was drawn, and what is not known left out."""

import numpy as np
import pytest

from bench.intervals import interval, quantile


def test_a_quantile_counts_each_value_as_often_as_its_recording_was_drawn() -> None:
    values, whose = np.array([0.3, 0.1, 0.2]), np.array([1, 0, 0])
    drawn = np.array([[1.0, 1.0], [1.0, 4.0], [0.0, 1.0], [0.0, 0.0]])

    assert quantile(drawn, values, whose, 0.5) == pytest.approx(
        [0.2, 0.3, 0.3, np.nan], nan_ok=True
    )


def test_no_values_have_no_quantile() -> None:
    assert np.isnan(quantile(np.ones((2, 1)), np.zeros(0), np.zeros(0, np.int64), 0.9)).all()


def test_an_edge_may_be_out_of_reach() -> None:
    assert interval(np.array([1.0] * 50 + [np.inf] * 50)) == (1.0, np.inf)


def test_draws_without_a_figure_are_left_out_of_its_interval() -> None:
    low, high = interval(np.array([1.0, np.nan, 1.0]))

    assert (low, high) == (1.0, 1.0)
    assert np.isnan(interval(np.array([np.nan]))).all()

"""How far figures would move with other speakers and other recordings of theirs."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bench.logistic import Numbers

RESAMPLES = 2_000
SEED = 20


def resampling(voices: Sequence[str]) -> Numbers:
    """Draw speakers, then recordings of theirs, both with replacement.

    Args:
        voices: Who speaks in each recording.

    Returns:
        float64[RESAMPLES, recordings]: how often each recording was drawn.
    """
    draw = np.random.default_rng(SEED)
    names, whose = np.unique(voices, return_inverse=True)
    times = draw.multinomial(len(names), np.full(len(names), 1 / len(names)), RESAMPLES)
    drawn = np.zeros((RESAMPLES, len(voices)))
    for number in range(len(names)):
        own = np.flatnonzero(whose == number)
        share = np.full(len(own), 1 / len(own))
        drawn[:, own] = draw.multinomial(times[:, number] * len(own), share)
    return drawn


def interval(values: Numbers) -> tuple[float, float]:
    """Return where 95 % of the values lie, those left out that are not known (NaN).

    The edges are two of the values, so that infinity may be one.
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.percentile(known, [2.5, 97.5], method="inverted_cdf")
    return float(low), float(high)


def quantile(drawn: Numbers, values: Numbers, whose: NDArray[np.int64], share: float) -> Numbers:
    """Return the value that so great a share of the drawn values does not exceed.

    Args:
        drawn: float64[draws, recordings]: how often each recording counts.
        values: float64[n].
        whose: int64[n]: which recording each value is of.
        share: 0 to 1.

    Returns:
        float64[draws]; NaN where nothing was drawn.
    """
    if not len(values):
        return np.full(len(drawn), np.nan)
    order = np.argsort(values, kind="stable")
    heap = np.cumsum(drawn[:, whose[order]], axis=1)
    place = (heap < share * heap[:, -1:] - 1e-9).sum(axis=1)
    found: Numbers = np.where(
        heap[:, -1] > 0, values[order][np.minimum(place, len(values) - 1)], np.nan
    )
    return found

"""Fit a logistic function, and say how good its probabilities are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


def fit(rows: Numbers, labels: Numbers, *, ridge: float = 1.0) -> Numbers:
    """Return float64[columns] by Newton's method; the first column is the constant.

    Args:
        rows: float64[examples, columns].
        labels: float64[examples], 0 or 1.
        ridge: Keeps the coefficients, but for the constant, near 0.
    """
    penalty = np.full(rows.shape[1], ridge)
    penalty[0] = 0
    coefficients = np.zeros(rows.shape[1])
    for _ in range(30):
        said = predict(rows, coefficients)
        slope = rows.T @ (labels - said) - penalty * coefficients
        curve = (rows * (said * (1 - said))[:, None]).T @ rows + np.diag(penalty + 1e-9)
        coefficients += np.linalg.solve(curve, slope)
    return coefficients


def predict(rows: Numbers, coefficients: Numbers) -> Numbers:
    said: Numbers = 1 / (1 + np.exp(-np.clip(rows @ coefficients, -30, 30)))
    return said


@dataclass(frozen=True, slots=True)
class Reliability:
    """How often what was said with a probability came true."""

    said: list[float]
    """Mean probability in each bin."""
    came_true: list[float]
    count: list[int]
    error: float
    """Mean distance of the two, weighted by count: the expected calibration error."""


def reliability(said: Numbers, labels: Numbers, bins: int = 10) -> Reliability:
    index = np.minimum((said * bins).astype(int), bins - 1)
    used = [i for i in range(bins) if np.any(index == i)]
    means = [float(said[index == i].mean()) for i in used]
    trues = [float(labels[index == i].mean()) for i in used]
    counts = [int(np.sum(index == i)) for i in used]
    error = sum(abs(m - t) * n for m, t, n in zip(means, trues, counts, strict=True)) / len(said)
    return Reliability(means, trues, counts, error)


def area_under_curve(said: Numbers, labels: Numbers) -> float:
    """Return the probability that a true case is said with more confidence than a false one."""
    if labels.min() == labels.max():
        return float("nan")
    ranks_of = np.unique(said, return_inverse=True)[1]
    counts = np.bincount(ranks_of)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    positive = labels > 0.5
    total = ranks[ranks_of][positive].sum() - positive.sum() * (positive.sum() + 1) / 2
    return float(total / (positive.sum() * (~positive).sum()))

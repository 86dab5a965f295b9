"""How often pauses are cut, and how long ends are waited for, whatever policy: as eot-bench asks.

The definitions are those of livekit/eot-bench (README, "Evaluation Model"). A policy is a
threshold, a delay and a time-out. It fires in a silence at the first moment at which the
probability has been over the threshold and the delay has passed, or else at the time-out. A
hold is cut if it goes on after that; holds of 0.2 to 5 s count. An end is waited for until
then. Every policy of a grid is tried, and the four figures are the best that any of them
reaches under a budget; so they are a system's best, found on the very silences it is judged by.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from bench.logistic import Numbers
from bench.turns_marks import GRID_S

HOLD_S = (0.2, 5.0)
"""Shorter ones are no pause; longer ones nobody sits out."""
THRESHOLDS = np.arange(101) / 100
DELAYS_S = np.arange(2, 11) / 10
TIMEOUTS_S = np.arange(2, 8) / 2
MARKS_DELAYS_S = np.arange(20, 501) / 100
"""At which silence alone may fire, where its length is known exactly."""
WAIT_BUDGETS_S = (0.3, 0.6)
CUT_BUDGETS = (0.05, 0.10)
LOOK_AT_S = (0.1, 0.3, 0.6)
EPSILON = 1e-9

Flags = NDArray[np.bool_]
Policy = tuple[float, float, float]
"""Threshold, delay in seconds, time-out in seconds."""

POLICIES: tuple[Policy, ...] = tuple(
    (float(threshold), float(delay), float(timeout))
    for threshold, delay, timeout in product(THRESHOLDS, DELAYS_S, TIMEOUTS_S)
)
assert max(DELAYS_S) <= min(TIMEOUTS_S), "a policy may act before it gives up"


@dataclass(frozen=True, slots=True)
class Silences:
    """The silences of some recordings, with what one system said in them."""

    scores: Numbers
    """float64[silences, points]: every GRID_S from the start; NaN where nobody asked."""
    length_s: Numbers
    is_end: Flags
    recording: NDArray[np.int64]
    """Which recording each silence is of."""
    recordings: int

    @property
    def counts(self) -> Flags:
        """Of each silence, whether it is an end, or a hold that is neither too short nor long."""
        shortest, longest = HOLD_S
        fits = (self.length_s >= shortest - EPSILON) & (self.length_s <= longest + EPSILON)
        return self.is_end | fits


@dataclass(frozen=True, slots=True)
class Tally:
    """What each policy does in each recording; rows are policies, columns recordings."""

    policies: Sequence[Policy]
    cut: Numbers
    """Holds that are cut."""
    waited_s: Numbers
    """Over all ends of the recording."""
    detected: Numbers
    """Ends at which the probability fired, not the time-out."""
    holds: Numbers
    """float64[recordings]"""
    ends: Numbers
    """float64[recordings]"""


def fires_at(scores: Numbers, thresholds: Numbers, read_at_s: float | None = None) -> Numbers:
    """Return when the probability is first over each threshold; infinity: never.

    Args:
        scores: float64[silences, points].
        thresholds: float64[n].
        read_at_s: Look at that one moment only.

    Returns:
        float64[n, silences], seconds from the silence's start.
    """
    known = np.where(np.isnan(scores), -np.inf, scores)
    if read_at_s is not None:
        read = known[:, round(read_at_s / GRID_S)]
        return np.where(read > thresholds[:, None], read_at_s, np.inf)
    highest = np.maximum.accumulate(known, axis=1)
    point = (highest <= thresholds[:, None, None]).sum(axis=2)
    return np.where(point < scores.shape[1], GRID_S * point, np.inf)


def tally(
    silences: Silences, policies: Sequence[Policy] = POLICIES, read_at_s: float | None = None
) -> Tally:
    rows = np.array(policies)
    thresholds, place = np.unique(rows[:, 0], return_inverse=True)
    fire_s = fires_at(silences.scores, thresholds, read_at_s)[place]
    fire_s = np.maximum(fire_s, rows[:, 1:2])
    timeout_s = rows[:, 2:3]
    ends, holds = silences.is_end, silences.counts & ~silences.is_end
    end_s = fire_s[:, ends]
    detected = end_s <= timeout_s + EPSILON
    waited_s = np.where(detected, end_s, timeout_s)
    stop_s = np.minimum(fire_s[:, holds], timeout_s)
    cut = silences.length_s[holds] > stop_s + EPSILON

    def by_recording(values: NDArray[np.generic], chosen: Flags) -> Numbers:
        whose = silences.recording[chosen, None] == np.arange(silences.recordings)
        summed: Numbers = values.astype(np.float64) @ whose.astype(np.float64)
        return summed

    return Tally(
        policies,
        by_recording(cut, holds),
        by_recording(waited_s, ends),
        by_recording(detected, ends),
        by_recording(np.ones(int(holds.sum())), holds),
        by_recording(np.ones(int(ends.sum())), ends),
    )


def tally_of_marks(silences: Silences) -> Tally:
    """Return what firing after so much silence does, where the marks say how long it is.

    This is eot-bench's own "VAD baseline": a voice activity detector that makes no mistake.
    """
    silent = np.zeros((len(silences.length_s), 1))
    asked = Silences(
        silent, silences.length_s, silences.is_end, silences.recording, silences.recordings
    )
    return tally(asked, [(1.0, 0.0, float(delay)) for delay in MARKS_DELAYS_S])


def four_figures(found: Tally, drawn: Numbers) -> dict[str, Numbers]:
    """Return the figures that eot-bench reports, float64[draws] each; infinity: out of reach.

    Args:
        found: What the policies do.
        drawn: float64[draws, recordings]: how often each recording counts.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        cut = (drawn @ found.cut.T) / (drawn @ found.holds)[:, None]
        waited_s = (drawn @ found.waited_s.T) / (drawn @ found.ends)[:, None]
    figures = {}
    for budget in WAIT_BUDGETS_S:
        figures[f"cut_at_{budget * 1000:.0f}ms"] = _least(cut, waited_s <= budget + EPSILON)
    for budget in CUT_BUDGETS:
        figures[f"ms_at_{budget * 100:.0f}%"] = 1000 * _least(waited_s, cut <= budget + EPSILON)
    return figures


def best_policies(found: Tally) -> dict[str, Policy | None]:
    """Return the policy behind each of the four figures, drawing everything once."""
    cut, waited_s = found.cut.sum(1) / found.holds.sum(), found.waited_s.sum(1) / found.ends.sum()
    sought = {f"cut_at_{b * 1000:.0f}ms": (cut, waited_s, b) for b in WAIT_BUDGETS_S}
    sought |= {f"ms_at_{b * 100:.0f}%": (waited_s, cut, b) for b in CUT_BUDGETS}
    best: dict[str, Policy | None] = {}
    for name, (wanted, limited, budget) in sought.items():
        able = np.where(limited <= budget + EPSILON, wanted, np.inf)
        best[name] = found.policies[int(able.argmin())] if np.isfinite(able.min()) else None
    return best


def frontier(found: Tally) -> list[tuple[float, float]]:
    """Return mean wait in seconds and share of cut holds of the policies that none betters."""
    cut, waited_s = found.cut.sum(1) / found.holds.sum(), found.waited_s.sum(1) / found.ends.sum()
    points, least = [], np.inf
    for place in np.lexsort((cut, waited_s)):
        if cut[place] < least - EPSILON:
            least = cut[place]
            points.append((float(waited_s[place]), float(least)))
    return points


def _least(values: Numbers, able: Flags) -> Numbers:
    found: Numbers = np.where(able, values, np.inf).min(axis=1)
    return found


def areas(silences: Silences, at_s: float, drawn: Numbers) -> Numbers:
    """Return how well ends and holds are told apart at one moment: AUC, float64[draws].

    Only silences that last until then count.
    """
    said = silences.scores[:, round(at_s / GRID_S)]
    chosen = silences.counts & ~np.isnan(said)
    if not chosen.any():
        return np.full(len(drawn), np.nan)
    order = np.argsort(said[chosen], kind="stable")
    ranked, true = said[chosen][order], silences.is_end[chosen][order]
    weight = drawn[:, silences.recording[chosen][order]]
    first = np.flatnonzero(np.concatenate([[True], np.diff(ranked) > 0]))
    ends = np.add.reduceat(weight * true, first, axis=1)
    holds = np.add.reduceat(weight * ~true, first, axis=1)
    under = np.cumsum(holds, axis=1) - holds / 2
    with np.errstate(invalid="ignore"):
        area: Numbers = (ends * under).sum(1) / (ends.sum(1) * holds.sum(1))
    return area

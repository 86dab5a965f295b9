"""The sweep: every figure by hand on a few silences, and what holds of any."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.logistic import Numbers
from bench.turns_sweep import (
    POLICIES,
    Silences,
    areas,
    best_policies,
    fires_at,
    four_figures,
    frontier,
    tally,
    tally_of_marks,
)

NAN = float("nan")
POINTS = 51
ONCE = np.ones((1, 1))


def row(*scores: float) -> list[float]:
    """Return scores as long as the grid; what is not given was not asked."""
    return [*scores, *[NAN] * (POINTS - len(scores))]


def silences(
    *some: tuple[list[float], float, bool], recording: list[int] | None = None
) -> Silences:
    """Return silences of scores, length in seconds, and whether it is an end."""
    whose = np.array(recording or [0] * len(some))
    return Silences(
        np.array([scores for scores, _, _ in some]),
        np.array([length for _, length, _ in some]),
        np.array([is_end for _, _, is_end in some]),
        whose,
        int(whose.max()) + 1,
    )


def figure(some: Silences, name: str, read_at_s: float | None = None) -> float:
    return float(four_figures(tally(some, read_at_s=read_at_s), ONCE)[name][0])


def test_a_probability_fires_where_it_is_first_over_the_threshold() -> None:
    fired = fires_at(np.array([row(0.1, 0.5, 0.3, 0.8)]), np.array([0.0, 0.4, 0.5, 0.8]))

    assert fired[:, 0] == pytest.approx([0.0, 0.1, 0.3, np.inf])


def test_a_score_read_at_one_moment_says_nothing_before_and_after() -> None:
    scores = np.array([row(0.9, 0.9, 0.4, 0.9), row(0.9, 0.9)])

    assert fires_at(scores, np.array([0.3]), 0.2)[0] == pytest.approx([0.2, np.inf])


def test_a_hold_is_cut_if_it_goes_on_after_the_policy_fires() -> None:
    some = silences(
        (row(0.0, 0.0, 0.0, 0.9), 0.3, False),  # fires as the speaker goes on
        (row(0.0, 0.0, 0.9, 0.0), 0.3, False),
        (row(0.9, 0.9, 0.9, 0.9), 0.35, False),
        (row(0.0, 0.9), 1.0, True),
    )

    (found,) = tally(some, [(0.5, 0.2, 1.0)]).cut
    assert found.tolist() == [2.0]


def test_a_hold_is_cut_by_the_time_out_too() -> None:
    some = silences((row(*[0.0] * 16), 1.5, False), (row(*[0.0] * 16), 1.5, True))

    assert tally(some, [(0.5, 0.2, 1.0), (0.5, 0.2, 1.5)]).cut[:, 0].tolist() == [1.0, 0.0]


def test_an_end_is_waited_for_until_it_is_detected_or_the_time_is_out() -> None:
    some = silences(
        (row(0.9, 0.9, 0.9, 0.9), 4.0, True),  # at once: the delay
        (row(0.0, 0.0, 0.0, 0.0, 0.0, 0.9), 4.0, True),  # at 0.5 s
        (row(*[0.0] * 41), 4.0, True),  # never
        (row(*[0.0] * 12, 0.9), 4.0, True),  # after the time-out
    )
    found = tally(some, [(0.5, 0.3, 1.0)])

    assert found.waited_s[0] == pytest.approx([0.3 + 0.5 + 1.0 + 1.0])
    assert found.detected[0] == pytest.approx([2.0])


def test_holds_count_from_a_fifth_of_a_second_to_five() -> None:
    scores = row(*[0.9] * POINTS)
    some = silences(
        *((scores, length, False) for length in (0.1, 0.2, 5.0, 5.1)), (scores, 0.1, True)
    )

    assert some.counts.tolist() == [False, True, True, False, True]


def test_the_four_figures_are_the_best_that_any_policy_reaches() -> None:
    some = silences(
        (row(0.1, 0.1, 0.6, 0.6, 0.6), 0.45, False),
        (row(0.1, 0.1, 0.1, 0.1, 0.1), 0.45, False),
        (row(0.1, 0.1, 0.5, *[0.9] * 40), 4.0, True),
        (row(0.1, 0.7, 0.7, *[0.7] * 40), 4.0, True),
    )

    # At 0.3 s on average both ends fire by 0.4 s: at 0.6 or higher the first is at 0.3 s,
    # the second at 0.2 s, and no hold is over 0.6.
    assert figure(some, "cut_at_300ms") == 0.0
    assert figure(some, "ms_at_5%") == pytest.approx(250)


def test_a_budget_that_no_policy_meets_has_no_figure() -> None:
    always = row(*[0.0] * POINTS)
    some = silences((always, 4.9, False), (always, 4.9, True))

    assert figure(some, "ms_at_10%") == np.inf
    assert best_policies(tally(some))["ms_at_10%"] is None


def test_the_marks_alone_fire_after_so_much_silence() -> None:
    some = silences(
        *((row(0.0), length, False) for length in (0.25, 0.5, 0.61, 2.0)), (row(0.0), 5.0, True)
    )
    figures = {
        key: float(value[0]) for key, value in four_figures(tally_of_marks(some), ONCE).items()
    }

    assert figures == pytest.approx(
        {"cut_at_300ms": 0.75, "cut_at_600ms": 0.5, "ms_at_5%": 2000, "ms_at_10%": 2000}
    )


def test_what_is_drawn_twice_counts_twice() -> None:
    hold, end = row(*[0.9] * 11), row(*[0.9] * 11)
    some = silences(
        (hold, 1.0, False), (row(*[0.0] * 11), 1.0, False), (end, 4.0, True), recording=[0, 1, 1]
    )
    found = tally(some, [(0.5, 0.2, 1.0)])

    cut = four_figures(found, np.array([[1.0, 1.0], [2.0, 1.0]]))["cut_at_300ms"]
    assert cut == pytest.approx([1 / 2, 2 / 3])


def test_the_frontier_falls_as_it_goes_on() -> None:
    some = silences(
        (row(0.5, 0.5, 0.5, 0.5), 0.35, False),
        (row(*[0.6] * 41), 4.0, True),
        (row(*[0.2] * 41), 4.0, True),
    )
    points = frontier(tally(some))

    assert [cut for _, cut in points] == sorted((cut for _, cut in points), reverse=True)
    assert [wait for wait, _ in points] == sorted(wait for wait, _ in points)
    assert points[-1][1] == 0.0


def test_an_area_is_the_share_of_pairs_in_order() -> None:
    some = silences(
        (row(0, 0.2), 0.3, False),
        (row(0, 0.6), 0.3, False),
        (row(0, 0.6), 0.3, True),
        (row(0, 0.9), 0.3, True),
        (row(0.9), 0.05, False),
    )

    # Of four pairs three are in order and one is a draw.
    assert areas(some, 0.1, ONCE) == pytest.approx([3.5 / 4])


SCORES = st.lists(st.sampled_from([0.0, 0.2, 0.5, 0.9]), min_size=3, max_size=12)


@st.composite
def any_silences(draw: st.DrawFn) -> Silences:
    kinds = draw(st.lists(st.booleans(), min_size=2, max_size=8).filter(lambda k: len(set(k)) == 2))
    some = []
    for is_end in kinds:
        scores = draw(SCORES)
        some.append((row(*scores), len(scores) / 10 - 0.05, is_end))
    return silences(*some)


@given(any_silences())
def test_more_delay_never_cuts_more_and_never_waits_less(some: Silences) -> None:
    found = tally(some, [(0.4, delay, 2.0) for delay in (0.2, 0.5, 1.0)])

    assert (np.diff(found.cut[:, 0]) <= 0).all()
    assert (np.diff(found.waited_s[:, 0]) >= -1e-9).all()


@given(any_silences())
def test_a_higher_threshold_never_cuts_more_and_never_waits_less(some: Silences) -> None:
    found = tally(some, [(threshold, 0.2, 2.0) for threshold in (0.1, 0.4, 0.8)])

    assert (np.diff(found.cut[:, 0]) <= 0).all()
    assert (np.diff(found.waited_s[:, 0]) >= -1e-9).all()


@given(any_silences(), st.integers(0, 2**31))
def test_who_is_drawn_in_what_order_does_not_matter(some: Silences, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(some.length_s))
    other = Silences(
        some.scores[order], some.length_s[order], some.is_end[order], some.recording[order], 1
    )
    first, second = (four_figures(tally(s, POLICIES[::97]), ONCE) for s in (some, other))

    def rounded(figures: dict[str, Numbers]) -> list[str]:
        return [f"{float(value[0]):.6f}" for value in figures.values()]

    assert rounded(first) == rounded(second)


def one_by_one(some: Silences, threshold: float, delay: float, timeout: float) -> tuple[int, float]:
    """Return holds cut and seconds waited, following eot-bench's rules word by word."""
    cut, waited_s = 0, 0.0
    for scores, length, is_end in zip(some.scores, some.length_s, some.is_end, strict=True):
        over = [0.1 * n for n, score in enumerate(scores) if score > threshold]
        fires = max(delay, over[0]) if over else None
        if is_end:
            in_time = fires is not None and fires <= timeout + 1e-9
            waited_s += fires if in_time and fires is not None else timeout
        elif 0.2 <= length <= 5.0:
            cut += length > timeout + 1e-9 or (fires is not None and length > fires + 1e-9)
    return cut, waited_s


@given(any_silences())
def test_all_at_once_is_one_by_one(some: Silences) -> None:
    policies = POLICIES[::61]
    found = tally(some, policies)

    slowly = [one_by_one(some, *policy) for policy in policies]
    assert found.cut[:, 0].tolist() == [cut for cut, _ in slowly]
    assert found.waited_s[:, 0] == pytest.approx([waited_s for _, waited_s in slowly])

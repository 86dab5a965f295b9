"""Whose frame is next: nobody starves, and nobody waits for company that does not come."""

from hypothesis import given
from hypothesis import strategies as st

from turnwise.schedule.plan import GATHER_SECONDS_MAX, choose, gather_s
from turnwise.units import FRAME_MS

WAITING = st.dictionaries(st.integers(), st.floats(0, 1e9, allow_nan=False), min_size=1)


@given(WAITING, st.integers(1, 100))
def test_the_longest_waiting_are_chosen_first(
    waiting_since_s: dict[int, float], batch_max: int
) -> None:
    chosen = choose(waiting_since_s, batch_max)
    left = set(waiting_since_s) - set(chosen)
    assert len(chosen) == min(batch_max, len(waiting_since_s))
    assert [waiting_since_s[s] for s in chosen] == sorted(waiting_since_s[s] for s in chosen)
    assert all(waiting_since_s[s] >= waiting_since_s[chosen[-1]] for s in left)


@given(WAITING, st.integers(1, 100))
def test_nobody_starves(waiting_since_s: dict[int, float], batch_max: int) -> None:
    """Whoever waits now is chosen within so many steps, however many come later."""
    steps = -(-len(waiting_since_s) // batch_max)
    waiting, first = dict(waiting_since_s), set(waiting_since_s)
    for step in range(steps):
        for stream in choose(waiting, batch_max):
            del waiting[stream]
        waiting[2**70 + step] = 1e10
    assert not first & set(waiting)


def test_a_lone_stream_hardly_waits_and_no_stream_waits_long() -> None:
    assert gather_s(1) < 0.001
    assert gather_s(100_000) == GATHER_SECONDS_MAX
    assert GATHER_SECONDS_MAX * 1000 < FRAME_MS / 4

"""Whose frame is heard next, and how long to wait for company."""

import heapq
from collections.abc import Mapping
from typing import TypeVar

GATHER_SECONDS_MAX = 0.01
"""Longest that a frame waits for others: little beside the 80 ms it took to be said."""
GATHER_SECONDS_PER_STREAM = 100e-6
"""A lone stream hardly waits; from 100 streams on the wait is as long as it gets.

A hand-over to the engine's thread costs about as much processor time as hearing several
frames, so with many streams it pays to send frames in company.
"""

StreamT = TypeVar("StreamT")


def choose(waiting_since_s: Mapping[StreamT, float], batch_max: int) -> list[StreamT]:
    """Return at most batch_max streams, the longest-waiting first.

    No stream starves: one that is passed over only grows older. Streams that have waited
    equally long keep the order of the mapping.
    """
    assert batch_max > 0
    return heapq.nsmallest(batch_max, waiting_since_s, key=waiting_since_s.__getitem__)


def gather_s(streams: int) -> float:
    """Return how many seconds apart steps begin at least, with so many streams open."""
    assert streams >= 0
    return min(GATHER_SECONDS_MAX, streams * GATHER_SECONDS_PER_STREAM)

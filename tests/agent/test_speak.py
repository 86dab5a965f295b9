"""Playing by the clock: what was heard is what there was time for."""

import asyncio

import numpy as np
import pytest

from turnwise.agent.speak import ClockPlayer
from turnwise.speech.interface import Sound

RATE_HZ = 1_000


class Clock:
    def __init__(self) -> None:
        self.now_s = 5.0

    def __call__(self) -> float:
        return self.now_s


def sound(samples: int) -> Sound:
    return np.arange(samples, dtype=np.float32)


def test_the_position_is_what_there_was_time_for() -> None:
    clock = Clock()
    player = ClockPlayer(RATE_HZ, clock)
    player.begin(0)
    player.play(sound(300))
    player.play(sound(200))
    clock.now_s += 0.4
    assert player.played_samples == 400
    clock.now_s += 0.4
    assert player.played_samples == 500


def test_sound_that_comes_late_leaves_a_gap() -> None:
    clock = Clock()
    player = ClockPlayer(RATE_HZ, clock)
    player.begin(0)
    player.play(sound(100))
    clock.now_s += 1.0
    player.play(sound(100))
    assert player.played_samples == 100
    clock.now_s += 0.05
    assert player.played_samples == 150


def test_what_is_stopped_was_heard_so_far_and_is_kept_so_far() -> None:
    clock, kept = Clock(), list[Sound]()
    player = ClockPlayer(RATE_HZ, clock, keep=kept.append)
    player.begin(0)
    player.play(sound(300))
    clock.now_s += 0.1
    assert player.stop() == 100
    assert player.stop() == 0
    player.begin(1)
    player.play(sound(50))
    assert player.played_samples == 0
    clock.now_s += 1
    player.begin(2)
    assert [len(piece) for piece in kept] == [100, 50]


def test_sound_for_elsewhere_is_sent_at_once() -> None:
    sent: list[Sound] = []
    player = ClockPlayer(RATE_HZ, Clock(), send=sent.append)
    player.begin(0)
    player.play(sound(300))
    assert [len(piece) for piece in sent] == [300]


def test_positions_are_told_once_each() -> None:
    clock, told = Clock(), list[tuple[int, int]]()
    player = ClockPlayer(RATE_HZ, clock)
    player.begin(3)
    player.play(sound(100))
    for _ in range(3):
        clock.now_s += 0.06
        player.tick(lambda reply, samples: told.append((reply, samples)))
    assert told == [(3, 60), (3, 100)]


async def test_what_was_being_played_is_kept_when_the_player_is_stopped_for_good() -> None:
    clock, kept = Clock(), list[Sound]()
    player = ClockPlayer(RATE_HZ, clock, keep=kept.append)
    player.begin(0)
    player.play(sound(300))
    clock.now_s += 0.1
    running = asyncio.create_task(player.run(lambda reply, samples: None))
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait([running])
    assert [len(piece) for piece in kept] == [100]


def test_a_line_that_plays_late_has_heard_less() -> None:
    now_s = 0.0
    player = ClockPlayer(1_000, lambda: now_s)
    player.confirm()  # of nothing
    player.begin(0)
    now_s = 1.0
    player.play(np.zeros(1_000, np.float32))
    now_s = 2.3
    player.confirm()
    player.begin(1)
    player.play(np.zeros(1_000, np.float32))
    now_s = 2.8
    assert player.stop() == pytest.approx(200)
    now_s = 900.0
    player.confirm()  # what was dropped is never played
    player.play(np.zeros(1_000, np.float32))
    now_s = 900.5
    assert player.played_samples == pytest.approx(200)

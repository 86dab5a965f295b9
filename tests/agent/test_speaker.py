"""The loudspeaker: what the device takes, what was heard, and silence within a block."""

import asyncio
import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from turnwise.agent.speaker import BLOCK_MS, Speaker
from turnwise.errors import DeviceMissing

RATE_HZ = 16_000
BLOCK = RATE_HZ * BLOCK_MS // 1000
LATE = BLOCK


class Device:
    """A sound card that takes a block when the test says so."""

    latency = LATE / RATE_HZ

    def __init__(self, **options: Any) -> None:
        self.callback = options["callback"]
        self.closed = False

    def start(self) -> None: ...

    def close(self) -> None:
        self.closed = True

    def takes(self) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
        out = np.full((BLOCK, 1), 9, np.float32)
        self.callback(out, BLOCK, None, None)
        return out[:, 0]


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> list[Device]:
    opened: list[Device] = []
    module = ModuleType("sounddevice")

    def output_stream(**options: Any) -> Device:
        if options["device"] == "none":
            raise ValueError("no such device")
        opened.append(Device(**options))
        return opened[-1]

    module.PortAudioError = type("PortAudioError", (Exception,), {})  # type: ignore[attr-defined]
    module.OutputStream = output_stream  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    return opened


def sound(samples: int) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    return np.full(samples, 0.5, np.float32)


def test_sound_is_played_in_order_and_silence_follows(cards: list[Device]) -> None:
    with Speaker(RATE_HZ) as speaker:
        speaker.begin(0)
        speaker.play(sound(BLOCK // 2))
        speaker.play(sound(BLOCK))
        assert np.all(cards[0].takes() == 0.5)
        second = cards[0].takes()
        assert np.all(second[: BLOCK // 2] == 0.5)
        assert np.all(second[BLOCK // 2 :] == 0)
    assert cards[0].closed


def test_after_stop_the_next_block_is_silent_and_what_the_device_holds_was_not_heard(
    cards: list[Device],
) -> None:
    with Speaker(RATE_HZ) as speaker:
        speaker.begin(0)
        speaker.play(sound(10 * BLOCK))
        for _ in range(3):
            cards[0].takes()
        assert speaker.stop() == 3 * BLOCK - LATE
        assert np.all(cards[0].takes() == 0)


async def test_positions_are_told_up_to_the_end_of_the_reply(cards: list[Device]) -> None:
    told: list[tuple[int, int]] = []
    with Speaker(RATE_HZ) as speaker:
        running = asyncio.create_task(speaker.run(lambda *position: told.append(position)))
        speaker.begin(7)
        speaker.play(sound(BLOCK))
        cards[0].takes()
        while (7, BLOCK) not in told:
            await asyncio.sleep(0.001)
        running.cancel()
        await asyncio.wait([running])


def test_without_a_loudspeaker_it_says_what_is_missing(
    cards: list[Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DeviceMissing, match="no loudspeaker can be opened"), Speaker(8_000, "none"):
        pass
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(DeviceMissing, match="pip install"), Speaker(8_000):
        pass

"""Carrying between a socket and a listener: in order, and only as fast as both can go."""

import asyncio
import json
from collections import deque

import pytest

from tests.server.test_streams import Socket as Watched
from tests.talk import belief
from turnwise.engine.interface import Hearing, Hypothesis
from turnwise.errors import NO_STATUS, EngineFailed, Inactive
from turnwise.listener import Listener
from turnwise.server.listen import carry
from turnwise.server.protocol import Item, Stalled
from turnwise.server.streams import Stream
from turnwise.settings import Encoding, Model, StreamSettings, Thresholds

CLOSE_STREAM = '{"type":"CloseStream"}'
FRAME = bytes(2_560)
WORDS = ["", "", "", "hello", "hello", "hello", "hello there"]


class Socket:
    """Says what it is given to say; afterwards the client is gone."""

    def __init__(self, *items: Item) -> None:
        self.items = deque(items)
        self.log: list[str] = []
        self.closed: int | None = None
        self.blocked_since_s: float | None = None
        self.unblocked = asyncio.Event()

    async def read(self) -> Item:
        if not self.items:
            raise asyncio.CancelledError
        self.log.append("read")
        return self.items.popleft()

    def write(self, text: str) -> None:
        message = json.loads(text)
        self.log.append(message.get("event", message["type"]))

    async def flushed(self) -> None:
        await self.unblocked.wait()

    def close(self, code: int) -> None:
        self.closed = code


class Ear:
    def __init__(self, fail_at: int | None = None) -> None:
        self.fail_at = fail_at
        self.heard = 0

    async def hear(self, hearing: Hearing) -> Hypothesis:
        if self.heard == self.fail_at:
            raise EngineFailed("at a place nobody needs to know")
        self.heard += 1
        return belief(self.heard, WORDS[min(self.heard, len(WORDS)) - 1])


def stream(socket: Socket) -> Stream:
    settings = StreamSettings(
        Model.ENGLISH, Encoding.LINEAR16, 16_000, Thresholds(timeout_ms=1_000)
    )
    return Stream(Watched(), Listener(settings, "id"), quiet_since_s=0.0)


async def test_connected_goes_out_before_anything_is_read() -> None:
    """Contract 4.2."""
    socket = Socket(CLOSE_STREAM)
    await carry(socket, Ear(), stream(socket))
    assert socket.log[:2] == ["Connected", "read"]
    assert socket.closed == NO_STATUS


async def test_what_becomes_due_goes_out_before_the_next_message_is_read() -> None:
    socket = Socket(FRAME, FRAME, FRAME, FRAME, CLOSE_STREAM)
    await carry(socket, Ear(), stream(socket))
    assert socket.log == [
        "Connected", "read", "read", "read", "Update", "read", "StartOfTurn", "read",
    ]  # fmt: skip


async def test_one_message_may_hold_many_frames() -> None:
    socket = Socket(FRAME * 4 + FRAME[:100], CLOSE_STREAM)
    ear = Ear()
    served = stream(socket)
    await carry(socket, ear, served)
    assert ear.heard == served.frames_heard == 4
    assert socket.log == ["Connected", "read", "Update", "StartOfTurn", "read"]


async def test_a_stalled_client_gets_its_turn_ended() -> None:
    """Contract 14.17, and section 9.2: the demo that never closes."""
    socket = Socket(FRAME * 4, Stalled(1_000), CLOSE_STREAM)
    await carry(socket, Ear(), stream(socket))
    assert socket.log[-2:] == ["EndOfTurn", "read"]


async def test_word_from_the_clock_ends_the_stream() -> None:
    """Contract 14.14."""
    socket = Socket(Inactive("nothing came"))
    await carry(socket, Ear(), stream(socket))
    assert socket.log[-1] == "Error"
    assert socket.closed == NO_STATUS


@pytest.mark.parametrize("fail_at", range(6))
async def test_an_engine_failure_at_any_frame_is_an_error_and_the_end(fail_at: int) -> None:
    """Contract 4.7."""
    socket = Socket(FRAME * 2, FRAME * 2, FRAME * 2, CLOSE_STREAM)
    served = stream(socket)
    await carry(socket, Ear(fail_at), served)
    assert served.frames_heard == fail_at
    assert socket.log[-1] == "Error"
    assert socket.closed == NO_STATUS


async def test_nothing_is_heard_for_a_client_that_takes_nothing() -> None:
    socket = Socket(FRAME * 4, CLOSE_STREAM)
    socket.blocked_since_s = 0.0
    ear = Ear()
    carrying = asyncio.create_task(carry(socket, ear, stream(socket)))
    while not ear.heard:
        await asyncio.sleep(0)
    for _ in range(10):
        await asyncio.sleep(0)
    assert ear.heard == 1
    socket.unblocked.set()
    await carrying
    assert ear.heard == 4


async def test_a_gone_client_ends_it_with_nothing_said() -> None:
    socket = Socket(FRAME)
    with pytest.raises(asyncio.CancelledError):
        await carry(socket, Ear(), stream(socket))
    assert socket.closed is None

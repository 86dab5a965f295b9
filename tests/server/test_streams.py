"""The clock that looks after all streams, with time as an argument."""

import asyncio
import os
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest

from tests.talk import belief
from turnwise.errors import Inactive, ShuttingDown, TooManyStreams, TurnwiseError
from turnwise.listener import Listener
from turnwise.server.protocol import Stalled
from turnwise.server.streams import SERVICE_RESTART, Stream, Streams
from turnwise.settings import SEND_SECONDS_MAX, STALL_MS_MIN, Encoding, Model, StreamSettings

IDLE_S = 60.0


@dataclass
class Socket:
    """What the clock sees of one, set by hand."""

    heard_at_s: float = 0.0
    blocked_since_s: float | None = None
    read_paused: bool = False
    waiting: bool = True
    gone: bool = False
    file: int = -1
    posted: list[Stalled | TurnwiseError] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    aborted: bool = False
    held: ExitStack = field(default_factory=ExitStack)
    """Keeps it watched."""

    def post(self, item: Stalled | TurnwiseError) -> None:
        self.posted.append(item)

    def close(self, code: int) -> None:
        self.closed.append(code)

    def abort(self) -> None:
        self.aborted = True

    def file_number(self) -> int:
        return self.file


def listener(turn_open: bool = False) -> Listener:
    made = Listener(StreamSettings(Model.ENGLISH, Encoding.LINEAR16, 16_000), "id")
    if turn_open:
        made.receive_audio(bytes(2_560))
        next(made.hearings())
        made.receive_hypothesis(belief(1, "hello"))
    assert made.turn_open is turn_open
    return made


def watched(socket: Socket, *, turn_open: bool = False, stall_clock: bool = True) -> Streams:
    streams = Streams(IDLE_S, stall_clock)
    socket.held.enter_context(streams.watch(Stream(socket, listener(turn_open), quiet_since_s=0.0)))
    return streams


def test_a_client_that_says_nothing_at_all_is_told_and_let_go() -> None:
    """Contract 3.5 and 14.14; section 12, invariant 15."""
    socket = Socket()
    streams = watched(socket)
    streams.tick(IDLE_S)
    assert socket.posted == []
    streams.tick(IDLE_S + 1)
    assert isinstance(socket.posted[0], Inactive)


def test_anything_heard_starts_the_idle_time_anew() -> None:
    """Contract 3.5: pings count."""
    socket = Socket()
    streams = watched(socket)
    for now_s in range(0, 300, 20):
        socket.heard_at_s = now_s
        streams.tick(now_s + 19.0)
    assert socket.posted == []


def test_a_client_we_do_not_read_from_is_not_idle() -> None:
    """It may be talking; it is we who do not listen."""
    socket = Socket(waiting=False)
    watched(socket).tick(IDLE_S * 10)
    assert socket.posted == []


def test_a_stalled_client_with_an_open_turn_is_told_the_time() -> None:
    """Contract 14.17."""
    socket = Socket(heard_at_s=100.0)
    streams = watched(socket, turn_open=True)
    streams.tick((STALL_MS_MIN - 1) / 1000)
    assert socket.posted == []
    streams.tick(2.25)
    streams.tick(2.5)
    assert socket.posted == [Stalled(2250), Stalled(2500)]


def test_no_stall_without_an_open_turn_nor_by_audio_time_only() -> None:
    """Contract 14.17: the wire's own rule is that nothing happens."""
    closed, pure = Socket(heard_at_s=100.0), Socket(heard_at_s=100.0)
    watched(closed).tick(30.0)
    watched(pure, turn_open=True, stall_clock=False).tick(30.0)
    assert closed.posted == pure.posted == []


def test_a_client_that_takes_nothing_for_too_long_is_dropped() -> None:
    read, write = os.pipe()
    socket = Socket(waiting=False, read_paused=True, blocked_since_s=10.0, file=read)
    streams = watched(socket)
    streams.tick(10.0 + SEND_SECONDS_MAX)
    assert not socket.aborted
    streams.tick(10.1 + SEND_SECONDS_MAX)
    assert socket.aborted
    os.close(read)
    os.close(write)


def test_a_client_that_hung_up_is_noticed_though_nobody_reads() -> None:
    read, write = os.pipe()
    socket = Socket(waiting=False, read_paused=True, file=read)
    streams = watched(socket)
    streams.tick(1.0)
    assert not socket.aborted
    os.close(write)
    streams.tick(1.25)
    assert socket.aborted
    os.close(read)


def test_a_client_that_is_gone_already_is_left_alone() -> None:
    """Its file is closed, and its number may be another's."""
    socket = Socket(waiting=False, read_paused=True, gone=True, file=-1)
    watched(socket).tick(IDLE_S * 10)
    assert not socket.aborted


def test_a_stream_is_looked_after_until_it_leaves() -> None:
    socket = Socket()
    streams = Streams(IDLE_S, stall_clock=True)
    with streams.watch(Stream(socket, listener(), quiet_since_s=0.0)):
        pass
    streams.tick(1e6)
    streams.close_all()
    assert socket.posted == []
    assert socket.closed == []


def test_what_outlasts_the_drain_is_closed_with_1012() -> None:
    socket = Socket()
    watched(socket).close_all()
    assert socket.closed == [SERVICE_RESTART] == [1012]


def test_places_are_limited_and_given_back() -> None:
    """Contract 6.1."""
    streams = Streams(IDLE_S, stall_clock=True)
    streams.places_max = 1
    with streams.place():
        assert len(streams) == 1
        with pytest.raises(TooManyStreams), streams.place():
            pass
    with streams.place():
        pass
    assert len(streams) == 0


def test_nobody_is_let_in_before_the_engine_is_there_nor_while_draining() -> None:
    streams = Streams(IDLE_S, stall_clock=True)
    with pytest.raises(ShuttingDown), streams.place():
        pass
    streams.places_max = 1
    streams.draining = True
    with pytest.raises(ShuttingDown), streams.place():
        pass


async def test_the_last_to_leave_is_waited_for() -> None:
    streams = Streams(IDLE_S, stall_clock=True)
    streams.places_max = 2
    with streams.place():
        with streams.place():
            waiting = asyncio.create_task(streams.empty())
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not waiting.done()
    await waiting

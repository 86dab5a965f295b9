"""The streams that are open, and the one clock that looks after them all."""

import asyncio
import select
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from turnwise.errors import Inactive, ShuttingDown, TooManyStreams, TurnwiseError
from turnwise.listener import Listener
from turnwise.server.protocol import Stalled
from turnwise.settings import SEND_SECONDS_MAX, STALL_MS_MIN

TICK_SECONDS = 0.25
SERVICE_RESTART = 1012
"""How a stream ends that outlasts the drain: every client we know connects anew (RFC 6455's
registry). No Error comes first, since nothing is wrong with the stream."""
HUNG_UP = getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR


class Watched(Protocol):
    """What the clock sees and does of a socket."""

    heard_at_s: float
    blocked_since_s: float | None
    read_paused: bool
    gone: bool

    @property
    def waiting(self) -> bool: ...
    def post(self, item: Stalled | TurnwiseError) -> None: ...
    def close(self, code: int) -> None: ...
    def abort(self) -> None: ...
    def file_number(self) -> int: ...


class Tended(Protocol):
    """What the clock sees of a stream, whichever way the audio goes."""

    @property
    def socket(self) -> Watched: ...
    @property
    def quiet_since_s(self) -> float: ...
    @property
    def turn_open(self) -> bool: ...
    @property
    def may_idle(self) -> bool: ...


@dataclass(slots=True, eq=False)
class Stream:
    """One open stream, as the clock and the log see it."""

    socket: Watched
    listener: Listener
    quiet_since_s: float
    """When it was last busy with audio."""
    frames_heard: int = 0
    lag_s_max: float = 0.0
    """Longest time from reading a message to having worked through it."""
    may_idle: bool = False

    @property
    def turn_open(self) -> bool:
        return self.listener.turn_open


class Streams:
    def __init__(self, idle_seconds_max: float, stall_clock: bool) -> None:
        """Nobody is let in before `places_max` is set."""
        self.places_max = 0
        self.draining = False
        self._idle_seconds_max = idle_seconds_max
        self._stall_clock = stall_clock
        self._places_taken = 0
        self._open: set[Tended] = set()
        self._empty = asyncio.Event()
        self._empty.set()

    def __len__(self) -> int:
        return self._places_taken

    @property
    def ready(self) -> bool:
        return self.places_max > 0 and not self.draining

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold one of the places.

        Raises:
            ShuttingDown: The server is draining, or has not got its engine yet.
            TooManyStreams: There is none left.
        """
        if not self.ready:
            raise ShuttingDown("This server takes no streams now. Please try again later.")
        if self._places_taken >= self.places_max:
            raise TooManyStreams(f"all {self.places_max} places are taken")
        self._places_taken += 1
        self._empty.clear()
        try:
            yield
        finally:
            self._places_taken -= 1
            if not self._places_taken:
                self._empty.set()

    @contextmanager
    def watch(self, stream: Tended) -> Iterator[None]:
        """Have the clock look after a stream."""
        self._open.add(stream)
        try:
            yield
        finally:
            self._open.discard(stream)

    async def empty(self) -> None:
        """Wait until no place is taken."""
        await self._empty.wait()

    def close_all(self) -> None:
        for stream in list(self._open):
            stream.socket.close(SERVICE_RESTART)

    async def run_clock(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self.tick(loop.time())

    def tick(self, now_s: float) -> None:
        """Look at every stream once."""
        unread: list[Tended] = []
        for stream in list(self._open):
            socket = stream.socket
            if socket.gone:  # its task is about to hear of it
                continue
            if socket.waiting:
                self._tick_waiting(stream, now_s)
            elif socket.read_paused:
                unread.append(stream)
        for stream in unread:
            blocked_since_s = stream.socket.blocked_since_s
            if blocked_since_s is not None and now_s - blocked_since_s > SEND_SECONDS_MAX:
                stream.socket.abort()
        self._drop_the_gone(unread)

    def _tick_waiting(self, stream: Tended, now_s: float) -> None:
        idle_s = now_s - stream.socket.heard_at_s
        if idle_s > self._idle_seconds_max and not stream.may_idle:
            limit = f"{self._idle_seconds_max:g}"
            stream.socket.post(Inactive(f"Nothing came for {limit} seconds, not even a ping."))
        elif self._stall_clock and stream.turn_open:
            quiet_ms = int((now_s - stream.quiet_since_s) * 1000)
            if quiet_ms >= STALL_MS_MIN:
                stream.socket.post(Stalled(quiet_ms))

    def _drop_the_gone(self, unread: list[Tended]) -> None:
        """Notice who hung up while nobody reads from them: reading is how one hears of it."""
        if not unread:
            return
        poll = select.poll()
        by_file: dict[int, Tended] = {}
        for stream in unread:
            by_file[stream.socket.file_number()] = stream
            poll.register(stream.socket.file_number(), HUNG_UP)
        for file_number, _ in poll.poll(0):
            by_file[file_number].socket.abort()

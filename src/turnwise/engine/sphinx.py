"""The embedded recogniser: PocketSphinx, a process for each stream.

The streams of a step decode side by side, and the server's thread waits for them with Python's
lock released. Why processes, and why these: sphinx_process.py.
"""

import logging
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from time import monotonic

import msgspec

from turnwise.engine.interface import Hearing, Hypothesis, Word
from turnwise.engine.sphinx_process import (
    ANSWER,
    BEAR,
    COMMAND,
    END,
    READY,
    REPLY_BYTES_MAX,
    cores_usable,
    listen_message,
    read_heard,
    setup_message,
)
from turnwise.errors import EngineFailed, Overloaded
from turnwise.settings import OPEN_SECONDS_MAX, STEP_SECONDS_MAX

STREAMS_PER_CORE = 4
"""A stream takes an eighth of a core while its speaker speaks (bench/accuracy.py)."""

ANSWER_SECONDS_MAX = STEP_SECONDS_MAX / 4
"""A stream that takes longer for one frame is ended, well before the whole engine would be."""

MODULE = "turnwise.engine.sphinx_process"
log = logging.getLogger("turnwise.engine")


@dataclass(slots=True, eq=False)
class SphinxProcess:
    """One open stream, seen from the server."""

    connection: Connection
    process_id: int
    words: tuple[Word, ...] = ()
    """Of the last hypothesis."""
    failure: str | None = None


class SphinxEngine:
    """An Engine[SphinxProcess].

    Args:
        streams_max: None: STREAMS_PER_CORE for each core.
        cores: How many cores may recognise; None: all that this process may use.

    Raises:
        EngineFailed: The models cannot be loaded.
    """

    def __init__(self, *, streams_max: int | None = None, cores: int | None = None) -> None:
        self._cores = min(cores or cores_usable(), cores_usable())
        self.streams_max = streams_max or STREAMS_PER_CORE * self._cores
        self._streams: set[SphinxProcess] = set()
        self._nursery = _Nursery(self._cores)

    @property
    def nursery_id(self) -> int:
        """The process that bears the streams' processes."""
        return self._nursery.process_id

    def open(self, keyterms: Sequence[str]) -> SphinxProcess:
        """Start a stream.

        Raises:
            Overloaded: Every slot is taken.
            EngineFailed: No process could be started.
        """
        if len(self._streams) >= self.streams_max:
            raise Overloaded(f"all {self.streams_max} places are taken")
        try:
            stream = self._nursery.bear()
        except OSError:
            log.warning("the recogniser's nursery is gone, starting another")
            self._nursery.stop()
            self._nursery = _Nursery(self._cores)
            try:
                stream = self._nursery.bear()
            except OSError as problem:
                raise EngineFailed("no recogniser process could be started") from problem
        self._streams.add(stream)
        _send(stream, setup_message(keyterms))
        return stream

    def step(
        self, work: Sequence[tuple[SphinxProcess, Hearing]]
    ) -> list[Hypothesis | EngineFailed]:
        waiting: dict[Connection, SphinxProcess] = {}
        heard: dict[SphinxProcess, Hypothesis] = {}
        for stream, hearing in work:
            _send(stream, listen_message(hearing.frame, hearing.new_turn, hearing.keyterms))
            if stream.failure is None:
                waiting[stream.connection] = stream
        deadline = monotonic() + ANSWER_SECONDS_MAX
        while waiting:
            ready = wait(list(waiting), timeout=max(0.0, deadline - monotonic()))
            if not ready:
                break
            for connection in ready:
                assert isinstance(connection, Connection)
                stream = waiting.pop(connection)
                hypothesis = _receive(stream)
                if hypothesis is not None:
                    heard[stream] = hypothesis
        for stream in waiting.values():
            _fail(stream, f"the recogniser took more than {ANSWER_SECONDS_MAX:g} s for one frame")
        return [heard.get(stream) or EngineFailed(stream.failure) for stream, _ in work]

    def close(self, state: SphinxProcess) -> None:
        self._streams.remove(state)
        state.connection.close()
        self._nursery.end(state.process_id)

    def stop(self) -> None:
        for stream in list(self._streams):
            self.close(stream)
        self._nursery.stop()


class _Nursery:
    """The process that has the models loaded and forks itself for each stream."""

    def __init__(self, cores: int) -> None:
        self._control, theirs = socket.socketpair()
        self._control.settimeout(OPEN_SECONDS_MAX)
        self._process = subprocess.Popen(  # noqa: S603 - our own module, our own interpreter
            [sys.executable, "-m", MODULE, str(theirs.fileno()), str(cores)],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            env=_environment(),
        )
        theirs.close()
        try:
            answer = self._answer()
        except OSError as problem:
            self.stop()
            raise EngineFailed("the recogniser could not load its models") from problem
        assert answer == READY

    @property
    def process_id(self) -> int:
        return self._process.pid

    def bear(self) -> SphinxProcess:
        """Start a stream's process.

        Raises:
            OSError: The nursery is gone, or this machine has no room for a process.
        """
        ours, theirs = socket.socketpair()
        try:
            socket.send_fds(self._control, [COMMAND.pack(BEAR, 0)], [theirs.fileno()])
            return SphinxProcess(Connection(ours.detach()), self._answer())
        finally:
            theirs.close()
            ours.close()

    def end(self, process_id: int) -> None:
        """End a stream's process, whatever it is doing. One of an earlier nursery ends itself."""
        try:
            self._control.sendall(COMMAND.pack(END, process_id))
            self._answer()
        except OSError:
            log.warning("the recogniser's nursery is gone")

    def stop(self) -> None:
        self._control.close()
        try:
            self._process.wait(OPEN_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _answer(self) -> int:
        answer = self._control.recv(ANSWER.size, socket.MSG_WAITALL)
        if len(answer) < ANSWER.size:
            raise ConnectionError("the nursery is gone")
        number: int = ANSWER.unpack(answer)[0]
        return number


def _environment() -> dict[str, str]:
    """Return what the processes get of ours: the keys of our clients are not for them."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("TURNWISE_")}
    return {
        **ours,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "OPENBLAS_NUM_THREADS": "1",  # threads would not survive the fork
    }


def _send(stream: SphinxProcess, message: bytes) -> None:
    if stream.failure is None:
        try:
            stream.connection.send_bytes(message)
        except OSError:
            _fail(stream, "the recogniser died")


def _receive(stream: SphinxProcess) -> Hypothesis | None:
    try:
        hypothesis = read_heard(stream.words, stream.connection.recv_bytes(REPLY_BYTES_MAX))
    except (EOFError, OSError, msgspec.DecodeError):
        _fail(stream, "the recogniser died")
        return None
    stream.words = hypothesis.words
    return hypothesis


def _fail(stream: SphinxProcess, why: str) -> None:
    log.error("a stream's recogniser failed", extra={"process_id": stream.process_id, "why": why})
    stream.failure = why

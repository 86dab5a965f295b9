"""Start the server, and end it without cutting anybody short.

The first SIGTERM or SIGINT drains: new streams are refused, open ones go on for up to
drain_seconds_max, what is left then is closed with 1012. A second one does not wait.
"""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import uvicorn
import uvloop

from turnwise.engine.interface import Engine
from turnwise.engine.load import load
from turnwise.errors import EngineFailed, NoSynthesiser
from turnwise.schedule.runner import Runner
from turnwise.server import logs
from turnwise.server.app import build
from turnwise.server.handshake import Shared, Speech
from turnwise.server.keys import Keys
from turnwise.server.metrics import Metrics
from turnwise.server.protocol import RequestReader, StreamSocket
from turnwise.server.settings import ServerSettings
from turnwise.server.streams import Streams
from turnwise.settings import BINARY_MESSAGE_BYTES_MAX, SPEECH_STREAMS_MAX
from turnwise.speech.load import load as load_speech

BACKLOG = 2_048  # a fleet that reconnects at once
RECEIVE_BUFFER_BYTES = 256 << 10
"""What the kernel takes in of a stream while we do not read: 8 s of 16 kHz linear16. Left to
itself it takes megabytes, and a client that left is noticed only behind them."""
FAREWELL_SECONDS_MAX = 1.0  # for Close frames to be answered before the process goes
GC_THRESHOLD = (50_000, 20, 50)
"""Streams make little garbage that counting does not free; looking for it among thousands
of streams stops all of them."""

logger = logging.getLogger("turnwise.server")

Load = Callable[[], Engine[Any]]  # Any: only the engine itself knows what its states are


class Leave:
    """The wish that the server end: first gently, then at once."""

    def __init__(self) -> None:
        self.gently = asyncio.Event()
        self.at_once = asyncio.Event()

    def ask(self) -> None:
        if self.gently.is_set():
            self.at_once.set()
        self.gently.set()


class HttpServer(uvicorn.Server):
    """uvicorn's server, without its own ideas of when to go."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()
        self.over = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    async def main_loop(self) -> None:
        await self.over.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def serve(settings: ServerSettings, ready: Callable[[str], None]) -> int:
    """Serve until told to leave.

    Args:
        settings: All of them.
        ready: Called once, with the line that says where streams may connect.

    Returns:
        The process's exit status.
    """
    logs.configure(settings.log_json)
    problem = settings.problem()
    if problem is not None:
        logger.error("cannot start: %s", problem)
        return 2

    def settle(line: str) -> None:
        gc.collect()
        gc.freeze()  # what is here now stays, and need not be looked at again
        gc.set_threshold(*GC_THRESHOLD)
        ready(line)

    async def main() -> int:
        leave = Leave()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, leave.ask)
        return await run(settings, settle, leave)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main())


async def run(
    settings: ServerSettings,
    ready: Callable[[str], None],
    leave: Leave,
    load_engine: Load | None = None,
) -> int:
    """Serve within a running event loop; see `serve`."""
    try:
        door = open_door(settings.host, settings.port)
    except OSError as error:
        logger.error("cannot listen on %s:%d: %s", settings.host, settings.port, error)
        return 1
    try:
        synthesiser = load_speech(settings.speech, os.environ)
    except NoSynthesiser as error:
        logger.error("cannot start: %s", error)
        door.close()
        return 1
    speech = Speech(synthesiser, Streams(settings.idle_seconds_max, stall_clock=False))
    streams = Streams(settings.idle_seconds_max, stall_clock=not settings.audio_time_only)
    metrics = Metrics(lambda: len(streams), lambda: len(speech.speakers))
    runner = Runner(load_engine or loader(settings), metrics.count_step)
    keys = Keys(settings.api_keys, settings.token_secret)
    server = HttpServer(http_config(Shared(settings, keys, runner, streams, metrics, speech)))
    logger.info("starting", extra={"settings": settings})
    if not settings.api_keys:
        logger.warning("NO API KEYS ARE SET: whoever can log in to this machine may connect")
    status = 0
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve(sockets=[door]))
        clocks = [tasks.create_task(each.run_clock()) for each in (streams, speech.speakers)]
        try:
            await server.up.wait()
            if await loaded(runner, leave):
                streams.places_max = settings.streams_max or runner.streams_max
                speech.speakers.places_max = settings.streams_max or SPEECH_STREAMS_MAX
                ready(f"listening on {address(door)}/v2/listen")
                await leave.gently.wait()
                await drain((streams, speech.speakers), settings.drain_seconds_max, leave)
        except EngineFailed:
            logger.error("cannot start: the engine %s did not load", settings.engine)
            status = 1
        finally:
            for clock in clocks:
                clock.cancel()
            server.over.set()
    await runner.stop()
    await synthesiser.close()
    logger.info("stopped")
    return status


async def loaded(runner: Runner[Any], leave: Leave) -> bool:
    """Wait for the engine; False if asked to leave meanwhile.

    Raises:
        EngineFailed: It could not be loaded.
    """
    loading = asyncio.ensure_future(runner.loaded())
    leaving = asyncio.ensure_future(leave.gently.wait())
    try:
        await asyncio.wait([loading, leaving], return_when=asyncio.FIRST_COMPLETED)
        return loading.done() and loading.result() is not None
    finally:
        loading.cancel()
        leaving.cancel()


async def drain(pools: Sequence[Streams], seconds_max: float, leave: Leave) -> None:
    """Let the open streams come to their end, while new ones are refused."""
    for streams in pools:
        streams.draining = True
    logger.info("draining", extra={"streams": sum(map(len, pools)), "seconds_max": seconds_max})

    async def all_empty() -> None:
        for streams in pools:
            await streams.empty()

    empty = asyncio.ensure_future(all_empty())
    at_once = asyncio.ensure_future(leave.at_once.wait())
    await asyncio.wait([empty, at_once], timeout=seconds_max, return_when=asyncio.FIRST_COMPLETED)
    at_once.cancel()
    if not empty.done():
        logger.warning("closing the streams still open", extra={"streams": sum(map(len, pools))})
        for streams in pools:
            streams.close_all()
        await asyncio.wait([empty], timeout=FAREWELL_SECONDS_MAX)
        empty.cancel()


def loader(settings: ServerSettings) -> Load:
    return lambda: load(settings.engine, streams_max=settings.streams_max, workers=settings.workers)


def http_config(shared: Shared) -> uvicorn.Config:
    config = uvicorn.Config(
        build(shared),
        http=RequestReader,
        ws=StreamSocket,
        lifespan="off",
        log_config=None,
        access_log=False,
        ws_max_size=BINARY_MESSAGE_BYTES_MAX,
        ws_per_message_deflate=False,  # costs more than twice the processor time
        ws_ping_interval=None,  # a pong of habit would keep an idle client (contract 3.5)
        proxy_headers=False,  # they would change nothing but a line in the log
        backlog=BACKLOG,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=1,  # our own drain came before
    )
    logs.quieten()
    return config


def open_door(host: str, port: int) -> socket.socket:
    """Bind the listening socket.

    Raises:
        OSError: The address is taken, forbidden or not ours.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, where = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    door = socket.socket(family, socket.SOCK_STREAM)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        door.bind(where)
        door.setblocking(False)
    except OSError:
        door.close()
        raise
    return door


def address(door: socket.socket) -> str:
    """Return where a client on this machine finds us."""
    host, port = door.getsockname()[:2]
    return f"ws://[{host}]:{port}" if ":" in host else f"ws://{host}:{port}"

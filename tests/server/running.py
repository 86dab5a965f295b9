"""A whole server inside the test's own event loop, and clients that speak plain bytes to it."""

import asyncio
import contextlib
import json
import socket
import struct
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from turnwise.engine.interface import Hearing, Hypothesis
from turnwise.engine.scripted import ScriptedEngine, ScriptedStream
from turnwise.errors import EngineFailed
from turnwise.server.run import Leave, run
from turnwise.server.settings import ServerSettings

PATIENCE_S = 20.0  # for what must happen; slow machines may raise it
QUERY = "model=flux-general-en&encoding=linear16&sample_rate=16000"
CLOSE_STREAM = '{"type":"CloseStream"}'
FRAME = bytes(2_560)  # 80 ms


class TestEngine(ScriptedEngine):
    """The scripted engine, with a gate before each step and failures on demand."""

    __test__ = False

    def __init__(self, streams_max: int = 100, fail_at: int | None = None) -> None:
        super().__init__(streams_max=streams_max)
        self.fail_at = fail_at
        self.failure: Exception = RuntimeError("a bug in the engine")
        self.steps = 0
        self.opened = 0
        self.closed = 0
        self.stopped = False
        self.gate = threading.Event()
        self.gate.set()
        self.stepping = threading.Event()

    def open(self, keyterms: Sequence[str]) -> ScriptedStream:
        state = super().open(keyterms)
        self.opened += 1
        return state

    def step(
        self, work: Sequence[tuple[ScriptedStream, Hearing]]
    ) -> list[Hypothesis | EngineFailed]:
        self.stepping.set()
        assert self.gate.wait(PATIENCE_S)
        step, self.steps = self.steps, self.steps + 1
        if step == self.fail_at:
            raise self.failure
        return super().step(work)

    def close(self, state: ScriptedStream) -> None:
        super().close(state)
        self.closed += 1

    def stop(self) -> None:
        self.stopped = True
        super().stop()


@dataclass
class Running:
    port: int
    engine: TestEngine
    leave: Leave
    done: "asyncio.Task[int]"

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/v2/listen?{QUERY}"

    async def settled(self) -> None:
        """Wait until no stream is open, here or in the engine."""
        await until_metric(self.port, "turnwise_streams_open 0.0")
        while self.engine.closed != self.engine.opened:
            await asyncio.sleep(0)


@asynccontextmanager
async def running(engine: TestEngine | None = None, **settings: Any) -> AsyncIterator[Running]:
    """Serve while the context lasts, then leave at once."""
    engine = engine or TestEngine()
    lines_open.clear()
    said: asyncio.Queue[str] = asyncio.Queue()
    leave = Leave()
    options = ServerSettings(**{"port": 0, "engine": "scripted", "speech": "tones", **settings})
    task = asyncio.create_task(run(options, said.put_nowait, leave, lambda: engine))
    async with asyncio.timeout(PATIENCE_S):
        line = await said.get()
    try:
        yield Running(int(line.split(":")[2].split("/")[0]), engine, leave, task)
    finally:
        engine.gate.set()
        await hang_up()
        leave.ask()
        leave.ask()
        async with asyncio.timeout(PATIENCE_S):
            assert await task == 0


lines_open: list[asyncio.StreamWriter] = []
"""Every connection of this test, to be closed at its end."""


async def ring(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
    lines_open.append(writer)
    return reader, writer


async def hang_up() -> None:
    for writer in lines_open:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    lines_open.clear()


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        decoded: dict[str, Any] = json.loads(self.body)
        return decoded


async def fetch(
    port: int, request: str, headers: dict[str, str] | None = None, body: bytes = b""
) -> Answer:
    """Ask over HTTP; `request` is method and path, as in `GET /metrics`."""
    reader, writer = await ring(port)
    lines = [f"{request} HTTP/1.1", "host: localhost", "connection: close"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines.append(f"content-length: {len(body)}")
    writer.write("\r\n".join([*lines, "", ""]).encode() + body)
    answer = await read_answer(reader)
    writer.close()
    return answer


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    async with asyncio.timeout(PATIENCE_S):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        raw = dict(line.split(": ", 1) for line in head[1:] if line)
        headers |= {name.lower(): value for name, value in raw.items()}
        body = b""
        if "content-length" in headers:
            body = await reader.readexactly(int(headers["content-length"]))
    return Answer(int(head[0].split()[1]), headers, body)


async def until_metric(port: int, line: str) -> None:
    """Wait until the server's metrics say so."""
    async with asyncio.timeout(PATIENCE_S):
        while line not in (await fetch(port, "GET /metrics")).body.decode():
            await asyncio.sleep(0)


UPGRADE = {
    "upgrade": "websocket",
    "connection": "Upgrade",
    "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
    "sec-websocket-version": "13",
}


@dataclass
class RawClient:
    """A WebSocket client in bytes, to say what no library would."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    answer: Answer
    heard: list[dict[str, Any]] = field(default_factory=list)

    def send(self, opcode: int, payload: bytes, *, fin: bool = True, masked: bool = True) -> None:
        """Send one frame, masked with zeros."""
        first = (0x80 if fin else 0) | opcode
        mask = 0x80 if masked else 0
        size = len(payload)
        if size < 126:
            head = bytes([first, mask | size])
        elif size < 1 << 16:
            head = bytes([first, mask | 126]) + size.to_bytes(2, "big")
        else:
            head = bytes([first, mask | 127]) + size.to_bytes(8, "big")
        self.writer.write(head + (bytes(4) if masked else b"") + payload)

    def text(self, text: str) -> None:
        self.send(0x1, text.encode())

    def audio(self, payload: bytes = FRAME) -> None:
        self.send(0x2, payload)

    async def frame(self) -> tuple[int, bytes]:
        """Return opcode and payload of the next frame."""
        async with asyncio.timeout(PATIENCE_S):
            first, size = await self.reader.readexactly(2)
            assert first & 0x80, "the server never fragments"
            assert not size & 0x80, "a server does not mask"
            if size == 126:
                size = int.from_bytes(await self.reader.readexactly(2), "big")
            elif size == 127:
                size = int.from_bytes(await self.reader.readexactly(8), "big")
            return first & 0x0F, await self.reader.readexactly(size)

    async def message(self) -> dict[str, Any]:
        opcode, payload = await self.frame()
        assert opcode == 0x1, (opcode, payload)
        decoded: dict[str, Any] = json.loads(payload)
        return decoded

    async def until_close(self) -> bytes:
        """Collect messages in `heard`; return the payload of the Close frame."""
        while True:
            opcode, payload = await self.frame()
            if opcode == 0x8:
                return payload
            self.heard.append(json.loads(payload))

    async def eof(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            assert await self.reader.read() == b""

    def vanish(self) -> None:
        """Cut the connection without a word; what is on its way is dropped."""
        line: socket.socket = self.writer.get_extra_info("socket")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


async def dial(
    port: int, path: str = f"/v2/listen?{QUERY}", headers: dict[str, str] | None = None
) -> RawClient:
    """Ask for a WebSocket; the answer may be a refusal."""
    reader, writer = await ring(port)
    lines = [f"GET {path} HTTP/1.1", "host: localhost"]
    lines += [f"{name}: {value}" for name, value in {**UPGRADE, **(headers or {})}.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    return RawClient(reader, writer, await read_answer(reader))


async def connect(port: int, path: str = f"/v2/listen?{QUERY}", **headers: str) -> RawClient:
    """Open a stream and take its Connected."""
    client = await dial(port, path, {name.replace("_", "-"): v for name, v in headers.items()})
    assert client.answer.status == 101, client.answer
    assert (await client.message())["type"] == "Connected"
    return client


async def converse(client: RawClient, frames: int) -> list[dict[str, Any]]:
    """Send audio, close in good manners, and return all that was said, without request ids."""
    for _ in range(frames):
        client.audio()
    client.text(CLOSE_STREAM)
    assert await client.until_close() == b""
    client.send(0x8, b"")
    await client.eof()
    client.writer.close()
    return [{k: v for k, v in said.items() if k != "request_id"} for said in client.heard]

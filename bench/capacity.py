"""What does one more stream cost the server, beside a server that does nothing?

Two servers on the same stack (uvicorn, websockets, uvloop, no compression, the garbage
collector equally out of the way) take the same load in the same run: ours with the scripted
engine, so that no recogniser is measured, and a bare echo that answers every third message
with some 200 bytes. Each stream sends 80 ms of 16 kHz linear16 every 80 ms.

CPU is user and system time of the server process; memory is its resident set with the
streams open less the one before, per stream; lag runs from sending the message that completes
a slice of audio to having the answer that names it, in the generator's own process.

What would fool it: a generator that falls behind (its own lateness is printed and should be
a few milliseconds), other work on the machine (CPU holds, lag does not), and an engine that
does work of its own.
"""

import argparse
import asyncio
import gc
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import uvicorn
import uvloop

from turnwise.server.run import GC_THRESHOLD, serve
from turnwise.server.settings import ServerSettings

MESSAGE_BYTES = 2_560
MESSAGE_S = 0.08
SLOTS = 80  # streams are spread over the 80 ms, a millisecond apart
WARM_UP_S = 2.0
ANSWER = '{"type":"TurnInfo","audio_window_end":%s,"filling":"' + "x" * 140 + '"}'
WINDOW_END = re.compile(rb'"audio_window_end":([0-9.]+)')
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
CPU_RATIO_MAX = 2.0
MEMORY_KB_MAX = 250.0


@dataclass(frozen=True)
class Row:
    server: str
    streams: int
    cpu_us_per_stream_s: float
    core_percent: float
    lag_ms_p50: float
    lag_ms_p99: float
    rss_kb_per_stream: float
    late_ms_p99: float
    """How late the generator itself was in sending."""
    answers: int


# The servers.


async def echo(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "websocket"
    await receive()
    await send({"type": "websocket.accept"})
    count = 0
    while (message := await receive())["type"] == "websocket.receive":
        assert len(message["bytes"]) == MESSAGE_BYTES
        count += 1
        if count % 3 == 0:
            text = ANSWER % round(count * MESSAGE_S, 2)
            await send({"type": "websocket.send", "text": text})


class EchoServer(uvicorn.Server):
    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLD)
        port = self.servers[0].sockets[0].getsockname()[1]
        print(f"listening on ws://127.0.0.1:{port}/v2/listen", flush=True)


def serve_echo() -> None:
    config = uvicorn.Config(
        echo,
        port=0,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        lifespan="off",
        log_level="warning",
        access_log=False,
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        backlog=2_048,
        server_header=False,
        date_header=False,
    )
    EchoServer(config).run()


def serve_turnwise() -> None:
    settings = ServerSettings(port=0, engine="scripted")
    sys.exit(serve(settings, lambda line: print(line, flush=True)))


# The load.


class Client(asyncio.Protocol):
    """One stream, as cheap as can be: the frame is masked with zeros once for all."""

    FRAME = bytes([0x82, 0xFE]) + MESSAGE_BYTES.to_bytes(2, "big") + bytes(4 + MESSAGE_BYTES)

    def __init__(self, load: "Load") -> None:
        self.load = load
        self.sent_at_s: list[float] = []
        self.buffer = b""
        self.upgraded = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        transport.write(
            b"GET /v2/listen?model=flux-general-en&encoding=linear16&sample_rate=16000 HTTP/1.1\r\n"
            b"Host: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )

    def data_received(self, data: bytes) -> None:
        if not self.upgraded.done():
            self.buffer += data
            if b"\r\n\r\n" in self.buffer:
                assert b" 101 " in self.buffer.split(b"\r\n")[0], self.buffer[:200]
                self.upgraded.set_result(None)
            return
        if self.load.measuring:
            now_s = time.perf_counter()
            for found in WINDOW_END.finditer(data):
                index = round(float(found[1]) / MESSAGE_S) - 1
                self.load.lags_s.append(now_s - self.sent_at_s[index])

    def connection_lost(self, exc: Exception | None) -> None:
        assert self.load.leaving, f"the server hung up: {exc}"

    def send(self) -> None:
        self.sent_at_s.append(time.perf_counter())
        self.transport.write(self.FRAME)


class Load:
    def __init__(self, port: int, streams: int, seconds: float) -> None:
        self.port, self.streams, self.seconds = port, streams, seconds
        self.measuring = self.leaving = False
        self.lags_s: list[float] = []
        self.late_s: list[float] = []

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        clients: list[Client] = []
        for _ in range(self.streams):
            _, client = await loop.create_connection(lambda: Client(self), "127.0.0.1", self.port)
            await client.upgraded
            clients.append(client)
        gc.freeze()
        gc.disable()
        begin_s = time.perf_counter() + 0.2
        measure_s = begin_s + WARM_UP_S
        end_s = measure_s + self.seconds
        slot = 0
        while (due_s := begin_s + slot * MESSAGE_S / SLOTS) < end_s:
            wait_s = due_s - time.perf_counter()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            if not self.measuring and due_s >= measure_s:
                self.measuring = True
                print("measure", flush=True)
            if self.measuring:
                self.late_s.append(time.perf_counter() - due_s)
            for client in clients[slot % SLOTS :: SLOTS]:
                client.send()
            slot += 1
        self.measuring = False
        print("done", flush=True)
        sys.stdin.readline()  # memory is read while the streams are open
        self.leaving = True
        result = {"lags_s": self.lags_s, "late_s": self.late_s}
        print(json.dumps(result), flush=True)


# The measurement.


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def rss_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES


def start(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, __file__, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=None if "load" in arguments else subprocess.DEVNULL,
        text=True,
    )


def measure(server_name: str, streams: int, seconds: float) -> Row:
    server = start("--role", server_name)
    assert server.stdout is not None
    line = server.stdout.readline()
    port = line.split(":")[2].split("/")[0]
    time.sleep(0.5)
    idle_bytes = rss_bytes(server.pid)
    load = start("--role", "load", port, str(streams), str(seconds))
    assert load.stdout is not None
    assert load.stdin is not None
    try:
        assert load.stdout.readline() == "measure\n"
        before_s, began_s = cpu_s(server.pid), time.perf_counter()
        assert load.stdout.readline() == "done\n"
        used_s, took_s = cpu_s(server.pid) - before_s, time.perf_counter() - began_s
        full_bytes = rss_bytes(server.pid)
        load.stdin.write("\n")
        load.stdin.flush()
        result = json.loads(load.stdout.readline())
    finally:
        for process in (load, server):
            process.terminate()
            process.communicate()
    lags_ms = [lag * 1000 for lag in result["lags_s"]]
    cuts = statistics.quantiles(lags_ms, n=100)
    return Row(
        server_name,
        streams,
        cpu_us_per_stream_s=round(used_s / took_s / streams * 1e6, 1),
        core_percent=round(used_s / took_s * 100, 1),
        lag_ms_p50=round(cuts[49], 2),
        lag_ms_p99=round(cuts[98], 2),
        rss_kb_per_stream=round((full_bytes - idle_bytes) / streams / 1000, 1),
        late_ms_p99=round(statistics.quantiles(result["late_s"], n=100)[98] * 1000, 2),
        answers=len(lags_ms),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", default="50,200,800")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--role", choices=["echo", "turnwise", "load"], help=argparse.SUPPRESS)
    parser.add_argument("load", nargs="*", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    match arguments.role:
        case "echo":
            serve_echo()
        case "turnwise":
            serve_turnwise()
        case "load":
            port, streams, seconds = arguments.load
            uvloop.run(Load(int(port), int(streams), float(seconds)).run())
        case _:
            report([int(n) for n in arguments.streams.split(",")], arguments.seconds)


def report(counts: list[int], seconds: float) -> None:
    columns = list(Row.__dataclass_fields__)
    print("  ".join(f"{name:>{max(9, len(name))}}" for name in columns))
    rows: list[Row] = []
    ratios: dict[str, float] = {}
    for streams in counts:
        pair = [measure(name, streams, seconds) for name in ("echo", "turnwise")]
        for row in pair:
            values = asdict(row)
            print("  ".join(f"{values[name]!s:>{max(9, len(name))}}" for name in columns))
        rows += pair
        ratios[str(streams)] = round(pair[1].cpu_us_per_stream_s / pair[0].cpu_us_per_stream_s, 3)
    memory_kb = rows[-1].rss_kb_per_stream
    passed = ratios[str(counts[-1])] <= CPU_RATIO_MAX and memory_kb <= MEMORY_KB_MAX
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"CPU beside the echo: {ratios}  (machine: {machine})")
    summary = {"rows": [asdict(row) for row in rows], "cpu_ratio": ratios, "passed": passed}
    print(json.dumps(summary))


if __name__ == "__main__":
    main()

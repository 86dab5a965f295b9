"""Starting and leaving: who may connect, what is said when, and nobody cut short."""

import asyncio
import signal
import subprocess
import sys
import threading

import pytest

from tests.server.running import (
    CLOSE_STREAM,
    PATIENCE_S,
    QUERY,
    TestEngine,
    connect,
    converse,
    dial,
    fetch,
    hang_up,
    running,
)
from turnwise.server.keys import Keys
from turnwise.server.run import Leave, address, open_door, run, serve
from turnwise.server.settings import ServerSettings

PROGRAM = """
import sys
from turnwise.server.run import serve
from turnwise.server.settings import ServerSettings
settings = ServerSettings(port=0, engine="scripted", drain_seconds_max=float(sys.argv[1]))
sys.exit(serve(settings, lambda line: print(line, flush=True)))
"""


async def test_a_drained_server_lets_its_streams_come_to_their_end() -> None:
    async with running() as server:
        client = await connect(server.port)
        client.audio()
        server.leave.ask()
        await refused(server.port)
        assert (await fetch(server.port, "GET /healthz")).status == 200
        assert (await fetch(server.port, "GET /readyz")).body == b"draining\n"
        assert not server.done.done()
        assert len(await converse(client, 5)) == 2
        async with asyncio.timeout(PATIENCE_S):
            assert await server.done == 0


async def refused(port: int) -> None:
    """Wait until new streams are refused with 503."""
    async with asyncio.timeout(PATIENCE_S):
        while (client := await dial(port)).answer.status != 503:
            client.vanish()
    assert client.answer.json["err_code"] == "SERVICE_UNAVAILABLE"


async def test_what_outlasts_the_drain_is_closed_with_1012() -> None:
    async with running(drain_seconds_max=0.05) as server:
        client = await connect(server.port)
        server.leave.ask()
        assert await client.until_close() == (1012).to_bytes(2, "big")
        client.send(0x8, (1012).to_bytes(2, "big"))
        async with asyncio.timeout(PATIENCE_S):
            assert await server.done == 0
    assert server.engine.closed == server.engine.opened == 1


async def test_asked_twice_it_leaves_at_once() -> None:
    async with running() as server:
        client = await connect(server.port)
        server.leave.ask()
        server.leave.ask()
        assert await client.until_close() == (1012).to_bytes(2, "big")
        async with asyncio.timeout(PATIENCE_S):
            assert await server.done == 0
    assert server.engine.stopped


async def test_until_the_engine_is_loaded_streams_are_refused_and_readyz_says_so() -> None:
    gate = threading.Event()

    def load() -> TestEngine:
        assert gate.wait(PATIENCE_S)
        return TestEngine()

    said: asyncio.Queue[str] = asyncio.Queue()
    leave = Leave()
    door = open_door("127.0.0.1", 0)
    port = door.getsockname()[1]
    door.close()
    settings = ServerSettings(port=port)
    task = asyncio.create_task(run(settings, said.put_nowait, leave, load))
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                answer = await fetch(port, "GET /readyz")
                break
            except ConnectionRefusedError:
                await asyncio.sleep(0)
    assert (answer.status, answer.body) == (503, b"loading\n")
    assert (await fetch(port, "GET /healthz")).status == 200
    assert (await dial(port)).answer.status == 503
    assert said.empty()
    gate.set()
    async with asyncio.timeout(PATIENCE_S):
        assert await said.get() == f"listening on ws://127.0.0.1:{port}/v2/listen"
    assert (await fetch(port, "GET /readyz")).status == 200
    await hang_up()
    leave.ask()
    assert await task == 0


async def test_asked_to_leave_while_loading_it_does() -> None:
    gate = threading.Event()

    def load() -> TestEngine:
        assert gate.wait(PATIENCE_S)
        return TestEngine()

    leave = Leave()
    leave.ask()
    async with asyncio.timeout(PATIENCE_S):
        assert await run(ServerSettings(port=0), unexpected, leave, load) == 0
    gate.set()


async def test_an_engine_that_does_not_load_is_a_failed_start() -> None:
    def load() -> TestEngine:
        raise RuntimeError("no model here")

    async with asyncio.timeout(PATIENCE_S):
        assert await run(ServerSettings(port=0), unexpected, Leave(), load) == 1


async def test_a_voice_that_is_not_there_is_a_failed_start_that_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings = ServerSettings(port=0, engine="scripted", speech="parrot")
    assert await run(settings, print, Leave()) == 1
    assert "cannot start: nothing that speaks is called 'parrot'" in caplog.text


async def test_a_port_that_is_taken_is_a_failed_start(caplog: pytest.LogCaptureFixture) -> None:
    door = open_door("127.0.0.1", 0)
    door.listen()
    port = door.getsockname()[1]
    assert await run(ServerSettings(port=port), unexpected, Leave(), TestEngine) == 1
    door.close()
    assert f"cannot listen on 127.0.0.1:{port}" in caplog.text


def unexpected(line: str) -> None:
    raise AssertionError(line)


def test_settings_that_will_not_do_are_said_and_nothing_starts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert serve(ServerSettings(host="0.0.0.0"), unexpected) == 2
    assert "without API keys only this machine may connect" in capsys.readouterr().err


def test_an_ipv6_address_is_written_as_a_url_has_it() -> None:
    try:
        door = open_door("::1", 0)
    except OSError:
        pytest.skip("no IPv6 here")
    assert address(door).startswith("ws://[::1]:")
    door.close()


@pytest.mark.parametrize(("drain_s", "signals"), [(60.0, 1), (60.0, 2), (0.0, 1)])
async def test_a_signal_drains_the_process_and_it_exits_0(drain_s: float, signals: int) -> None:
    """One line on standard output, the log on standard error, exit status 0."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, str(drain_s),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_S * 2):
        line = (await process.stdout.readline()).decode()
        assert line.startswith("listening on ws://127.0.0.1:")
        port = int(line.split(":")[2].split("/")[0])
        client = await connect(port)
        process.send_signal(signal.SIGTERM)
        if drain_s:
            await refused(port)
        if signals == 2:
            process.send_signal(signal.SIGINT)
        if signals == 1 and drain_s:
            client.text(CLOSE_STREAM)
            assert await client.until_close() == b""
        else:
            assert await client.until_close() == (1012).to_bytes(2, "big")
        client.send(0x8, b"")
        out, log = await process.communicate()
        await hang_up()
    assert process.returncode == 0
    assert out == b""
    assert b"NO API KEYS ARE SET" in log
    assert b"stream closed" in log


async def test_a_stream_may_last_longer_than_its_token() -> None:
    """Contract 1.6: expiry is checked at the handshake only."""
    keys = Keys(["k"], "a secret of the fleet")
    async with running(api_keys=("k",), token_secret="a secret of the fleet") as server:
        token = keys.issue(1)
        client = await connect(server.port, authorization=f"Bearer {token}")
        async with asyncio.timeout(PATIENCE_S):
            while True:  # until the token no longer opens a stream
                late = await dial(
                    server.port, f"/v2/listen?{QUERY}", {"authorization": f"Bearer {token}"}
                )
                late.vanish()
                if late.answer.status == 401:
                    break
        assert await converse(client, 3)

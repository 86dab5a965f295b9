"""What one client or the engine does wrong, the others do not notice."""

import asyncio

import pytest

from tests.server.running import (
    CLOSE_STREAM,
    TestEngine,
    connect,
    converse,
    fetch,
    running,
    until_metric,
)
from turnwise.errors import EngineFailed

FRAMES = 60


async def test_neighbours_of_clients_that_vanish_hear_exactly_what_they_would_alone() -> None:
    """Every message bit for bit, but for the request id."""
    async with running() as server:
        alone = await converse(await connect(server.port), FRAMES)
        vanishing = [await connect(server.port) for _ in range(10)]
        staying = [await connect(server.port) for _ in range(5)]
        talks = [asyncio.create_task(converse(client, FRAMES)) for client in staying]
        for count, client in enumerate(vanishing):
            for _ in range(count):
                client.audio()
            client.send(0x2, b"cut short", fin=False)
            client.vanish()
        together = await asyncio.gather(*talks)
        await server.settled()
    assert len(alone) > FRAMES / 4
    assert all(said == alone for said in together)


async def test_a_client_that_vanishes_while_it_is_heard_frees_its_place_at_once() -> None:
    """Before the engine has answered; the engine's slot follows when the step is over."""
    engine = TestEngine()
    async with running(engine, streams_max=1) as server:
        client = await connect(server.port)
        engine.gate.clear()
        client.audio()
        await asyncio.to_thread(engine.stepping.wait)
        client.vanish()
        await until_metric(server.port, "turnwise_streams_open 0.0")
        assert engine.closed == 0
        engine.gate.set()
        await server.settled()
        assert await converse(await connect(server.port), 3)


async def test_a_client_that_vanishes_while_nobody_reads_from_it_is_noticed() -> None:
    """Its audio fills every buffer, so that its end does not come through by itself."""
    engine = TestEngine()
    async with running(engine, streams_max=1) as server:
        client = await connect(server.port)
        engine.gate.clear()
        for _ in range(4_000):
            client.audio()
        await asyncio.to_thread(engine.stepping.wait)
        client.vanish()
        await until_metric(server.port, "turnwise_streams_open 0.0")
        engine.gate.set()
        await server.settled()


CONFIGURE = (0x1, b'{"type":"Configure","keyterms":["' + b"x" * 4_000 + b'"]}')
PING = (0x9, b"x" * 125)


@pytest.mark.parametrize(("opcode", "payload"), [CONFIGURE, PING])
async def test_a_client_that_takes_no_answers_stops_being_read(opcode: int, payload: bytes) -> None:
    """What is sent to it would pile up otherwise."""
    async with running() as server:
        client = await connect(server.port)
        client.reader._transport.pause_reading()  # type: ignore[attr-defined]
        while client.writer.transport.get_write_buffer_size() < 1 << 20:
            for _ in range(200_000 // len(payload)):
                client.send(opcode, payload)
            await asyncio.sleep(0)
            assert client.writer.transport.get_write_buffer_size() < 64 << 20
        assert await converse(await connect(server.port), 3)
        client.vanish()
        await server.settled()


async def test_a_slow_reader_gets_every_answer_in_the_end() -> None:
    async with running() as server:
        client = await connect(server.port)
        client.reader._transport.pause_reading()  # type: ignore[attr-defined]
        count = 0
        while client.writer.transport.get_write_buffer_size() < 1 << 20:
            client.send(*CONFIGURE)
            count += 1
            await asyncio.sleep(0)
        client.text(CLOSE_STREAM)
        client.reader._transport.resume_reading()  # type: ignore[attr-defined]
        assert await client.until_close() == b""
    assert [message["sequence_id"] for message in client.heard] == list(range(1, count + 1))


@pytest.mark.parametrize("failure", [RuntimeError("a bug"), EngineFailed("the recogniser died")])
async def test_an_engine_that_fails_at_any_step_is_an_error_and_no_slot_is_held(
    failure: Exception,
) -> None:
    """Contract 4.7. Fails at the first step, at the second, and so on, until nothing fails."""
    frames = 6
    engine = TestEngine(streams_max=2)
    engine.failure = failure
    async with running(engine) as server:
        alone = await converse(await connect(server.port), frames)
        for fail_at in range(frames):
            engine.steps, engine.fail_at = 0, fail_at
            client = await connect(server.port)
            for _ in range(frames):
                client.audio()
            client.text(CLOSE_STREAM)
            assert await client.until_close() == b""
            *before, error = client.heard
            assert [m["type"] for m in before] == ["TurnInfo"] * (fail_at // 3)
            assert (error["type"], error["code"]) == ("Error", "INTERNAL_SERVER_ERROR")
            assert "a bug" not in error["description"]
            assert set(error) == {"type", "sequence_id", "code", "description"}
            client.vanish()
            await server.settled()
            engine.fail_at = None
            assert await converse(await connect(server.port), frames) == alone


async def test_a_bug_in_serving_a_stream_is_an_error_for_it_and_for_nobody_else(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def buggy(*_: object) -> None:
        raise AssertionError("with a secret in it")

    async with running() as server:
        client, neighbour = await connect(server.port), await connect(server.port)
        with monkeypatch.context() as patch:
            patch.setattr("turnwise.server.listen.give", buggy)
            client.audio()
            error = await client.message()
        assert error["code"] == "INTERNAL_SERVER_ERROR"
        assert "secret" not in error["description"]
        assert await client.until_close() == b""
        assert await converse(neighbour, 3)
        await server.settled()
    assert "stream failed" in caplog.text


async def test_a_stream_that_says_nothing_for_too_long_is_ended() -> None:
    """Contract 3.5 and 14.14: the message first, then the close without a status."""
    async with running(idle_seconds_max=0.05) as server:
        client = await connect(server.port)
        error = await client.message()
        assert await client.until_close() == b""
    assert error["code"] == "INACTIVE_CLIENT"


async def test_a_half_open_connection_is_ended_by_the_idle_rule() -> None:
    """A client behind a dead line answers nothing, not even our Close frame."""
    async with running(idle_seconds_max=0.05) as server:
        client = await connect(server.port)
        client.reader._transport.pause_reading()  # type: ignore[attr-defined]
        await server.settled()
        assert (await fetch(server.port, "GET /readyz")).status == 200


async def test_a_turn_left_hanging_is_ended_by_the_clock() -> None:
    """Contract 14.17 and 9.2: the demo that sends its audio and waits."""
    query = "model=flux-general-en&encoding=linear16&sample_rate=16000&eot_timeout_ms=1000"
    async with running() as server:
        client = await connect(server.port, f"/v2/listen?{query}&eot_threshold=1")
        for _ in range(12):  # the scripted engine has just said "Hi there"
            client.audio()
        while (message := await client.message())["event"] != "EndOfTurn":
            pass
    assert message["trigger"] == "timeout"
    assert message["transcript"]

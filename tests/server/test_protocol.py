"""Frames as they are on the wire: closing, pings, limits, and clients that break the rules."""

import asyncio
import json
from collections.abc import Sequence

import pytest
from websockets.frames import Opcode

from tests.server.running import (
    CLOSE_STREAM,
    FRAME,
    PATIENCE_S,
    QUERY,
    UPGRADE,
    RawClient,
    TestEngine,
    connect,
    converse,
    dial,
    read_answer,
    ring,
    running,
)
from turnwise.engine.scripted import ScriptedStream
from turnwise.server.protocol import whole_frame
from turnwise.settings import BINARY_MESSAGE_BYTES_MAX, TEXT_MESSAGE_BYTES_MAX

NO_STATUS = b""
JAVASCRIPT = {"user_agent": "@deepgram/sdk/5.11.0"}


async def test_close_stream_is_answered_with_a_close_frame_without_a_status() -> None:
    """Contract 3.2 and section 6: clients see 1005."""
    async with running() as server:
        client = await connect(server.port)
        client.text(CLOSE_STREAM)
        raw = await client.reader.readexactly(2)
    assert raw == b"\x88\x00"


@pytest.mark.parametrize(("always", "headers"), [(True, {}), (False, JAVASCRIPT)])
async def test_close_stream_can_be_answered_with_1000(
    always: bool, headers: dict[str, str]
) -> None:
    """Contract 14.2: as an option, and for clients that would connect anew."""
    async with running(close_code_1000=always) as server:
        client = await connect(server.port, **headers)
        client.text(CLOSE_STREAM)
        raw = await client.reader.readexactly(4)
    assert raw == b"\x88\x02\x03\xe8"


async def test_an_error_is_followed_by_a_close_frame_without_a_status() -> None:
    """Contract 3.5 and 4.7."""
    async with running() as server:
        client = await connect(server.port)
        client.text('{"type":"KeepAlive"}')
        error = await client.message()
        raw = await client.reader.readexactly(2)
    assert error["type"] == "Error"
    assert error["code"] == "UNPARSABLE_CLIENT_MESSAGE"
    assert raw == b"\x88\x00"


async def test_after_both_close_frames_the_server_ends_the_connection() -> None:
    async with running() as server:
        client = await connect(server.port)
        client.text(CLOSE_STREAM)
        assert await client.until_close() == NO_STATUS
        client.send(0x8, b"")
        await client.eof()


async def test_a_client_that_closes_first_gets_its_close_frame_back() -> None:
    async with running() as server:
        client = await connect(server.port)
        client.send(0x8, b"\x03\xe8bye")
        assert await client.until_close() == b"\x03\xe8bye"
        await client.eof()
        await server.settled()


async def test_a_ping_is_answered_with_its_payload() -> None:
    """Contract section 6: clients drop a server that does not."""
    async with running() as server:
        client = await connect(server.port)
        client.send(0x9, b"are you there")
        assert await client.frame() == (0xA, b"are you there")


async def test_the_server_sends_no_pings_of_its_own() -> None:
    """Contract 3.5: the pong of habit would keep an idle client for ever."""
    async with running() as server:
        client = await connect(server.port)
        frames = []
        for _ in range(6):
            client.audio()
        client.text(CLOSE_STREAM)
        while (frame := await client.frame())[0] != 0x8:
            frames.append(frame)
    assert {opcode for opcode, _ in frames} == {0x1}


async def test_messages_in_fragments_count_as_one() -> None:
    async with running() as server:
        whole = await converse(await connect(server.port), 9)
        client = await connect(server.port)
        for _ in range(9):
            client.send(0x2, FRAME[:1000], fin=False)
            client.send(0x9, b"between")
            client.send(0x0, b"", fin=False)
            client.send(0x0, FRAME[1000:])
        client.send(0x1, CLOSE_STREAM[:5].encode(), fin=False)
        client.send(0x0, CLOSE_STREAM[5:].encode())
        said = []
        while (frame := await client.frame())[0] != 0x8:
            if frame[0] == 0x1:
                said.append(json.loads(frame[1]))
    for message in said:
        del message["request_id"]
    assert said == whole


async def test_however_the_bytes_are_cut_the_answer_is_the_same() -> None:
    async with running() as server:
        whole = await converse(await connect(server.port), 6)
        client = await connect(server.port)
        pieces = RawClient(client.reader, Collector(), client.answer)  # type: ignore[arg-type]
        for _ in range(6):
            pieces.audio()
        pieces.text(CLOSE_STREAM)
        everything = bytes(pieces.writer.data)  # type: ignore[attr-defined]
        for start in range(0, len(everything), 997):
            client.writer.write(everything[start : start + 997])
            await client.writer.drain()
        await client.until_close()
    assert [{k: v for k, v in m.items() if k != "request_id"} for m in client.heard] == whole


class Collector:
    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> None:
        self.data += data


@pytest.mark.parametrize(
    ("opcode", "size", "sent"),
    [
        (0x1, TEXT_MESSAGE_BYTES_MAX + 1, TEXT_MESSAGE_BYTES_MAX + 1),
        (0x2, BINARY_MESSAGE_BYTES_MAX + 1, 1_000),
    ],
)
async def test_a_message_over_its_limit_closes_that_stream_with_1009(
    opcode: int, size: int, sent: int
) -> None:
    """Contract 14.29; a neighbour hears nothing of it."""
    async with running() as server:
        neighbour = await connect(server.port)
        for _ in range(3):
            neighbour.audio()
        client = await connect(server.port)
        head = bytes([0x80 | opcode, 0xFF]) + size.to_bytes(8, "big") + bytes(4)
        client.writer.write(head + b" " * sent)
        assert (await client.until_close())[:2] == (1009).to_bytes(2, "big")
        await client.eof()
        assert len(await converse(neighbour, 3)) == 2


async def test_a_text_message_of_the_size_allowed_is_read() -> None:
    """Contract 14.29: it is no message, but that is another matter."""
    async with running() as server:
        client = await connect(server.port)
        client.text(" " * TEXT_MESSAGE_BYTES_MAX)
        assert (await client.message())["code"] == "UNPARSABLE_CLIENT_MESSAGE"


@pytest.mark.parametrize(
    ("opcode", "payload", "masked", "code"),
    [
        (0x2, FRAME, False, 1002),
        (0x3, b"", True, 1002),
        (0x0, b"", True, 1002),
        (0x9, b"x" * 126, True, 1002),
        (0x8, b"\x03", True, 1002),
        (0x1, b"\xff\xfe", True, 1007),
    ],
)
async def test_a_client_that_breaks_the_protocol_is_told_how(
    opcode: int, payload: bytes, masked: bool, code: int
) -> None:
    async with running() as server:
        client = await connect(server.port)
        client.send(opcode, payload, masked=masked)
        client.audio()
        assert (await client.until_close())[:2] == code.to_bytes(2, "big")
        await client.eof()
        await server.settled()
        assert await converse(await connect(server.port), 3)


async def test_what_comes_after_the_server_closed_is_thrown_away() -> None:
    async with running() as server:
        client = await connect(server.port)
        client.text(CLOSE_STREAM)
        assert await client.until_close() == NO_STATUS
        client.audio()
        client.text("{}")
        client.send(0x3, b"garbage")
        await client.eof()


async def test_bytes_that_are_no_http_are_refused() -> None:
    async with running() as server:
        reader, writer = await ring(server.port)
        writer.write(b"\x16\x03\x01\x02\x00 this is no HTTP\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 400")
        assert (await dial(server.port)).answer.status == 101


async def test_frames_sent_before_the_answer_are_no_handshake() -> None:
    """Garbage behind the request, while the engine has not opened the stream yet."""

    class Slow(TestEngine):
        def open(self, keyterms: Sequence[str]) -> ScriptedStream:
            self.stepping.set()
            assert self.gate.wait(PATIENCE_S)
            return super().open(keyterms)

    engine = Slow()
    async with running(engine) as server:
        engine.gate.clear()
        reader, writer = await ring(server.port)
        lines = [f"GET /v2/listen?{QUERY} HTTP/1.1", "host: localhost"]
        lines += [f"{name}: {value}" for name, value in UPGRADE.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        await asyncio.to_thread(engine.stepping.wait)
        writer.write(b"\xff\xff\xff\xff")
        assert (await read_answer(reader)).status == 400
        engine.gate.set()
        await server.settled()


async def test_an_empty_binary_message_changes_nothing() -> None:
    """Contract 14.19."""
    async with running() as server:
        client = await connect(server.port)
        client.audio(b"")
        assert await converse(client, 3)


async def test_nothing_more_is_read_from_a_client_whose_audio_waits() -> None:
    """Contract 14.16: back-pressure, not a queue."""
    engine = TestEngine()
    async with running(engine) as server:
        client = await connect(server.port)
        engine.gate.clear()
        for _ in range(4_000):  # 10 MB: more than every buffer on the way
            client.audio()
        flushing = asyncio.create_task(client.writer.drain())
        await asyncio.to_thread(engine.stepping.wait)
        await converse_elsewhere(engine, server.port)
        assert not flushing.done()
        client.vanish()
        await asyncio.wait([flushing])
        flushing.exception()


async def test_a_burst_is_heard_to_its_end() -> None:
    """Contract 14.16: faster than real time, and more than waits here at once."""
    async with running() as server:
        said = await converse(await connect(server.port), 300)
    assert said[-1]["audio_window_end"] == 24.0


async def test_a_client_that_talks_on_still_reads_why_it_is_dropped() -> None:
    """Were the connection simply closed, a reset would overtake the Close frame."""
    async with running() as server:
        client = await connect(server.port)
        client.reader._transport.pause_reading()  # type: ignore[attr-defined]
        client.send(0x3, b"")
        await server.settled()
        for _ in range(100):
            client.audio()
            await client.writer.drain()
        client.reader._transport.resume_reading()  # type: ignore[attr-defined]
        assert (await client.until_close())[:2] == (1002).to_bytes(2, "big")


async def converse_elsewhere(engine: TestEngine, port: int) -> None:
    """Let a whole other conversation pass, as a measure of time."""
    engine.gate.set()
    await converse(await connect(port), 3)


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_a_text_frame_says_its_length_as_rfc_6455_asks(size: int) -> None:
    frame = whole_frame(Opcode.TEXT, b"x" * size)
    lengths = {125: frame[1], 65_535: int.from_bytes(frame[2:4], "big")}
    said = next((value for limit, value in lengths.items() if size <= limit), None)
    assert frame[0] == 0x81
    assert (said if said is not None else int.from_bytes(frame[2:10], "big")) == size
    assert frame.endswith(b"x" * size)

"""Functions: read from their usual JSON, and called where they are."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from turnwise.agent.history import ToolCall
from turnwise.agent.tools import RESULT_BYTES_MAX, Caller, Endpoint, Tool, read
from turnwise.errors import ThoughtFailed

CALL = ToolCall("c1", "clock", '{"zone": 1}')


@asynccontextmanager
async def answering(answer: bytes, asked: list[bytes]) -> AsyncIterator[str]:
    """Serve one function over HTTP."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        size = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        asked.append(head + await reader.readexactly(int(size or 0)))
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/clock"
    finally:
        server.close()


def reply(body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


def test_functions_are_read_from_their_usual_json() -> None:
    text = b'[{"name": "clock", "parameters": {}, "endpoint": {"url": "http://x"}}, {"name": "a"}]'
    assert read(text) == (
        Tool("clock", "", {}, Endpoint("http://x")),
        Tool("a", "", {"type": "object"}),
    )


@pytest.mark.parametrize("wrong", [b"", b"{}", b"[1]", b'[{"description": "?"}]', b"\xff"])
def test_what_is_no_list_of_functions_is_refused(wrong: bytes) -> None:
    with pytest.raises(ThoughtFailed, match="JSON list"):
        read(wrong)


async def test_a_function_gets_its_arguments_and_gives_its_result() -> None:
    asked: list[bytes] = []
    async with answering(reply(b"noon"), asked) as url:
        tool = Tool("clock", endpoint=Endpoint(url, headers={"X-Key": "k"}))
        assert await Caller([tool]).call(CALL) == "noon"
    assert asked[0].startswith(b"POST /clock ")
    assert b"x-key: k\r\n" in asked[0].lower()
    assert asked[0].endswith(b'\r\n\r\n{"zone": 1}')


async def test_of_a_long_result_the_beginning_is_enough() -> None:
    async with answering(reply(b"x" * (RESULT_BYTES_MAX + 9)), []) as url:
        tool = Tool("clock", endpoint=Endpoint(url, "GET"))
        assert len(await Caller([tool]).call(CALL)) == RESULT_BYTES_MAX


@pytest.mark.parametrize("answer", [reply(b"", "500 No"), b"what?", b""])
async def test_a_function_that_fails_says_so(answer: bytes) -> None:
    async with answering(answer, []) as url:
        with pytest.raises(ThoughtFailed):
            await Caller([Tool("clock", endpoint=Endpoint(url))]).call(CALL)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://127.0.0.1:1/", "http://[", "x"])
async def test_what_is_no_web_address_is_not_called(url: str) -> None:
    with pytest.raises(ThoughtFailed):
        await Caller([Tool("clock", endpoint=Endpoint(url))]).call(CALL)


async def test_a_function_without_an_endpoint_is_not_ours_to_call() -> None:
    with pytest.raises(ThoughtFailed, match="no such function"):
        await Caller([Tool("clock")]).call(CALL)

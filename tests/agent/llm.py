"""A stand-in for a language model: an OpenAI-compatible endpoint that does as it is told."""

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
DONE = b"data: [DONE]\n\n"
HANG = b"hang"
"""In an answer: nothing more comes, and nobody hangs up."""
COMMENTS = b"comments"
"""In an answer: nothing more comes but comments, as from endpoints that keep a line warm."""
COMMENT = b": still here\n\n"
COMMENT_S = 0.01
PATIENCE_S = 30.0


def event(data: object) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\n\n"


def chunk(delta: object, finish: str | None = None, usage: object = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return event({"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "m",
                  "choices": [choice], "usage": usage})  # fmt: skip


def words(*texts: str) -> list[bytes]:
    """A whole answer."""
    usage = {"prompt_tokens": 20, "completion_tokens": len(texts), "total_tokens": 20 + len(texts)}
    last = event({"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "m",
                  "choices": [], "usage": usage})  # fmt: skip
    return [STREAM, *(chunk({"content": text}) for text in texts), chunk({}, "stop"), last, DONE]


def refusal(status: int, message: str = "no") -> list[bytes]:
    body = json.dumps({"error": {"message": message}}).encode()
    head = f"HTTP/1.1 {status} No\r\ncontent-type: application/json\r\nretry-after: 0\r\n"
    return [head.encode() + f"content-length: {len(body)}\r\n\r\n".encode() + body]


def tool_call(name: str, *arguments: str) -> list[bytes]:
    """A wish in fragments."""
    first = {
        "index": 0,
        "id": "c1",
        "type": "function",
        "function": {"name": name, "arguments": ""},
    }
    more = [{"index": 0, "function": {"arguments": part}} for part in arguments]
    parts = [chunk({"tool_calls": [each]}) for each in [first, *more]]
    return [STREAM, *parts, chunk({}, "tool_calls"), DONE]


@dataclass
class Llm:
    """Answers each request with the next of its answers, the last one for ever."""

    answers: Sequence[Sequence[bytes]]
    first_word_s: float = 0.0
    """How long it thinks."""
    asked: list[dict[str, Any]] = field(default_factory=list)
    left: int = 0
    """How many who asked were gone before they had their answer."""
    url: str = ""
    tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            await self._answer(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()
            self.tasks.discard(task)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower().decode()
        size = int(head.split("content-length:")[1].split("\r\n")[0])
        self.asked.append(json.loads(await reader.readexactly(size)))
        answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        gone = asyncio.ensure_future(reader.read())
        for index, part in enumerate(answer):
            if index == 1 and self.first_word_s:
                await asyncio.wait([gone], timeout=self.first_word_s)
            while part is COMMENTS and not gone.done():
                writer.write(COMMENT)
                await asyncio.wait([gone], timeout=COMMENT_S)
            if part is HANG:
                await gone
            if gone.done():
                self.left += 1
                return
            writer.write(part)
            await writer.drain()
        gone.cancel()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


@asynccontextmanager
async def serving(*answers: Sequence[bytes], **how: Any) -> AsyncIterator[Llm]:
    llm = Llm(answers, **how)
    server = await asyncio.start_server(llm.serve, "127.0.0.1", 0)
    llm.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield llm
    finally:
        server.close()
        for task in list(llm.tasks):
            task.cancel()
        await asyncio.gather(*llm.tasks, return_exceptions=True)


@contextmanager
def serving_aside(*answers: Sequence[bytes]) -> Iterator[Llm]:
    """Serve in a thread, for who has no event loop or one of its own."""
    loop, leave, ready = asyncio.new_event_loop(), asyncio.Event(), threading.Event()
    served: list[Llm] = []

    async def serve() -> None:
        async with serving(*answers) as running:
            served.append(running)
            ready.set()
            await leave.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=[serve()])
    thread.start()
    assert ready.wait(PATIENCE_S)
    try:
        yield served[0]
    finally:
        loop.call_soon_threadsafe(leave.set)
        thread.join()
        loop.close()

"""Other servers that speak: what they are asked, and what their answers become."""

import asyncio
import json
import struct
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest

from turnwise.errors import SynthesisFailed
from turnwise.speech import remote
from turnwise.speech.load import load
from turnwise.speech.voices import choose

SOUND = b"\x00\x40" * 4_000
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


def chunks(*bodies: bytes) -> bytes:
    parts = (b"%x\r\n%s\r\n" % (len(body), body) for body in bodies)
    return CHUNKED + b"".join(parts) + b"0\r\n\r\n"


def wav_head(rate_hz: int) -> bytes:
    """Of a stream whose length nobody knows yet."""
    form = struct.pack("<IHHIIHH", 16, 1, 1, rate_hz, 2 * rate_hz, 2, 16)
    return b"RIFF\xff\xff\xff\xffWAVEfmt " + form + b"data\xff\xff\xff\xff"


ANSWER = chunks(SOUND)


@asynccontextmanager
async def answering(answer: bytes, *, stay: bool = False) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Serve one canned answer; yield the address, and the requests as they come."""
    asked: list[bytes] = []
    gone = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        asked.append(head + await reader.readexactly(length))
        writer.write(answer)
        if stay:
            await reader.read()
            gone.set()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
        if stay:
            async with asyncio.timeout(20):
                await gone.wait()


async def test_an_openai_server_is_asked_in_its_own_words() -> None:
    async with answering(chunks(wav_head(24_000), SOUND)) as (url, asked):
        synthesiser = load(f"openai:{url}/v1/", {"OPENAI_API_KEY": "secret"})
        voice = choose("aura-2-phoebe-en", synthesiser.voices)
        pieces = [sound async for sound in synthesiser.say("Hello.", voice, 1.5)]
    assert sum(map(len, pieces)) == 4_000
    assert pieces[0][0] == pytest.approx(0.5)
    head, body = asked[0].split(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/audio/speech HTTP/1.1\r\n")
    assert b"authorization: Bearer secret" in head
    ask = json.loads(body)
    assert (ask["input"], ask["voice"], ask["response_format"], ask["speed"]) == (
        *("Hello.", "nova", "wav", 1.5),
    )


async def test_a_server_whose_voices_have_another_rate_is_heard_at_its_own_pace() -> None:
    answer = chunks(wav_head(22_050)[:30], wav_head(22_050)[30:] + SOUND[:5], SOUND[5:])
    async with answering(answer) as (url, _):
        synthesiser = load(f"openai:{url}/v1", {})
        pieces = [sound async for sound in synthesiser.say("Hello.", synthesiser.voices[0])]
    expected = 4_000 * 24_000 / 22_050
    assert expected <= sum(map(len, pieces)) < expected + 200
    assert min(map(len, pieces)) > 0
    assert pieces[1][-1] == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"ID3 and so on, an MP3 for all we know", "is no sound: expected a RIFF header"),
        (b"RIFF", "is no sound: it ended before its header did"),
        (wav_head(11) + SOUND, "is no sound: the sample rate must be"),
    ],
)
async def test_an_openai_server_that_sends_no_wav_is_not_heard(body: bytes, reason: str) -> None:
    async with answering(chunks(body)) as (url, _):
        synthesiser = load(f"openai:{url}/v1", {})
        with pytest.raises(SynthesisFailed, match=reason):
            [_ async for _ in synthesiser.say("Hello.", synthesiser.voices[0])]


@pytest.mark.parametrize(
    ("name", "path"), [("aura-2-phoebe-en", "/v1/speak"), ("flux-haley-en", "/v2/speak")]
)
async def test_a_hosted_server_is_asked_for_the_same_voice(name: str, path: str) -> None:
    async with answering(ANSWER) as (url, asked):
        synthesiser = load(f"hosted:{url}", {"TURNWISE_SPEECH_KEY": "secret", "PATH": ""})
        voice = choose(name, synthesiser.voices)
        pieces = [sound async for sound in synthesiser.say("Hello.", voice, 1.25)]
    assert sum(map(len, pieces)) == 4_000
    line, *headers = asked[0].split(b"\r\n")
    assert line.startswith(f"POST {path}?model={name}&encoding=linear16".encode())
    assert b"speed=1.25" in line
    assert b"authorization: Token secret" in headers


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 429 No\r\ncontent-length: 5\r\n\r\nlater", "answers with status 429"),
        (b"no http at all\r\n\r\n", "no speech from"),
        (b"", "no speech from"),
        (CHUNKED + b"5\r\nab", "no speech from"),
        (b"HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n", "status 503"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabcd", "cut off"),
    ],
)
async def test_an_answer_that_is_no_speech_says_why(answer: bytes, reason: str) -> None:
    async with answering(answer) as (url, _):
        synthesiser = load(f"hosted:{url}", {})
        with pytest.raises(SynthesisFailed, match=reason):
            [_ async for _ in synthesiser.say("Hello.", synthesiser.voices[0])]


async def test_an_answer_may_end_with_its_connection() -> None:
    async with answering(b"HTTP/1.1 200 OK\r\n\r\n" + SOUND) as (url, _):
        synthesiser = load(f"hosted:{url}", {})
        pieces = [sound async for sound in synthesiser.say("Hello.", synthesiser.voices[0])]
    assert sum(map(len, pieces)) == 4_000


async def test_nobody_there_is_a_failure_with_a_name() -> None:
    async with answering(b"") as (url, _):
        pass
    synthesiser = load(f"hosted:{url}", {})
    with pytest.raises(SynthesisFailed, match=r"no speech from 127\.0\.0\.1"):
        [_ async for _ in synthesiser.say("Hello.", synthesiser.voices[0])]


async def test_a_server_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "ANSWER_SECONDS_MAX", 0.05)
    async with answering(b"", stay=True) as (url, _):
        synthesiser = load(f"hosted:{url}", {})
        with pytest.raises(SynthesisFailed, match="it takes too long"):
            [_ async for _ in synthesiser.say("Hello.", synthesiser.voices[0])]


async def test_who_stops_listening_hangs_up() -> None:
    async with answering(ANSWER[: len(ANSWER) // 2], stay=True) as (url, _):
        synthesiser = load(f"hosted:{url}", {})
        async with aclosing(synthesiser.say("Hello.", synthesiser.voices[0])) as sounds:
            assert len(await anext(sounds)) > 0

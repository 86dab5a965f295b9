"""Speech over real sockets: both editions, requests, refusals, and nobody left waiting."""

import asyncio
import io
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.server.running import (
    PATIENCE_S,
    RawClient,
    Running,
    dial,
    fetch,
    ring,
    running,
    until_metric,
)
from turnwise.server import speak
from turnwise.speech.interface import Sound, Voice
from turnwise.speech.tones import BREAKS_AT, CHARACTER_MS, Tones

FIRST = "/v1/speak?model=aura-2-phoebe-en&encoding=linear16&sample_rate=16000"
SECOND = "/v2/speak?model=flux-haley-en&encoding=linear16&sample_rate=16000"
HELLO_MS = (len("Hello") + 1) * CHARACTER_MS
KEY = {"authorization": "Token secret"}


class Slow(Tones):
    """Says one piece, then waits to be let on; counts who is speaking."""

    def __init__(self) -> None:
        self.speaking = 0
        self.go_on = asyncio.Event()

    async def say(self, text: str, voice: Voice, speed: float = 1.0) -> AsyncGenerator[Sound]:
        self.speaking += 1
        try:
            async for sound in super().say(text, voice, speed):
                yield sound
                await self.go_on.wait()
        finally:
            self.speaking -= 1


class Buggy(Tones):
    async def say(self, text: str, voice: Voice, speed: float = 1.0) -> AsyncGenerator[Sound]:
        raise RuntimeError("a bug")
        yield


@asynccontextmanager
async def speaking(
    monkeypatch: pytest.MonkeyPatch, synthesiser: Tones | None = None, **settings: Any
) -> AsyncIterator[Running]:
    monkeypatch.setattr("turnwise.server.run.load_speech", lambda *_: synthesiser or Tones())
    async with running(**settings) as server:
        yield server


async def call(port: int, path: str) -> RawClient:
    client = await dial(port, path)
    assert client.answer.status == 101, client.answer
    return client


def tell(client: RawClient, kind: str, **fields: object) -> None:
    client.text(json.dumps({"type": kind, **fields}))


async def until(client: RawClient, kind: str) -> tuple[bytes, list[dict[str, Any]]]:
    """Listen until a message of that type; return the audio before it, and the messages."""
    audio, said = b"", []
    while True:
        opcode, payload = await client.frame()
        if opcode == 0x2:
            audio += payload
        else:
            assert opcode == 0x1, payload
            said.append(json.loads(payload))
            if said[-1]["type"] == kind:
                return audio, said


async def closed(client: RawClient) -> tuple[int, str]:
    """Listen until the Close frame; return its code and reason."""
    while True:
        opcode, payload = await client.frame()
        if opcode == 0x8:
            client.send(0x8, b"")
            return int.from_bytes(payload[:2], "big"), payload[2:].decode()


async def ask(
    port: int, path: str, body: bytes, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """POST; return status, headers and the whole body, chunks joined."""
    reader, writer = await ring(port)
    lines = [f"POST {path} HTTP/1.1", "host: localhost", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    writer.write("\r\n".join([*lines, "connection: close", "", ""]).encode() + body)
    async with asyncio.timeout(PATIENCE_S):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        rest = await reader.read()
    status, *fields = head.strip().split("\r\n")
    found = {name.lower(): value for name, value in (line.split(": ", 1) for line in fields)}
    if found.get("transfer-encoding") == "chunked":
        joined = b""
        while rest:
            size, rest = rest.split(b"\r\n", 1)
            joined, rest = joined + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
        rest = joined
    return int(status.split()[1]), found, rest


async def test_the_first_edition_speaks_and_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    async with speaking(monkeypatch) as server:
        client = await call(server.port, FIRST)
        _, (metadata,) = await until(client, "Metadata")
        assert metadata["model_name"] == "aura-2-phoebe-en"
        assert client.answer.headers["dg-request-id"] == metadata["request_id"]
        tell(client, "Speak", text="Hello")
        tell(client, "Flush")
        audio, said = await until(client, "Flushed")
        assert said == [{"type": "Flushed", "sequence_id": 0}]
        assert len(audio) == 2 * 16 * HELLO_MS
        assert 0.2 < np.abs(np.frombuffer(audio, "<i2")).max() / 32_768 < 0.3
        tell(client, "Close")
        assert await closed(client) == (1000, "")
        await until_metric(server.port, "turnwise_speakers_open 0.0")
        await until_metric(server.port, "turnwise_speech_characters_total 5.0")


@pytest.mark.parametrize(
    ("form", "rate", "width"),
    [("linear16", 8_000, 2), ("linear16", 48_000, 2), ("mulaw", 8_000, 1), ("alaw", 16_000, 1)],
)
async def test_a_stream_has_the_rate_and_width_asked_for(
    monkeypatch: pytest.MonkeyPatch, form: str, rate: int, width: int
) -> None:
    async with speaking(monkeypatch) as server:
        client = await call(server.port, f"/v1/speak?encoding={form}&sample_rate={rate}")
        tell(client, "Speak", text="Hello")
        tell(client, "Flush")
        audio, _ = await until(client, "Flushed")
        assert len(audio) == pytest.approx(width * rate * HELLO_MS / 1000, abs=0.006 * width * rate)
        client.vanish()


async def test_clear_silences_at_once_and_frees_the_synthesiser(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow = Slow()
    async with speaking(monkeypatch, slow) as server:
        client = await call(server.port, FIRST)
        tell(client, "Speak", text="Hello there, all of you")
        tell(client, "Flush")
        await until(client, "Metadata")
        opcode, _ = await client.frame()
        assert opcode == 0x2
        assert slow.speaking == 1
        tell(client, "Clear")
        audio, said = await until(client, "Cleared")
        assert (audio, said) == (b"", [{"type": "Cleared", "sequence_id": 0}])
        slow.go_on.set()
        tell(client, "Speak", text="Hello")
        tell(client, "Flush")
        audio, _ = await until(client, "Flushed")
        assert len(audio) == 2 * 16 * HELLO_MS
        assert slow.speaking == 0
        client.vanish()


async def test_a_client_that_leaves_stops_what_speaks_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow = Slow()
    async with speaking(monkeypatch, slow) as server:
        client = await call(server.port, FIRST)
        tell(client, "Speak", text="Hello. ")
        await until(client, "Metadata")
        await client.frame()
        client.vanish()
        await until_metric(server.port, "turnwise_speakers_open 0.0")
        assert slow.speaking == 0


async def test_the_second_edition_speaks_in_turns_and_is_interrupted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with speaking(monkeypatch) as server:
        client = await call(server.port, SECOND)
        tell(client, "Speak", text="Hello Hello Hello")
        tell(client, "Flush")
        audio, said = await until(client, "SpeechMetadata")
        assert [each["type"] for each in said] == [
            *("Connected", "SpeechStarted", "Flushed", "SpeechMetadata"),
        ]
        assert len(audio) == 3 * 2 * 16 * HELLO_MS
        assert said[-1]["audio_duration_ms"] == 3 * HELLO_MS
        assert said[1]["speech_id"].startswith("dg_sp_")
        assert len(said[1]["speech_id"]) == len("dg_sp_") + 12
        offset = {"type": "time_ms", "value": HELLO_MS + 100}
        tell(client, "Interrupt", playback_offset=offset)
        _, (interrupted,) = await until(client, "SpeechInterrupted")
        assert interrupted["text_spoken"] == "Hello "
        tell(client, "Close")
        _, (session,) = await until(client, "SessionMetadata")
        assert session["total_audio_duration_ms"] == HELLO_MS + 100
        assert await closed(client) == (1000, "")


async def test_an_interruption_silences_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow()
    async with speaking(monkeypatch, slow) as server:
        client = await call(server.port, SECOND)
        tell(client, "Speak", text="Hello there, all of you. ")
        await until(client, "SpeechStarted")
        await client.frame()
        tell(client, "Interrupt")
        audio, said = await until(client, "SpeechInterrupted")
        assert audio == b""
        assert said[-1]["audio_played_ms"] == 80
        assert slow.speaking == 0
        client.vanish()


async def test_what_cannot_be_said_ends_the_connection_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with speaking(monkeypatch) as server:
        other = await call(server.port, FIRST)
        client = await call(server.port, SECOND)
        tell(client, "Speak", text=f"a{BREAKS_AT}. ")
        _, said = await until(client, "Error")
        assert said[-1]["code"] == "NET-0000"
        assert (await closed(client))[0] == 1011
        client = await call(server.port, FIRST)
        tell(client, "Speak", text=f"a{BREAKS_AT}. ")
        assert await closed(client) == (1011, "NET-0000 The server could not speak.")
        tell(other, "Flush")
        await until(other, "Flushed")
        other.vanish()


async def test_a_bug_is_logged_and_ends_one_connection(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with speaking(monkeypatch, Buggy()) as server:
        client = await call(server.port, SECOND)
        tell(client, "Speak", text="Hello. ")
        _, said = await until(client, "Error")
        assert (await closed(client))[0] == 1011
        await until_metric(server.port, "turnwise_speakers_open 0.0")
    assert said[-1]["description"] == "The server could not speak."
    assert "a bug" in caplog.text


async def test_nothing_that_was_said_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "turnwise")
    async with speaking(monkeypatch) as server:
        client = await call(server.port, FIRST)
        tell(client, "Speak", text="Confidential. ")
        tell(client, "Flush")
        await until(client, "Flushed")
        tell(client, "Close")
        await closed(client)
        await ask(server.port, "/v1/speak", b'{"text":"Confidential"}')
        await until_metric(server.port, "turnwise_speakers_open 0.0")
    opened = [r for r in caplog.records if r.getMessage() == "speech opened"]
    assert len(opened) == 2
    assert "onfidential" not in caplog.text + str([vars(each) for each in caplog.records])


async def test_binary_messages_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async with speaking(monkeypatch) as server:
        client = await call(server.port, FIRST)
        client.audio()
        code, reason = await closed(client)
        assert code == 1003
        assert reason.startswith("MESSAGE-0000")


async def test_a_connection_lasts_an_hour_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speak, "SPEAK_SECONDS_MAX", 0.0)
    async with speaking(monkeypatch) as server:
        client = await call(server.port, FIRST)
        code, reason = await closed(client)
        assert code == 1011
        assert reason.startswith("NET-0003")


async def test_the_second_edition_lets_idle_clients_go_and_the_first_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with speaking(monkeypatch, idle_seconds_max=0.05) as server:
        patient = await call(server.port, FIRST)
        client = await call(server.port, SECOND)
        _, said = await until(client, "Error")
        assert said[-1]["code"] == "NET-0004"
        assert (await closed(client))[0] == 1011
        tell(patient, "Flush")
        await until(patient, "Flushed")
        patient.vanish()


async def test_speakers_have_places_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    async with speaking(monkeypatch, streams_max=1) as server:
        first = await call(server.port, FIRST)
        refused = await dial(server.port, SECOND)
        assert (refused.answer.status, refused.answer.json["err_code"]) == (
            429,
            "TOO_MANY_REQUESTS",
        )
        status, _, _ = await ask(server.port, "/v1/speak", b'{"text":"Hello"}')
        assert status == 429
        first.vanish()
        await until_metric(server.port, "turnwise_speakers_open 0.0")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/speak?encoding=mp3", 400, "INVALID_QUERY_PARAMETER"),
        ("/v1/speak?model=nova-3", 400, "Bad Request"),
        ("/v1/speak?model=aura-2-sirio-es", 400, "Bad Request"),
        ("/v2/speak", 400, "INVALID_QUERY_PARAMETER"),
        ("/v2/speak?model=aura-2-phoebe-en", 400, "Bad Request"),
    ],
)
async def test_a_handshake_that_will_not_do_is_refused(
    monkeypatch: pytest.MonkeyPatch, path: str, status: int, code: str
) -> None:
    async with speaking(monkeypatch) as server:
        client = await dial(server.port, path)
        assert client.answer.status == status
        assert client.answer.json["err_code"] == code
        assert client.answer.headers["dg-error"] == client.answer.json["err_msg"]


async def test_keys_open_speech_as_they_open_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    async with speaking(monkeypatch, api_keys=("secret",)) as server:
        assert (await dial(server.port, FIRST)).answer.status == 401
        status, _, body = await ask(server.port, "/v1/speak", b'{"text":"Hello"}')
        assert (status, json.loads(body)["err_code"]) == (401, "INVALID_AUTH")
        assert (await dial(server.port, FIRST, KEY)).answer.status == 101
        browser = {"sec-websocket-protocol": "token, secret"}
        accepted = (await dial(server.port, FIRST, browser)).answer
        assert (accepted.status, accepted.headers["sec-websocket-protocol"]) == (101, "token")
        status, _, _ = await ask(server.port, "/v1/speak", b'{"text":"Hello"}', **KEY)
        assert status == 200


@pytest.mark.parametrize(
    ("query", "kind", "begins"),
    [
        ("", "audio/mpeg", b"\xff\xf3"),
        ("?encoding=linear16", "audio/wav", b"RIFF"),
        ("?encoding=linear16&container=none&sample_rate=8000", "audio/l16;rate=8000", b""),
        ("?encoding=mulaw&container=none", "audio/mulaw;rate=8000", b""),
        ("?encoding=alaw&container=none", "audio/alaw;rate=8000", b""),
        ("?encoding=opus", "audio/ogg;codecs=opus", b"OggS"),
        ("?encoding=flac", "audio/flac", b"fLaC"),
    ],
)
async def test_a_request_is_answered_in_its_format(
    monkeypatch: pytest.MonkeyPatch, query: str, kind: str, begins: bytes
) -> None:
    async with speaking(monkeypatch) as server:
        status, headers, body = await ask(server.port, f"/v1/speak{query}", b'{"text":"Hello"}')
        assert (status, headers["content-type"]) == (200, kind)
        assert body.startswith(begins)
        assert headers["dg-model-name"] == "aura-asteria-en"
        assert headers["dg-char-count"] == "5"
        assert {"dg-model-uuid", "dg-request-id"} <= set(headers)
        if begins:
            samples, rate_hz = soundfile.read(io.BytesIO(body))
            assert len(samples) / rate_hz == pytest.approx(HELLO_MS / 1000, abs=0.1)
        await until_metric(server.port, "turnwise_speakers_open 0.0")


async def test_plain_text_is_a_request_too(monkeypatch: pytest.MonkeyPatch) -> None:
    async with speaking(monkeypatch) as server:
        path = "/v2/speak?model=flux-kit-en&encoding=linear16&container=none&sample_rate=16000"
        status, _, body = await ask(server.port, path, b"Hello", content_type="text/plain")
        assert (status, len(body)) == (200, 2 * 16 * HELLO_MS)


@pytest.mark.parametrize(
    ("path", "body", "kind", "status", "code"),
    [
        ("/v1/speak", b"{", "application/json", 400, "PAYLOAD_ERROR"),
        ("/v1/speak", b'{"url":"http://x"}', "application/json", 400, "PAYLOAD_ERROR"),
        ("/v1/speak", b"\xff", "text/plain", 400, "PAYLOAD_ERROR"),
        ("/v1/speak", b"{}", "application/json", 400, "Bad Request"),
        ("/v1/speak", b'{"text":" ... "}', "application/json", 400, "Bad Request"),
        ("/v1/speak", b"x" * 2_001, "text/plain", 413, "PAYLOAD_TOO_LARGE"),
        ("/v1/speak", b"x" * (2 << 20) + b"x", "text/plain", 413, "PAYLOAD_TOO_LARGE"),
        ("/v1/speak", b"<a/>", "text/xml", 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("/v1/speak?encoding=wma", b'{"text":"x"}', "text/plain", 400, "INVALID_QUERY_PARAMETER"),
        ("/v1/speak?model=nova-3", b'{"text":"x"}', "text/plain", 400, "Bad Request"),
    ],
)
async def test_a_request_that_will_not_do_is_refused_in_the_documented_form(
    monkeypatch: pytest.MonkeyPatch, path: str, body: bytes, kind: str, status: int, code: str
) -> None:
    async with speaking(monkeypatch) as server:
        found, _, answer = await ask(server.port, path, body, content_type=kind)
        problem = json.loads(answer)
        assert (found, problem["err_code"]) == (status, code)
        assert {"err_msg", "request_id"} <= set(problem)


async def test_a_request_that_cannot_be_said_is_our_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    async with speaking(monkeypatch) as server:
        body = json.dumps({"text": BREAKS_AT + "a"}).encode()
        status, _, answer = await ask(server.port, "/v1/speak?encoding=linear16", body)
        assert (status, json.loads(answer)["err_code"]) == (500, "INTERNAL_SERVER_ERROR")
        await until_metric(server.port, "turnwise_speakers_open 0.0")


async def test_a_request_that_breaks_off_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with speaking(monkeypatch) as server:
        body = json.dumps({"text": f"Hello. a{BREAKS_AT}"}).encode()
        reader, writer = await ring(server.port)
        head = (
            f"POST /v1/speak?encoding=linear16 HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}"
        )
        writer.write(f"{head}\r\n\r\n".encode() + body)
        async with asyncio.timeout(PATIENCE_S):
            answer = await reader.read()
        assert not answer.endswith(b"0\r\n\r\n")
    assert "a text could not be said" in caplog.text


async def test_who_hangs_up_on_a_request_frees_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow()
    async with speaking(monkeypatch, slow) as server:
        reader, writer = await ring(server.port)
        body = b'{"text":"Hello"}'
        head = (
            f"POST /v1/speak?encoding=linear16 HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}"
        )
        writer.write(f"{head}\r\n\r\n".encode() + body)
        async with asyncio.timeout(PATIENCE_S):
            await reader.readuntil(b"RIFF")
        await until_metric(server.port, "turnwise_speakers_open 1.0")
        writer.transport.abort()
        await until_metric(server.port, "turnwise_speakers_open 0.0")
        assert slow.speaking == 0


async def test_a_plain_get_is_told_to_upgrade(monkeypatch: pytest.MonkeyPatch) -> None:
    async with speaking(monkeypatch) as server:
        for path in ("/v1/speak", "/v2/speak"):
            answer = await fetch(server.port, f"GET {path}")
            assert answer.status == 400
            assert "upgrade" in answer.json["err_msg"]

"""Speech through the typed interface of deepgram-sdk 7: both editions, both flavours, requests.

Prints one JSON object a message: its class and its fields; for audio, how many bytes.

    python typed_speech.py ws://localhost:8080 KEY
"""

import asyncio
import json
import sys
from collections.abc import Iterable

from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.core.api_error import ApiError
from deepgram.core.events import EventType
from deepgram.environment import DeepgramClientEnvironment
from deepgram.speak.v1.types import SpeakV1Text
from deepgram.speak.v2.types import (
    SpeakV2Configure,
    SpeakV2Interrupt,
    SpeakV2InterruptPlaybackOffset,
    SpeakV2Speak,
)

FORMATS = (
    {"encoding": "linear16", "container": "none", "sample_rate": 16000},
    {"encoding": "mp3", "bit_rate": 32000},
    {"encoding": "opus", "container": "ogg"},
    {"encoding": "flac", "sample_rate": 16000},
    {"encoding": "mulaw", "container": "wav"},
)


def show(part: str, message: object) -> None:
    if isinstance(message, bytes):
        line = {"part": part, "class": "bytes", "fields": len(message)}
    else:
        fields = json.loads(message.json()) if hasattr(message, "json") else repr(message)
        line = {"part": part, "class": type(message).__name__, "fields": fields}
    print(json.dumps(line), flush=True)


async def first(client: AsyncDeepgramClient) -> None:
    async with client.speak.v1.connect(
        model="aura-2-phoebe-en", encoding="linear16", sample_rate="16000"
    ) as connection:
        connection.on(EventType.MESSAGE, lambda message: show("v1", message))
        connection.on(EventType.ERROR, lambda error: show("v1", error))
        listening = asyncio.create_task(connection.start_listening())
        await connection.send_text(SpeakV1Text(text="Hello there. How are you?"))
        await connection.send_flush()
        await connection.send_clear()
        for _ in range(20):
            await connection.send_flush()
        await connection.send_text(SpeakV1Text(text="Good bye."))
        await connection.send_close()
        await asyncio.wait_for(listening, timeout=30)


async def second(client: AsyncDeepgramClient) -> None:
    async with client.speak.v2.connect(
        model="flux-haley-en", encoding="linear16", sample_rate=16000
    ) as connection:
        connection.on(EventType.MESSAGE, lambda message: show("v2", message))
        connection.on(EventType.ERROR, lambda error: show("v2", error))
        listening = asyncio.create_task(connection.start_listening())
        await connection.send_interrupt()  # nobody speaks: a Warning
        await connection.send_configure(SpeakV2Configure(speed=1.1))
        await connection.send_configure(SpeakV2Configure(speed=3.0))
        await connection.send_speak(SpeakV2Speak(text="Hello there. "))
        await connection.send_speak(SpeakV2Speak(text="How are you today?"))
        await connection.send_flush()
        await asyncio.sleep(3)
        offset = SpeakV2InterruptPlaybackOffset(value=500)
        await connection.send_interrupt(SpeakV2Interrupt(playback_offset=offset))
        await connection.send_close()
        await asyncio.wait_for(listening, timeout=30)


def blocking(client: DeepgramClient) -> None:
    with client.speak.v1.connect(model="aura-2-apollo-en", encoding="mulaw") as connection:
        connection.send_text(SpeakV1Text(text="Hello there."))
        connection.send_flush()
        for message in connection:
            show("blocking", message)
            if getattr(message, "type", None) == "Flushed":
                connection.send_close()


def requests(client: DeepgramClient) -> None:
    for form in FORMATS:
        pieces: Iterable[bytes] = client.speak.v1.audio.generate(
            text="Hello there.", model="aura-2-phoebe-en", **form
        )
        show(f"request {form['encoding']}", b"".join(pieces))
    try:
        b"".join(client.speak.v1.audio.generate(text="", model="aura-2-phoebe-en"))
    except ApiError as error:
        print(json.dumps({"part": "refused", "class": type(error).__name__, "fields": error.body}))


def main(server: str, api_key: str) -> None:
    web = server.replace("ws", "http", 1)
    environment = DeepgramClientEnvironment(
        base=web, production=server, agent=server, agent_rest=web
    )
    asyncio.run(first(AsyncDeepgramClient(api_key=api_key, environment=environment)))
    asyncio.run(second(AsyncDeepgramClient(api_key=api_key, environment=environment)))
    blocking(DeepgramClient(api_key=api_key, environment=environment))
    web_only = DeepgramClientEnvironment(base=web, production=web, agent=web, agent_rest=web)
    requests(DeepgramClient(api_key=api_key, environment=web_only))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])

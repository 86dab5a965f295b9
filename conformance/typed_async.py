"""The typed interface of deepgram-sdk 7, asynchronous: every send method and every message.

Prints one JSON object a message: its class and its fields.

    python typed_async.py ws://localhost:8080 KEY AUDIO.pcm
"""

import asyncio
import json
import sys
from pathlib import Path

from deepgram import AsyncDeepgramClient
from deepgram.core.events import EventType
from deepgram.environment import DeepgramClientEnvironment
from deepgram.listen.v2.types import ListenV2Configure, ListenV2ConfigureThresholds

CHUNK_BYTES = 2560  # 80 ms
FIRST_CHUNKS = 15  # 1.2 s: the scripted engine has said its first words, the turn is open


def show(message: object) -> None:
    fields = json.loads(message.json()) if hasattr(message, "json") else repr(message)
    print(json.dumps({"class": type(message).__name__, "fields": fields}), flush=True)


async def main(server: str, api_key: str, path: Path) -> None:
    environment = DeepgramClientEnvironment(
        base=server.replace("ws", "http", 1),
        production=server,
        agent=server,
        agent_rest=server.replace("ws", "http", 1),
    )
    client = AsyncDeepgramClient(api_key=api_key, environment=environment)
    audio = path.read_bytes()
    chunks = [audio[i : i + CHUNK_BYTES] for i in range(0, len(audio), CHUNK_BYTES)]
    async with client.listen.v2.connect(
        model="flux-general-multi",
        encoding="linear16",
        sample_rate=16000,
        eager_eot_threshold=0.4,
        eot_threshold=0.7,
        eot_timeout_ms=5000,
        keyterm=["Alice Cooper", "table"],
        language_hint=["en", "es"],
        numerals="false",
        profanity_filter="false",
        mip_opt_out=True,
        tag=["conformance", "typed"],
    ) as connection:
        connection.on(EventType.OPEN, lambda _: print(json.dumps({"class": "open"})))
        connection.on(EventType.MESSAGE, show)
        connection.on(EventType.CLOSE, lambda _: print(json.dumps({"class": "close"})))
        connection.on(EventType.ERROR, lambda error: show(error))
        listening = asyncio.create_task(connection.start_listening())
        await connection.send_force_end_turn()  # nobody speaks yet: a Warning
        for chunk in chunks[:FIRST_CHUNKS]:
            await connection.send_media(chunk)
        await connection.send_force_end_turn()
        await connection.send_configure(
            ListenV2Configure(
                thresholds=ListenV2ConfigureThresholds(eot_threshold=0.8, eager_eot_threshold=0.5),
                keyterms=["window"],
                language_hints=["en"],
                numerals=True,
            )
        )
        await connection.send_configure(
            {"type": "Configure", "thresholds": {"eot_threshold": 0.5, "eager_eot_threshold": 0.9}}
        )
        for chunk in chunks[FIRST_CHUNKS:]:
            await connection.send_media(chunk)
        await connection.send_close_stream()
        await asyncio.wait_for(listening, timeout=30)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))

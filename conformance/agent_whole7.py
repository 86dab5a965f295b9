"""The complete program of the published guide "Build a Flux-enabled voice agent".

The same steps as agent_whole.py, with the calls that deepgram-sdk 7 has for them.

    python agent_whole7.py ws://localhost:8080 KEY http://localhost:11434/v1 IN.wav OUT.wav
"""

import asyncio
import json
import struct
import sys
import threading
import urllib.request
from pathlib import Path

from deepgram import DeepgramClient
from deepgram.core.events import EventType
from deepgram.environment import DeepgramClientEnvironment
from deepgram.speak.v1.types import SpeakV1Text

CHUNK_BYTES = 4096


async def transcribe(client: DeepgramClient, audio: bytes) -> str:
    transcript = ""
    done = asyncio.Event()

    def on_message(message: object) -> None:
        nonlocal transcript
        ended = getattr(message, "type", None) == "TurnInfo" and message.event == "EndOfTurn"
        if ended and message.transcript:
            transcript = message.transcript.strip()
            done.set()

    with client.listen.v2.connect(
        model="flux-general-en", encoding="linear16", sample_rate=16000
    ) as connection:
        connection.on(EventType.MESSAGE, on_message)
        threading.Thread(target=connection.start_listening, daemon=True).start()
        for start in range(0, len(audio), CHUNK_BYTES):
            connection.send_media(audio[start : start + CHUNK_BYTES])
            await asyncio.sleep(0.01)
        await asyncio.wait_for(done.wait(), timeout=30.0)
    return transcript


def answer(llm: str, transcript: str) -> str:
    body = {
        "model": "gpt-4o-mini",
        "messages": [
            {"role": "system", "content": "Answer in one short sentence."},
            {"role": "user", "content": transcript},
        ],
        "temperature": 0.7,
        "max_tokens": 100,
    }
    headers = {"Authorization": "Bearer any", "Content-Type": "application/json"}
    request = urllib.request.Request(
        f"{llm}/chat/completions", data=json.dumps(body).encode(), headers=headers
    )
    try:
        with urllib.request.urlopen(request) as response:
            return str(json.loads(response.read())["choices"][0]["message"]["content"])
    except OSError:
        return f"I heard you say: {transcript}"


async def speak(client: DeepgramClient, text: str) -> bytes:
    pieces: list[bytes] = []
    done = asyncio.Event()

    def on_message(message: object) -> None:
        if isinstance(message, bytes):
            pieces.append(message)
        elif getattr(message, "type", None) == "Flushed":
            done.set()

    with client.speak.v1.connect(
        model="aura-2-phoebe-en", encoding="linear16", sample_rate=16000
    ) as connection:
        connection.on(EventType.MESSAGE, on_message)
        threading.Thread(target=connection.start_listening, daemon=True).start()
        connection.send_text(SpeakV1Text(type="Speak", text=text))
        connection.send_flush()
        await asyncio.wait_for(done.wait(), timeout=15.0)
    return b"".join(pieces)


def wav(audio: bytes) -> bytes:
    fields = (16, 1, 1, 16000, 32000, 2, 16)
    head = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 36 + len(audio), b"WAVE", b"fmt ", *fields)
    return head + struct.pack("<4sI", b"data", len(audio)) + audio


async def main(server: str, api_key: str, llm: str, source: Path, target: Path) -> None:
    environment = DeepgramClientEnvironment(
        base=server.replace("ws", "http", 1),
        production=server,
        agent=server,
        agent_rest=server.replace("ws", "http", 1),
    )
    client = DeepgramClient(api_key=api_key, environment=environment)
    transcript = await transcribe(client, source.read_bytes())
    print(f"transcript: {transcript}")
    response = answer(llm, transcript)
    print(f"response: {response}")
    target.write_bytes(wav(await speak(client, response)))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4], Path(sys.argv[4]), Path(sys.argv[5])))

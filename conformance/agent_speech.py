"""The speaking step of the published guide "Build a Flux-enabled voice agent".

For deepgram-sdk 5.1 to 5.3: the blocking client inside an asyncio program, one Speak, one
Flush, at most 15 s for Flushed, all binary messages put together, and a WAV file of them. The
event is set from another thread, as published.

    python agent_speech.py ws://localhost:8080 KEY "Hello there." FILE.wav
"""

import asyncio
import sys
import threading
import wave
from pathlib import Path

from deepgram import DeepgramClient
from deepgram.core.events import EventType
from deepgram.environment import DeepgramClientEnvironment
from deepgram.extensions.types.sockets import (
    SpeakV1ControlMessage,
    SpeakV1SocketClientResponse,
    SpeakV1TextMessage,
)

RATE_HZ = 16000


async def main(server: str, api_key: str, text: str, path: Path) -> None:
    environment = DeepgramClientEnvironment(
        base=server.replace("ws", "http", 1), production=server, agent=server
    )
    client = DeepgramClient(api_key=api_key, environment=environment)
    audio: list[bytes] = []
    done = asyncio.Event()

    def on_message(message: SpeakV1SocketClientResponse) -> None:
        if isinstance(message, bytes):
            audio.append(message)
        else:
            print(f"{type(message).__name__}: {message.type}", flush=True)
            if message.type == "Flushed":
                done.set()

    with client.speak.v1.connect(
        model="aura-2-phoebe-en", encoding="linear16", sample_rate=str(RATE_HZ)
    ) as connection:
        connection.on(EventType.MESSAGE, on_message)
        threading.Thread(target=connection.start_listening, daemon=True).start()
        connection.send_text(SpeakV1TextMessage(type="Speak", text=text))
        connection.send_control(SpeakV1ControlMessage(type="Flush"))
        await asyncio.wait_for(done.wait(), timeout=15.0)
        connection.send_control(SpeakV1ControlMessage(type="Close"))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(b"".join(audio))
    print(f"bytes: {sum(map(len, audio))}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4])))

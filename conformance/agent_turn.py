"""The transcription step of the published guide "Build a Flux-enabled voice agent".

For deepgram-sdk 5.1 to 5.3: the blocking client inside an asyncio program, a whole WAV file,
header included, under `encoding=linear16`, 4096 bytes about every 10 ms, no CloseStream, and
then at most 30 s for an EndOfTurn with words. The event is set from another thread, as
published, so a turn that ends late is noticed only when the 30 s are over.

    python agent_turn.py ws://localhost:8080 KEY FILE.wav
"""

import asyncio
import sys
import threading
from pathlib import Path

from deepgram import DeepgramClient
from deepgram.core.events import EventType
from deepgram.environment import DeepgramClientEnvironment
from deepgram.extensions.types.sockets import ListenV2SocketClientResponse

CHUNK_BYTES = 4096


async def main(server: str, api_key: str, path: Path) -> None:
    audio = path.read_bytes()
    environment = DeepgramClientEnvironment(
        base=server.replace("ws", "http", 1), production=server, agent=server
    )
    client = DeepgramClient(api_key=api_key, environment=environment)
    transcript = ""
    done = asyncio.Event()

    def on_message(message: ListenV2SocketClientResponse) -> None:
        nonlocal transcript
        ended = getattr(message, "type", None) == "TurnInfo" and message.event == "EndOfTurn"
        if ended and message.transcript:
            transcript = message.transcript.strip()
            print(f"turn: {transcript}", flush=True)
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
    print(f"transcript: {transcript}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))

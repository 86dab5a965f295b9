"""The shape of the published "Getting Started with Flux" program, for deepgram-sdk 5.0 to 5.3.

The asynchronous client, its handlers, 1024-byte chunks through `_send`, a string for the
sample rate, and a wait for the listening task that ends by time-out: the same calls in the
same order. Two things differ. `environment=` says where the server is. The audio, which
the published program has ffmpeg fetch from a radio station, comes from standard input:

    ffmpeg -i SOURCE -f s16le -ar 16000 -ac 1 - | python quickstart.py ws://localhost:8080 KEY
"""

import asyncio
import sys

from deepgram import AsyncDeepgramClient
from deepgram.core.events import EventType
from deepgram.environment import DeepgramClientEnvironment
from deepgram.extensions.types.sockets import ListenV2SocketClientResponse

GREEN, YELLOW, RED, PLAIN = "\033[92m", "\033[93m", "\033[91m", "\033[0m"
COLOURS = ((0.9, GREEN), (0.8, YELLOW), (0.0, RED))
CHUNK_BYTES = 1024


def coloured(text: str, confidence: float) -> str:
    colour = next(colour for least, colour in COLOURS if confidence >= least)
    return f"{colour}{text}({confidence:.2f}){PLAIN}"


def on_message(message: ListenV2SocketClientResponse) -> None:
    if hasattr(message, "transcript") and message.transcript:
        print(f"transcript: {message.transcript}")
        if hasattr(message, "words") and message.words:
            print(" | ".join(coloured(word.word, word.confidence) for word in message.words))
    elif getattr(message, "type", "unknown") == "Connected":
        print("connected")


async def main(server: str, api_key: str, patience_s: float) -> None:
    environment = DeepgramClientEnvironment(
        base=server.replace("ws", "http", 1), production=server, agent=server
    )
    client = AsyncDeepgramClient(api_key=api_key, environment=environment)
    async with client.listen.v2.connect(
        model="flux-general-en", encoding="linear16", sample_rate="16000"
    ) as connection:
        connection.on(EventType.OPEN, lambda _: print("open"))
        connection.on(EventType.MESSAGE, on_message)
        connection.on(EventType.CLOSE, lambda _: print("close"))
        connection.on(EventType.ERROR, lambda error: print(f"error: {error}"))
        listening = asyncio.create_task(connection.start_listening())
        while chunk := await asyncio.to_thread(sys.stdin.buffer.read, CHUNK_BYTES):
            await connection._send(chunk)
        try:
            await asyncio.wait_for(listening, timeout=patience_s)
        except TimeoutError:
            print("timeout")
            listening.cancel()


if __name__ == "__main__":
    # The published program waits 60 s after a radio station that never ends.
    asyncio.run(main(sys.argv[1], sys.argv[2], float((sys.argv[3:] or ["60"])[0])))

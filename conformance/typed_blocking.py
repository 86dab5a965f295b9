"""The typed interface of deepgram-sdk 7, blocking, read by iteration.

Prints one JSON object a message: its class and its fields.

    python typed_blocking.py ws://localhost:8080 KEY AUDIO.pcm
"""

import json
import sys
import threading
from pathlib import Path

from deepgram import DeepgramClient
from deepgram.environment import DeepgramClientEnvironment
from deepgram.listen.v2.socket_client import V2SocketClient
from deepgram.listen.v2.types import ListenV2Configure, ListenV2ConfigureThresholds

CHUNK_BYTES = 3200  # 100 ms, as in the vendor's examples


def send(connection: V2SocketClient, audio: bytes) -> None:
    connection.send_configure(
        ListenV2Configure(thresholds=ListenV2ConfigureThresholds(eot_timeout_ms=60_000))
    )
    for start in range(0, len(audio), CHUNK_BYTES):
        connection.send_media(audio[start : start + CHUNK_BYTES])
    connection.send_force_end_turn()
    connection.send_close_stream()


def main(server: str, api_key: str, path: Path) -> None:
    environment = DeepgramClientEnvironment(
        base=server.replace("ws", "http", 1),
        production=server,
        agent=server,
        agent_rest=server.replace("ws", "http", 1),
    )
    client = DeepgramClient(api_key=api_key, environment=environment)
    with client.listen.v2.connect(
        model="flux-general-en", encoding="linear16", sample_rate=16000, keyterm="Robert Johnson"
    ) as connection:
        audio = path.read_bytes()
        threading.Thread(target=send, args=(connection, audio), daemon=True).start()
        for message in connection:
            fields = json.loads(message.json())
            print(json.dumps({"class": type(message).__name__, "fields": fields}), flush=True)
    print(json.dumps({"class": "end"}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))

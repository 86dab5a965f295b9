"""The same conversation with any deepgram-sdk from 5.0.0 on, whatever its names for things.

Prints the classes its messages became, the turns, whether its listening ended by itself
after CloseStream, and what it raised. Only what all versions have is used: `send_media`, and
`_send` for text.

    pip install deepgram-sdk==VERSION
    python any_version.py ws://localhost:8080 KEY AUDIO.pcm
"""

import inspect
import json
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from deepgram import DeepgramClient
from deepgram.core.events import EventType
from deepgram.environment import DeepgramClientEnvironment

CHUNK_BYTES = 2560
PATIENCE_S = 20.0
WISHES = {
    "model": "flux-general-en",
    "encoding": "linear16",
    "sample_rate": "16000",
    "eager_eot_threshold": 0.4,
    "keyterm": ["alpha beta", "it's, here"],  # up to 5.3.0 one value, in Python's spelling
    "tag": ["one", "two"],
    "mip_opt_out": True,  # from 6.0.0 to 7.1.0 `True`
}
LAST_WORDS = (
    {"type": "ForceEndTurn"},
    {"type": "ForceEndTurn"},  # a Warning
    {"type": "Configure", "thresholds": {"eot_threshold": 0.9}},
    {"type": "CloseStream"},
)


def environment(server: str) -> DeepgramClientEnvironment:
    http = server.replace("ws", "http", 1)
    names = set(inspect.signature(DeepgramClientEnvironment.__init__).parameters) - {"self"}
    return DeepgramClientEnvironment(
        **{name: http if name in ("base", "agent_rest") else server for name in names}
    )


def field(message: Any, name: str) -> Any:
    return message.get(name) if isinstance(message, dict) else getattr(message, name, None)


def main(server: str, api_key: str, path: Path) -> None:
    client = DeepgramClient(api_key=api_key, environment=environment(server))
    known = inspect.signature(client.listen.v2.connect).parameters
    messages: list[Any] = []
    errors: list[Exception] = []
    with client.listen.v2.connect(**{k: v for k, v in WISHES.items() if k in known}) as connection:
        connection.on(EventType.MESSAGE, messages.append)
        connection.on(EventType.ERROR, errors.append)
        listening = threading.Thread(target=connection.start_listening, daemon=True)
        listening.start()
        audio = path.read_bytes()
        for start in range(0, len(audio), CHUNK_BYTES):
            connection.send_media(audio[start : start + CHUNK_BYTES])
        for words in LAST_WORDS:
            connection._send(json.dumps(words))
        listening.join(PATIENCE_S)
    print(dict(Counter(type(message).__name__ for message in messages)))
    print([field(m, "transcript") for m in messages if field(m, "event") == "EndOfTurn"])
    raised = [type(error).__name__ for error in errors]
    print("still listening" if listening.is_alive() else "ended", raised)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))

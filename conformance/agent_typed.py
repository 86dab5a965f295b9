"""The typed client of the Voice Agent API in deepgram-sdk 7, blocking.

Prints one JSON object a message: its class and its fields, and in the end how much sound came.

    python agent_typed.py ws://localhost:8080 KEY AUDIO.pcm
"""

import json
import sys
import threading
from pathlib import Path

from deepgram import DeepgramClient
from deepgram.agent.v1.types import (
    AgentV1InjectAgentMessage,
    AgentV1Settings,
    AgentV1SettingsAgent,
    AgentV1SettingsAudio,
    AgentV1SettingsAudioInput,
    AgentV1SettingsAudioOutput,
    AgentV1UpdatePrompt,
)
from deepgram.core.events import EventType
from deepgram.environment import DeepgramClientEnvironment

CHUNK_BYTES = 2560
PATIENCE_S = 60.0


def main(server: str, api_key: str, path: Path) -> None:
    http = server.replace("ws", "http", 1)
    environment = DeepgramClientEnvironment(
        base=http, production=server, agent=server, agent_rest=http
    )
    client = DeepgramClient(api_key=api_key, environment=environment)
    applied, answered = threading.Event(), threading.Event()
    sound_bytes = 0

    def on_message(message: object) -> None:
        nonlocal sound_bytes
        if isinstance(message, bytes):
            sound_bytes += len(message)
            return
        fields = json.loads(message.json())
        print(json.dumps({"class": type(message).__name__, "fields": fields}), flush=True)
        if fields["type"] == "PromptUpdated":
            applied.set()
        if fields["type"] == "LatencyReport":
            answered.set()

    with client.agent.v1.connect() as connection:
        connection.on(EventType.MESSAGE, on_message)
        listening = threading.Thread(target=connection.start_listening, daemon=True)
        listening.start()
        connection.send_settings(
            AgentV1Settings(
                audio=AgentV1SettingsAudio(
                    input=AgentV1SettingsAudioInput(encoding="linear16", sample_rate=16000),
                    output=AgentV1SettingsAudioOutput(encoding="linear16", sample_rate=24000),
                ),
                agent=AgentV1SettingsAgent(
                    listen={"provider": {"type": "deepgram", "version": "v2",
                                         "model": "flux-general-en", "eot_threshold": 0.7}},
                    think={"provider": {"type": "open_ai", "model": "gpt-4o-mini"},
                           "prompt": "Be brief."},
                    speak={"provider": {"type": "deepgram", "model": "aura-2-thalia-en"}},
                ),
            )
        )  # fmt: skip
        connection.send_keep_alive()
        connection.send_update_prompt(AgentV1UpdatePrompt(prompt="Be briefer."))
        assert applied.wait(PATIENCE_S)
        audio = path.read_bytes()
        for start in range(0, len(audio), CHUNK_BYTES):
            connection.send_media(audio[start : start + CHUNK_BYTES])
        assert answered.wait(PATIENCE_S)
        connection.send_inject_agent_message(AgentV1InjectAgentMessage(message="And now?"))
    listening.join(PATIENCE_S)
    print(json.dumps({"class": "end", "fields": {"sound_bytes": sound_bytes}}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))

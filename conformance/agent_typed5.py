"""The typed client of the Voice Agent API in deepgram-sdk 5, blocking, with a function of its own.

Prints one JSON object a message: its class and its fields, and in the end how much sound came.

    python agent_typed5.py ws://localhost:8080 KEY AUDIO.pcm
"""

import json
import sys
import threading
from pathlib import Path

from deepgram import DeepgramClient
from deepgram.core.events import EventType
from deepgram.environment import DeepgramClientEnvironment
from deepgram.extensions.types.sockets import (
    AgentV1Agent,
    AgentV1AudioConfig,
    AgentV1AudioInput,
    AgentV1AudioOutput,
    AgentV1ControlMessage,
    AgentV1DeepgramSpeakProvider,
    AgentV1Function,
    AgentV1FunctionCallResponseMessage,
    AgentV1InjectAgentMessageMessage,
    AgentV1InjectUserMessageMessage,
    AgentV1Listen,
    AgentV1ListenProvider,
    AgentV1OpenAiThinkProvider,
    AgentV1SettingsMessage,
    AgentV1SocketClientResponse,
    AgentV1SpeakProviderConfig,
    AgentV1Think,
    AgentV1UpdatePromptMessage,
    AgentV1UpdateSpeakMessage,
)

CHUNK_BYTES = 2560
PATIENCE_S = 60.0


def voice(model: str) -> AgentV1SpeakProviderConfig:
    provider = AgentV1DeepgramSpeakProvider(type="deepgram", model=model)
    return AgentV1SpeakProviderConfig(provider=provider)


SETTINGS = AgentV1SettingsMessage(
    audio=AgentV1AudioConfig(
        input=AgentV1AudioInput(encoding="linear16", sample_rate=16000),
        output=AgentV1AudioOutput(encoding="linear16", sample_rate=24000, container="none"),
    ),
    agent=AgentV1Agent(
        listen=AgentV1Listen(provider=AgentV1ListenProvider(type="deepgram", model="nova-3")),
        think=AgentV1Think(
            provider=AgentV1OpenAiThinkProvider(type="open_ai", model="gpt-4o-mini"),
            prompt="Be brief.",
            functions=[
                AgentV1Function(
                    name="clock",
                    description="Tells the time.",
                    parameters={"type": "object", "properties": {}},
                )
            ],
        ),
        speak=voice("aura-2-thalia-en"),
        greeting="Hello.",
    ),
)


def main(server: str, api_key: str, path: Path) -> None:
    http = server.replace("ws", "http", 1)
    environment = DeepgramClientEnvironment(base=http, production=server, agent=server)
    client = DeepgramClient(api_key=api_key, environment=environment)
    seen: dict[str, threading.Event] = {}
    sound_bytes = 0

    def await_(kind: str) -> None:
        assert seen.setdefault(kind, threading.Event()).wait(PATIENCE_S), kind

    def on_message(message: AgentV1SocketClientResponse) -> None:
        nonlocal sound_bytes
        if isinstance(message, bytes):
            sound_bytes += len(message)
            return
        fields = json.loads(message.json())
        print(json.dumps({"class": type(message).__name__, "fields": fields}), flush=True)
        if fields["type"] == "FunctionCallRequest":
            (call,) = fields["functions"]
            connection.send_function_call_response(
                AgentV1FunctionCallResponseMessage(id=call["id"], name=call["name"], content="noon")
            )
        content = fields.get("content")
        seen.setdefault(f"{fields['type']} {content}", threading.Event()).set()
        seen.setdefault(fields["type"], threading.Event()).set()

    with client.agent.v1.connect() as connection:
        connection.on(EventType.MESSAGE, on_message)
        listening = threading.Thread(target=connection.start_listening, daemon=True)
        listening.start()
        connection.send_settings(SETTINGS)
        connection.send_control(AgentV1ControlMessage(type="KeepAlive"))
        await_("ConversationText Hello.")
        connection.send_inject_agent_message(AgentV1InjectAgentMessageMessage(message="And now?"))
        await_("InjectionRefused")
        connection.send_update_prompt(AgentV1UpdatePromptMessage(prompt="Be briefer."))
        await_("PromptUpdated")
        connection.send_update_speak(AgentV1UpdateSpeakMessage(speak=voice("aura-2-apollo-en")))
        await_("SpeakUpdated")
        connection.send_inject_user_message(AgentV1InjectUserMessageMessage(content="The time?"))
        await_("ConversationText It is noon.")
        audio = path.read_bytes()
        for start in range(0, len(audio), CHUNK_BYTES):
            connection.send_media(audio[start : start + CHUNK_BYTES])
        await_("UserStartedSpeaking")
        await_("ConversationText Hi there")
        await_("ConversationText Good day.")
    listening.join(PATIENCE_S)
    print(json.dumps({"class": "end", "fields": {"sound_bytes": sound_bytes}}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))

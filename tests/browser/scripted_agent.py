"""A server whose agent says what a test expects: the page, and /v1/agent/converse by script.

It greets with some seconds of a tone, hears the user after a while, and falls silent.
Contract section 7.4.
"""

import json
import math
import threading
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from turnwise.server import page

GREETING_S = 20.0
"""Longer than it may last: a page that is not silenced would still play it."""
BREAK_IN_BYTES = 3 * 32_000
"""How much the user says until the agent notices: three seconds."""


class Agent:
    """What the agent heard."""

    def __init__(self) -> None:
        self.settings: dict[str, Any] = {}
        self.heard_bytes = 0
        self.texts: list[dict[str, Any]] = []

    async def converse(self, socket: WebSocket) -> None:
        offered = socket.scope["subprotocols"]
        await socket.accept(subprotocol=offered[0] if offered else None)
        await socket.send_json({"type": "Welcome", "request_id": "id"})
        self.settings = await socket.receive_json()
        await socket.send_json({"type": "SettingsApplied"})
        greeting = self.settings["agent"]["greeting"]
        await self._speak(socket, greeting, self.settings["audio"]["output"]["sample_rate"])
        try:
            while True:
                await self._hear(socket, await socket.receive())
        except WebSocketDisconnect:
            return

    async def _speak(self, socket: WebSocket, text: str, rate_hz: int) -> None:
        said = {"type": "ConversationText", "role": "assistant", "content": text}
        await socket.send_json(said)
        await socket.send_json({"type": "AgentStartedSpeaking", "total_latency": 0.25})
        step = 2 * math.pi * 440 / rate_hz
        tone = array("h", (round(3000 * math.sin(step * i)) for i in range(rate_hz)))
        for _ in range(round(GREETING_S)):
            await socket.send_bytes(tone.tobytes())
        await socket.send_json({"type": "AgentAudioDone"})

    async def _hear(self, socket: WebSocket, received: Any) -> None:
        if received["type"] == "websocket.disconnect":
            raise WebSocketDisconnect
        if received.get("text"):
            self.texts.append(json.loads(received["text"]))
            return
        before, self.heard_bytes = self.heard_bytes, self.heard_bytes + len(received["bytes"])
        if before < BREAK_IN_BYTES <= self.heard_bytes:
            await socket.send_json({"type": "UserStartedSpeaking"})
            said = {"type": "ConversationText", "role": "user", "content": "Stop, please."}
            await socket.send_json(said)


@contextmanager
def agent_server(path: str = "/v1/agent/converse") -> Iterator[tuple[str, Agent]]:
    """Serve on a free port; yield where, as http://HOST:PORT, and the agent."""
    agent = Agent()
    talk = WebSocketRoute(path, agent.converse)
    app = Starlette(routes=[*page.routes(), talk])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            thread.join(0.05)
            assert thread.is_alive()
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}", agent
    finally:
        server.should_exit = True
        thread.join()

"""Messages of /v1/agent/converse, as JSON."""

import pytest

from turnwise.errors import BadMessage
from turnwise.wire import agent_messages as wire
from turnwise.wire.agent_codec import REASON_CHARACTERS_MAX, decode, encode

WHOLE = """{
  "type": "Settings", "experimental": true, "mip_opt_out": true, "tags": ["a"],
  "flags": {"history": false},
  "audio": {
    "input": {"encoding": "mulaw", "sample_rate": 8000.0},
    "output": {"encoding": "linear16", "sample_rate": 24000, "container": "none"}
  },
  "agent": {
    "language": "en",
    "context": {"messages": [
      {"type": "History", "role": "user", "content": "Hi"},
      {"type": "History", "function_calls": [
        {"id": "1", "name": "f", "client_side": true, "arguments": "{}", "response": "ok"}]}
    ]},
    "listen": {"provider": {"type": "deepgram", "version": "v2", "model": "flux-general-en",
      "eot_threshold": 0.8, "keyterms": ["Alba"], "smart_format": false}},
    "think": [{"provider": {"type": "open_ai", "model": "gpt-4o-mini", "temperature": 1},
      "functions": [{"name": "f", "parameters": {}, "endpoint": {"url": "http://x"}}]}],
    "speak": {"provider": {"type": "deepgram", "model": "aura-2-thalia-en"}},
    "greeting": "Welcome."
  }
}"""


def test_settings_are_read_with_all_that_matters_and_nothing_else() -> None:
    read = decode(WHOLE)
    assert isinstance(read, wire.Settings)
    assert isinstance(read.agent, wire.AgentSettings)
    assert isinstance(read.agent.think, list)
    assert read.agent.greeting == "Welcome."
    assert read.audio == wire.Audio(
        wire.AudioInput("mulaw", 8_000), wire.AudioOutput("linear16", 24_000, "none")
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"type":"KeepAlive"}', wire.KeepAlive()),
        ('{"type":"ForceEndTurn"}', wire.ForceEndTurn()),
        ('{"type":"UpdatePrompt","prompt":"p"}', wire.UpdatePrompt("p")),
        ('{"type":"InjectUserMessage","content":"c"}', wire.InjectUserMessage("c")),
        ('{"type":"InjectAgentMessage","message":"m"}', wire.InjectAgentMessage("m")),
        (
            '{"type":"FunctionCallResponse","id":"1","name":"f","content":"c"}',
            wire.SendFunctionCallResponse("c", "1", "f"),
        ),
    ],
)
def test_each_message_of_a_client_is_read(text: str, message: wire.ClientMessage) -> None:
    assert decode(text) == message


@pytest.mark.parametrize("text", ["", "{}", '{"type":"Hello"}', '{"type":"Settings"}', "[" * 9_999])
def test_what_is_no_message_is_said_shortly(text: str) -> None:
    with pytest.raises(BadMessage) as raised:
        decode(text)
    assert len(str(raised.value)) <= REASON_CHARACTERS_MAX


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (wire.Welcome("r"), '{"type":"Welcome","request_id":"r"}'),
        (wire.PromptUpdated(), '{"type":"PromptUpdated"}'),
        (wire.LatencyReport(tts_latency=0.5), '{"type":"LatencyReport","tts_latency":0.5}'),
        (wire.History("user", "Hi"), '{"type":"History","role":"user","content":"Hi"}'),
    ],
)  # fmt: skip
def test_what_is_not_known_is_left_out(message: wire.ServerMessage, text: str) -> None:
    assert encode(message) == text

"""/v1/agent/converse: Settings first, then a conversation (contract section 7.4)."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.agent import llm
from tests.server.running import (
    FRAME,
    PATIENCE_S,
    RawClient,
    Running,
    TestEngine,
    dial,
    running,
)
from turnwise.server import converse

PATH = "/v1/agent/converse"
SETTINGS: dict[str, Any] = {
    "type": "Settings",
    "audio": {
        "input": {"encoding": "linear16", "sample_rate": 16_000},
        "output": {"encoding": "linear16", "sample_rate": 16_000, "container": "none"},
    },
    "agent": {
        "listen": {"provider": {"type": "deepgram", "model": "nova-3"}},
        "think": {"provider": {"type": "open_ai", "model": "gpt-4o-mini"}, "prompt": "Be brief."},
        "speak": {"provider": {"type": "deepgram", "model": "aura-2-thalia-en"}},
    },
}
CLOCK = {"name": "clock", "description": "Tells the time.", "parameters": {"type": "object"}}


class Talk:
    """A client: what the server said, in order, sound as its size in bytes."""

    def __init__(self, client: RawClient) -> None:
        self.client = client
        self.heard: list[dict[str, Any]] = []
        self.closed_with: int | None = None

    def say(self, **message: Any) -> None:
        self.client.text(json.dumps(message))

    def speak(self, frames: int) -> None:
        for _ in range(frames):
            self.client.audio(FRAME)

    async def next(self) -> dict[str, Any]:
        opcode, payload = await self.client.frame()
        if opcode == 0x8:
            self.closed_with = int.from_bytes(payload[:2], "big")
            said: dict[str, Any] = {"type": "Close"}
        elif opcode == 0x2:
            said = {"type": "sound", "bytes": len(payload)}
        else:
            said = json.loads(payload)
        self.heard.append(said)
        return said

    async def until(self, kind: str, **fields: Any) -> dict[str, Any]:
        while True:
            said = await self.next()
            if said["type"] == kind and fields.items() <= said.items():
                return said

    def kinds(self) -> list[str]:
        """What was said, each run of sound as one."""
        kinds: list[str] = []
        for said in self.heard:
            if not (said["type"] == "sound" and kinds[-1:] == ["sound"]):
                kinds.append(said["type"])
        return kinds


def merged(changes: dict[str, Any], into: dict[str, Any]) -> dict[str, Any]:
    together = dict(into)
    for name, value in changes.items():
        both = isinstance(value, dict) and isinstance(into.get(name), dict)
        together[name] = merged(value, into[name]) if both else value
    return together


@asynccontextmanager
async def talking(server: Running, **changes: Any) -> AsyncIterator[Talk]:
    """Connect and have the settings applied."""
    client = await dial(server.port, PATH)
    assert client.answer.status == 101, client.answer
    talk = Talk(client)
    assert (await talk.next())["type"] == "Welcome"
    talk.say(**merged(changes, SETTINGS))
    await talk.until("SettingsApplied")
    talk.heard.clear()
    yield talk


def serving(**settings: Any) -> Any:
    return running(speech="tones", **settings)


async def test_a_turn_is_answered_with_text_sound_and_how_long_it_took() -> None:
    async with serving() as server, talking(server, flags={"history": False}) as talk:
        talk.speak(40)
        await talk.until("LatencyReport")
        assert talk.kinds() == [
            "UserStartedSpeaking",
            "ConversationText",
            "AgentThinking",
            "ConversationText",
            "sound",
            "AgentAudioDone",
            "LatencyReport",
        ]
        texts = [(s["role"], s["content"]) for s in talk.heard if s["type"] == "ConversationText"]
        assert texts == [("user", "Hi there"), ("assistant", "I heard you say: Hi there")]
        assert talk.heard[-1]["total_latency"] > 0


async def test_an_answer_that_was_drafted_is_told_like_any_other() -> None:
    provider = {"model": "flux-general-en", "eager_eot_threshold": 0.4}
    async with serving() as server, talking(
        server, agent={"listen": {"provider": provider}}, flags={"history": False}
    ) as talk:  # fmt: skip
        talk.speak(40)
        await talk.until("LatencyReport")
        assert talk.kinds()[:5] == [
            "UserStartedSpeaking",
            "ConversationText",
            "AgentThinking",
            "ConversationText",
            "sound",
        ]


async def test_the_model_is_the_operators_and_is_told_the_clients_prompt() -> None:
    async with llm.serving(llm.words("Good ", "day.")) as model, serving(
        llm_base_url=model.url, llm_model="m1"
    ) as server, talking(server) as talk:  # fmt: skip
        talk.speak(40)
        await talk.until("ConversationText", role="assistant", content="Good day.")
        assert model.asked[0]["model"] == "m1"
        assert model.asked[0]["messages"][0]["content"] == "Be brief."


async def test_a_client_calls_its_functions_itself() -> None:
    answers = [llm.tool_call("clock", "{}"), llm.words("It is noon.")]
    async with llm.serving(*answers) as model, serving(llm_base_url=model.url) as server, talking(
        server, agent={"think": {"functions": [CLOCK]}}
    ) as talk:  # fmt: skip
        talk.say(type="InjectUserMessage", content="What time is it?")
        asked = await talk.until("FunctionCallRequest")
        assert asked["functions"] == [
            {"id": "c1", "name": "clock", "arguments": "{}", "client_side": True}
        ]
        talk.say(type="FunctionCallResponse", id="c1", name="clock", content="noon")
        await talk.until("ConversationText", content="It is noon.")
        assert model.asked[1]["messages"][-1]["content"] == "noon"


async def test_breaking_in_cancels_what_was_asked_of_the_client() -> None:
    async with llm.serving(llm.tool_call("clock", "{}")) as model, serving(
        llm_base_url=model.url
    ) as server, talking(server, agent={"think": {"functions": [CLOCK]}}) as talk:  # fmt: skip
        talk.say(type="InjectUserMessage", content="What time is it?")
        await talk.until("FunctionCallRequest")
        talk.speak(20)
        cancelled = await talk.until("FunctionCallCancelled")
        assert cancelled["functions"] == [{"id": "c1", "name": "clock"}]


async def test_breaking_in_ends_the_sound_and_history_has_what_was_heard() -> None:
    many = ["One two three four five six seven eight nine ten eleven twelve. "] * 5
    async with llm.serving(llm.words(*many)) as model, serving(
        llm_base_url=model.url
    ) as server, talking(server) as talk:  # fmt: skip
        talk.say(type="InjectUserMessage", content="Count.")
        await talk.until("sound")
        talk.speak(20)
        await talk.until("UserStartedSpeaking")
        talk.heard.clear()
        talk.speak(20)
        await talk.until("ConversationText", role="user")
        assert "sound" not in talk.kinds()
        after = [s for s in talk.heard if s["type"] == "History" and s["role"] == "assistant"]
        assert all(len(said["content"]) < len("".join(many)) for said in after)


async def test_a_greeting_and_words_put_into_its_mouth_are_said_and_refused_in_between() -> None:
    async with serving() as server, talking(server, agent={"greeting": "Welcome."}) as talk:
        await talk.until("ConversationText", role="assistant", content="Welcome.")
        talk.say(type="InjectAgentMessage", message="Again.")
        await talk.until("InjectionRefused")
        await talk.until("History", content="Welcome.")
        talk.say(type="InjectAgentMessage", message="Bye.")
        await talk.until("ConversationText", content="Bye.")


async def test_words_put_into_its_mouth_wait_in_line_or_break_in() -> None:
    many = "One two three four five six seven eight nine ten eleven twelve. "
    async with serving() as server, talking(server, agent={"greeting": many}) as talk:
        await talk.until("sound")
        talk.say(type="InjectAgentMessage", message="By the way.", behavior="queue")
        await talk.until("ConversationText", content="By the way.")
        assert "UserStartedSpeaking" not in talk.kinds()
        talk.say(type="InjectAgentMessage", message="Stop.", behavior="interrupt")
        await talk.until("UserStartedSpeaking")  # what was sent is not to be played
        await talk.until("ConversationText", content="Stop.")


async def test_the_languages_of_a_turn_are_told_where_there_are_several() -> None:
    provider = {"model": "flux-general-multi", "language_hints": ["en", "es"]}
    async with serving() as server, talking(
        server, agent={"listen": {"provider": provider}}
    ) as talk:  # fmt: skip
        talk.speak(40)
        said = await talk.until("ConversationText", role="user")
        assert said["languages_hinted"] == ["en", "es"]
        assert said["languages"] == ["en"]
        talk.say(type="InjectUserMessage", content="Hi")
        assert "languages" not in await talk.until("ConversationText", role="user", content="Hi")


async def test_a_conversation_has_its_longest_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(converse, "AGENT_SECONDS_MAX", 0.01)
    async with serving() as server, talking(server) as talk:
        assert (await talk.until("Error"))["code"] == "SERVER_GOING_AWAY"


async def test_a_recogniser_that_fails_is_the_end_with_its_reason(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "turnwise.server")
    async with running(TestEngine(fail_at=3), speech="tones") as server, talking(server) as talk:
        talk.speak(10)
        assert (await talk.until("Error"))["code"] == "FAILED_TO_LISTEN"
        await talk.until("Close")
        assert talk.closed_with == 1011
    closed = next(record for record in caplog.records if record.message == "agent closed")
    assert closed.__dict__["why"] == "FAILED_TO_LISTEN"


async def test_the_next_provider_of_a_list_is_asked_where_one_fails() -> None:
    think = [
        {"endpoint": {"url": "http://127.0.0.1:9/v1/chat/completions"}, "prompt": "First."},
        {"provider": {"type": "open_ai", "model": "m2"}, "prompt": "Second."},
    ]
    speak = [{"provider": {"model": "bob"}}, {"provider": {"model": "aura-2-thalia-en"}}]
    async with llm.serving(llm.words("Good day.")) as model, serving(
        llm_base_url=model.url, agent_endpoints=True
    ) as server:  # fmt: skip
        talk = Talk(await dial(server.port, PATH))
        agent = {**SETTINGS["agent"], "think": think, "speak": speak}
        talk.say(**{**SETTINGS, "agent": agent})
        await talk.until("SettingsApplied")
        talk.say(type="InjectUserMessage", content="Hi")
        await talk.until("ConversationText", role="assistant", content="Good day.")
        assert "Warning" not in talk.kinds()
        assert model.asked[0]["model"] == "m2"
        assert model.asked[0]["messages"][0]["content"] == "Second."


UPDATES: list[tuple[dict[str, Any], str]] = [
    ({"type": "UpdatePrompt", "prompt": "Be long."}, "PromptUpdated"),
    ({"type": "UpdateThink", "think": SETTINGS["agent"]["think"]}, "ThinkUpdated"),
    ({"type": "UpdateSpeak", "speak": SETTINGS["agent"]["speak"]}, "SpeakUpdated"),
    (
        {"type": "UpdateListen", "listen": {"provider": {"model": "f", "eot_threshold": 0.8}}},
        "ListenUpdated",
    ),
]


@pytest.mark.parametrize(("message", "reply"), UPDATES)
async def test_parts_are_changed_in_mid_conversation(message: dict[str, Any], reply: str) -> None:
    async with serving() as server, talking(server) as talk:
        talk.say(type="KeepAlive")
        talk.say(**message)
        assert (await talk.next())["type"] == reply


WRONG: list[tuple[Callable[[], dict[str, Any]], str]] = [
    (lambda: {"type": "UpdateSpeak", "speak": {"provider": {"model": "bob"}}}, "INVALID_SETTINGS"),
    (
        lambda: {"type": "UpdateListen", "listen": {"provider": {"eot_threshold": 7}}},
        "INVALID_SETTINGS",
    ),
]


@pytest.mark.parametrize(("message", "code"), WRONG)
async def test_a_change_that_cannot_be_leaves_all_as_it_was(
    message: Callable[[], dict[str, Any]], code: str
) -> None:
    async with serving() as server, talking(server) as talk:
        talk.say(**message())
        assert (await talk.next())["code"] == code


FATAL = [
    ({"agent": {"speak": {"provider": {"model": "bob"}}}}, "INVALID_SETTINGS"),
    ({"audio": {"output": {"encoding": "mp3"}}}, "INVALID_SETTINGS"),
    ({"audio": {"input": {"sample_rate": 1}}}, "INVALID_SETTINGS"),
    ({"agent": {"think": {"endpoint": {"url": "http://x"}}}}, "INVALID_SETTINGS"),
    ({"agent": "an-id"}, "AGENT_ID_NOT_SUPPORTED"),
    ({"type": "UpdatePrompt", "prompt": "x"}, "NON_SETTINGS_MESSAGE_BEFORE_SETTINGS"),
    ({"type": "Hello"}, "UNPARSABLE_CLIENT_MESSAGE"),
    ({"agent": {"think_live": {"provider": {}}}}, "UNPARSABLE_CLIENT_MESSAGE"),
    ({"agent": {"speak": [{"provider": {"model": "bob"}}]}}, "INVALID_SETTINGS"),
]


@pytest.mark.parametrize(("changes", "code"), FATAL)
async def test_settings_that_cannot_be_end_the_conversation_with_the_reason(
    changes: dict[str, Any], code: str
) -> None:
    async with serving() as server:
        talk = Talk(await dial(server.port, PATH))
        talk.say(**merged(changes, SETTINGS))
        assert (await talk.until("Error"))["code"] == code
        await talk.until("Close")
        assert talk.closed_with == 1008


async def test_live_thinking_is_answered_as_to_who_is_not_invited() -> None:
    async with serving() as server, talking(server) as talk:
        talk.say(type="UpdateThinkLive", think_live={"provider": {}})
        assert (await talk.until("Error"))["code"] == "UNPARSABLE_CLIENT_MESSAGE"


async def test_settings_come_once() -> None:
    async with serving() as server, talking(server) as talk:
        talk.say(**SETTINGS)
        assert (await talk.until("Error"))["code"] == "SETTINGS_ALREADY_APPLIED"


async def test_a_model_that_fails_is_a_warning_and_an_excuse() -> None:
    async with llm.serving(llm.refusal(429)) as model, serving(
        llm_base_url=model.url
    ) as server, talking(server) as talk:  # fmt: skip
        talk.say(type="InjectUserMessage", content="Hi")
        assert (await talk.until("Warning"))["code"] == "THINK_REQUEST_FAILED"
        await talk.until("ConversationText", role="assistant")


async def test_a_forced_end_without_a_turn_is_silent() -> None:
    async with serving() as server, talking(server) as talk:
        talk.say(type="ForceEndTurn")
        talk.say(type="UpdatePrompt", prompt="x")
        assert (await talk.next())["type"] == "PromptUpdated"


async def test_who_leaves_frees_the_place_at_once() -> None:
    async with serving() as server:
        async with talking(server) as talk:
            talk.speak(10)
            talk.client.vanish()
        await server.settled()


async def test_telephone_sound_is_sent_as_it_was_asked_for() -> None:
    output = {"encoding": "mulaw", "sample_rate": 8_000}
    async with serving() as server, talking(
        server, audio={"output": output}, agent={"greeting": "Welcome."}
    ) as talk:  # fmt: skip
        await talk.until("AgentAudioDone")
        size = sum(said["bytes"] for said in talk.heard if said["type"] == "sound")
        assert 0.9 < size / (8_000 * 0.06 * 9) < 1.1  # a beep of 60 ms a character, and a pause


async def test_a_wrong_key_is_refused_before_the_upgrade() -> None:
    async with serving(api_keys=("right",)) as server:
        client = await dial(server.port, PATH, {"authorization": "Token wrong"})
        assert client.answer.status == 401


async def test_a_silent_client_is_told_and_let_go() -> None:
    async with serving(idle_seconds_max=0.01) as server:
        client = await dial(server.port, PATH)
        talk = Talk(client)
        async with asyncio.timeout(PATIENCE_S):
            assert (await talk.until("Error"))["code"] == "CLIENT_MESSAGE_TIMEOUT"

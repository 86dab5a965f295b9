"""The agent on the telephone: media streams in Twilio's format."""

import json
from base64 import b64decode, b64encode
from typing import Any

from tests.agent import llm
from tests.server.running import RawClient, Running, dial, running

PATH = "/v1/agent/media-streams"
SILENCE_20_MS = b"\xff" * 160


async def call(server: Running, **parameters: str) -> RawClient:
    """Ring, as Twilio does."""
    client = await dial(server.port, PATH)
    assert client.answer.status == 101
    client.text(json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"}))
    start = {"streamSid": "MZ1", "customParameters": parameters}
    client.text(json.dumps({"event": "start", "streamSid": "MZ1", "start": start}))
    return client


def speak(client: RawClient, seconds: float) -> None:
    for _ in range(round(seconds * 50)):
        piece = {"track": "inbound", "payload": b64encode(SILENCE_20_MS).decode()}
        client.text(json.dumps({"event": "media", "streamSid": "MZ1", "media": piece}))


async def until(client: RawClient, event: str) -> dict[str, Any]:
    while (message := await client.message())["event"] != event:
        pass
    return message


async def test_a_caller_is_greeted_in_telephone_sound() -> None:
    async with running(speech="tones") as server:
        client = await call(server, greeting="Welcome.")
        message = await until(client, "media")
        assert message["streamSid"] == "MZ1"
        assert 0 < len(b64decode(message["media"]["payload"])) <= 640


async def test_a_caller_is_answered_and_the_sound_cleared_when_they_break_in() -> None:
    answer = llm.words("One two three four five six seven eight nine ten eleven twelve. ")
    async with llm.serving(answer) as model, running(
        speech="tones", llm_base_url=model.url
    ) as server:  # fmt: skip
        client = await call(server, prompt="Be brief.", eager_eot_threshold="0.4")
        speak(client, 3.2)
        await until(client, "media")
        speak(client, 2.0)
        assert (await until(client, "clear"))["streamSid"] == "MZ1"
        assert model.asked[0]["messages"][0]["content"] == "Be brief."


async def test_the_end_of_what_is_said_is_marked_and_its_return_waited_for() -> None:
    async with running(speech="tones") as server:
        client = await call(server, greeting="Welcome.")
        marked = await until(client, "mark")
        assert marked["mark"] == {"name": "reply 1"}
        client.text(json.dumps(marked))
        client.text(json.dumps({"event": "mark", "streamSid": "MZ1", "mark": {"name": ""}}))
        speak(client, 3.2)
        assert (await until(client, "mark"))["mark"] == {"name": "reply 2"}


async def test_a_call_shows_its_key_in_its_parameters() -> None:
    async with running(speech="tones", api_keys=("right",)) as server:
        client = await call(server, greeting="Welcome.", api_key="right")
        await until(client, "media")
        wrong = await call(server, greeting="Welcome.")
        opcode, payload = await wrong.frame()
        assert (opcode, payload[:2]) == (0x8, (1008).to_bytes(2, "big"))


async def test_what_is_no_media_stream_is_let_go() -> None:
    async with running(speech="tones") as server:
        client = await dial(server.port, PATH)
        client.text("hello?")
        opcode, _ = await client.frame()
        assert opcode == 0x8
        odd = await call(server, eager_eot_threshold="soon")
        opcode, _ = await odd.frame()
        assert opcode == 0x8

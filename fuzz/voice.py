"""Say nonsense to a whole server's speech and agents, and see that it fails only on purpose.

Talks on /v1/speak, /v2/speak, /v1/agent/converse and /v1/agent/media-streams, and requests for
speech, are sequences of valid messages from a seed, most of them mutated, some of them binary,
on paths that are mutated now and then. What is asserted:

- a handshake or a request is refused with a documented status, and its documented body;
- every message that comes is JSON of a known type, every error and every Close frame has a
  documented code, and each talk comes to its end;
- the server never calls anything its own bug, and nobody's place is held afterwards;
- in each round a neighbour on /v2/listen hears to the letter what it hears alone;
- the process has not grown by more than GROWN_BYTES_MAX since the first rounds.

What would fool it: the engine and the voice are scripted, so that nothing of them is tried.

    python -m fuzz.voice --inputs 2000 --seed 1
"""

import argparse
import asyncio
import json
import logging
import random
import resource
import time
from collections import Counter
from pathlib import Path

from fuzz.wire import mutated
from tests.server.running import FRAME, Running, connect, converse, dial, fetch, running
from turnwise.speech.session import Fault

TOGETHER = 8  # talks in a round
NEIGHBOUR_FRAMES = 40
MESSAGES_MAX = 6
MUTATED = 0.6  # of the messages
BINARY = 0.15
ODD_PATHS = 0.1
SETTLED_SHARE = 0.3  # of the rounds; after them the process should not grow
GROWN_BYTES_MAX = 48 << 20
TALK_S_MAX = 60.0

SETTINGS = (
    '{"type":"Settings","audio":{"input":{"encoding":"linear16","sample_rate":16000},"output":'
    '{"encoding":"mulaw","sample_rate":8000}},"agent":{"listen":{"provider":{"type":"deepgram",'
    '"version":"v2","model":"flux-general-en","eot_threshold":0.7}},"think":{"provider":{"type":'
    '"open_ai","model":"m"},"prompt":"Be brief.","functions":[{"name":"f","description":null}]},'
    '"speak":[{"provider":{"model":"aura-2-thalia-en","speed":1.1}}],"greeting":"Hi.",'
    '"context":{"messages":[{"role":"user","content":"Hi"}]}}}'
)
SAID = {
    "/v1/speak?model=aura-2-phoebe-en&encoding=mulaw&sample_rate=8000": (
        *('{"type":"Speak","text":"Hello, there. How are you?"}', '{"type":"Flush"}'),
        *('{"type":"Speak","text":"more of it"}', '{"type":"Clear"}', '{"type":"Close"}'),
    ),
    "/v2/speak?model=flux-haley-en&encoding=mulaw&sample_rate=8000": (
        *('{"type":"Speak","text":"Hello <b>there</b>. How are you?"}', '{"type":"Flush"}'),
        '{"type":"Interrupt","playback_offset":{"type":"time_ms","value":40}}',
        *('{"type":"Configure","speed":1.15}', '{"type":"Close"}'),
    ),
    "/v1/agent/converse": (
        *(SETTINGS, SETTINGS, SETTINGS, '{"type":"KeepAlive"}', '{"type":"ForceEndTurn"}'),
        '{"type":"UpdateListen","listen":{"provider":{"eot_threshold":0.8,"keyterms":["a"]}}}',
        '{"type":"UpdateThink","think":[{"provider":{"model":"m"}},{"prompt":"x"}]}',
        '{"type":"UpdateSpeak","speak":{"provider":{"model":"aura-2-apollo-en","speed":0.9}}}',
        *('{"type":"UpdatePrompt","prompt":"p"}', '{"type":"InjectUserMessage","content":"Hi"}'),
        '{"type":"InjectAgentMessage","message":"Well, well.","behavior":"queue"}',
        '{"type":"InjectAgentMessage","message":"Stop.","behavior":"interrupt"}',
        '{"type":"FunctionCallResponse","id":"1","name":"f","content":"c"}',
    ),
    "/v1/agent/media-streams": (
        '{"event":"connected","protocol":"Call"}',
        '{"event":"start","streamSid":"M","start":{"customParameters":{"greeting":"Hi.",'
        '"eager_eot_threshold":"0.4","voice":"aura-2-thalia-en"}}}',
        '{"event":"media","streamSid":"M","media":{"track":"inbound","payload":"//8A"}}',
        '{"event":"mark","streamSid":"M","mark":{"name":"reply 1"}}',
        '{"event":"stop","streamSid":"M"}',
    ),
}
ASKED = '{"text":"Hello there."}'
REFUSALS = {400, 401, 403, 404, 405, 413, 414, 415, 426, 429, 431}
AGENT_ERRORS = {
    *("UNPARSABLE_CLIENT_MESSAGE", "INVALID_SETTINGS", "NON_SETTINGS_MESSAGE_BEFORE_SETTINGS"),
    *("SETTINGS_ALREADY_APPLIED", "AGENT_ID_NOT_SUPPORTED", "USER_AUDIO_FORMAT"),
    *("FAILED_TO_THINK", "BINARY_MESSAGE_BEFORE_SETTINGS"),
}
ERRORS = AGENT_ERRORS | {fault.code for fault in Fault}
CLOSES = {1000, 1003, 1007, 1008, 1009, 1011}
OUR_FAULT = {"INTERNAL_SERVER_ERROR", Fault.SYNTHESIS.code}
AGENTS = "/v1/agent/"


class Bugs(logging.Handler):
    """Keeps what the server calls its own bug."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def said(path: str, chance: random.Random) -> list[tuple[int, bytes]]:
    """Return frames to send: opcode and payload."""
    seeds = SAID[path]
    count = chance.randrange(1, MESSAGES_MAX + 1)
    texts = [chance.choice(seeds) for _ in range(count)]
    if path.startswith(AGENTS) and chance.random() < 0.8:  # else little would be reached
        texts.insert(0, seeds[0] if "converse" in path else seeds[1])
    frames = []
    for number, text in enumerate(texts):
        if chance.random() < BINARY:
            frames += [(0x2, FRAME)] * chance.randrange(20)
        keep = number == 0 and path.startswith(AGENTS) and chance.random() < 0.8
        odd = text if keep or chance.random() > MUTATED else mutated(text, chance)
        frames.append((0x1, odd.encode("utf-8", "surrogatepass")))
    return frames


def spelled(text: str) -> str:
    """Return what of a text can stand in a request line."""
    return "".join(each for each in text if "!" <= each <= "~")


async def request(server: Running, chance: random.Random) -> str:
    """Ask for speech over HTTP; return how it ended."""
    path, _, query = chance.choice([path for path in SAID if "speak" in path]).partition("?")
    query = query.replace("mulaw", chance.choice(["mulaw", "linear16", "flac", "mp3"]))
    if chance.random() < MUTATED:
        query = spelled(mutated(query, chance))
    body = mutated(ASKED, chance) if chance.random() < MUTATED else ASKED
    kind = chance.choice(["application/json", "text/plain", "application/xml", ""])
    sent = body.encode("utf-8", "surrogatepass")
    answer = await fetch(server.port, f"POST {path}?{query}", {"content-type": kind}, sent)
    assert answer.status in {200, *REFUSALS}, answer
    if answer.status != 200 and answer.body[:1] == b"{":
        assert {"err_code", "err_msg", "request_id"} <= set(answer.json)
    return f"request {answer.status}"


async def talk(server: Running, path: str, chance: random.Random) -> str:
    """Hold one talk to its end; return how it ended."""
    asked = path
    if chance.random() < ODD_PATHS:
        bare, _, query = path.partition("?")
        asked = f"{bare}?{spelled(mutated(query, chance))}"
    client = await dial(server.port, asked)
    if client.answer.status != 101:
        assert client.answer.status in REFUSALS, client.answer
        return f"refused {client.answer.status}"
    for opcode, payload in said(path, chance):
        client.send(opcode, payload)
    if "speak" in path:
        client.send(0x1, b'{"type":"Close"}')
    else:  # an agent goes on until its client leaves; what was said before this is taken first
        client.send(0x1, b'{"type":"UpdatePrompt","prompt":"the end"}')
        client.send(0x1, b'{"event":"stop","streamSid":"M"}')
    ending = "left"
    while True:
        try:
            opcode, payload = await client.frame()
        except (asyncio.IncompleteReadError, ConnectionError):
            return "cut off"
        if opcode == 0x8:
            code = int.from_bytes(payload[:2], "big") if payload else 1005
            assert code in CLOSES, (path, payload)
            client.send(0x8, payload[:2])
            return f"closed {code}"
        if opcode == 0x1:
            message = json.loads(payload)
            kind = message.get("type") or message["event"]
            assert kind[:1].isalpha(), message
            if kind == "Error":
                assert message["code"] in ERRORS - OUR_FAULT, message
                ending = message["code"]
            elif kind == "PromptUpdated" or "media-streams" in path:
                client.send(0x8, (1000).to_bytes(2, "big"))
                client.vanish()
                return ending


async def rounds(inputs: int, seed: int) -> tuple[Counter[str], int]:
    """Try so many inputs; return how each ended, and by how many bytes the process grew."""
    chance = random.Random(seed)
    outcomes: Counter[str] = Counter()
    bugs = Bugs()
    logger = logging.getLogger("turnwise")
    logger.addHandler(bugs)
    count = -(-inputs // TOGETHER)
    settled_bytes = 0
    try:
        async with running(agent_endpoints=False) as server:
            alone = await converse(await connect(server.port), NEIGHBOUR_FRAMES)
            for number in range(count):
                if number == round(count * SETTLED_SHARE):
                    settled_bytes = resident_bytes()
                neighbour = asyncio.create_task(
                    converse(await connect(server.port), NEIGHBOUR_FRAMES)
                )
                outcomes.update(await _round(server, chance.randrange(1 << 30)))
                assert await neighbour == alone
                assert not bugs.records, bugs.records[0].getMessage()
            await server.settled()
    finally:
        logger.removeHandler(bugs)
    return outcomes, resident_bytes() - settled_bytes


async def _round(server: Running, seed: int) -> list[str]:
    chance = random.Random(seed)
    paths = [*SAID, None]
    picked = [chance.choice(paths) for _ in range(TOGETHER)]
    works = [
        request(server, random.Random(seed + k))
        if path is None
        else talk(server, path, random.Random(seed + k))
        for k, path in enumerate(picked)
    ]
    try:
        async with asyncio.timeout(TALK_S_MAX):
            endings = await asyncio.gather(*works)
    except BaseException as error:
        raise AssertionError(f"round with seed {seed}: {picked}") from error
    return [
        f"{(path or 'POST').partition('?')[0]} {e}" for path, e in zip(picked, endings, strict=True)
    ]


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.perf_counter()
    outcomes, grown_bytes = asyncio.run(rounds(options.inputs, options.seed))
    seconds = time.perf_counter() - began
    for outcome, count in sorted(outcomes.items()):
        print(f"{outcome:60} {count:6}")
    summary = {"inputs": options.inputs, "seed": options.seed, "seconds": round(seconds, 1)}
    print(json.dumps(summary | {"grown_bytes": grown_bytes, "outcomes": dict(outcomes)}))


if __name__ == "__main__":
    main()

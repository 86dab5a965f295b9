"""Feed the wire broken input, and see that it fails only on purpose.

Seeds are valid queries, messages, headers and lists of words; each input is a seed with a
few mutations. Only the errors each reader documents may come out of it, their texts stay
short, and whatever is read can be written again and read back the same. Anything else is a
bug: the run stops with the seed and the input.

    python fuzz/wire.py --inputs 60000 --seed 1
"""

import argparse
import itertools
import json
import random
import time
from collections import Counter
from collections.abc import Callable

from turnwise.engine.interface import Word
from turnwise.errors import BadConfigure, BadMessage, BadQuery, NoSuchModel
from turnwise.settings import Model, Redact, StreamSettings, TextStyle
from turnwise.text.style import show
from turnwise.units import Samples
from turnwise.wire import (
    agent_codec,
    auth,
    clients,
    codec,
    configure,
    media_streams,
    query,
    rules,
    speak_codec,
)
from turnwise.wire.messages import Configure

ERROR_CHARACTERS_MAX = 500

QUERIES = (
    "model=flux-general-en&encoding=linear16&sample_rate=16000",
    "model=flux-general-multi&language_hint=en&language_hint=es-MX&keyterm=San%20Jos%C3%A9",
    "model=flux-general-en&eot_threshold=.8&eager_eot_threshold=0.40&eot_timeout_ms=6000",
    "model=flux-general-en&numerals=True&profanity_filter=false&redact=numbers&tag=a&mip_opt_out=1",
    "model=flux-general-en&keyterm=['a b', \"it's\", '\\xe9']&tag=['x']&version=latest",
    "model=nova-3&channels=1",
)
CLIENT = (
    '{"type":"CloseStream"}',
    '{"type":"ForceEndTurn"}',
    '{"type":"KeepAlive"}',
    '{"type":"Configure","thresholds":{"eager_eot_threshold":0.4,"eot_threshold":"0.7",'
    '"eot_timeout_ms":6000},"keyterms":["apple","b\\u00e9"],"language_hints":["en"],'
    '"numerals":true,"profanity_filter":null}',
    '{"type":"Configure","keyterms":"one","thresholds":{"eager_eot_threshold":null}}',
    '{"type":"Configure","thresholds":{"eot_threshold":0.4}}',
    '{"type":"Configure","language_hints":["english",""],"keyterms":["a","b"]}',
)
SERVER = (
    '{"type":"Connected","request_id":"0","sequence_id":0}',
    '{"type":"TurnInfo","request_id":"0","event":"EndOfTurn","turn_index":0,'
    '"audio_window_start":0.0,"audio_window_end":0.24,"transcript":"hi","words":[{"word":"hi",'
    '"confidence":0.5,"start":0.1,"end":0.2}],"end_of_turn_confidence":0.9,"sequence_id":1,'
    '"languages":["en"],"languages_hinted":[],"trigger":"model"}',
    '{"type":"ConfigureSuccess","request_id":"0","sequence_id":2,"thresholds":{"eot_threshold":'
    '0.7,"eager_eot_threshold":null},"keyterms":[],"numerals":false}',
    '{"type":"ConfigureFailure","request_id":"0","sequence_id":3,"code":"A"}',
    '{"type":"Warning","request_id":"0","sequence_id":4,"code":"A","description":"b"}',
    '{"type":"Error","sequence_id":5,"code":"A","description":"b"}',
)
HEADERS = (
    "Token KEY",
    "bearer a.b.c",
    "token, KEY, x-deepgram-session-id, 0-1",
    "5.3.0",
    "@deepgram/sdk/5.9.0",
)
VOICE = (
    '{"type":"Speak","text":"Hello, <b>there</b>."}',
    '{"type":"Interrupt","playback_offset":{"type":"time_ms","value":40}}',
    '{"type":"Configure","speed":1.15}',
    '{"text":"Hello there.","url":null}',
    '{"type":"Settings","audio":{"input":{"encoding":"linear16","sample_rate":16000}},"agent":'
    '{"listen":{"provider":{"eot_threshold":0.7,"keyterms":["a"]}},"think":[{"prompt":"p",'
    '"functions":[{"name":"f","endpoint":{"url":"u"}}]}],"greeting":"Hi.","context":{"messages":'
    '[{"role":"user","content":"Hi"},{"function_calls":[]}]}}}',
    '{"type":"InjectAgentMessage","message":"Well.","behavior":"queue"}',
    '{"event":"start","streamSid":"M","start":{"customParameters":{"greeting":"Hi."}}}',
    '{"event":"media","streamSid":"M","media":{"track":"inbound","payload":"//8A"}}',
)
SPEECH = (
    "call nine two eight oh on may the twenty-eighth, nineteen ninety nine.",
    "a hundred and one thousand point oh five, shit, double seven",
)
TOKENS = (
    *('"', "'", "\\", "{", "}", "[", "]", ",", ":", "&", "=", "%", "+", ";", " ", "\n", "\0"),
    *("%ff", "%00", "%c3%a9", "é", "\ud800", "\\ud800", "\\u0000", "😀", "null", "true", "NaN"),
    *("1e999", "-0", "-1", "9" * 400, "[" * 2000, '{"a":' * 2000, "Configure", "TurnInfo"),
    *("&model=flux-general-multi", "&keyterm=", "&language_hint=", "five", "hundred", "-", "oh"),
    "a" * 3000,
)
CHANGES = (0, 1, 1, 1, 2, 2, 3, 8)
STYLES = tuple(
    TextStyle(numerals, True, redact) for numerals in (False, True) for redact in (None, *Redact)
)
MULTI = StreamSettings(Model.MULTILINGUAL)


def mutated(seed: str, chance: random.Random) -> str:
    """Change a text in up to eight places, mostly in one: cut, repeat, insert, swap or flip."""
    text = seed
    for _ in range(chance.choice(CHANGES)):
        at, past = sorted(chance.randrange(len(text) + 1) for _ in range(2))
        match chance.randrange(6):
            case 0:
                text = text[:at] + text[past:]
            case 1:
                text = text[:past] + text[at:past][:200] + text[past:]
            case 2 | 3:
                text = text[:at] + chance.choice(TOKENS) + text[at:]
            case 4:
                text = text[:at] + chance.choice(TOKENS) + text[past:]
            case _:
                text = text[:at] + chr(chance.randrange(256)) + text[at + 1 :]
    return text


def try_query(text: str) -> str:
    try:
        settings = query.parse(text)
    except (BadQuery, NoSuchModel) as error:
        _check_text(str(error))
        _check_header(str(error))
        return type(error).__name__
    assert rules.problem(settings) is None
    spelled_like_lists = filter(query.PYTHON_LIST.fullmatch, settings.keyterms + settings.tags)
    if not any(spelled_like_lists):
        assert query.parse(query.build(settings)) == settings
    return "read"


def try_client(text: str) -> str:
    try:
        message = codec.decode_client(text)
    except BadMessage as error:
        _check_text(str(error))
        return "BadMessage"
    assert codec.decode_client(codec.encode_client(message)) == message
    if not isinstance(message, Configure):
        return "read"
    try:
        settings = configure.apply(message, MULTI)
    except BadConfigure as error:
        _check_text(str(error))
        return "BadConfigure"
    assert rules.problem(settings) is None
    return "configured"


def try_server(text: str) -> str:
    try:
        message = codec.decode_server(text)
    except BadMessage as error:
        _check_text(str(error))
        return "BadMessage"
    if message is None:
        return "newer"
    written = codec.encode(message)
    assert written is not None
    assert codec.decode_server(written) == message
    codec.encode(message, legacy=True)
    return "read"


def try_voice(text: str) -> str:
    """Try what reads the messages of speech and agents; what reads and fails is told apart."""
    read = "BadMessage"
    for decode in (
        speak_codec.decode_first,
        speak_codec.decode_second,
        lambda each: speak_codec.decode_ask(each.encode("utf-8", "surrogatepass")),
        agent_codec.decode,
        lambda each: media_streams.sound_of(media_streams.decode(each)),
    ):
        try:
            decode(text)
        except BadMessage as error:
            _check_text(str(error))
        else:
            read = "read"
    return read


def try_headers(text: str) -> str:
    found = auth.credentials(text, text.split(","))
    assert (found.scheme is None) == (found.secret is None)
    for headers in (
        {"x-fern-sdk-name": "deepgram", "x-fern-sdk-version": text},
        {"User-Agent": text},
        {text: text},
    ):
        clients.legacy(headers)
        assert clients.close_code_for(headers) in (1000, 1005)
    return found.scheme or "nobody"


def try_speech(text: str) -> str:
    words = tuple(
        Word(token, 0.5, Samples(index), Samples(index + 1))
        for index, token in enumerate(text.split())
    )
    for style in STYLES:
        shown = show(words, style)
        assert len(shown) <= len(words)
        assert all(a.end == b.start for a, b in itertools.pairwise(shown))
        if style.numerals and style.redact is Redact.AGGRESSIVE_NUMBERS:
            assert not any(c.isdigit() for word in shown for c in word.text)
    return "shown"


TARGETS: tuple[tuple[str, tuple[str, ...], Callable[[str], str]], ...] = (
    ("query", QUERIES, try_query),
    ("client", CLIENT, try_client),
    ("server", SERVER, try_server),
    ("voice", VOICE, try_voice),
    ("headers", HEADERS, try_headers),
    ("speech", SPEECH, try_speech),
)


def run(inputs: int, seed: int) -> Counter[tuple[str, str]]:
    """Try so many inputs, target by target in turn; return how often each ended how."""
    chance = random.Random(seed)
    outcomes: Counter[tuple[str, str]] = Counter()
    for index in range(inputs):
        name, seeds, attempt = TARGETS[index % len(TARGETS)]
        text = mutated(chance.choice(seeds), chance)
        try:
            outcomes[name, attempt(text)] += 1
        except Exception as error:
            raise AssertionError(f"{name}, seed {seed}, input {index}: {text[:2000]!a}") from error
    return outcomes


def _check_text(text: str) -> None:
    assert 0 < len(text) <= ERROR_CHARACTERS_MAX, text[:200]


def _check_header(text: str) -> None:
    assert text.isascii(), text
    assert text.isprintable(), text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=60_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.perf_counter()
    outcomes = run(options.inputs, options.seed)
    seconds = time.perf_counter() - began
    for (name, outcome), count in sorted(outcomes.items()):
        print(f"{name:8} {outcome:14} {count:8}")
    counts = {f"{name} {outcome}": count for (name, outcome), count in sorted(outcomes.items())}
    summary = {"inputs": options.inputs, "seed": options.seed, "seconds": round(seconds, 1)}
    print(json.dumps(summary | {"outcomes": counts}))


if __name__ == "__main__":
    main()

"""@deepgram/sdk for JavaScript: it listens, speaks and converses."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.programs import KEY, NODE, NPM, run_in_node, silence
from tests.conformance.servers import serving

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(None in (NODE, NPM), reason="node and npm are not installed"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serving("--engine", "scripted", "--speech", "tones") as address:
        yield address


@pytest.fixture
def speech(tmp_path: Path) -> str:
    path = tmp_path / "speech.pcm"
    path.write_bytes(silence(3.0))
    return str(path)


def test_it_listens_and_stays_closed(server: str, speech: str) -> None:
    lines = run_in_node("drive.mjs", server, KEY, speech)
    assert lines[0] == "open"
    assert lines[-2].startswith("close 1005 ")
    assert lines[-1] == "stays closed"
    counts = json.loads(lines[-2].removeprefix("close 1005 "))
    assert {"Connected", "Warning", "StartOfTurn", "EndOfTurn", "ConfigureSuccess"} <= set(counts)
    assert not [line for line in lines if line.startswith("error")]


def test_it_speaks_in_both_editions_and_by_request(server: str) -> None:
    lines = run_in_node("speak.mjs", server, KEY)
    first, second = (line for line in lines if " close 1000, " in line)
    for closed, most in ((first, 100_000), (second, 100_000)):
        size = int(closed.split()[-2])
        assert 16_000 < size < most
    kinds = [json.loads(line[3:])["type"] for line in lines if line[:4] in ("v1 {", "v2 {")]
    assert kinds == [
        *("Metadata", "Cleared", "Flushed"),
        *("Connected", "ConfigureSuccess", "SpeechStarted", "Flushed", "SpeechMetadata"),
        *("SpeechInterrupted", "SessionMetadata"),
    ]
    assert int(lines[-1].split()[-2]) > 1_000
    assert not [line for line in lines if "error" in line]


def test_it_converses(server: str, speech: str) -> None:
    lines = run_in_node("agent.mjs", server, KEY, speech)
    messages = [json.loads(line) for line in lines if line.startswith("{")]
    texts = [(m["role"], m["content"]) for m in messages if m["type"] == "ConversationText"]
    assert texts[:2] == [("user", "Hi there"), ("assistant", "I heard you say: Hi there")]
    kinds = {message["type"] for message in messages}
    assert kinds >= {"Welcome", "SettingsApplied", "UserStartedSpeaking", "LatencyReport"}
    assert int(lines[-1].removeprefix("sound bytes ")) > 48_000
    assert not [line for line in lines if line.startswith("error")]

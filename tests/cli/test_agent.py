"""The voice agent at the command line."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.agent import llm
from tests.cli.printed import recording, run
from tests.serving import scripted_server
from turnwise.cli.local import LocalServer


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with scripted_server() as running:
        yield running


def to(server: LocalServer) -> list[str]:
    return ["--url", server.url, "--api-key", server.api_key, "--speech", "tones"]


def test_a_recording_is_answered_into_the_file_beside_it(
    server: LocalServer, tmp_path: Path
) -> None:
    path = recording(tmp_path / "question.wav", 3.0, 16_000, 1)
    done = run("agent", str(path), *to(server))
    assert done.exit_code == 0, done.output
    assert "no language model" in done.output
    assert "you:   Hi there" in done.output
    assert "agent: I heard you say: Hi there" in done.output
    assert "from EndOfTurn to the first sound" in done.output
    said, rate_hz = soundfile.read(tmp_path / "responses" / "agent_response.wav")
    assert rate_hz == 16_000
    assert len(said) > 16_000
    assert np.abs(said).max() > 0.1


def test_a_model_answers_at_its_url_and_drafts_are_reported(
    server: LocalServer, tmp_path: Path
) -> None:
    path = recording(tmp_path / "question.wav", 3.0, 16_000, 1)
    with llm.serving_aside(llm.words("Good ", "day.")) as endpoint:
        done = run(
            "agent", str(path), *to(server), "--out", str(tmp_path / "said.wav"),
            "--llm-base-url", endpoint.url, "--llm-model", "m1", "--prompt", "Be brief.",
            "--eager-eot-threshold", "0.4", "--voice", "low", "--greeting", "Welcome.",
        )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "agent: Good day." in done.output
    assert "drafts were in vain" in done.output
    assert endpoint.asked[0]["model"] == "m1"
    assert endpoint.asked[0]["messages"][0]["content"] == "Be brief."
    assert (tmp_path / "said.wav").exists()


TURN_FRAMES = 25  # the scripted engine hears one turn in two seconds, and no next one
# With more the next turn would begin, and hush the answer, before there is any sound.


class Card:
    """A sound card that hears one turn, and is unplugged once it has played something."""

    latency = 0.0
    frames_left = TURN_FRAMES
    fill: Any = None

    def __init__(self, callback: Any = None, **_: object) -> None:
        if callback is not None:
            Card.fill = staticmethod(callback)

    def __enter__(self) -> "Card":
        return self

    def __exit__(self, *_: object) -> None: ...
    def start(self) -> None: ...
    def close(self) -> None: ...

    def read(self, count: int) -> tuple[bytes, bool]:
        if self.frames_left:
            self.frames_left -= 1
            return bytes(2 * count), False
        played = np.zeros((320, 1), np.float32)
        while not played.any():  # the time-out is the test's
            Card.fill(played, len(played), None, None)
        raise sys.modules["sounddevice"].PortAudioError("unplugged")


def test_the_microphone_is_answered_until_it_is_gone(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ModuleType("sounddevice")
    module.PortAudioError = type("PortAudioError", (Exception,), {})  # type: ignore[attr-defined]
    module.RawInputStream = module.OutputStream = Card  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    done = run("agent", *to(server), "--input-device", "2", "--output-device", "box")
    assert str(done.exception) == "no microphone can be opened: unplugged"
    assert "you:   Hi there" in done.output
    assert "agent: I heard you say: Hi there" in done.output


def shown() -> list[str]:
    """The README's lines."""
    lines = (Path(__file__).parents[2] / "README.md").read_text("utf-8").splitlines()
    return [line for line in lines if line.startswith(".venv/bin/turnwise agent")]


@pytest.mark.parametrize("line", shown())
def test_what_the_readme_shows_runs(
    line: str, server: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "audio").mkdir()
    recording(tmp_path / "audio" / "question.wav", 2.5, 16_000, 1)
    monkeypatch.chdir(tmp_path)
    words = line.split()[1:]
    if "audio/question.wav" not in words:  # what a microphone would hear
        words.append("audio/question.wav")
    with llm.serving_aside(llm.words("Good day.")) as endpoint:
        url = {"http://localhost:11434/v1": endpoint.url}
        done = run(*(url.get(word, word) for word in words), *to(server))
    assert done.exit_code == 0, done.output
    assert "you:   Hi there" in done.output
    assert (tmp_path / "audio" / "responses" / "agent_response.wav").exists()


def test_what_is_not_there_is_said_before_anything_is_started(tmp_path: Path) -> None:
    assert "no such file" in run("agent", str(tmp_path / "none.wav")).output
    assert "is no name of a voice" in run("agent", "--speech", "tones", "--voice", "bob").output

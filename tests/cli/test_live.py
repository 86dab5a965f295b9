"""Commands that show a conversation while it is heard."""

import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.cli.printed import recording, run, turn
from turnwise.cli import live
from turnwise.cli.live import sample_score
from turnwise.cli.local import LocalServer
from turnwise.cli.sound import sample_words
from turnwise.cli.summary import Summary
from turnwise.client import Event
from turnwise.errors import DeviceMissing


def to(server: LocalServer) -> tuple[str, ...]:
    return ("--url", server.url, "--api-key", server.api_key)


def test_the_demo_shows_every_kind_of_event_and_sums_up(
    server: LocalServer, tmp_path: Path
) -> None:
    done = run("demo", *to(server), str(recording(tmp_path / "tone.wav", 1.0)))
    lines = done.output.splitlines()
    events = [line.split()[2] for line in lines if " s  " in line and "OfTurn " in line]
    assert done.exit_code == 0
    assert events == ["StartOfTurn", "EagerEndOfTurn", "EndOfTurn"]
    assert "    1.52 s  EndOfTurn      model   0.72  Hi there" in lines
    assert "1 turns, 2 words in 1.9 s of audio." in lines


def test_the_demo_says_what_it_cannot_play(server: LocalServer) -> None:
    done = run("demo", *to(server), "nowhere.wav")
    assert done.exit_code == 2
    assert "no such file: nowhere.wav" in done.output


def test_the_sample_is_scored_against_its_words() -> None:
    summary = Summary()
    words = [(word, 0.9, 1.0) for word in sample_words()]
    summary.hear(turn(Event.END_OF_TURN, 2.0, *words[:20], ("oops", 0.1, 1.5)))
    summary.hear(turn(Event.END_OF_TURN, 3.0, *words[21:]))
    assert sample_score(summary).startswith("Of this sample's 52 words, 1 came out wrong.")


@pytest.mark.parametrize("complete", [True, False])
def test_a_sample_that_was_broken_off_is_not_scored(
    complete: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "call", lambda *_, **__: complete)
    assert ("Of this sample's" in run("demo").output) is complete


def test_listening_shows_what_ffmpeg_plays(
    server: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ffmpeg = tmp_path / "ffmpeg"
    ffmpeg.write_text("#!/bin/sh\nhead -c 25600 /dev/zero\n")
    ffmpeg.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    done = run("listen", *to(server), "--json", "http://station")
    messages = [json.loads(line) for line in done.output.splitlines()]
    assert [m["transcript"] for m in messages if m.get("event") == "EndOfTurn"] == ["Hi there"]


def test_listening_without_ffmpeg_says_how_to_get_it(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    done = run("listen", *to(server), "http://station")
    assert isinstance(done.exception, DeviceMissing)
    assert "apt install ffmpeg" in str(done.exception)


class Microphone:
    """Stands in for the library's stream: so many reads, then the device is unplugged."""

    def __init__(self, module: ModuleType, **options: object) -> None:
        self.options = options
        self._module = module
        self._reads_left = 20

    def __enter__(self) -> "Microphone":
        return self

    def __exit__(self, *_: object) -> None: ...

    def read(self, count: int) -> tuple[bytes, bool]:
        self._reads_left -= 1
        if self._reads_left == 0:
            raise self._module.PortAudioError("unplugged")
        return bytes(2 * count), False


def portaudio() -> ModuleType:
    module = ModuleType("sounddevice")
    module.PortAudioError = type("PortAudioError", (Exception,), {})  # type: ignore[attr-defined]
    module.RawInputStream = lambda **options: Microphone(module, **options)  # type: ignore[attr-defined]
    return module


def test_the_microphone_is_heard_until_it_is_gone(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", portaudio())
    done = run("mic", *to(server), "--device", "2")
    assert isinstance(done.exception, DeviceMissing)
    assert str(done.exception) == "no microphone can be opened: unplugged"


def test_without_the_library_the_microphone_says_what_to_install(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    done = run("mic", *to(server))
    assert "pip install 'turnwise[mic]'" in str(done.exception)

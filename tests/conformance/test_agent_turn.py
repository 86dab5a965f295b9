"""The voice-agent guide's transcription step: whole WAV, faster than real time, no CloseStream."""

from pathlib import Path

import pytest

from tests.conformance.programs import KEY, run, silence, write_wav
from tests.conformance.servers import serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_the_agent_gets_a_turn_that_ends_in_the_file(tmp_path: Path) -> None:
    wav = write_wav(tmp_path / "speech.wav", silence(3.0))
    with serving("--engine", "scripted") as server:
        lines = run("sdk5", "agent_turn.py", server, KEY, str(wav))
    assert lines == ["turn: Hi there", "transcript: Hi there"]


def test_the_agent_gets_a_turn_that_the_file_leaves_open(tmp_path: Path) -> None:
    wav = write_wav(tmp_path / "speech.wav", silence(1.2))  # ends with the last word
    with serving("--engine", "scripted") as server:
        lines = run("sdk5", "agent_turn.py", server, KEY, str(wav))
    assert lines == ["turn: Hi there", "transcript: Hi there"]

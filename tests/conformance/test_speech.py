"""Official clients of speech: the guide's step, the typed interface, and words that are heard."""

import json
import shutil
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.printed import run as command
from tests.conformance.programs import KEY, run
from tests.conformance.servers import serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SAYING = "I would like to book a table for two people."


@pytest.fixture(scope="module")
def typed() -> list[dict[str, Any]]:
    with serving("--engine", "scripted", "--speech", "tones") as server:
        return [json.loads(line) for line in run("sdk7", "typed_speech.py", server, KEY)]


def classes(typed: list[dict[str, Any]], part: str) -> list[str]:
    """Return the classes in their order, each run of them once."""
    names = [each["class"] for each in typed if each["part"] == part]
    return [name for index, name in enumerate(names) if index == 0 or name != names[index - 1]]


def fields(typed: list[dict[str, Any]], part: str, kind: str) -> list[Any]:
    return [each["fields"] for each in typed if (each["part"], each["class"]) == (part, kind)]


def test_the_guides_step_writes_a_file_that_plays(tmp_path: Path) -> None:
    path = tmp_path / "answer.wav"
    with serving("--engine", "scripted", "--speech", "tones") as server:
        lines = run("sdk5", "agent_speech.py", server, KEY, SAYING, str(path))
    assert lines[:2] == ["SpeakV1MetadataEvent: Metadata", "SpeakV1ControlEvent: Flushed"]
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16_000, 1, 2)
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert lines[2] == f"bytes: {2 * len(samples)}"
    assert 2.0 < len(samples) / 16_000 < 4.0
    assert np.abs(samples).max() > 4_000


@pytest.mark.skipif(shutil.which("flite") is None, reason="needs flite")
def test_our_own_recogniser_hears_what_the_guides_step_says(tmp_path: Path) -> None:
    path = tmp_path / "answer.wav"
    with serving("--engine", "scripted", "--speech", "flite") as server:
        run("sdk5", "agent_speech.py", server, KEY, SAYING, str(path))
    heard = command("transcribe", str(path)).output.lower()
    words = SAYING.lower().strip(".").split()
    assert sum(word in heard for word in words) >= len(words) - 2, heard


def test_the_first_edition_is_typed(typed: list[dict[str, Any]]) -> None:
    said = classes(typed, "v1")
    assert said[0] == "SpeakV1Metadata"
    assert set(said) == {"SpeakV1Metadata", "bytes", "SpeakV1Flushed", "SpeakV1Warning"}
    answers = fields(typed, "v1", "SpeakV1Flushed")  # of the same fields as SpeakV1Cleared
    assert [each["sequence_id"] for each in answers] == list(range(len(answers)))
    assert [each["type"] for each in answers].count("Cleared") == 1
    (warning,) = fields(typed, "v1", "SpeakV1Warning")
    assert warning["code"] == "FLUSH_LIMIT_EXCEEDED"


def test_the_second_edition_is_typed(typed: list[dict[str, Any]]) -> None:
    assert classes(typed, "v2") == [
        "SpeakV2Connected",
        "SpeakV2Warning",
        "SpeakV2ConfigureSuccess",
        "SpeakV2ConfigureFailure",
        "SpeakV2SpeechStarted",
        "bytes",
        "SpeakV2Flushed",
        "SpeakV2SpeechMetadata",
        "SpeakV2SpeechInterrupted",
        "SpeakV2SessionMetadata",
    ]
    (interrupted,) = fields(typed, "v2", "SpeakV2SpeechInterrupted")
    assert interrupted["text_spoken"] == "Hello "
    assert interrupted["text_remaining"] == "there. How are you today?"
    (session,) = fields(typed, "v2", "SpeakV2SessionMetadata")
    assert session["total_audio_duration_ms"] == 500


def test_the_blocking_client_hears_it_too(typed: list[dict[str, Any]]) -> None:
    assert classes(typed, "blocking") == ["SpeakV1Metadata", "bytes", "SpeakV1Flushed"]


def test_requests_are_answered_in_every_format(typed: list[dict[str, Any]]) -> None:
    for name in ("linear16", "mp3", "opus", "flac", "mulaw"):
        (size,) = fields(typed, f"request {name}", "bytes")
        assert size > 1_000
    (refused,) = [each for each in typed if each["part"] == "refused"]
    assert refused["class"] == "BadRequestError"
    assert refused["fields"]["err_code"] == "Bad Request"

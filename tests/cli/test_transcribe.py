"""Recordings to text."""

import json
from pathlib import Path

import pytest

from tests.cli.printed import recording, run
from turnwise.cli.local import LocalServer
from turnwise.cli.transcribe import clock

CHATTER = "00:01.52  Hi there\n00:04.96  I'd like to book a table for\n"


def called(server: LocalServer) -> tuple[str, ...]:
    return ("transcribe", "--url", server.url, "--api-key", server.api_key)


@pytest.fixture
def tone(tmp_path: Path) -> Path:
    return recording(tmp_path / "tone.wav")


def test_each_turn_is_a_line_and_the_last_one_is_ended(server: LocalServer, tone: Path) -> None:
    done = run(*called(server), str(tone))
    assert done.output == CHATTER
    assert done.exit_code == 0


def test_several_recordings_are_told_apart(server: LocalServer, tone: Path) -> None:
    done = run(*called(server), str(tone), str(tone))
    assert done.output == f"# {tone}\n{CHATTER}" * 2


def test_json_is_the_wires_own_messages(server: LocalServer, tone: Path) -> None:
    done = run(*called(server), "--json", "--eager-eot-threshold", "0.4", str(tone))
    messages = [json.loads(line) for line in done.output.splitlines()]
    assert [message["sequence_id"] for message in messages] == list(range(len(messages)))
    assert messages[0]["type"] == "Connected"
    assert "EagerEndOfTurn" in [message.get("event") for message in messages]
    assert messages[-1]["event"] == "EndOfTurn"


def test_a_container_comes_by_standard_input(server: LocalServer, tone: Path) -> None:
    done = run(*called(server), "-", stdin=tone.read_bytes())
    assert done.output.startswith("00:01.52  Hi there\n")


def test_raw_audio_comes_by_standard_input(server: LocalServer) -> None:
    raw = ("--encoding", "mulaw", "--sample-rate", "8000")
    done = run(*called(server), *raw, "-", stdin=bytes(8_000 * 2))
    assert done.output == "00:01.52  Hi there\n"


def test_options_reach_the_server(server: LocalServer, tone: Path) -> None:
    done = run(*called(server), "--json", "--eot-threshold", "1", "--numerals", str(tone))
    ended = [json.loads(line) for line in done.output.splitlines() if "EndOfTurn" in line]
    assert [turn["trigger"] for turn in ended] == ["manual"]


def test_without_a_url_a_server_is_started_for_the_command(tone: Path) -> None:
    assert run("transcribe", "--engine", "scripted", str(tone)).output == CHATTER


def test_a_file_that_is_not_there_is_a_usage_error(server: LocalServer) -> None:
    done = run(*called(server), "nowhere.wav")
    assert done.exit_code == 2
    assert "no such file: nowhere.wav" in done.output


def test_an_option_out_of_range_says_the_range(server: LocalServer, tone: Path) -> None:
    done = run(*called(server), "--eot-threshold", "7", str(tone))
    assert "eot_threshold must be from 0.5 to 1, not 7" in str(done.exception)


@pytest.mark.parametrize(("moment_s", "written"), [(0.0, "00:00.00"), (61.5, "01:01.50")])
def test_a_moment_is_minutes_and_seconds(moment_s: float, written: str) -> None:
    assert clock(moment_s) == written

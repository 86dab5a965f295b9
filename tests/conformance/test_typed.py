"""deepgram-sdk 7: its typed messages, both ways, in both flavours."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.programs import KEY, run, silence
from tests.conformance.servers import serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SPEECH_S = 12.0


def messages(program: str, path: Path, speech_s: float = SPEECH_S) -> list[dict[str, Any]]:
    path.write_bytes(silence(speech_s))
    with serving("--engine", "scripted") as server:
        return [json.loads(line) for line in run("sdk7", program, server, KEY, str(path))]


def fields(said: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [message["fields"] for message in said if message["class"] == name]


def turns(said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return fields(said, "ListenV2TurnInfo")


@pytest.fixture(scope="module")
def asynchronous(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return messages("typed_async.py", tmp_path_factory.mktemp("typed") / "speech.pcm")


def test_every_message_has_its_type_and_its_number(asynchronous: list[dict[str, Any]]) -> None:
    assert {message["class"] for message in asynchronous} == {
        "open",
        "ListenV2Connected",
        "ListenV2Warning",
        "ListenV2TurnInfo",
        "ListenV2ConfigureSuccess",
        "ListenV2ConfigureFailure",
        "close",
    }
    numbers = [m["fields"]["sequence_id"] for m in asynchronous if "fields" in m]
    assert numbers == list(range(len(numbers)))


def test_forcing_the_end_warns_before_a_turn_and_ends_it_after(
    asynchronous: list[dict[str, Any]],
) -> None:
    (warning,) = fields(asynchronous, "ListenV2Warning")
    assert warning["code"] == "FORCE_END_TURN_NO_ACTIVE_TURN"
    first = next(turn for turn in turns(asynchronous) if turn["event"] == "EndOfTurn")
    assert (first["transcript"], first["trigger"]) == ("Hi there", "manual")


def test_a_configure_is_answered_with_what_is_in_force(asynchronous: list[dict[str, Any]]) -> None:
    (success,) = fields(asynchronous, "ListenV2ConfigureSuccess")
    assert success["thresholds"] == {
        "eot_threshold": 0.8,
        "eager_eot_threshold": 0.5,
        "eot_timeout_ms": 5000,
    }
    assert success["keyterms"] == ["window"]
    assert success["language_hints"] == ["en"]
    assert success["numerals"] is True
    (failure,) = fields(asynchronous, "ListenV2ConfigureFailure")
    assert failure["code"] == "INVALID_THRESHOLD"


def test_a_configure_counts_from_where_it_stands(asynchronous: list[dict[str, Any]]) -> None:
    said = turns(asynchronous)
    assert said[0]["languages_hinted"] == ["en", "es"]
    assert said[-1]["languages_hinted"] == ["en"]
    ended = [turn["transcript"] for turn in said if turn["event"] == "EndOfTurn"]
    assert "Tomorrow evening at 7" in ended


def test_eager_events_arrive_typed(asynchronous: list[dict[str, Any]]) -> None:
    events = [turn["event"] for turn in turns(asynchronous)]
    assert {"StartOfTurn", "EagerEndOfTurn", "TurnResumed", "EndOfTurn", "Update"} == set(events)
    assert asynchronous[-1] == {"class": "close"}  # and no error before it


def test_the_blocking_client_hears_the_same(tmp_path: Path) -> None:
    said = messages("typed_blocking.py", tmp_path / "speech.pcm", speech_s=1.2)
    assert said[0]["class"] == "ListenV2Connected"
    assert said[1]["fields"]["thresholds"] == {"eot_threshold": 0.7, "eot_timeout_ms": 60_000}
    assert said[1]["fields"]["keyterms"] == ["Robert Johnson"]
    last = turns(said)[-1]
    assert (last["event"], last["transcript"], last["trigger"]) == (
        "EndOfTurn",
        "Hi there",
        "manual",
    )
    assert said[-1] == {"class": "end"}

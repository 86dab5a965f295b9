"""Refused handshakes, as deepgram-sdk 7 surfaces them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance.programs import KEY, run
from tests.conformance.servers import serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

GOOD = {"model": "flux-general-en", "encoding": "linear16", "sample_rate": 16000}
MULTI = GOOD | {"model": "flux-general-multi"}
LIMIT = "Keyterm limit exceeded. The maximum number of tokens across all keyterms is 500."


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serving("--engine", "scripted") as address:
        yield address


def refusal(server: str, flavour: str, key: str, parameters: dict[str, Any]) -> dict[str, Any]:
    (line,) = run("sdk7", "refused.py", server, key, flavour, json.dumps(parameters))
    shown: dict[str, Any] = json.loads(line)
    return shown


def test_a_wrong_key_is_a_401(server: str) -> None:
    shown = refusal(server, "blocking", "wrong", GOOD)
    assert shown == {"class": "InvalidStatus", "status": 401, "why": "Invalid credentials."}


def test_the_asynchronous_client_tells_the_status_too(server: str) -> None:
    shown = refusal(server, "asynchronous", "wrong", GOOD)
    assert (shown["class"], shown["status"]) == ("ApiError", 401)
    shown = refusal(server, "asynchronous", KEY, GOOD | {"eot_threshold": 1.5})
    assert (shown["class"], shown["status"]) == ("ApiError", 400)


@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        (GOOD | {"additional": {"punctuate": "true"}}, "Unknown query parameters: punctuate"),
        (GOOD | {"eot_threshold": 1.5}, "eot_threshold must be from 0.5 to 1, not 1.5"),
        (GOOD | {"language_hint": ["en"]}, "language_hint is not supported for model"),
        (MULTI | {"language_hint": ["zz"]}, "language_hint must be one of"),
        (GOOD | {"keyterm": [f"term {i}" for i in range(101)]}, LIMIT),
    ],
)
def test_a_bad_parameter_is_a_400_whatever_the_key(
    server: str, parameters: dict[str, Any], why: str
) -> None:
    shown = refusal(server, "blocking", "wrong", parameters)
    assert shown["status"] == 400
    assert shown["why"].startswith(why)


def test_a_model_nobody_has_is_a_403(server: str) -> None:
    shown = refusal(server, "blocking", KEY, GOOD | {"model": "flux-general-xx"})
    assert shown["status"] == 403
    assert shown["why"].startswith("Project does not have access to the requested model.")


@pytest.mark.parametrize(
    "parameters",
    [
        GOOD | {"keyterm": [f"term {i}" for i in range(100)]},
        GOOD | {"keyterm": "a single: term, of its own!"},
        MULTI | {"language_hint": ["en", "es-419"], "numerals": "true", "redact": "numbers"},
    ],
)
def test_good_parameters_and_the_key_are_accepted(server: str, parameters: dict[str, Any]) -> None:
    assert refusal(server, "blocking", KEY, parameters) == {"class": "accepted"}

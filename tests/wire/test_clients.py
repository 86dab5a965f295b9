"""Released clients told by their headers (contract 9.1, 9.3, 14.2)."""

from collections.abc import Mapping

import pytest

from turnwise.errors import NO_STATUS
from turnwise.wire.clients import close_code_for, legacy


def python_sdk(version: str, name: str = "deepgram") -> dict[str, str]:
    return {"X-Fern-Language": "Python", "X-Fern-SDK-Name": name, "X-Fern-SDK-Version": version}


@pytest.mark.parametrize("version", ["5.0.0", "5.1.0", "5.2.0", "5.3.0", "5.3.2", "5.3.3"])
def test_the_first_python_clients_need_the_first_edition(version: str) -> None:
    assert legacy(python_sdk(version))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-fern-sdk-name": "deepgram"},
        python_sdk("5.3.4"),
        python_sdk("5.3.10"),
        python_sdk("6.0.0-rc.2", "deepgram-sdk"),
        python_sdk("5.0.0", "deepgram-sdk"),
        python_sdk("newest"),
        python_sdk("5"),
    ],
)
def test_every_other_client_gets_everything(headers: Mapping[str, str]) -> None:
    assert not legacy(headers)


def test_header_names_count_in_any_case() -> None:
    assert legacy({"x-fern-sdk-name": "deepgram", "X-FERN-SDK-VERSION": " 5.3.0 "})


@pytest.mark.parametrize(
    "headers",
    [
        {"user-agent": "@deepgram/sdk/5.0.0"},
        {"User-Agent": "@deepgram/sdk/5.11.0 node/20"},
        {"x-fern-sdk-name": "@deepgram/sdk", "x-fern-sdk-version": "5.9.0"},
    ],
)
def test_javascript_clients_that_would_reconnect_are_closed_with_1000(
    headers: Mapping[str, str],
) -> None:
    assert close_code_for(headers) == 1000


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"user-agent": "@deepgram/sdk/5.12.0"},
        {"user-agent": "@deepgram/sdk/6.0.0"},
        {"user-agent": "@deepgram/sdk/next"},
        {"user-agent": "deepgram-sdk/7.17.0"},
        {"x-fern-sdk-name": "@deepgram/sdk", "x-fern-sdk-version": "5.13.0"},
        {"x-fern-sdk-name": "@deepgram/sdk"},
    ],
)
def test_every_other_client_is_closed_without_a_status(headers: Mapping[str, str]) -> None:
    assert close_code_for(headers) == NO_STATUS

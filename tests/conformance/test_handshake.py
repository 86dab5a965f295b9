"""The handshake, seen from outside: raw requests to a real server (contract sections 1 and 6)."""

import http.client
import json
import uuid
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.conformance.programs import KEY, silence
from tests.conformance.servers import serving, started
from turnwise.errors import NO_STATUS

GOOD = "/v2/listen?model=flux-general-en&encoding=linear16&sample_rate=16000"
BAD = GOOD + "&punctuate=true"
TOKEN = {"Authorization": f"Token {KEY}"}
PATIENCE_S = 30.0


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serving("--engine", "scripted") as address:
        yield address


def opened(
    server: str, headers: dict[str, str], protocols: list[str] | None = None, url: str = GOOD
) -> ClientConnection:
    offered = [Subprotocol(protocol) for protocol in protocols] if protocols else None
    return connect(server + url, additional_headers=headers, subprotocols=offered)


def refusal(
    server: str, url: str, headers: dict[str, str], protocols: list[str] | None = None
) -> tuple[int, dict[str, Any]]:
    """Return the status and the body, after checking what every refusal has (1.5)."""
    with pytest.raises(InvalidStatus) as caught, opened(server, headers, protocols, url):
        pass
    response = caught.value.response
    body: dict[str, Any] = json.loads(response.body or b"")
    assert set(body) == {"err_code", "err_msg", "request_id"}
    assert response.headers["content-type"] == "application/json"
    assert response.headers["dg-request-id"] == body["request_id"]
    assert response.headers["dg-error"] == body["err_msg"]
    return response.status_code, body


def asked(
    server: str, method: str, path: str, headers: dict[str, str], body: str | None = None
) -> tuple[int, dict[str, Any]]:
    """Return the status and the body of a plain HTTP request."""
    connection = http.client.HTTPConnection(urlsplit(server).netloc, timeout=PATIENCE_S)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        assert uuid.UUID(response.headers["dg-request-id"])
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def granted(server: str, **wish: object) -> dict[str, Any]:
    status, body = asked(server, "POST", "/v1/auth/grant", TOKEN, json.dumps(wish))
    assert status == 200
    return body


def said(stream: ClientConnection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(stream.recv(PATIENCE_S))
    return message


def closed(stream: ClientConnection) -> tuple[list[dict[str, Any]], int | None]:
    """Return what is still said, and how the stream is closed."""
    messages = []
    with suppress(ConnectionClosed):
        while True:
            messages.append(said(stream))
    return messages, stream.close_code


def test_a_stream_is_greeted_with_the_id_of_the_handshake(server: str) -> None:  # 1.1, 1.4, 12.2
    with opened(server, TOKEN) as stream:
        assert stream.response is not None
        request_id = stream.response.headers["dg-request-id"]
        assert said(stream) == {"type": "Connected", "request_id": request_id, "sequence_id": 0}
    assert uuid.UUID(request_id).version == 7


def test_compression_is_declined(server: str) -> None:  # 1.4
    with opened(server, TOKEN) as stream:  # the client offers it
        assert stream.request is not None
        assert "permessage-deflate" in stream.request.headers["sec-websocket-extensions"]
        assert stream.response is not None
        assert "sec-websocket-extensions" not in stream.response.headers


def test_flux_is_not_to_be_had_on_the_path_of_nova(server: str) -> None:  # 1.1, 1.5
    assert refusal(server, GOOD.replace("v2", "v1"), TOKEN)[0] == 400
    assert asked(server, "POST", "/v1/listen?model=flux-general-en", TOKEN, "")[0] == 400


def test_a_wrong_path_or_method_is_404_or_405(server: str) -> None:  # 1.5
    assert asked(server, "GET", "/v3/listen", TOKEN)[0] == 404
    assert asked(server, "POST", GOOD, TOKEN, "")[0] == 405
    assert asked(server, "GET", GOOD, TOKEN)[0] == 400  # no upgrade asked for


@pytest.mark.parametrize("word", ["Token", "token", "TOKEN"])
def test_the_key_comes_in_a_header(server: str, word: str) -> None:  # 1.3
    with opened(server, {"Authorization": f"{word} {KEY}"}) as stream:
        assert said(stream)["type"] == "Connected"
        assert stream.subprotocol is None


@pytest.mark.parametrize("more", [[], ["x-deepgram-session-id", "3f0c"]])
def test_a_browsers_key_comes_as_a_subprotocol(server: str, more: list[str]) -> None:  # 1.3
    with opened(server, {}, ["token", KEY, *more]) as stream:
        assert said(stream)["type"] == "Connected"
        assert stream.subprotocol == "token"


def test_a_token_opens_streams_either_way(server: str) -> None:  # 1.3, 1.6
    token = granted(server)["access_token"]
    with opened(server, {"Authorization": f"Bearer {token}"}) as stream:
        assert said(stream)["type"] == "Connected"
    with opened(server, {}, ["bearer", token]) as stream:
        assert said(stream)["type"] == "Connected"
        assert stream.subprotocol == "bearer"


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Token wrong"}, {"Authorization": f"Bearer {KEY}"}],
    ids=["none", "wrong", "key as bearer"],
)
def test_no_good_credentials_are_a_401(server: str, headers: dict[str, str]) -> None:  # 1.3, 1.5
    status, body = refusal(server, GOOD, headers)
    assert (status, body["err_code"], body["err_msg"]) == (
        401,
        "INVALID_AUTH",
        "Invalid credentials.",
    )


def test_a_subprotocols_wrong_key_is_a_401(server: str) -> None:  # 1.3, 1.5
    assert refusal(server, GOOD, {}, ["token", "wrong"])[0] == 401


@pytest.mark.parametrize("name", ["token", "access_token", "api_key"])
def test_no_credentials_travel_in_the_query(server: str, name: str) -> None:  # 1.3
    status, body = refusal(server, f"{GOOD}&{name}={KEY}", {})
    assert (status, body["err_msg"]) == (400, f"Unknown query parameters: {name}")


def test_parameters_are_checked_before_credentials(server: str) -> None:  # 1.2, 12.14
    wrong = {"Authorization": "Token wrong"}
    assert refusal(server, BAD, wrong)[1]["err_code"] == "INVALID_QUERY_PARAMETER"
    assert refusal(server, GOOD, wrong)[1]["err_code"] == "INVALID_AUTH"


def test_a_model_that_is_not_served_is_a_403(server: str) -> None:  # 1.2, 1.5
    status, body = refusal(server, GOOD.replace("general-en", "general-xx"), TOKEN)
    assert (status, body["err_code"]) == (403, "INSUFFICIENT_PERMISSIONS")


def test_every_place_taken_is_a_429_and_cuts_nobody() -> None:  # 1.5, 6.1
    with (
        serving("--engine", "scripted", "--streams-max", "1") as server,
        opened(server, TOKEN) as stream,
    ):
        assert said(stream)["type"] == "Connected"
        status, body = refusal(server, GOOD, TOKEN)
        assert (status, body["err_code"]) == (429, "TOO_MANY_REQUESTS")
        stream.send(silence(0.24))
        assert said(stream)["event"] == "Update"


def test_a_server_that_is_leaving_refuses_with_503() -> None:  # 1.5
    with (
        started("--engine", "scripted", "--drain-seconds-max", "60") as (process, server),
        opened(server, TOKEN) as stream,
    ):
        assert said(stream)["type"] == "Connected"
        process.terminate()
        while status(server) == 101:
            pass  # it has not come to its signal yet
        assert status(server) == 503
        stream.send(silence(0.24))
        assert said(stream)["event"] == "Update"


def status(server: str) -> int:
    """Return what a new stream is answered."""
    try:
        with opened(server, TOKEN):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


def test_a_key_is_traded_for_a_token(server: str) -> None:  # 1.6
    assert set(granted(server)) == {"access_token", "expires_in"}
    assert granted(server)["expires_in"] == 30
    assert granted(server, ttl_seconds=3600)["expires_in"] == 3600


@pytest.mark.parametrize("seconds", [0, 3601, "ten"])
def test_a_token_lives_a_second_to_an_hour(server: str, seconds: object) -> None:  # 1.6
    body = json.dumps({"ttl_seconds": seconds})
    assert asked(server, "POST", "/v1/auth/grant", TOKEN, body)[0] == 400


def test_a_token_is_not_traded_for_another(server: str) -> None:  # 1.6
    bearer = {"Authorization": f"Bearer {granted(server)['access_token']}"}
    status, body = asked(server, "POST", "/v1/auth/grant", bearer, "")
    assert (status, body["err_code"]) == (403, "FORBIDDEN")


def test_the_key_in_use_is_described_but_not_shown(server: str) -> None:  # 1.6
    status, body = asked(server, "GET", "/v1/auth/token", TOKEN)
    assert status == 200
    assert KEY not in json.dumps(body)
    assert asked(server, "GET", "/v1/auth/token", {})[0] == 401


@pytest.mark.slow
def test_a_stream_outlives_its_token(server: str) -> None:  # 1.6
    bearer = {"Authorization": f"Bearer {granted(server, ttl_seconds=1)['access_token']}"}
    with opened(server, bearer) as stream:
        assert said(stream)["type"] == "Connected"
        with pytest.raises(TimeoutError):
            stream.recv(2.0)
        assert refusal(server, GOOD, bearer)[0] == 401
        stream.send(silence(0.24))
        assert said(stream)["event"] == "Update"


def test_close_stream_is_answered_without_a_status(server: str) -> None:  # 3.2, 6, 12.11
    with opened(server, TOKEN) as stream:
        stream.send(silence(1.2))
        stream.send('{"type":"CloseStream"}')
        messages, code = closed(stream)
    assert code == NO_STATUS
    assert "EndOfTurn" not in [message.get("event") for message in messages]


@pytest.mark.parametrize(
    ("agent", "code"), [("@deepgram/sdk/5.11.0", 1000), ("@deepgram/sdk/5.12.0", NO_STATUS)]
)
def test_a_client_that_would_reconnect_is_closed_kindly(
    server: str, agent: str, code: int
) -> None:  # 6
    with connect(server + GOOD, additional_headers=TOKEN, user_agent_header=agent) as stream:
        stream.send('{"type":"CloseStream"}')
        assert closed(stream)[1] == code


def test_an_error_is_followed_by_a_close(server: str) -> None:  # 3.5, 4.7, 6, 12.13
    with opened(server, TOKEN) as stream:
        stream.send('{"type":"KeepAlive"}')
        messages, code = closed(stream)
    assert messages[-1]["code"] == "UNPARSABLE_CLIENT_MESSAGE"
    assert code == NO_STATUS


def test_a_ping_is_answered(server: str) -> None:  # 6
    with opened(server, TOKEN) as stream:
        assert stream.ping().wait(PATIENCE_S)


@pytest.mark.slow
def test_a_silent_client_is_let_go_and_one_that_pings_is_not() -> None:  # 3.5, 6, 12.15
    with serving("--engine", "scripted", "--idle-seconds-max", "2") as server:
        url = server + GOOD
        with (
            connect(url, additional_headers=TOKEN, ping_interval=0.5) as pinging,
            connect(url, additional_headers=TOKEN, ping_interval=None) as silent,
        ):
            messages, code = closed(silent)
            assert messages[-1]["code"] == "INACTIVE_CLIENT"
            assert code == NO_STATUS
            pinging.send(silence(0.24))
            assert [said(pinging).get("event"), said(pinging).get("event")] == [None, "Update"]

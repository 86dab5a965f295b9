"""From a request to a stream, or to a refusal (contract section 1)."""

import asyncio
import logging
import uuid
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from tests.server.running import (
    QUERY,
    UPGRADE,
    TestEngine,
    connect,
    converse,
    dial,
    fetch,
    running,
    until_metric,
)
from turnwise.errors import Overloaded
from turnwise.server.keys import Keys

KEY = "a-key-for-tests"
OTHER_KEY = "another-key-for-tests"
SECRET = "a secret of the whole fleet"
GOOD = f"/v2/listen?{QUERY}"


def token(seconds: int = 60) -> str:
    return Keys([KEY], SECRET).issue(seconds)


async def test_the_answer_and_every_message_carry_one_uuid_of_version_7() -> None:
    """Contract 1.4: clients parse it, and refuse a connection without it."""
    async with running() as server:
        client = await dial(server.port)
        connected = await client.message()
    request_id = client.answer.headers["dg-request-id"]
    assert uuid.UUID(request_id).version == 7
    assert connected == {"type": "Connected", "request_id": request_id, "sequence_id": 0}


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("", 400, "INVALID_QUERY_PARAMETER"),
        ("model=flux", 403, "INSUFFICIENT_PERMISSIONS"),
        (f"{QUERY}&channels=1", 400, "INVALID_QUERY_PARAMETER"),
        (f"{QUERY}&eot_threshold=2", 400, "INVALID_QUERY_PARAMETER"),
        (f"{QUERY}&language_hint=en", 400, "INVALID_QUERY_PARAMETER"),
        (f"{QUERY}&keyterm=" + "a%20" * 600, 400, "INVALID_QUERY_PARAMETER"),
    ],
)
async def test_a_refusal_is_a_response_with_the_documented_body(
    query: str, status: int, code: str
) -> None:
    """Contract 1.5: body, dg-request-id, and dg-error for clients that cannot see the body."""
    async with running() as server:
        answer = (await dial(server.port, f"/v2/listen?{query}")).answer
    assert answer.status == status
    assert answer.headers["content-type"] == "application/json"
    assert answer.json["err_code"] == code
    assert answer.json["err_msg"] == answer.headers["dg-error"]
    assert answer.json["request_id"] == answer.headers["dg-request-id"]


@pytest.mark.parametrize(
    ("query", "key", "status"),
    [
        (f"{QUERY}&channels=1", "wrong", 400),
        (f"{QUERY}&channels=1", KEY, 400),
        (QUERY, "wrong", 401),
        ("model=nova-3", "wrong", 401),
        ("model=nova-3", KEY, 403),
        (QUERY, KEY, 101),
    ],
)
async def test_parameters_are_checked_first_then_credentials_then_the_model(
    query: str, key: str, status: int
) -> None:
    """Contract 1.2, order of checks; section 12, invariant 14."""
    async with running(api_keys=(KEY,)) as server:
        client = await dial(server.port, f"/v2/listen?{query}", {"authorization": f"Token {key}"})
    assert client.answer.status == status


@pytest.mark.parametrize(
    ("headers", "echoed"),
    [
        ({"authorization": f"Token {KEY}"}, None),
        ({"authorization": f"token {OTHER_KEY}"}, None),
        ({"authorization": "bearer JWT"}, None),
        ({"sec-websocket-protocol": f"token, {KEY}"}, "token"),
        ({"sec-websocket-protocol": "bearer, JWT"}, "bearer"),
        ({"sec-websocket-protocol": f"token, {KEY}, x-deepgram-session-id, 1-2"}, "token"),
    ],
)
async def test_every_documented_form_of_credentials_opens_a_stream(
    headers: dict[str, str], echoed: str | None
) -> None:
    """Contract 1.3 and 14.5: the scheme word comes back, never the secret."""
    async with running(api_keys=(KEY, OTHER_KEY), token_secret=SECRET) as server:
        fresh = {name: value.replace("JWT", token()) for name, value in headers.items()}
        client = await dial(server.port, GOOD, fresh)
    assert client.answer.status == 101
    assert client.answer.headers.get("sec-websocket-protocol") == echoed


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Token"},
        {"authorization": f"Basic {KEY}"},
        {"authorization": "Token wrong"},
        {"authorization": f"Token {KEY}x"},
        {"authorization": f"Bearer {KEY}"},
        {"authorization": f"Bearer {token(-1)}"},
        {"authorization": f"Bearer {Keys([KEY], 'a secret of another fleet').issue(60)}"},
        {"authorization": f"Token {token()}"},
        {"sec-websocket-protocol": "token"},
        {"sec-websocket-protocol": f"bearer, {KEY}"},
    ],
)
async def test_anything_else_is_refused_with_401(headers: dict[str, str]) -> None:
    """Contract 1.3 and 1.5: unknown key, a key under Bearer, an expired or foreign token, none."""
    async with running(api_keys=(KEY,), token_secret=SECRET) as server:
        answer = (await dial(server.port, GOOD, headers)).answer
    assert answer.status == 401
    assert answer.json["err_code"] == "INVALID_AUTH"
    assert answer.headers["dg-error"] == "Invalid credentials."


async def test_a_token_without_a_signature_is_refused() -> None:
    now = datetime.now(UTC)
    claims = {"iss": "turnwise", "iat": now, "exp": now + timedelta(seconds=60)}
    forged = jwt.encode(claims, "", algorithm="none")
    async with running(api_keys=(KEY,), token_secret=SECRET) as server:
        answer = (await dial(server.port, GOOD, {"authorization": f"Bearer {forged}"})).answer
    assert answer.status == 401


async def test_a_refusal_is_no_error_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async with running(api_keys=(KEY,)) as server:
        assert (await dial(server.port)).answer.status == 401
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_two_hundred_wrong_keys_harm_nobody() -> None:
    async with running(api_keys=(KEY,), streams_max=1) as server:
        wrong = [dial(server.port, GOOD, {"authorization": f"Token {n}"}) for n in range(200)]
        clients = await asyncio.gather(*wrong)
        assert {client.answer.status for client in clients} == {401}
        good = await connect(server.port, authorization=f"Token {KEY}")
        assert await converse(good, 3)
        await until_metric(server.port, 'turnwise_streams_refused_total{reason="INVALID_AUTH"} 200')
        for client in clients:
            await client.eof()
            client.writer.close()


async def test_one_stream_too_many_is_refused_until_another_ends() -> None:
    """Contract 6.1."""
    async with running(streams_max=1) as server:
        first = await connect(server.port)
        answer = (await dial(server.port)).answer
        assert answer.status == 429
        assert answer.json["err_code"] == "TOO_MANY_REQUESTS"
        assert answer.json["err_msg"] == "Too many requests. Please try again later"
        first.vanish()
        await server.settled()
        await connect(server.port)


async def test_an_engine_without_a_slot_is_the_same_refusal() -> None:
    """Contract 6.1: the engine may know better than streams_max."""

    class Full(TestEngine):
        def open(self, keyterms: object) -> None:  # type: ignore[override]
            raise Overloaded("all places are taken")

    async with running(Full()) as server:
        answer = (await dial(server.port)).answer
        await server.settled()
    assert answer.status == 429
    assert answer.json["err_code"] == "TOO_MANY_REQUESTS"


async def test_an_engine_that_breaks_while_opening_is_an_internal_error() -> None:
    class Broken(TestEngine):
        def open(self, keyterms: object) -> None:  # type: ignore[override]
            raise RuntimeError("with a path and a secret in it")

    async with running(Broken()) as server:
        answer = (await dial(server.port)).answer
        await server.settled()
    assert answer.status == 500
    assert answer.json["err_code"] == "INTERNAL_SERVER_ERROR"
    assert "secret" not in answer.json["err_msg"]


async def test_a_flux_model_on_the_older_path_is_refused() -> None:
    """Contract 1.1."""
    async with running() as server:
        upgraded = (await dial(server.port, f"/v1/listen?{QUERY}")).answer
        posted = await fetch(server.port, f"POST /v1/listen?{QUERY}", body=b"RIFF")
    for answer in (upgraded, posted):
        assert answer.status == 400
        assert "/v2/listen" in answer.headers["dg-error"]
        assert answer.json["err_msg"] == answer.headers["dg-error"]


async def test_a_websocket_anywhere_else_is_not_found() -> None:
    """Contract 1.5."""
    async with running() as server:
        answer = (await dial(server.port, "/v3/listen")).answer
    assert answer.status == 404
    assert answer.json["err_code"] == "NOT_FOUND"


async def test_a_url_far_beyond_8_kib_is_read() -> None:
    """Contract 1.2: a hundred keyterms take room."""
    keyterms = ("&keyterm=" + "%E0%A4%A8" * 9) * 100
    assert len(keyterms) > 8_192
    async with running() as server:
        client = await dial(server.port, f"{GOOD}{keyterms}")
    assert client.answer.status == 101


async def test_a_request_without_end_is_refused() -> None:
    async with running() as server:
        endless_url = (await dial(server.port, f"{GOOD}&tag={'x' * 40_000}")).answer
        endless_header = (await dial(server.port, GOOD, {"x-filling": "x" * 9_000})).answer
        many = {f"x-{n}": "1" for n in range(120)}
        endless_headers = (await dial(server.port, GOOD, many)).answer
    for answer in (endless_url, endless_header, endless_headers):
        assert answer.status == 400
        assert answer.json["err_code"] == "Bad Request"


async def test_an_upgrade_that_is_none_is_refused_and_the_server_goes_on() -> None:
    async with running() as server:
        no_key = (await dial(server.port, GOOD, {"sec-websocket-key": "?"})).answer
        posted = await fetch(server.port, f"POST {GOOD}", dict(UPGRADE))
        plain = await fetch(server.port, f"GET {GOOD}")
        with_body = await fetch(server.port, f"GET {GOOD}", dict(UPGRADE), b"abc")
        assert await converse(await connect(server.port), 3)
    assert no_key.status == 400
    assert posted.status == 405
    assert plain.status == 400
    assert with_body.status == 400

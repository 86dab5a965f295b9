"""The HTTP side: tokens, health, metrics, and refusals in the documented shape."""

import uuid

import pytest

from tests.server.running import QUERY, connect, converse, dial, fetch, running, until_metric

KEY = "a-key-for-tests"
AUTHORIZED = {"authorization": f"Token {KEY}"}


async def test_a_key_is_traded_for_a_token_that_opens_a_stream() -> None:
    """Contract 1.6."""
    async with running(api_keys=(KEY,)) as server:
        granted = await fetch(server.port, "POST /v1/auth/grant", AUTHORIZED)
        bearer = {"authorization": f"Bearer {granted.json['access_token']}"}
        opened = await dial(server.port, f"/v2/listen?{QUERY}", bearer)
        again = await fetch(server.port, "POST /v1/auth/grant", bearer)
    assert granted.status == 200
    assert granted.json["expires_in"] == 30
    assert opened.answer.status == 101
    assert again.status == 403
    assert again.json["err_code"] == "FORBIDDEN"
    assert again.json["err_msg"] == "Insufficient permissions."


@pytest.mark.parametrize(
    ("body", "expires_in"),
    [
        (b"", 30),
        (b"{}", 30),
        (b'{"ttl_seconds": null}', 30),
        (b'{"ttl_seconds": 1}', 1),
        (b'{"ttl_seconds": 3600}', 3600),
        (b'{"ttl_seconds": 59.9, "comment": "x"}', 59),
    ],
)
async def test_a_token_lives_as_long_as_asked(body: bytes, expires_in: int) -> None:
    """Contract 14.27."""
    async with running() as server:
        answer = await fetch(server.port, "POST /v1/auth/grant", body=body)
    assert answer.json["expires_in"] == expires_in


@pytest.mark.parametrize(
    "body",
    [
        b'{"ttl_seconds": 0}',
        b'{"ttl_seconds": 3601}',
        b'{"ttl_seconds": "30"}',
        b'{"ttl_seconds": NaN}',
        b"thirty",
        b"[" * 4_000,
        b" " * 5_000,
    ],
)
async def test_any_other_wish_is_refused(body: bytes) -> None:
    """Contract 14.27."""
    async with running() as server:
        answer = await fetch(server.port, "POST /v1/auth/grant", body=body)
    assert answer.status == 400
    assert answer.json["err_msg"] == answer.headers["dg-error"]


@pytest.mark.parametrize("request_line", ["POST /v1/auth/grant", "GET /v1/auth/token"])
async def test_who_has_no_key_gets_no_token_and_no_description(request_line: str) -> None:
    async with running(api_keys=(KEY,)) as server:
        nobody = await fetch(server.port, request_line)
        wrong = await fetch(server.port, request_line, {"authorization": "Token wrong"})
    assert nobody.status == wrong.status == 401
    assert wrong.json["err_code"] == "INVALID_AUTH"


async def test_a_key_is_described_without_being_revealed() -> None:
    """Contract 1.6."""
    async with running(api_keys=(KEY,)) as server:
        answer = await fetch(server.port, "GET /v1/auth/token", AUTHORIZED)
    assert answer.status == 200
    assert answer.json["api_key_id"]
    assert KEY not in answer.body.decode()


async def test_wrong_paths_and_methods_are_refused_in_the_documented_shape() -> None:
    """Contract 1.5."""
    async with running() as server:
        path = await fetch(server.port, "GET /v3/listen")
        method = await fetch(server.port, "DELETE /metrics")
    assert (path.status, path.json["err_code"]) == (404, "NOT_FOUND")
    assert (method.status, method.json["err_code"]) == (405, "METHOD_NOT_ALLOWED")
    assert method.headers["allow"] == "GET, HEAD" or "GET" in method.headers["allow"]
    for answer in (path, method):
        assert answer.json["request_id"] == answer.headers["dg-request-id"]


async def test_every_response_carries_a_request_id() -> None:
    """Contract 1.4."""
    async with running() as server:
        for path in ("/", "/healthz", "/readyz", "/metrics", "/v1/auth/token"):
            answer = await fetch(server.port, f"GET {path}")
            assert answer.status == 200
            assert uuid.UUID(answer.headers["dg-request-id"]).version == 7


async def test_metrics_tell_what_happened() -> None:
    async with running() as server:
        await converse(await connect(server.port), 60)
        await dial(server.port, "/v2/listen?model=nova-3")
        await until_metric(server.port, "turnwise_streams_open 0.0")
        text = (await fetch(server.port, "GET /metrics")).body.decode()
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if line[0] != "#")
    assert values['turnwise_streams_refused_total{reason="INSUFFICIENT_PERMISSIONS"}'] == "1.0"
    assert float(values["turnwise_audio_heard_seconds_total"]) == pytest.approx(4.8)
    assert values["turnwise_step_seconds_count"] == values["turnwise_batch_frames_count"] == "60.0"
    assert values["turnwise_frame_lag_seconds_count"] == "60.0"
    assert values['turnwise_turns_ended_total{trigger="model"}'] == "1.0"
    assert values['turnwise_turns_ended_total{trigger="timeout"}'] == "0.0"

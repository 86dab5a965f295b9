"""Where to call and how."""

import pytest

from turnwise.client.address import (
    Options,
    address,
    change_of,
    is_temporary,
    refusal,
    settings_of,
)
from turnwise.errors import BadQuery, HandshakeRefused, NoSuchModel
from turnwise.settings import (
    Encoding,
    Expecting,
    Hints,
    Model,
    Redact,
    StreamSettings,
    TextStyle,
    Thresholds,
)
from turnwise.wire.codec import encode_client


def test_without_options_a_call_is_16_khz_english() -> None:
    assert settings_of({}) == StreamSettings(Model.ENGLISH, Encoding.LINEAR16, 16_000)


def test_every_option_reaches_the_settings() -> None:
    options = Options(
        model="flux-general-multi",
        encoding="mulaw",
        sample_rate=8_000,
        eot_threshold=0.8,
        eager_eot_threshold=0.4,
        eot_timeout_ms=3_000,
        keyterms=["Alba Cruz", "a,b"],
        language_hints=["en", "es"],
        numerals=True,
        profanity_filter=True,
        redact="numbers",
        tags=["shop"],
        agent_said="What's your number?",
        expecting="digits",
    )
    assert set(options) == set(Options.__annotations__)
    assert settings_of(options) == StreamSettings(
        Model.MULTILINGUAL,
        Encoding.MULAW,
        8_000,
        Thresholds(0.8, 0.4, 3_000),
        TextStyle(numerals=True, profanity_filter=True, redact=Redact.NUMBERS),
        ("Alba Cruz", "a,b"),
        ("en", "es"),
        ("shop",),
        Hints("What's your number?", Expecting.DIGITS),
    )


def test_a_container_needs_no_sample_rate() -> None:
    assert settings_of({"encoding": None}) == StreamSettings(Model.ENGLISH)


def test_a_sample_rate_of_the_callers_own_is_kept() -> None:
    assert settings_of({"sample_rate": 48_000}).sample_rate_hz == 48_000


def test_an_option_out_of_range_is_refused_before_calling() -> None:
    with pytest.raises(BadQuery, match=r"eot_threshold must be from 0\.5 to 1, not 7"):
        settings_of({"eot_threshold": 7})


def test_a_model_nobody_has_is_refused_before_calling() -> None:
    with pytest.raises(NoSuchModel):
        settings_of({"model": "flux-general-xx"})


def test_one_term_is_not_mistaken_for_a_list_of_letters() -> None:
    with pytest.raises(AssertionError, match="keyterms is a list"):
        settings_of({"keyterms": "Alba"})


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("ws://localhost:8080", "ws://localhost:8080/v2/listen"),
        ("wss://example.org/", "wss://example.org/v2/listen"),
        ("http://localhost:8080", "ws://localhost:8080/v2/listen"),
        ("https://example.org/proxied/v2/listen", "wss://example.org/proxied/v2/listen"),
    ],
)
def test_a_url_is_completed(given: str, meant: str) -> None:
    assert address(given, None, None).url == meant


@pytest.mark.parametrize("url", ["localhost:8080", "ftp://localhost", "ws:///v2/listen", ""])
def test_what_is_no_servers_url_is_refused(url: str) -> None:
    with pytest.raises(BadQuery, match="begins with ws://"):
        address(url, None, None)


def test_settings_do_not_belong_in_the_url() -> None:
    with pytest.raises(BadQuery, match="arguments of connect"):
        address("ws://localhost:8080/v2/listen?model=flux-general-en", None, None)


def test_the_query_is_added_for_each_connection() -> None:
    server = address("ws://localhost", None, None)
    assert server.with_query(settings_of({})) == (
        "ws://localhost/v2/listen?model=flux-general-en&encoding=linear16&sample_rate=16000"
    )


@pytest.mark.parametrize(
    ("api_key", "token", "headers"),
    [
        (None, None, {}),
        ("k", None, {"Authorization": "Token k"}),
        ("k", "t", {"Authorization": "Bearer t"}),
    ],
)
def test_credentials_are_a_header(
    api_key: str | None, token: str | None, headers: dict[str, str]
) -> None:
    assert address("ws://localhost", api_key, token).headers == headers


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("ws://localhost:8080", True),
        ("ws://127.0.0.2", True),
        ("ws://[::1]:8080", True),
        ("ws://10.0.0.1", False),
        ("wss://example.org", False),
    ],
)
def test_no_proxy_stands_before_this_machine(url: str, local: bool) -> None:
    assert address(url, None, None).local is local


def test_a_refusal_says_what_the_server_said() -> None:
    refused = refusal(401, "x", b'{"err_code":"INVALID_AUTH","err_msg":"No.","request_id":"r"}')
    assert (refused.status, refused.err_code, refused.err_msg) == (401, "INVALID_AUTH", "No.")
    assert str(refused) == "refused with HTTP status 401: INVALID_AUTH: No."


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"err_msg":7}', b"\xff"])
def test_a_refusal_by_something_else_falls_back_on_the_header(body: bytes) -> None:
    refused = refusal(502, "the message", body)
    assert (refused.err_code, refused.err_msg) == ("UNKNOWN", "the message")


def test_a_refusal_without_any_reason_says_so() -> None:
    assert refusal(502, None, b"").err_msg == "no reason given"


@pytest.mark.parametrize(
    ("status", "again"), [(400, False), (401, False), (429, True), (503, True)]
)
def test_some_refusals_pass(status: int, again: bool) -> None:
    assert is_temporary(HandshakeRefused(status, "", "")) is again


def test_a_change_says_what_is_given_and_nothing_else() -> None:
    assert encode_client(change_of({})) == '{"type":"Configure"}'
    assert encode_client(change_of({"eager_eot_threshold": None, "keyterms": ("a",)})) == (
        '{"type":"Configure","thresholds":{"eager_eot_threshold":null},"keyterms":["a"]}'
    )
    assert encode_client(change_of({"eot_timeout_ms": 900, "language_hints": []})) == (
        '{"type":"Configure","thresholds":{"eot_timeout_ms":900},"language_hints":[]}'
    )

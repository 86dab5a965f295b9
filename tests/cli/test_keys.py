"""API keys and tokens."""

import re

from tests.cli.printed import run
from tests.client.test_aio import nobody
from turnwise.cli.local import LocalServer
from turnwise.client.blocking import connect
from turnwise.errors import HandshakeRefused, Unreachable


def test_a_new_key_is_long_and_never_the_same() -> None:
    first, second = (run("keys", "new").output.strip() for _ in range(2))
    assert re.fullmatch(r"[\w-]{43}", first)
    assert first != second


def test_a_key_is_traded_for_a_token_that_opens_streams(server: LocalServer) -> None:
    done = run("keys", "token", "--url", server.url, "--api-key", server.api_key)
    with connect(server.url, token=done.output.strip()) as stream:
        stream.finish()
        assert list(stream) == []


def test_a_wrong_key_is_refused(server: LocalServer) -> None:
    done = run("keys", "token", "--url", server.url, "--api-key", "wrong")
    assert isinstance(done.exception, HandshakeRefused)
    assert done.exception.err_code == "INVALID_AUTH"


def test_no_server_is_an_error_of_its_own() -> None:
    done = run("keys", "token", "--url", nobody(), "--api-key", "k")
    assert isinstance(done.exception, Unreachable)

"""A server of our own."""

import socket

import pytest

from tests.serving import scripted_server
from turnwise.cli.local import LocalServer
from turnwise.errors import Unreachable


def test_a_server_of_our_own_listens_until_the_block_is_left() -> None:
    with scripted_server() as server:
        host, port = server.url.removeprefix("ws://").removesuffix("/v2/listen").split(":")
        socket.create_connection((host, int(port))).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)))


def test_a_server_that_does_not_start_says_why() -> None:
    with pytest.raises(Unreachable, match=r"(?s)the server did not start: .*no such engine"):
        with LocalServer("no such engine"):
            pass


def test_every_server_has_a_key_of_its_own() -> None:
    assert LocalServer().api_key != LocalServer().api_key

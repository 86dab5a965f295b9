"""A server of our own."""

import socket
import subprocess
import sys

import pytest

from tests.serving import scripted_server
from turnwise.cli.local import LocalServer
from turnwise.client.blocking import connect
from turnwise.errors import ConnectionLost, Unreachable


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


def test_a_server_does_not_outlive_whoever_started_it_even_if_that_was_killed() -> None:
    program = """
import sys
from turnwise.cli.local import LocalServer
with LocalServer("scripted") as server:
    print(server.url, server.api_key, flush=True)
    sys.stdin.read()
"""
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        url, api_key = starter.stdout.readline().decode().split()
        with connect(url, api_key=api_key, reconnect=False) as stream:
            starter.kill()
            with pytest.raises(ConnectionLost):
                list(stream)

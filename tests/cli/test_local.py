"""A server of our own."""

import os
import signal
import socket
import subprocess
import sys

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


def test_a_server_does_not_outlive_whoever_started_it_even_if_that_was_killed() -> None:
    program = "import time; from turnwise.cli.local import LocalServer\n"
    program += "with LocalServer('scripted') as s: print(s.url, flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        url = starter.stdout.readline().decode()
        host, port = url.removeprefix("ws://").strip().removesuffix("/v2/listen").split(":")
        with socket.create_connection((host, int(port))) as open_connection:
            os.kill(starter.pid, signal.SIGKILL)
            assert open_connection.recv(1) == b""  # until the server is gone

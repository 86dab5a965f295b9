"""The server as a program of its own."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cli.printed import run
from turnwise.cli import serve as command
from turnwise.client.blocking import connect
from turnwise.errors import HandshakeRefused
from turnwise.server.settings import Legacy, ServerSettings


@contextmanager
def serving(*options: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    arguments = [sys.executable, "-m", "turnwise", "serve", "--engine", "scripted", *options]
    with subprocess.Popen(
        arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | environment,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_listens_and_leaves_when_told(number: signal.Signals) -> None:
    with serving("--port", "0") as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.send_signal(number)
        assert process.wait() == 0
    assert re.fullmatch(r"listening on ws://127\.0\.0\.1:\d+/v2/listen\n", line)


def test_keys_come_from_the_environment_with_commas_between() -> None:
    with serving("--port", "0", TURNWISE_API_KEYS="one, two") as process:
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("listening on ").strip()
        with connect(url, api_key="two") as stream:
            stream.finish()
            list(stream)
        with pytest.raises(HandshakeRefused), connect(url, api_key="one, two"):
            pass


def test_the_world_is_not_let_in_without_keys() -> None:
    with serving("--host", "0.0.0.0", "--port", "0") as process:
        assert process.wait() == 2


def test_every_option_reaches_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[ServerSettings] = []

    def serve(settings: ServerSettings, ready: object) -> int:
        given.append(settings)
        return 3

    monkeypatch.setattr(command, "run_server", serve)
    done = run(
        "serve",
        *("--host", "h", "--port", "1", "--engine", "scripted", "--workers", "2"),
        *("--streams-max", "3", "--api-key", "k", "--audio-time-only", "--end-turn-on-close"),
        *("--close-code-1000", "--legacy", "off", "--idle-seconds-max", "4"),
        *("--drain-seconds-max", "5", "--log-json"),
    )
    assert done.exit_code == 3
    assert given == [
        ServerSettings(
            "h", 1, "scripted", 2, 3, ("k",), None, True, True, True, Legacy.OFF, 4.0, 5.0, True
        )
    ]

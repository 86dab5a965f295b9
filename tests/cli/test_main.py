"""The command line as a program of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

import turnwise
from tests.cli.printed import recording, run
from turnwise.cli.main import app, examples

COMMANDS = [
    "serve", "transcribe", "inspect", "mic", "listen", "demo", "speak", "agent", "doctor", "keys",
]  # fmt: skip


def program(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "turnwise", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_version_is_the_packages() -> None:
    assert run("--version").output == f"turnwise {turnwise.__version__}\n"


def test_without_a_command_the_help_lists_them_all() -> None:
    done = run()
    assert all(f" {command} " in done.output for command in COMMANDS)


@pytest.mark.parametrize("command", [c for c in COMMANDS if c != "keys"])
def test_every_help_ends_with_an_example(command: str) -> None:
    done = run(command, "--help")
    assert done.exit_code == 0
    assert f" turnwise {command}" in done.output.partition("Examples:")[2]


def test_every_command_is_tested_here() -> None:
    names = {info.callback.__name__ for info in app.registered_commands if info.callback}
    assert names | {"keys"} == set(COMMANDS)


def test_examples_stand_apart() -> None:
    assert examples("a", "b") == "Examples:\n\na\n\nb"


def test_what_failed_on_purpose_is_one_line_and_a_status(tmp_path: Path) -> None:
    tone = recording(tmp_path / "tone.wav", 0.1)
    done = program("transcribe", "--url", "ftp://nowhere", str(tone))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        "turnwise: a server's URL begins with ws:// or wss://, unlike 'ftp://nowhere'\n"
    )

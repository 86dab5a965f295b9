"""The README tells the truth: its programs run, its commands exist, its paths are there."""

import ast
import re
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.printed import run
from tests.serving import scripted_server
from turnwise import Event, connect
from turnwise.cli.local import LocalServer

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
URL = "ws://localhost:8080"
FOREIGN = ("deepgram", "pipecat", "livekit")  # packages of others, driven in conformance/


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def is_foreign(program: str) -> bool:
    return program.startswith(tuple(f"from {name}" for name in FOREIGN))


OURS = [program for program in blocks("python") if not is_foreign(program)]
THEIRS = [program for program in blocks("python") if is_foreign(program)]
LINES = [line for block in blocks("bash") for line in block.splitlines()]


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with scripted_server() as running:
        yield running


class Draft:
    """A reply in the making."""

    def __init__(self, transcript: str) -> None:
        self.transcript = transcript
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


async def test_the_conversation_loop_drafts_takes_back_and_speaks(server: LocalServer) -> None:
    spoken: list[Draft] = []

    async def speak(draft: Draft) -> None:
        spoken.append(draft)

    def microphone() -> list[bytes]:
        return [bytes(2_560)] * 90

    def connected(url: str, **options: Any) -> Any:
        assert url == URL
        return connect(server.url, api_key=server.api_key, **options)

    (program,) = (program for program in OURS if "think" in program)
    names = {
        "connect": connected,
        "microphone": microphone,
        "Event": Event,
        "think": Draft,
        "speak": speak,
    }
    exec("async def main():\n" + textwrap.indent(program, "    "), names)
    await names["main"]()  # type: ignore[operator]
    assert [draft.transcript for draft in spoken] == [
        "Hi there",
        "I'd like to book a table for two people",
    ]
    assert not any(draft.cancelled for draft in spoken)


def test_the_other_programs_of_ours_run(server: LocalServer, tmp_path: Path) -> None:
    for program in OURS:
        if "think" in program:
            continue
        file = tmp_path / "program.py"
        file.write_text(program.replace(f'"{URL}"', f'"{server.url}", api_key="{server.api_key}"'))
        done = subprocess.run([sys.executable, file], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "StartOfTurn" in done.stdout


def keywords(program: str, function: str) -> set[str]:
    """Return the keyword arguments a program calls a function with."""
    return {
        keyword.arg or ""
        for node in ast.walk(ast.parse(program))
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == function
        for keyword in node.keywords
    }


@pytest.mark.parametrize(
    ("theirs", "function", "driven"),
    [
        (0, "DeepgramClientEnvironment", "typed_blocking.py"),
        (0, "DeepgramClient", "typed_blocking.py"),
        (1, "DeepgramClientEnvironment", "quickstart.py"),
        (1, "AsyncDeepgramClient", "quickstart.py"),
        (2, "DeepgramFluxSTTService", "drive_pipecat.py"),
        (3, "STTv2", "drive_livekit.py"),
    ],
)
def test_other_peoples_clients_are_pointed_here_as_in_the_programs_that_were_driven(
    theirs: int, function: str, driven: str
) -> None:
    program = (ROOT / "conformance" / driven).read_text("utf-8")
    said = keywords(THEIRS[theirs], function)
    assert said
    assert said <= keywords(program, function)


def test_javascript_names_the_same_environment_as_the_program_that_was_driven() -> None:
    (program,) = blocks("javascript")
    driven = (ROOT / "conformance" / "node" / "drive.mjs").read_text("utf-8")
    names = re.findall(r"^    (\w+):", program, re.MULTILINE)
    assert names == ["base", "production", "agent", "agentRest"]
    assert all(f"{name}:" in driven for name in names)


@pytest.mark.parametrize("line", [line for line in LINES if "turnwise " in line])
def test_every_command_takes_the_options_it_is_shown_with(line: str) -> None:
    words = shlex.split(line.replace('"$(', " ").replace(')"', " "))
    words = words[[word.endswith("/turnwise") for word in words].index(True) + 1 :]
    command = [word for word in words if not word.startswith("-")][: 2 if words[0] == "keys" else 1]
    shown = run(*command, "--help").output
    assert all(word in shown for word in words if word.startswith("--"))
    assert "Usage:" in shown


@pytest.mark.parametrize("script", sorted(set(re.findall(r"scripts/\w+", README))))
def test_every_script_is_there_and_is_well_formed_bash(script: str) -> None:
    assert (ROOT / script).stat().st_mode & 0o111
    subprocess.run(["bash", "-n", ROOT / script], check=True)


def test_every_path_of_the_table_is_there_and_every_room_is_in_it() -> None:
    table = re.findall(r"^\| `([\w/.]+)` \|", README, re.MULTILINE)
    rooms = {
        f"src/turnwise/{path.name}/"
        for path in (ROOT / "src" / "turnwise").iterdir()
        if path.is_dir() and path.name != "__pycache__"
    }
    assert [path for path in table if not (ROOT / path).exists()] == []
    assert rooms - set(table) == set()

"""The published quickstart program, on the SDKs whose interface it uses.

5.3.0 cannot parse what was added to the messages later and dies of it, unless it is told
apart by its headers and spoken to as it was in its days (contract section 9.1).
"""

import threading
from contextlib import suppress
from subprocess import Popen

import pytest

from tests.conformance.programs import KEY, running, silence
from tests.conformance.servers import serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SCRIPTED_S = 20.0
LAST_SCRIPTED = "Could we sit outside if the weather is fine"


def feed(program: "Popen[bytes]", audio: bytes) -> None:
    """Give the program its audio, all of it unless it is stopped."""
    assert program.stdin is not None
    with suppress(BrokenPipeError):
        program.stdin.write(audio)
        program.stdin.close()


def printed(program: "Popen[bytes]", audio: bytes, last: str) -> list[str]:
    """Give the program its audio; return what it prints, up to a transcript that has `last`."""
    assert program.stdout is not None
    threading.Thread(target=feed, args=[program, audio], daemon=True).start()
    lines = []
    for raw in program.stdout:
        line = raw.decode().rstrip("\n")
        lines.append(line)
        if line.startswith("transcript: ") and last in line:
            break
    return lines


@pytest.mark.parametrize("sdk", ["sdk5", "sdk50"])
def test_the_quickstart_prints_what_is_said(sdk: str) -> None:
    with (
        serving("--engine", "scripted") as server,
        running(sdk, "quickstart.py", server, KEY) as program,
    ):
        lines = printed(program, silence(SCRIPTED_S), LAST_SCRIPTED)
    assert lines[:2] == ["open", "connected"]
    transcripts = [line for line in lines if line.startswith("transcript: ")]
    assert "transcript: Hi there" in transcripts
    assert "transcript: Tomorrow evening at seven" in transcripts
    assert lines[-1] == f"transcript: {LAST_SCRIPTED}"
    assert "\033[93mHi(0.83)\033[0m | \033[93mthere(0.88)\033[0m" in lines
    assert not [line for line in lines if line.startswith(("error", "close"))]

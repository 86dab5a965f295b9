"""A browser's own WebSocket, which can send no header (contract section 1.3)."""

from pathlib import Path

import pytest

from tests.browser.chromium import CHROMIUM, chromium
from tests.conformance.programs import KEY, PROGRAMS
from tests.conformance.servers import serving

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]
SAID = "document.getElementById('said').textContent"


def test_a_key_travels_as_a_subprotocol(tmp_path: Path) -> None:
    with serving("--engine", "scripted") as server, chromium(tmp_path) as page:
        program = f"file://{PROGRAMS / 'browser.html'}?server={server}"
        page.open(f"{program}&key={KEY}")
        page.until(f"{SAID}.includes('close')")
        heard = str(page.ask(SAID)).splitlines()
        page.open(f"{program}&key=wrong")
        page.until(f"{SAID}.includes('close')")
        refused = str(page.ask(SAID)).splitlines()
    assert heard[0] == 'open, protocol "token"'
    assert 'TurnInfo EndOfTurn "Hi there" model' in heard
    assert heard[-1] == "close 1005"
    assert refused == ["error", "close 1006"]

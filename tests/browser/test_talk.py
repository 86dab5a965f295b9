"""A visitor talks with the server's own agent in a real browser, from the greeting to the end.

The microphone is a recording, the recogniser and the voice are those served by default.
"""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.browser.chromium import CHROMIUM, Page, chromium
from tests.browser.test_playground import forbidden, text, until_state, visit
from tests.conformance.programs import conversation, silence, write_wav
from tests.conformance.servers import serving
from tests.serving import relay_to

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]
METER = Path(__file__).with_name("meter.js").read_text("utf-8")
GREETING = (
    "Hello! I am the agent of this page. I can take a reservation, tell you when we are open, "
    "what there is to eat, and where we are. I talk a lot, and you may break in at any time. "
    "What can I do for you?"
)
AUDIBLE, SILENT = 0.01, 0.0001
"""Of full scale."""
SETTLED = 4
"""A fifth of a second on the meter: what the sound card holds is played by then."""
HEARING_S = 240.0  # for words to come, on a machine that does other things too


def texts(page: Page, role: str) -> list[str]:
    """Return what a side of the conversation said, as the transcript has it."""
    lines = f"[...document.querySelectorAll('#transcript .{role} .words')]"
    said: list[str] = page.ask(f"{lines}.map((line) => line.textContent)")
    return said


def until_said(page: Page, role: str, count: int) -> None:
    page.until(f"document.querySelectorAll('#transcript .{role}').length >= {count}", HEARING_S)


def hushes(meter: list[dict[str, Any]]) -> list[float]:
    """Return how loud it was at most after each barge-in, until the agent spoke again."""
    peaks = []
    for index, (before, now) in enumerate(pairwise(meter)):
        if now["hushed"] > before["hushed"]:
            quiet = meter[index + 1 + SETTLED :]
            spoken = (i for i, each in enumerate(quiet) if each["agent"] == "speaking")
            peaks.append(max((each["loud"] for each in quiet[: next(spoken, None)]), default=0.0))
    return peaks


def test_a_visitor_talks_with_the_agent_breaks_in_and_is_taken_up_again_after_a_lost_line(
    tmp_path: Path,
) -> None:
    microphone = write_wav(tmp_path / "microphone.wav", silence(2.0) + conversation())
    with serving() as server, relay_to(server) as relay, chromium(tmp_path, microphone) as page:
        page.shape(1280, 900, dark=False)
        page.before_it_loads(METER)
        visit(page, relay.url)
        page.click("[value=agent]")
        page.ask(f"document.querySelector('[name=greeting]').value = {GREETING!r}")
        page.click("#microphone")

        # The agent speaks, and falls silent when the visitor does.
        page.until("document.body.dataset.agent === 'speaking' && loudness() > 0.01", HEARING_S)
        page.picture(tmp_path / "speaking.png")
        page.until("document.getElementById('hushed').textContent === '1'", HEARING_S)
        page.picture(tmp_path / "hushed.png")

        # Words, turn events, an answer with its delays.
        until_said(page, "user", 1)
        page.until("document.getElementById('answer-delay').textContent.endsWith('ms')", HEARING_S)
        page.picture(tmp_path / "answering.png")
        assert "reservation" in texts(page, "user")[0]
        page.until("document.getElementById('transcript').textContent.includes('I heard you say')")
        events = text(page, "#events")
        for event in ("UserStartedSpeaking", "AgentThinking", "AgentStartedSpeaking"):
            assert event in events

        # The line is cut in the middle of it all, and the conversation goes on.
        said = len(texts(page, "user"))
        relay.cut()
        page.until("document.getElementById('status').textContent.includes('lost')")
        page.picture(tmp_path / "lost.png")
        page.until("document.getElementById('events').textContent.includes('Reconnected')")
        until_state(page, "listening")
        until_said(page, "user", said + 3)
        assert re.search("saturday|robert|window", " ".join(texts(page, "user")), re.IGNORECASE)
        page.until("document.body.dataset.agent === 'speaking' && loudness() > 0.01", HEARING_S)
        page.picture(tmp_path / "recovered.png")
        assert texts(page, "assistant").count(GREETING.split("! ")[0] + "!") == 1
        meter = page.ask("meter")
        page.click("#stop")
        until_state(page, "ended")
        assert forbidden(page) == []
    assert max(each["loud"] for each in meter if each["agent"] == "speaking") > AUDIBLE
    assert hushes(meter)
    assert max(hushes(meter)) < SILENT

"""A real browser speaks to the playground: what a visitor sees and may do.

It runs with the scripted engine, which hears the same words in anything, but for one test.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.chromium import CHROMIUM, Page, chromium
from tests.browser.scripted_agent import agent_server
from tests.conformance.programs import KEY, conversation, silence, write_wav
from tests.conformance.servers import serving, started
from tests.serving import relay_to
from turnwise.inspector.log import read
from turnwise.inspector.session import session_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]
HEARING_S = 120.0  # for words to come, on a machine that does other things too
NAMED = {"button", "checkbox", "radio", "slider", "textbox", "link", "list", "log"}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serving("--engine", "scripted") as address:
        yield address


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    microphone = write_wav(tmp_path / "microphone.wav", conversation())
    with chromium(tmp_path, microphone) as opened:
        opened.shape(1280, 900, dark=False)
        yield opened


def visit(page: Page, server: str, key: str = KEY) -> None:
    page.open(server.replace("ws://", "http://"))
    if key:
        page.click("#key")
        page.write(key)


def state(page: Page) -> Any:
    return page.ask("document.body.dataset.state")


def until_state(page: Page, name: str) -> None:
    page.until(f"document.body.dataset.state === '{name}'")


def text(page: Page, selector: str) -> str:
    return str(page.ask(f"document.querySelector('{selector}').textContent"))


def until_turns(page: Page, count: int) -> None:
    page.until(f"document.querySelectorAll('#transcript > li').length >= {count}", HEARING_S)


def forbidden(page: Page) -> list[str]:
    """Return what went wrong, but for handshakes that were to fail."""
    return [line for line in page.complaints if not line.startswith("network:")]


def test_a_refused_key_is_explained_and_the_right_one_opens(page: Page, server: str) -> None:
    visit(page, server, key="")
    page.click("#microphone")
    until_state(page, "failed")
    assert text(page, "#problem") == "The server asks for a key. Enter one and try again."
    assert page.ask("document.activeElement.id") == "key"
    page.write("wrong")
    page.click("#microphone")
    page.until("document.getElementById('problem').textContent.includes('refused this key')")
    assert page.ask("document.getElementById('key').getAttribute('aria-invalid')") == "true"
    page.write("a key with blanks")
    page.click("#microphone")
    page.until("document.getElementById('problem').textContent.includes('cannot send')")
    page.ask("document.getElementById('key').value = ''")
    page.click("#key")
    page.write(KEY)
    page.click("#microphone")
    until_state(page, "listening")
    assert text(page, "#problem") == ""
    assert forbidden(page) == []


def test_a_visitor_sees_words_events_and_delays_and_changes_settings(
    page: Page, server: str
) -> None:
    visit(page, server)
    page.click("[name=eager]")
    page.click("#microphone")
    until_turns(page, 2)
    assert text(page, "#transcript > li .words").strip() == "Hi there"
    assert page.ask("document.querySelectorAll('#transcript .word.fairly').length") > 0
    for event in ("StartOfTurn", "EagerEndOfTurn", "TurnResumed", "EndOfTurn (model)"):
        assert event in text(page, "#events")
    assert text(page, "#end-delay").endswith(" ms")
    assert text(page, "#lag").endswith(" ms")

    page.ask("document.querySelector('[name=eot_threshold]').focus()")
    page.press("End", 35)
    page.until("document.getElementById('configured').textContent === 'Changed.'")
    assert '"eot_threshold":1,' in text(page, "#messages")
    page.until("document.querySelector('#open-turn .word') !== null", HEARING_S)
    page.click("#force")
    page.until("document.getElementById('transcript').textContent.includes('ended by manual')")
    page.click("#stop")
    until_state(page, "ended")
    assert forbidden(page) == []


def test_all_of_it_can_be_done_with_the_keyboard_and_is_named_for_who_cannot_see(
    page: Page, server: str
) -> None:
    visit(page, server)
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    roles = [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes]
    assert [role for role, name in roles if role in NAMED - {"list"} and not name] == []
    assert {"button", "slider", "checkbox", "radio", "log", "status"} <= {role for role, _ in roles}
    page.ask("document.querySelector('[name=mode]').focus()")
    page.press("Tab", 9)
    assert page.ask("document.activeElement.id") == "microphone"
    page.press("Enter", 13)
    until_turns(page, 1)
    for _ in range(2):  # Microphone is switched off now, and the tab order goes on after it
        page.press("Tab", 9)
        if page.ask("document.activeElement.id") == "stop":
            break
    page.press("Enter", 13)
    until_state(page, "ended")


def test_a_sample_plays_in_light_and_dark_and_nothing_comes_from_elsewhere(
    page: Page, server: str, tmp_path: Path
) -> None:
    visit(page, server)
    paper = page.colour("body")
    page.ask("document.getElementById('which').value = 'numbers.ogg'")
    page.click("#sample")
    until_turns(page, 1)
    page.picture(tmp_path / "light.png")
    page.shape(1280, 900, dark=True)
    assert page.colour("body") != paper
    page.picture(tmp_path / "dark.png")
    page.shape(360, 740, dark=True)
    assert page.ask("document.documentElement.scrollWidth <= innerWidth")
    page.picture(tmp_path / "narrow.png")
    page.click("#stop")
    until_state(page, "ended")
    home = server.replace("ws://", "http://")
    assert f"{home}/playground/samples/numbers.ogg" in page.asked
    assert [url for url in page.asked if not url.startswith((home, "blob:", "data:"))] == []
    assert forbidden(page) == []


def test_a_connection_that_drops_is_taken_up_again(page: Page, server: str) -> None:
    with relay_to(server) as relay:
        visit(page, relay.url)
        page.click("#microphone")
        until_turns(page, 1)
        page.until("document.querySelector('#open-turn .word') !== null", HEARING_S)
        relay.cut()
        page.until("document.getElementById('events').textContent.includes('Reconnected')")
        until_state(page, "listening")
        until_turns(page, 3)
        turns = page.ask("document.querySelectorAll('#transcript > li').length")
        starts = text(page, "#events").count("StartOfTurn")
        assert starts in (turns, turns + 1)  # the turn that was open did not start twice
    assert forbidden(page) == []


def test_a_server_that_is_gone_is_said_to_be(page: Page) -> None:
    with started("--engine", "scripted") as (process, server):
        visit(page, server)
        process.terminate()
        process.wait()
    page.click("#microphone")
    until_state(page, "failed")
    assert text(page, "#problem") == "The server cannot be reached."


def test_a_recording_is_heard_to_its_end_and_what_is_saved_can_be_inspected(
    page: Page, server: str, tmp_path: Path
) -> None:
    page.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    visit(page, server)
    file = write_wav(tmp_path / "short.wav", silence(3.0))
    document = page.call("DOM.getDocument")["root"]["nodeId"]
    node = page.call("DOM.querySelector", nodeId=document, selector="#file")["nodeId"]
    page.call("DOM.setFileInputFiles", nodeId=node, files=[str(file)])
    until_state(page, "ended")
    for button in ("#save", "#save-audio"):
        page.click(button)
    for name in ("session.jsonl", "session.wav"):
        while not (tmp_path / name).exists():  # the time-out is the test's
            page.ask("new Promise((done) => setTimeout(done, 100))")
    log = read((tmp_path / "session.jsonl").read_text("utf-8").splitlines())
    assert log.head.audio.name == "short.wav"
    assert log.head.audio.duration_s == pytest.approx(4.0)  # with a second of silence
    assert [turn.trigger for turn in session_of(log).turns] == ["model", "manual"]
    assert (tmp_path / "session.wav").stat().st_size == 44 + 4 * 32_000


def test_who_speaks_to_the_agent_silences_it(page: Page) -> None:
    with agent_server() as (server, agent):
        visit(page, server)
        page.click("[value=agent]")
        page.click("#microphone")
        page.until("document.body.dataset.agent === 'speaking'")
        assert "Hello! What can I do for you?" in text(page, "#transcript")
        page.until("document.getElementById('hushed').textContent === '1'", HEARING_S)
        assert page.ask("document.body.dataset.agent") == "listening"
        assert "Stop, please." in text(page, "#transcript")
        assert "UserStartedSpeaking" in text(page, "#events")
        assert text(page, "#answer-delay") == "250 ms"
        page.ask("document.querySelector('[name=eot_threshold]').focus()")
        page.press("End", 35)
        page.ask("new Promise((done) => setTimeout(done, 500))")  # a slider may be dragged on
        page.click("#force")
        page.click("#stop")
        until_state(page, "ended")
    assert agent.settings["agent"]["think"]["prompt"].startswith("You are")
    assert [text["type"] for text in agent.texts] == ["UpdateListen", "ForceEndTurn"]
    assert agent.texts[0]["listen"]["provider"]["eot_threshold"] == 1
    assert forbidden(page) == []


def test_a_server_without_an_agent_is_said_to_have_none(page: Page) -> None:
    with agent_server("/elsewhere") as (server, _):
        visit(page, server)
        page.click("[value=agent]")
        page.click("#microphone")
        until_state(page, "failed")
        assert "opened no conversation with an agent" in text(page, "#problem")


def test_what_is_said_into_the_microphone_is_read(page: Page) -> None:
    with serving() as server:
        visit(page, server)
        page.click("#microphone")
        page.until("/reservation/.test(document.getElementById('transcript').textContent)", 300.0)
        page.click("#stop")
        until_state(page, "ended")
    assert "EndOfTurn" in text(page, "#events")
    assert forbidden(page) == []

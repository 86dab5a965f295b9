"""A headless Chromium, driven over its DevTools protocol.

Protocol: https://chromedevtools.github.io/devtools-protocol/
"""

import base64
import itertools
import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

PATIENCE_S = 60.0  # a browser on a busy machine starts slowly
POLL_S = 0.1
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--no-first-run",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)


class Page:
    """One tab."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self.complaints: list[str] = []
        """What the browser said of errors: exceptions, and what the policy forbade."""
        self.asked: list[str] = []
        """Every address the page fetched something from."""
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        request_id = next(self._ids)
        request = {"id": request_id, "method": method, "params": parameters}
        self._socket.send(json.dumps(request))
        while True:
            said = json.loads(self._socket.recv(PATIENCE_S))
            if said.get("id") == request_id:
                assert "error" not in said, said
                result: dict[str, Any] = said["result"]
                return result
            self._note(said)

    def _note(self, said: dict[str, Any]) -> None:
        if said["method"] == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(said["params"]["exceptionDetails"]))
        elif said["method"] == "Network.requestWillBeSent":
            self.asked.append(said["params"]["request"]["url"])
        elif said["method"] == "Log.entryAdded":
            entry = said["params"]["entry"]
            if entry["level"] == "error":
                self.complaints.append(f"{entry['source']}: {entry['text']}")

    def open(self, url: str) -> None:
        self.call("Page.navigate", url=url)
        self.until("document.readyState === 'complete'")

    def before_it_loads(self, program: str) -> None:
        """Run a program in every page to come, ahead of the page's own."""
        self.call("Page.addScriptToEvaluateOnNewDocument", source=program)

    def ask(self, expression: str) -> Any:
        """Return what a JavaScript expression is, or comes to."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def until(self, expression: str, patience_s: float = PATIENCE_S) -> None:
        """Wait until an expression is true."""
        end_s = time.monotonic() + patience_s
        while not self.ask(expression):
            assert time.monotonic() < end_s, f"never true: {expression}; {self.complaints}"
            time.sleep(POLL_S)

    def click(self, selector: str) -> None:
        """Click as a person does: not what is switched off or hidden."""
        box = self.ask(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            "e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect();"
            "return e.disabled ? null : [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        assert box is not None, f"{selector} is switched off"
        for kind in ("mousePressed", "mouseReleased"):
            self.call(
                "Input.dispatchMouseEvent",
                type=kind,
                x=box[0],
                y=box[1],
                button="left",
                clickCount=1,
            )

    def press(self, key: str, code: int) -> None:
        text = {"Enter": "\r", " ": " "}.get(key, "")
        for kind in ("keyDown", "keyUp"):
            parameters = {"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code}
            if text and kind == "keyDown":
                parameters["text"] = text
            self.call("Input.dispatchKeyEvent", **parameters)

    def colour(self, selector: str, which: str = "backgroundColor") -> Any:
        element = f"document.querySelector({json.dumps(selector)})"
        return self.ask(f"getComputedStyle({element}).{which}")

    def write(self, text: str) -> None:
        self.call("Input.insertText", text=text)

    def shape(self, width: int, height: int, *, dark: bool) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def picture(self, path: Path) -> None:
        """Save what the page looks like, all of it."""
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))


@contextmanager
def chromium(profile: Path, microphone: Path | None = None) -> Iterator[Page]:
    """Run a browser with one empty tab.

    Args:
        profile: A folder of its own.
        microphone: A WAV file that is heard once, from when the microphone is opened; None: beeps.
    """
    assert CHROMIUM is not None
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={profile}"]
    if microphone is not None:
        command.append(f"--use-file-for-fake-audio-capture={microphone}%noloop")
    with (profile / "browser.log").open("wb") as log:
        process = subprocess.Popen([*command, "about:blank"], stdout=log, stderr=log)
        try:
            with connect(_tab(profile), max_size=None, ping_interval=None) as socket:
                yield Page(socket)
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def _tab(profile: Path) -> str:
    """Return the address of the tab, once the browser is up."""
    end_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < end_s:
        with_port = profile / "DevToolsActivePort"
        if with_port.exists() and (lines := with_port.read_text().splitlines()):
            with urllib.request.urlopen(f"http://127.0.0.1:{lines[0]}/json/list") as answer:
                for target in json.load(answer):
                    if target["type"] == "page":
                        return str(target["webSocketDebuggerUrl"])
        time.sleep(POLL_S)
    raise AssertionError((profile / "browser.log").read_text(errors="replace")[-2_000:])

"""The playground's files: all there, fetched from here alone, and what they say is true."""

import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import turnwise
from tests.server.running import fetch, running
from turnwise.server.page import FOLDER, POLICY
from turnwise.settings import EAGER_EOT_THRESHOLD, EOT_THRESHOLD, EOT_TIMEOUT_MS, Knob

INDEX = (FOLDER / "index.html").read_text("utf-8")
MODULES = sorted(FOLDER.glob("*.js"))
VENDORED = {  # uPlot 1.6.32, as npm has it
    "uPlot.esm.js": "5dd9b3281aa64b461b42d9945f6adb2649d346502b12281a9ae0d46599a80eba",
    "uPlot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
    "LICENSE": "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
}
LINES_MAX = 500  # as of every module, see test_tidy.py


async def test_the_page_and_all_it_names_are_there() -> None:
    async with running() as server:
        page = await fetch(server.port, "GET /")
        names = re.findall(r'(?:href|src)="(playground/[^"]+)"', page.body.decode())
        statuses = [(await fetch(server.port, f"GET /{name}")).status for name in names]
        samples = re.findall(r'<option value="([^"]+)"', page.body.decode())
        heard = [await fetch(server.port, f"GET /playground/samples/{each}") for each in samples]
    assert page.status == 200
    assert turnwise.__version__ in page.body.decode()
    assert "{version}" not in page.body.decode()
    assert len(names) >= 6
    assert set(statuses) == {200}
    assert len(heard) == 3
    for sample in heard:
        assert sample.headers["content-type"] == "audio/ogg"
        assert sample.body.startswith(b"OggS")


async def test_scripts_come_as_scripts_and_under_a_strict_policy() -> None:
    async with running() as server:
        for path in ("/", "/playground/app.js", "/playground/vendor/uplot/uPlot.esm.js"):
            answer = await fetch(server.port, f"GET {path}")
            assert answer.headers["content-security-policy"] == POLICY
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["dg-request-id"]
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "default-src 'none'" in POLICY
    assert "unsafe" not in POLICY


async def test_what_has_not_changed_is_not_sent_again() -> None:
    async with running() as server:
        first = await fetch(server.port, "GET /playground/app.js")
        seen = {"if-none-match": first.headers["etag"]}
        again = await fetch(server.port, "GET /playground/app.js", seen)
        other = await fetch(server.port, "GET /playground/call.js", seen)
    assert (again.status, again.body) == (304, b"")
    assert other.status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/playground/nothing.js",
        "/playground/",
        "/playground/package.json",
        "/playground/../settings.py",
        "/playground/%2e%2e/settings.py",
        "/playground//etc/passwd",
    ],
)
async def test_nothing_else_is_served(path: str) -> None:
    async with running() as server:
        answer = await fetch(server.port, f"GET {path}")
    assert answer.status == 404
    assert answer.json["err_code"] == "NOT_FOUND"


def test_what_is_vendored_is_what_was_published() -> None:
    folder = FOLDER / "vendor" / "uplot"
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    assert found == VENDORED
    assert json.loads((FOLDER / "package.json").read_text())["dependencies"] == {"uplot": "1.6.32"}


def test_nothing_is_fetched_from_elsewhere() -> None:
    own = [path for path in FOLDER.iterdir() if path.is_file() and path.suffix != ".svg"]
    for path in own:
        assert not re.search(r"(https?:)?//[a-z]", path.read_text("utf-8")), path


def test_nothing_in_the_page_needs_more_than_the_policy_allows() -> None:
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script>", INDEX)
    for path in MODULES:
        assert not re.search(r"innerHTML|outerHTML|eval\(|new Function", path.read_text()), path


def test_modules_are_short_and_import_only_what_is_there() -> None:
    for path in MODULES:
        text = path.read_text("utf-8")
        assert len(text.splitlines()) <= LINES_MAX, path
        for name in re.findall(r'from "(\./[^"]+)"', text):
            assert (path.parent / name).is_file(), f"{path}: {name}"


class Inputs(HTMLParser):
    """The attributes of a page's elements: by id, and of inputs by name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.named: dict[str, dict[str, str | None]] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if tag == "input" and given.get("name"):
            self.named[str(given["name"])] = given


@pytest.mark.parametrize("knob", [EOT_THRESHOLD, EAGER_EOT_THRESHOLD, EOT_TIMEOUT_MS])
def test_the_sliders_have_the_ranges_of_the_settings(knob: Knob) -> None:
    slider = Inputs(INDEX).named[knob.name]
    assert slider["type"] == "range"
    assert (float(slider["min"] or 0), float(slider["max"] or 0)) == (knob.low, knob.high)
    assert float(slider["value"] or 0) == (knob.default or 0.4)  # switched off, at the preset


def test_ids_are_unique_and_those_the_scripts_ask_for_are_there() -> None:
    ids = Inputs(INDEX).ids
    asked = set(re.findall(r'\$\("([\w-]+)"\)', Path(FOLDER / "app.js").read_text("utf-8")))
    assert len(ids) == len(set(ids))
    assert asked <= set(ids)

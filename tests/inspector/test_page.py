"""The page: one file, nothing fetched, nothing a transcript could smuggle in."""

import re
from html.parser import HTMLParser

from tests.inspector.logs import HEAD, MESSAGES, text, turn_info
from turnwise.inspector.log import read
from turnwise.inspector.page import DRAWN_S_MAX, html, milliseconds
from turnwise.inspector.session import session_of


def page(*messages: object, head: object = HEAD, audio: bool = True) -> str:
    log = read(text(*messages or MESSAGES, head=head).splitlines())
    return html(log, session_of(log), [(-0.1, 0.1)] * 100 if audio else [])


def test_it_is_whole_and_closed() -> None:
    class Tags(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []

        def handle_starttag(self, tag: str, attrs: object) -> None:
            if tag != "meta":
                self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    tags = Tags()
    tags.feed(page())
    assert tags.open == []


def test_it_fetches_nothing_and_runs_nothing() -> None:
    said = turn_info("StartOfTurn", 1.0, ("<script>alert(1)</script>", 0.5, 1.0))
    head = {**HEAD, "program": "<script>", "url": "<img src=x>", "audio": {"name": "<b>"}}
    whole = page(said, head=head)
    assert "<script" not in whole
    assert "<img" not in whole
    assert "<b>" not in whole
    assert not re.search(r"https?://|\b(src|href)=", whole.replace("&lt;img src=x&gt;", ""))
    assert "default-src 'none'" in whole


def test_it_is_light_and_dark_and_says_in_words_what_it_draws() -> None:
    assert "prefers-color-scheme:dark" in page()
    assert page().count('role="img"') == 2
    assert "2.00 s</td><td>EndOfTurn (model)" in page()
    assert "500 ms" in page()


def test_it_says_what_it_lacks() -> None:
    assert "there is no waveform" in page(audio=False)
    assert "there is no waveform" not in page()
    assert "1 messages are of a kind unknown" in page({"type": "Welcome"})
    long = {**HEAD, "audio": {"name": "day.wav", "duration_s": DRAWN_S_MAX + 1}}
    assert "Only the first 60 minutes" in page(head=long)
    assert page(head=long).count("<svg") == 360


def test_a_turn_that_never_ended_was_ended_by_nobody() -> None:
    assert "<td>nobody</td>" in page()


def test_a_duration_that_is_not_known_is_a_dash() -> None:
    assert milliseconds(None) == "–"  # noqa: RUF001
    assert milliseconds(0.1234) == "123 ms"

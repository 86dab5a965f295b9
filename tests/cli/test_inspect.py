"""Sessions saved and drawn."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.printed import recording, run
from turnwise.cli.local import LocalServer
from turnwise.cli.sound import peaks


@pytest.fixture
def tone(tmp_path: Path) -> Path:
    return recording(tmp_path / "tone.wav")


def saved(server: LocalServer, log: Path, *arguments: str, stdin: bytes = b"") -> list[Any]:
    called = ("transcribe", "--url", server.url, "--api-key", server.api_key)
    done = run(*called, "--save", str(log), *arguments, stdin=stdin)
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()]


def test_a_log_says_what_was_asked_and_what_came_when(
    server: LocalServer, tone: Path, tmp_path: Path
) -> None:
    head, *lines = saved(server, tmp_path / "log.jsonl", "--keyterm", "Alba", str(tone))
    assert head["turnwise_log"] == 1
    assert head["audio"] == {"name": "tone.wav", "duration_s": 4.0}
    assert "keyterm=Alba" in head["url"]
    assert lines[0]["message"]["type"] == "Connected"
    assert lines[-1]["message"]["event"] == "EndOfTurn"
    assert lines[-1]["sent_s"] == pytest.approx(4.96)  # with twelve frames of silence


def test_how_much_audio_a_container_held_is_not_known(
    server: LocalServer, tone: Path, tmp_path: Path
) -> None:
    log = tmp_path / "log.jsonl"
    head, first, *_ = saved(server, log, "-", stdin=tone.read_bytes())
    assert head["audio"] == {"name": "standard input"}
    assert first["sent_s"] is None


def test_a_log_holds_one_recording(server: LocalServer, tone: Path, tmp_path: Path) -> None:
    done = run("transcribe", "--save", str(tmp_path / "log.jsonl"), str(tone), str(tone))
    assert done.exit_code == 2
    assert "a log holds one FILE" in done.output


def test_a_saved_session_is_drawn_beside_its_log(
    server: LocalServer, tone: Path, tmp_path: Path
) -> None:
    log = tmp_path / "log.jsonl"
    saved(server, log, str(tone))
    done = run("inspect", str(log), str(tone))
    assert done.output == f"{tmp_path / 'log.html'}\n"
    page = (tmp_path / "log.html").read_text("utf-8")
    assert "tone.wav" in page
    assert "EndOfTurn (model)" in page
    assert "<polygon" in page


def test_a_picture_is_drawn_where_asked(server: LocalServer, tone: Path, tmp_path: Path) -> None:
    pytest.importorskip("resvg_py")
    log, html, png = (tmp_path / name for name in ("log.jsonl", "page.html", "picture.png"))
    saved(server, log, str(tone))
    done = run("inspect", str(log), "--html", str(html), "--png", str(png))
    assert done.output == f"{html}\n{png}\n"
    assert png.read_bytes().startswith(b"\x89PNG")
    assert "<polygon" not in html.read_text("utf-8")


def test_what_is_no_log_or_no_recording_is_refused(tone: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text("hello")
    assert "line 1 of the log" in str(run("inspect", str(log)).exception)
    assert "it is not text" in str(run("inspect", str(tone)).exception)
    boxed = run("inspect", str(tmp_path / "nothing")).output  # in lines as long as the path lets
    assert "does not exist" in " ".join(boxed.replace("│", " ").split())


def test_peaks_are_the_lowest_and_the_highest_of_every_step(tmp_path: Path) -> None:
    found = peaks(recording(tmp_path / "a.wav", seconds=1.01, rate_hz=8_000, channels=2), 0.02)
    assert len(found) == 51
    assert min(low for low, _ in found) == pytest.approx(-0.5, abs=0.01)
    assert max(high for _, high in found) == pytest.approx(0.5, abs=0.01)

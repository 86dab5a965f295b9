"""What the doctor finds, and what it says is to be done."""

import socket
import sys
from types import ModuleType

import pytest

from tests.cli.printed import run
from turnwise.cli import doctor
from turnwise.cli.doctor import Finding, report
from turnwise.speech.program import Program, flite
from turnwise.speech.tones import Tones


def test_what_is_well_is_one_line() -> None:
    assert report(Finding(True, "Python", "unused")) == ["ok    Python"]


def test_what_is_needed_and_what_is_only_useful_are_told_apart() -> None:
    assert report(Finding(False, "no Python", "get it")) == ["FAIL  no Python", "      -> get it"]
    assert report(Finding(False, "no mic", "buy it", False))[0] == "note  no mic"


def test_this_python_and_its_packages_will_do() -> None:
    assert doctor.check_python().well
    assert doctor.check_packages().well


def test_an_old_python_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PYTHON_MIN", (99, 0))
    assert not doctor.check_python().well


def test_a_missing_package_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PACKAGES", ("numpy", "no-such-package"))
    assert doctor.check_packages() == Finding(
        False, "the package no-such-package is missing", "run scripts/install"
    )


def test_opus_is_really_decoded() -> None:
    assert doctor.check_opus() == Finding(True, "Ogg Opus decodes: 36.0 s of the packaged sample")


def test_a_broken_decoder_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError("no libopus")

    monkeypatch.setattr(doctor, "Decoder", broken)
    assert doctor.check_opus().what == "Opus cannot be decoded: no libopus"


def test_an_engine_that_hears_something_else_is_found_out() -> None:
    finding = doctor.check_engine("scripted")
    assert not finding.well
    assert "9 words wrong" in finding.what


def test_an_engine_that_does_not_exist_is_found_out() -> None:
    finding = doctor.check_engine("none")
    assert (finding.well, finding.what[:32]) == (False, "the engine none does not load: n")


def test_a_port_in_use_is_found_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        finding = doctor.check_port(port)
    assert finding.what == f"port {port} cannot be used: Address already in use"
    assert finding.advice.endswith(f"turnwise serve --port {port + 1}")
    assert doctor.check_port(0).well


def test_ffmpeg_is_found_or_said_how_to_get(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    assert doctor.check_ffmpeg() == Finding(True, "ffmpeg: /bin/ffmpeg", needed=False)
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert "apt install ffmpeg" in doctor.check_ffmpeg().advice


def test_a_microphone_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("sounddevice")
    module.query_devices = lambda kind: {"name": "Built-in"}  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    assert doctor.check_microphone() == Finding(True, "microphone: Built-in", needed=False)


def test_no_microphone_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("sounddevice")
    module.PortAudioError = type("PortAudioError", (Exception,), {})  # type: ignore[attr-defined]

    def query_devices(kind: str) -> None:
        raise ValueError("no input device")

    module.query_devices = query_devices  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    assert doctor.check_microphone().what == "no microphone: no input device"
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert not doctor.check_microphone().needed


def test_the_exit_status_says_whether_something_needed_is_missing() -> None:
    done = run("doctor", "--engine", "scripted", "--port", "0")
    assert done.exit_code == 1
    assert "FAIL  the engine scripted" in done.output
    assert "ok    Ogg Opus" in done.output


def test_what_speaks_is_found_or_said_how_to_get(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "load_speech", lambda *_: Tones())
    finding = doctor.check_speech()
    assert finding.well
    assert finding.what == "tones, voice high, speaks: 0.8 s for two words"


def test_speech_that_fails_is_no_failure_of_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "load_speech", lambda *_: flite_that_is_gone())
    finding = doctor.check_speech()
    assert (finding.well, finding.needed) == (False, False)
    assert "does not start" in finding.advice


def flite_that_is_gone() -> Program:
    return Program(flite("/no/such/flite"))

"""`turnwise speak`: files of every kind, the loudspeaker, and what it says when it cannot."""

import io
import sys
from pathlib import Path
from types import ModuleType, TracebackType

import pytest
import soundfile

from tests.cli.printed import run
from turnwise.errors import DeviceMissing, NoSynthesiser
from turnwise.speech.tones import CHARACTER_MS

TONES = ("--speech", "tones")
HELLO_S = (len("Hello") + 1) * CHARACTER_MS / 1000


class Stream:
    """A loudspeaker that remembers."""

    written = b""
    rate_hz = 0
    stopped = False

    def __init__(self, samplerate: int, channels: int, dtype: str) -> None:
        Stream.written, Stream.rate_hz, Stream.stopped = b"", samplerate, False

    def __enter__(self) -> "Stream":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None: ...

    def write(self, data: bytes) -> None:
        Stream.written += data

    def stop(self) -> None:
        Stream.stopped = True


def sounddevice() -> ModuleType:
    module = ModuleType("sounddevice")
    module.PortAudioError = type("PortAudioError", (Exception,), {})  # type: ignore[attr-defined]
    module.RawOutputStream = Stream  # type: ignore[attr-defined]
    return module


@pytest.mark.parametrize(
    ("name", "kind", "rate_hz"),
    [
        ("hello.wav", "WAV", 24_000),
        ("hello.MP3", "MP3", 22_050),
        ("hello.ogg", "OGG", 48_000),
        ("hello.opus", "OGG", 48_000),
        ("hello.flac", "FLAC", 22_050),
    ],
)
def test_the_name_says_the_format(name: str, kind: str, rate_hz: int, tmp_path: Path) -> None:
    path = tmp_path / name
    assert run("speak", "Hello", "-o", str(path), *TONES).exit_code == 0
    found = soundfile.info(path)
    assert (found.format, found.samplerate) == (kind, rate_hz)
    assert found.duration == pytest.approx(HELLO_S, abs=0.1)


def test_standard_input_becomes_standard_output() -> None:
    done = run("speak", "-", "-o", "-", *TONES, stdin=b"Hello")
    assert done.exit_code == 0
    samples, rate_hz = soundfile.read(io.BytesIO(done.stdout_bytes))
    assert len(samples) / rate_hz == pytest.approx(HELLO_S, abs=0.01)


def test_speed_makes_it_shorter(tmp_path: Path) -> None:
    path = tmp_path / "hello.wav"
    run("speak", "Hello", "-o", str(path), "--speed", "1.5", *TONES)
    assert soundfile.info(path).duration == pytest.approx(HELLO_S / 1.5, abs=0.01)


def test_without_a_file_it_is_played(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", sounddevice())
    assert run("speak", "Hello", *TONES).exit_code == 0
    assert Stream.rate_hz == 24_000
    assert len(Stream.written) == pytest.approx(2 * 24_000 * HELLO_S, abs=500)
    assert Stream.stopped


def test_without_a_loudspeaker_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    done = run("speak", "Hello", *TONES)
    assert isinstance(done.exception, DeviceMissing)
    assert "or write a file with -o" in str(done.exception)
    broken = sounddevice()

    def refuse(**_: object) -> None:
        raise ValueError("no output device")

    broken.RawOutputStream = refuse  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sounddevice", broken)
    assert "-o writes a file" in str(run("speak", "Hello", *TONES).exception)


def test_voices_are_listed() -> None:
    assert run("speak", "--list", *TONES).output.split()[:4] == ["high", "en-US", "16000", "Hz"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [(("Hello", "-o", "hello.doc"), "a file must end in one of"), ((" ",), "nothing to say")],
)
def test_what_cannot_be_done_is_said(arguments: tuple[str, ...], reason: str) -> None:
    done = run("speak", *arguments, *TONES)
    assert done.exit_code == 2
    assert reason in " ".join(done.output.split())


def test_a_synthesiser_that_is_not_there_says_so() -> None:
    assert isinstance(
        run("speak", "Hi", "-o", "x.wav", "--speech", "parrot").exception, NoSynthesiser
    )


def test_aac_needs_ffmpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert "aac needs ffmpeg" in str(run("speak", "Hello", "-o", "x.aac", *TONES).exception)

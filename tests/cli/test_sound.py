"""Where sound comes from."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.cli import printed
from turnwise.cli.sound import (
    FRAME_BYTES,
    duration_s,
    piped,
    radio,
    recording,
    sample_words,
)
from turnwise.errors import BadAudio, DeviceMissing
from turnwise.samples.conversation import OGG

SILENCE_BYTES = 12 * FRAME_BYTES


def samples(data: bytes) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return np.frombuffer(data, "<i2")


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3"])
@pytest.mark.parametrize(("rate_hz", "channels"), [(16_000, 1), (8_000, 1), (44_100, 2)])
def test_a_recording_becomes_16_khz_mono_and_silence_after_it(
    tmp_path: Path, suffix: str, rate_hz: int, channels: int
) -> None:
    path = printed.recording(tmp_path / f"tone{suffix}", 1.0, rate_hz, channels)
    heard = samples(b"".join(recording(path)))
    spoken, silence = heard[: -SILENCE_BYTES // 2], heard[-SILENCE_BYTES // 2 :]
    middle = spoken[4_000:12_000] / 32_768
    strongest_hz = np.argmax(np.abs(np.fft.rfft(middle))) * 2
    assert len(spoken) == pytest.approx(16_000, abs=2_400)  # MP3 pads
    assert strongest_hz == 440
    assert np.abs(middle).max() == pytest.approx(0.5, abs=0.05)
    assert not silence.any()


def test_what_is_louder_than_full_scale_is_cut_off_and_does_not_wrap(tmp_path: Path) -> None:
    path = tmp_path / "loud.wav"
    soundfile.write(path, np.full(16_000, 2.0, np.float32), 16_000, subtype="FLOAT")
    assert samples(b"".join(recording(path)))[8_000] == 32_767


def test_what_is_no_recording_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear all")
    with pytest.raises(BadAudio, match=r"ffmpeg -i letter.txt -f wav - \| turnwise transcribe -"):
        list(recording(path))
    assert duration_s(path) is None


def test_how_long_a_recording_lasts_is_known(tmp_path: Path) -> None:
    assert duration_s(printed.recording(tmp_path / "tone.wav", 1.5)) == 1.5


def test_a_pipe_is_passed_on_unchanged() -> None:
    data = os.urandom(10_000)
    assert b"".join(piped(io.BytesIO(data))) == data


def test_the_sample_is_as_long_as_its_words_say() -> None:
    assert duration_s(OGG) == pytest.approx(36.06, abs=0.05)
    assert len(sample_words()) == 52
    assert sample_words()[:2] == ["good", "morning"]


def fake_ffmpeg(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program of that name first in the path."""
    program = folder / "ffmpeg"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_radio_is_what_ffmpeg_makes_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_ffmpeg(tmp_path, 'echo "$@"', monkeypatch)
    heard = b"".join(radio("http://station"))
    spoken, silence = heard[:-SILENCE_BYTES], heard[-SILENCE_BYTES:]
    assert spoken.decode().split() == (
        "-nostdin -loglevel error -i http://station -f s16le -ac 1 -ar 16000 -".split()  # noqa: SIM905 - as it is typed
    )
    assert not any(silence)


def test_a_station_that_cannot_be_played_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_ffmpeg(tmp_path, "echo no such host >&2; exit 1", monkeypatch)
    with pytest.raises(BadAudio, match="ffmpeg cannot play http://station: no such host"):
        list(radio("http://station"))


def test_without_ffmpeg_radio_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(DeviceMissing, match="sudo apt install ffmpeg"):
        list(radio("http://station"))

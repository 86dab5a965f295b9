"""Where sound comes from: files, standard input, radio; all as chunks of bytes to send."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from turnwise.audio.resample import Resampler
from turnwise.errors import BadAudio, DeviceMissing
from turnwise.samples.conversation import turns
from turnwise.units import FRAME_MS, SAMPLE_RATE_HZ

FRAME_BYTES = SAMPLE_RATE_HZ * FRAME_MS // 1000 * 2
SILENCE_S = 1.0  # lets the model end the last turn by itself, before it is forced to
STDIN_BYTES = 4 << 10
INSTALL_FFMPEG = (
    "listening to a URL needs ffmpeg: on Debian and Ubuntu `sudo apt install ffmpeg`, "
    "on macOS `brew install ffmpeg`"
)


def sample_words() -> list[str]:
    """Return the words of the packaged conversation, in order."""
    return [word for turn in turns() for word in turn.words]


def duration_s(path: Path) -> float | None:
    """Return how long a recording lasts, or None if it does not say."""
    import soundfile

    try:
        return float(soundfile.info(str(path)).duration)
    except (soundfile.SoundFileError, RuntimeError):
        return None


def recording(path: Path) -> Iterator[bytes]:
    """Yield a recording as 16 kHz mono linear16, 80 ms at a time, and silence after it.

    Raises:
        BadAudio: It is no recording we can read.
    """
    import soundfile  # slow to import, and few commands need it

    try:
        with soundfile.SoundFile(str(path)) as recorded:
            # Between two reads the library seeks to where it is anyway, and every seek
            # garbles MP3, whose frames lean on the ones before. What cannot be sought is not.
            recorded.seekable = lambda: False
            block = max(1, recorded.samplerate * FRAME_MS // 1000)
            resampler = Resampler(recorded.samplerate)
            while len(samples := recorded.read(block, dtype="float32", always_2d=True)):
                mono = np.ascontiguousarray(samples.mean(axis=1))
                yield linear16(resampler.push(mono))
    except (soundfile.SoundFileError, RuntimeError) as error:
        raise BadAudio(
            f"{path.name} is no recording that can be read here ({error}); if ffmpeg can: "
            f"ffmpeg -i {path.name} -f wav - | turnwise transcribe -"
        ) from None
    yield from silence()


def peaks(path: Path, step_s: float) -> list[tuple[float, float]]:
    """Return the lowest and the highest sample, -1 to 1, of every step of a recording.

    Raises:
        BadAudio: It is no recording we can read.
    """
    import soundfile

    found: list[tuple[float, float]] = []
    try:
        with soundfile.SoundFile(str(path)) as recorded:
            step = max(1, round(recorded.samplerate * step_s))
            for block in recorded.blocks(step, dtype="float32", always_2d=True):
                mono = block.mean(axis=1)
                found.append((float(mono.min()), float(mono.max())))
    except (soundfile.SoundFileError, RuntimeError) as error:
        raise BadAudio(f"{path.name} is no recording that can be read here ({error})") from None
    return found


def silence() -> Iterator[bytes]:
    for _ in range(round(SILENCE_S * 1000 / FRAME_MS)):
        yield bytes(FRAME_BYTES)


def linear16(samples: np.ndarray[tuple[int], np.dtype[np.float32]]) -> bytes:
    """Write float32[n], full scale -1 to 1, as the wire's samples."""
    return np.clip(samples * 32_768, -32_768, 32_767).astype("<i2").tobytes()


def piped(source: BinaryIO) -> Iterator[bytes]:
    """Yield what comes from a pipe as it comes, unchanged."""
    read = getattr(source, "read1", source.read)  # what is there now, without filling up
    while chunk := read(STDIN_BYTES):
        yield chunk


def radio(url: str) -> Iterator[bytes]:
    """Yield whatever ffmpeg can open as 16 kHz mono linear16.

    Raises:
        DeviceMissing: ffmpeg is not installed.
        BadAudio: It cannot open the URL.
    """
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise DeviceMissing(INSTALL_FFMPEG)
    command = [ffmpeg, "-nostdin", "-loglevel", "error", "-i", url]
    command += ["-f", "s16le", "-ac", "1", "-ar", str(SAMPLE_RATE_HZ), "-"]
    with (
        tempfile.TemporaryFile() as complaints,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints) as process,  # noqa: S603
    ):
        assert process.stdout is not None
        try:
            while chunk := process.stdout.read(FRAME_BYTES):
                yield chunk
            if process.wait() != 0:
                complaints.seek(0)
                reason = complaints.read().decode(errors="replace").strip()
                raise BadAudio(f"ffmpeg cannot play {url}: {reason[-300:]}")
        finally:
            process.kill()
    yield from silence()

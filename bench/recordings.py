"""Recordings with their words, from manifests: one JSON object a line."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import msgspec
import numpy as np
import soundfile
from numpy.lib.stride_tricks import sliding_window_view

from turnwise.audio.pcm import MULAW, MULAW_VALUES, Pcm
from turnwise.audio.resample import Resampler
from turnwise.units import FRAME_SAMPLES, SAMPLE_RATE_HZ, Audio, Frame

SPEECH = Path(os.environ.get("TURNWISE_SPEECH", Path(__file__).parents[2] / "shared" / "speech"))
"""Recordings that lie beside this repository: manifest.jsonl is what is evaluated on, and
train/manifest.jsonl what is trained on."""

TAIL_S = 0.8  # of silence after a recording, so that an engine can finish its last words

GROUPS = (
    ("child", "child"),
    ("accented", "non-native"),
    ("digits, names, addresses", "digit|spelled|letter|phone number|address read|name read"),
    ("volunteers", "common voice|volunteer"),
    ("conversational", "spontaneous|disfluent|conversation|meeting|call|dictat|dialog"),
    ("commands", "command|query|prompt"),
    ("clean read", "read|audiobook|public address"),
)
"""A style belongs to the first group whose pattern is found in it."""
OTHER = "other"

LINE_HZ = (150.0, 300.0, 3_400.0, 3_900.0)
"""A telephone line is silent to the first, open from the second to the third, silent from
the fourth."""


GRAIN_S = 0.2
"""Of room tone, as it is strung together; a grain overlaps the next by half."""
GRAIN_SAMPLES_MIN = 160
"""Less than 10 ms is a click, not a tone."""


class Recording(msgspec.Struct, frozen=True):
    file: str
    duration: float
    set: str = ""
    transcript: str | None = None
    style: str = ""
    speaker: str | list[str] | None = None
    silences: list["Silence"] = []
    """Marked ones, in manifests about turns."""
    pad: "Pad | None" = None
    conversation: str = ""
    """Recordings of one conversation bear its name."""
    folder: str = ""
    sound: bytes = b""
    """What the file holds, where it is not on disk."""

    @property
    def path(self) -> Path:
        return Path(self.folder) / self.file

    @property
    def group(self) -> str:
        style = self.style.lower()
        return next((name for name, pattern in GROUPS if re.search(pattern, style)), OTHER)

    @property
    def voice(self) -> str:
        """Who speaks; where nobody knows, everybody may be somebody else."""
        return str(self.speaker) if self.speaker else self.file


class Silence(msgspec.Struct, frozen=True):
    start: float
    end: float
    kind: str
    """hold: the speaker goes on; end: the turn is over; unclear."""


class Pad(msgspec.Struct, frozen=True):
    """Room tone to put after a recording that stops too soon."""

    seconds: float
    tone: list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts aloud on a terminal's one line."""

    total: int

    def items(self, recordings: Sequence[Recording]) -> Iterator[Recording]:
        for number, recording in enumerate(recordings, 1):
            print(f"\r{number}/{self.total} {recording.file[:60]:60}", end="", flush=True)
            yield recording
        print("\r" + " " * 80 + "\r", end="")


def with_progress(recordings: Sequence[Recording]) -> Iterator[Recording]:
    return Progress(len(recordings)).items(recordings)


def read_manifests(paths: Iterable[Path]) -> list[Recording]:
    recordings: list[Recording] = []
    for path in paths:
        for line in path.read_text().splitlines():
            recording = msgspec.json.decode(line, type=Recording)
            recordings.append(msgspec.structs.replace(recording, folder=str(path.parent)))
    return recordings


def spread(recordings: Sequence[Recording], limit: int | None) -> list[Recording]:
    """Return at most so many, evenly from the whole, so that every style stays in."""
    if limit is None or limit >= len(recordings):
        return list(recordings)
    return [recordings[i * len(recordings) // limit] for i in range(limit)]


def audio_of(recording: Recording) -> Audio:
    """Return float32[n] at 16 kHz, mixed down, with its pad."""
    file = BytesIO(recording.sound) if recording.sound else recording.path
    samples, rate_hz = soundfile.read(file, dtype="float32", always_2d=True)
    mono = samples.mean(axis=1)
    audio = mono if rate_hz == SAMPLE_RATE_HZ else Resampler(rate_hz).push(mono)
    if recording.pad is None:
        return audio
    pieces = [
        audio[int(a * SAMPLE_RATE_HZ) : int(b * SAMPLE_RATE_HZ)] for a, b in recording.pad.tone
    ]
    return np.concatenate([audio, room_tone(pieces, int(recording.pad.seconds * SAMPLE_RATE_HZ))])


def room_tone(pieces: Sequence[Audio], samples: int) -> Audio:
    """Return float32[samples]: grains of the pieces, cross-faded, so that no seam is heard.

    Of all grains only the quieter half, so that no breath or click comes again and again.
    Deterministic. Silence, where no piece is long enough to be a tone.
    """
    longest = max((len(piece) for piece in pieces), default=0)
    grain = min(int(GRAIN_S * SAMPLE_RATE_HZ), longest) // 2 * 2
    if grain < GRAIN_SAMPLES_MIN:
        return np.zeros(samples, np.float32)
    # Grains never lie half a grain apart: such two would add up to more than they are.
    grains = np.concatenate(
        [
            sliding_window_view(piece, grain)[:: 3 * grain // 8]
            for piece in pieces
            if len(piece) >= grain
        ]
    )
    power = np.mean(grains**2, axis=1)
    quiet = grains[power <= np.median(power)]
    fade = np.sin(np.pi * (np.arange(grain) + 0.5) / grain)  # squares of two halves make one
    draw = np.random.default_rng(samples)
    tone = np.zeros(samples + 2 * grain)
    for start in range(0, samples + grain, grain // 2):
        tone[start : start + grain] += quiet[draw.integers(len(quiet))] * fade
    return tone[grain // 2 : grain // 2 + samples].astype(np.float32)


def telephone(audio: Audio) -> Audio:
    """Return float32[about n]: the recording as a server hears it that gets 8 kHz G.711 mu-law."""
    padded = np.pad(audio, (0, -len(audio) % 4))
    half = len(padded) // 2
    hertz = np.fft.rfftfreq(half, 2 / SAMPLE_RATE_HZ)
    passed = np.interp(hertz, LINE_HZ, (0.0, 1.0, 1.0, 0.0))
    narrow = np.fft.irfft(np.fft.rfft(padded)[: len(hertz)] * passed / 2, half)
    order = np.argsort(MULAW_VALUES, kind="stable")
    levels = MULAW_VALUES[order]
    nearest = np.searchsorted((levels[1:] + levels[:-1]) / 2, narrow)
    return Resampler(SAMPLE_RATE_HZ // 2).push(
        Pcm(MULAW).push(order[nearest].astype(np.uint8).tobytes())
    )


def frames_of(audio: Audio, tail_s: float = TAIL_S) -> Iterator[Frame]:
    """Yield the audio's frames and those of a silence after it."""
    silence = int(tail_s * SAMPLE_RATE_HZ) + -len(audio) % FRAME_SAMPLES
    padded = np.concatenate([audio, np.zeros(silence, np.float32)]).astype(np.float32)
    for start in range(0, len(padded) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        yield padded[start : start + FRAME_SAMPLES]

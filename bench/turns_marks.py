"""Where recordings are silent, and which of their silences end a turn.

Two layouts are read: manifests (one JSON object a line, `silences` marked as hold, end or
unclear) and the Parquet files of livekit/eot-bench-data, whose rows are single turns: every
silence in a row is a hold but the last, which is the end.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from bench.logistic import Numbers
from bench.recordings import Pad, Recording, Silence

GRID_S = 0.1
LOOK_S_MAX = 5.0
"""Into a silence; Flux's default time-out has come by then."""
SILENCE_S_MIN = 0.1
END_S = 6.0
"""So long a last end lasts at least: past the default time-out."""
EDGE_S = 0.1
"""Marks are that exact; a silence that reaches the recording's end ends that near to it."""
UNITS_PER_GRID = round(1e6 * GRID_S)


def stretched(recording: Recording) -> Recording:
    """Let a last silence that ends a turn go on for END_S, in the room's own tone."""
    last = recording.silences[-1] if recording.silences else None
    if last is None or last.kind != "end" or last.end < recording.duration - EDGE_S:
        return msgspec.structs.replace(recording, pad=None)
    seconds = max(0.0, END_S - (recording.duration - last.start))
    tone = recording.pad.tone if recording.pad else [(last.start + EDGE_S, recording.duration)]
    duration = recording.duration + seconds
    end = Silence(last.start, duration, "end")
    return msgspec.structs.replace(
        recording,
        duration=duration,
        silences=[*recording.silences[:-1], end],
        pad=Pad(seconds, tone),
    )


def grid(silence: Silence) -> Numbers:
    """Return the moments to ask at: float64[points], every GRID_S from the silence's start."""
    length_s = min(silence.end - silence.start, LOOK_S_MAX)
    steps = int((length_s * 1e6 + 1) // UNITS_PER_GRID)  # 0.3 s has its moment at 0.3 s
    moments: Numbers = silence.start + GRID_S * np.arange(steps + 1, dtype=np.float64)
    return moments


def turn_starts(silences: Sequence[Silence]) -> list[float]:
    """Return for each silence where the turn before it began: at 0, or where an end was over."""
    starts, start = [], 0.0
    for silence in silences:
        starts.append(start)
        if silence.kind == "end":
            start = silence.end
    return starts


def scored(recording: Recording) -> list[Silence]:
    """Return the silences that count: those long enough and clear."""
    return [
        s
        for s in recording.silences
        if s.kind in ("hold", "end") and s.end - s.start >= SILENCE_S_MIN - 1e-6
    ]


def kin(recordings: Sequence[Recording]) -> list[str]:
    """Say for each recording to whom it belongs: who shares a speaker or a conversation is kin.

    What is kin must be drawn together, or an interval takes one meeting for many.
    """
    leader: dict[str, str] = {}

    def lead(name: str) -> str:
        while leader.setdefault(name, name) != name:
            name = leader[name]
        return name

    for recording in recordings:
        names = _names(recording)
        for name in names[1:]:
            leader[lead(name)] = lead(names[0])
    return [lead(_names(recording)[0]) for recording in recordings]


def _names(recording: Recording) -> list[str]:
    speaker = recording.speaker
    speakers = [speaker] if isinstance(speaker, str) else speaker or []
    names = [f"speaker {name}" for name in speakers]
    if recording.conversation:
        names.append(f"conversation {recording.conversation}")
    return names or [f"file {recording.file}"]


def read_eot_bench(folder: Path) -> list[Recording]:
    """Read every row of the Parquet files in a folder and those below it."""
    from pyarrow import parquet  # only whoever has that data set needs it

    rows: list[Recording] = []
    for path in sorted(folder.rglob("*.parquet")):
        for batch in parquet.ParquetFile(path).iter_batches(batch_size=16):
            rows += from_rows(batch.to_pylist(), path.parent)
    return rows


def from_rows(rows: Iterable[Mapping[str, Any]], folder: Path) -> list[Recording]:
    """Turn rows with id, language, audio and silence_spans into recordings."""
    recordings = []
    for row in rows:
        spans = row["silence_spans"]
        kinds = ["hold"] * (len(spans) - 1) + ["end"]
        audio = row["audio"]
        on_disk = audio.get("path") or ""
        recordings.append(
            Recording(
                file=on_disk if not audio.get("bytes") else str(row["id"]),
                duration=row.get("duration") or spans[-1]["end"],
                set=f"eot-bench {row['language']}",
                transcript=" ".join(word["word"].strip() for word in row.get("words") or []),
                silences=[
                    Silence(span["start"], span["end"], kind)
                    for span, kind in zip(spans, kinds, strict=True)
                ],
                folder=str(folder),
                sound=audio.get("bytes") or b"",
            )
        )
    return recordings

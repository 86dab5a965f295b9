"""Recorded conversations as scenes, where there are any: silences are marked already.

A manifest of them is one that `bench/turns.py` reads, too: each row has `silences` with `start`,
`end` (seconds) and `kind` ("end", "hold" or "unclear"). Conversations are long, so a scene is a
piece of one, from the end of somebody's turn on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from training.augment import Wave
from training.data import SAMPLE_RATE, decode, scaled
from training.manifests import manifest_rows

UNCLEAR = "unclear"
LEAD_S = 0.5
"""Of the silence before a piece, so that its first turn begins in it."""


class Silence(NamedTuple):
    """Of a scene, in samples."""

    start: int
    end: int
    kind: str
    sort: str
    """How it came about: see `training.scene_frames.SORTS`."""


@dataclass(frozen=True, slots=True)
class Call:
    """One channel of a conversation, or all of it in one."""

    samples: Wave
    silences: tuple[Silence, ...]
    speaker: str = "unknown"
    """Whoever shares it is trained on, or is held out, together."""

    def beginnings(self) -> list[int]:
        """Return where pieces may begin: where a turn does."""
        return [0, *(silence.end for silence in self.silences if silence.kind == "end")]

    def piece(self, start: int, length: int) -> tuple[Wave, list[Silence], list[int]]:
        """Cut a piece that begins with the turn that begins there, and ends after a silence.

        Args:
            start: One of `beginnings`.
            length: In samples; a piece is as much longer as the last silence asks for.

        Returns:
            The sound, the silences in it, and where its turns begin, both from its start.
        """
        before = [silence for silence in self.silences if silence.end == start]
        lead = min(int(LEAD_S * SAMPLE_RATE), before[0].end - before[0].start if before else 0)
        inside = [silence for silence in self.silences if silence.start >= start]
        past = [silence.end for silence in inside if silence.end >= start + length]
        stop = min([*past, len(self.samples)])
        first = start - lead
        kept = [
            Silence(silence.start - first, silence.end - first, silence.kind, silence.sort)
            for silence in inside
            if silence.end <= stop
        ]
        turns = [lead, *(silence.end for silence in kept if silence.kind == "end")]
        return self.samples[first:stop], kept, turns

    def pieces(self, length: int) -> Iterator[tuple[Wave, list[Silence], list[int]]]:
        """Cut pieces one after the other, see `piece`; what is left until a turn begins goes."""
        begin, start = self.beginnings(), 0
        while start < len(self.samples):
            found = self.piece(start, length)
            if found[1]:
                yield found
            later = (place for place in begin if place >= start + length)
            start = next(later, len(self.samples))


def calls_of(manifest: Path) -> list[Call]:
    """Return the conversations of a manifest.

    Raises:
        ValueError: A row has no silences.
    """
    return [_call(manifest, row) for row in manifest_rows(manifest)]


def _call(manifest: Path, row: dict[str, object]) -> Call:
    silences = row.get("silences")
    if not isinstance(silences, list):
        raise ValueError(f"{manifest}: {row['file']} has no silences; expected start, end, kind")
    samples = scaled(decode(manifest.parent / str(row["file"])))
    marks = [
        Silence(
            round(mark["start"] * SAMPLE_RATE),
            min(round(mark["end"] * SAMPLE_RATE), len(samples)),
            mark["kind"],
            {"end": "answered", "hold": "pause"}.get(mark["kind"], UNCLEAR),
        )
        for mark in silences
    ]
    speaker = str(row.get("speaker") or row["file"])
    return Call(samples, tuple(sorted(marks, key=lambda mark: mark.start)), speaker)

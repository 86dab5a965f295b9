"""Callers of a machine as conversations for the end of turn: their side of a call, marked.

    python -m training.callers CHECKOUT OUT

CHECKOUT is one of CMU's GetGoing data (training/SOURCES.md). Written are OUT/*.flac, one for each
call, and OUT/manifest.jsonl, which `training.scenes --calls` reads.

Nobody marked these recordings. A silence is where an energy detector finds none of the caller's
voice. The machine's side is not in the sound, but it answers whenever it takes the caller to be
done, and speaks for seconds: a long silence ended a turn, a short one did not, and what lies
between is unclear. Calls are left out whose log counts another number of turns. Of the time in
which the machine speaks little is kept.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
from numpy.typing import NDArray

from training.augment import Random, Wave
from training.calls import UNCLEAR
from training.data import SAMPLE_RATE
from training.scenes import (
    ACTIVE_SHARE,
    BLOCK,
    CONTRAST_DB,
    SILENCE_MIN_S,
    drop_faint,
    levels_db,
    runs,
    smoothed,
)

REPOSITORY, LICENCE = "DialRC/GetGoingData", "CMU GetGoing Database (any purpose, with its notice)"
BLOCKS_PER_S = SAMPLE_RATE // BLOCK
SPREAD_DB, ISLAND_DB = 32.0, 18.0
"""A block is the caller's voice at most so far below the loudest speech, even where ACTIVE_SHARE
would allow more; a run that stays so far below it is somebody else."""
HOLD_S, ANSWERED_S = 1.5, 3.5
"""Shorter than the first the machine had no time to answer, longer than the second it did."""
KEPT_S, LEAD_S = (0.8, 2.0), (0.1, 0.4)
"""Of the silence after a turn and before the next, where it is long."""
TURNS_OFF = 0.35
"""By so much, and by two, the turns counted may differ from those of the log."""
SECONDS_MIN = 15.0

Mark = tuple[int, int, str]
"""Start and end of a silence in samples, and its kind."""


class Side(NamedTuple):
    """What is written of a caller."""

    name: str
    samples: Wave
    marks: list[Mark]


def voice_of(level_db: NDArray[np.float32]) -> NDArray[np.bool_] | None:
    """Return in which blocks the caller speaks; None on a line on which that cannot be told."""
    floor, loud = np.quantile(level_db, [0.05, 0.99])
    if loud - floor < CONTRAST_DB:
        return None
    lowest = max(floor + ACTIVE_SHARE * (loud - floor), loud - SPREAD_DB)
    active = smoothed(level_db > lowest)
    drop_faint(active, level_db, loud - ISLAND_DB, short_db=loud - ISLAND_DB)
    return active


def callers(checkout: Path, rng: Random) -> Iterator[Side]:
    """Return those of a checkout: `logs/ID/recording.wav` (MP3, whatever its name), `log.json`."""
    for log in sorted(checkout.glob("logs/*/log.json")):
        try:
            history = json.loads(log.read_text(encoding="utf-8"))["history"]
            both, rate = soundfile.read(
                log.parent / "recording.wav", dtype=np.float32, always_2d=True
            )
        except (soundfile.LibsndfileError, ValueError, KeyError):
            continue  # some are empty
        samples = both[:, 0]
        if rate != SAMPLE_RATE or len(samples) < SECONDS_MIN * SAMPLE_RATE:
            continue
        active = voice_of(levels_db(samples))
        if active is None or not active.any():
            continue
        spoken = runs(active, 0)
        turns = 1 + sum(is_answered(b[0] - a[1], turn=True) for a, b in pairwise(spoken))
        told = sum(line.startswith("USER") for line in history)
        if told and abs(turns - told) <= max(2, TURNS_OFF * told):
            yield Side(log.parent.name[:12], *shortened(samples, spoken, rng))


def is_answered(blocks: int, *, turn: bool = False) -> bool:
    """Whether the machine surely answered in so long a silence, or, for a count, probably."""
    edge_s = (HOLD_S + ANSWERED_S) / 2 if turn else ANSWERED_S
    return blocks >= edge_s * BLOCKS_PER_S


def shortened(samples: Wave, spoken: list[tuple[int, int]], rng: Random) -> tuple[Wave, list[Mark]]:
    """Return a call without most of the time in which the machine speaks, and its silences."""
    pieces: list[Wave] = []
    marks: list[Mark] = []
    length = 0
    at = max(0, spoken[0][0] * BLOCK - SAMPLE_RATE // 2)
    nexts = [start for start, _ in spoken[1:]]
    for (_, end), following in zip(spoken, [*nexts, None], strict=True):
        after = len(samples) // BLOCK if following is None else following
        blocks = after - end
        kept = int(rng.uniform(*KEPT_S) * SAMPLE_RATE)
        lead = 0 if following is None else int(rng.uniform(*LEAD_S) * SAMPLE_RATE)
        is_long = blocks * BLOCK > kept + lead and (following is None or is_answered(blocks))
        stop = end * BLOCK + kept if is_long else after * BLOCK
        pieces.append(samples[at:stop])
        length += stop - at
        start = length - (stop - end * BLOCK)
        at = after * BLOCK - lead if is_long else stop
        if is_answered(blocks) or (following is None and blocks > HOLD_S * BLOCKS_PER_S):
            marks.append((start, length + (lead if is_long else 0), "end"))
        elif blocks >= SILENCE_MIN_S * BLOCKS_PER_S:
            is_hold = following is not None and blocks < HOLD_S * BLOCKS_PER_S
            marks.append((start, length, "hold" if is_hold else UNCLEAR))
    return np.concatenate(pieces), marks


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    counts: dict[str, int] = {}
    with (options.out / "manifest.jsonl").open("w", encoding="utf-8") as manifest:
        for side in callers(options.checkout, np.random.default_rng(options.seed)):
            file = f"{side.name}.flac"
            soundfile.write(options.out / file, np.clip(side.samples, -1, 1), SAMPLE_RATE)
            silences = [
                {"start": start / SAMPLE_RATE, "end": end / SAMPLE_RATE, "kind": kind}
                for start, end, kind in side.marks
            ]
            row = {
                "file": file, "set": "callers", "duration": len(side.samples) / SAMPLE_RATE,
                "transcript": None, "speaker": f"caller {side.name}",
                "style": "call to a machine", "source": REPOSITORY, "license": LICENCE,
                "silences": silences,
            }  # fmt: skip
            manifest.write(json.dumps(row) + "\n")
            for _, _, kind in side.marks:
                counts[kind] = counts.get(kind, 0) + 1
    print(counts, file=sys.stderr)


if __name__ == "__main__":
    main()

"""Recordings and their transcripts, from manifests to arrays a training loop reads.

A prepared set is a folder of two files: `audio.npy`, all recordings as 16 kHz 16-bit
samples one after another, and `utterances.jsonl`, one line for each recording: `start` and
`length` in samples, `transcript` (spoken words, lower case), `speaker`, `style`, `source`,
`license`, `file`. It is read through a memory map, so that a set may be larger than memory.

    python -m training.data MANIFEST... --out FOLDER

With --wordless only recordings are kept whose words nobody knows; `training.scenes` needs none.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from math import gcd
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from scipy.signal import resample_poly

from training.manifests import NOTHING, Reserved, manifest_rows, may_train, reserved

SAMPLE_RATE = 16_000
SECONDS_MAX = 20.0
"""Longer recordings are left out: they cost memory in every batch they are in."""
SECONDS_MIN = 0.3


@dataclass(frozen=True, slots=True)
class Utterance:
    """One recording of a prepared set: `samples` is a view into the memory map."""

    samples: "np.ndarray[Any, np.dtype[np.int16]]"
    words: tuple[str, ...]
    speaker: str
    style: str
    source: str


def spoken_words(transcript: str) -> tuple[str, ...] | None:
    """The words as the lexicon writes them; None if the text needs more than a lexicon.

    Digits in a transcript could be read in several ways, so such recordings are left out.
    """
    text = transcript.lower().replace("\u2019", "'").replace("-", " ")
    if any(character.isdigit() for character in text):
        return None
    words = re.findall(r"[a-z']+", text)
    return tuple(stripped for word in words if (stripped := word.strip("'"))) or None


def decode(path: Path) -> "np.ndarray[Any, np.dtype[np.int16]]":
    """The recording as 16 kHz mono. Raises soundfile.LibsndfileError if it is not audio."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = samples.mean(axis=1)
    if rate != SAMPLE_RATE:
        common = gcd(rate, SAMPLE_RATE)
        mono = resample_poly(mono, SAMPLE_RATE // common, rate // common)
    return np.clip(np.round(mono * 32768), -32768, 32767).astype(np.int16)


def scaled(
    samples: "np.ndarray[Any, np.dtype[np.int16]]",
) -> "np.ndarray[Any, np.dtype[np.float32]]":
    """16-bit samples as float32, -1 to 1."""
    return samples.astype(np.float32) / np.float32(32768)


def prepare(
    manifests: Iterable[Path],
    out: Path,
    *,
    kept_out: Reserved = NOTHING,
    share_alike: bool = False,
    wordless: bool = False,
) -> int:
    """Write a prepared set from manifests; returns how many recordings it holds.

    Args:
        manifests: Whose rows to take.
        out: The set's folder.
        kept_out: What is evaluated on.
        share_alike: Whether to take recordings under share-alike licences.
        wordless: Take those without a transcript, instead of those with one.
    """
    out.mkdir(parents=True, exist_ok=True)
    position = 0
    kept = 0
    with (out / "audio.raw").open("wb") as audio, (out / "utterances.tmp").open("w") as index:
        for manifest in manifests:
            for row in manifest_rows(manifest):
                said = row["transcript"] or ""
                words = spoken_words(said) if said else ()
                if words is None or bool(words) == wordless:
                    continue
                if not SECONDS_MIN <= row["duration"] <= SECONDS_MAX:
                    continue
                if not may_train(row, kept_out, share_alike=share_alike):
                    continue
                samples = decode(manifest.parent / row["file"])
                audio.write(samples.tobytes())
                line = {
                    "start": position,
                    "length": len(samples),
                    "transcript": " ".join(words),
                    **{key: row[key] for key in ("speaker", "style", "source", "license", "file")},
                }
                index.write(json.dumps(line) + "\n")
                position += len(samples)
                kept += 1
                if kept % 500 == 0:
                    print(f"{kept} recordings, {position / SAMPLE_RATE / 3600:.2f} h", flush=True)
    np.save(out / "audio.npy", np.fromfile(out / "audio.raw", dtype=np.int16))
    (out / "audio.raw").unlink()
    (out / "utterances.tmp").rename(out / "utterances.jsonl")
    print(f"{out}: {kept} recordings, {position / SAMPLE_RATE / 3600:.2f} h")
    return kept


def load(folder: Path) -> list[Utterance]:
    """The utterances of a prepared set, in the order of its index."""
    audio = np.load(folder / "audio.npy", mmap_mode="r", allow_pickle=False)
    return [
        Utterance(
            samples=audio[row["start"] : row["start"] + row["length"]],
            words=tuple(row["transcript"].split()),
            speaker=str(row["speaker"]),
            style=row["style"],
            source=row["source"],
        )
        for row in manifest_rows(folder / "utterances.jsonl")
    ]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0] if __doc__ else None)
    parser.add_argument("manifests", nargs="+", type=Path)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument(
        "--exclude", type=Path, nargs="*", default=[], help="manifests of what is evaluated on"
    )
    parser.add_argument(
        "--share-alike", action="store_true", help="take recordings under share-alike licences too"
    )
    parser.add_argument(
        "--wordless", action="store_true", help="take those without words, and no others"
    )
    options = parser.parse_args(arguments)
    kept_out = reserved(row for path in options.exclude for row in manifest_rows(path))
    prepare(
        options.manifests,
        options.out,
        kept_out=kept_out,
        share_alike=options.share_alike,
        wordless=options.wordless,
    )


if __name__ == "__main__":
    sys.exit(main())

"""Prepared sets: which recordings of a manifest are kept."""

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy")

import soundfile

from training import data


def manifest(folder: Path) -> Path:
    """Return one of a recording with words, one without, and one with digits."""
    rows = []
    for name, transcript in (("said", "Yes, please."), ("unknown", ""), ("digits", "room 5")):
        soundfile.write(folder / f"{name}.wav", np.zeros(16_000), 16_000)
        rows.append({
            "file": f"{name}.wav", "transcript": transcript, "duration": 1.0, "speaker": "ann",
            "style": "read", "source": f"a:{name}", "license": "CC0",
        })  # fmt: skip
    path = folder / "manifest.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize(("wordless", "kept"), [(False, "yes please"), (True, "")])
def test_a_set_has_recordings_with_words_or_those_without(
    tmp_path: Path, wordless: bool, kept: str
) -> None:
    out = tmp_path / "set"
    assert data.prepare([manifest(tmp_path)], out, wordless=wordless) == 1
    (utterance,) = data.load(out)
    assert " ".join(utterance.words) == kept
    assert len(utterance.samples) == 16_000

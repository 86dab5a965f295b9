"""Words for recordings without any, as a larger recogniser hears them where it is sure.

    python -m training.pseudo_labels MANIFEST --model FOLDER

MANIFEST is one of `training.gather` or `training.callers`. Written is labelled.jsonl beside it, a
manifest of those rows that are sure, which `training.data` reads; a call is cut into its turns,
which go to turns/. FOLDER holds Moonshine's tiny English model (MIT; Jeffries et al., "Moonshine:
Speech Recognition for Live Transcription and Voice Commands", 2024): `encoder_model.ort`,
`decoder_model_merged.ort` and `tokenizer.bin`, as the package moonshine-voice 0.1.0 has them in
`assets/tiny-en`. An hour of speech takes a core a minute and a quarter.

What a recogniser writes of speech nobody transcribed is a label to learn from like any other, if
what it is unsure of is left out (Lee, "Pseudo-Label", 2013; Kahn et al., 2020).
"""

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnxruntime
import soundfile
from numpy.typing import NDArray

from training.data import SAMPLE_RATE, SECONDS_MAX, decode, scaled, spoken_words
from training.manifests import manifest_rows

SURE = -0.3
"""Mean logarithm of the probabilities of what was written. Of 96 recordings of Common Voice with
words 14 % of the words are heard wrongly, of the four fifths that are as sure as -0.23, 8 %."""
WORDS_PER_S = (0.3, 6.0)
"""Fewer words or more were not all heard, or not all said."""
BEGIN, END = 1, 2
TOKENS_PER_S, TOKENS_MORE = 8, 8
"""After so many tokens a hypothesis goes round in circles."""
STRIDE, HEADS, VALUES = 384, 8, 36
"""Samples in a frame of the encoder, and the form of what the decoder remembers."""
PEAK, GAIN_MAX = 0.5, 30.0
BATCH = 16
BEFORE_S, AFTER_S, TURN_S_MIN = 0.2, 0.4, 0.5
"""Around a turn, of the silences it lies between; shorter ones are left out."""

Row = dict[str, Any]
Wave = NDArray[np.float32]


class Heard(NamedTuple):
    text: str
    sure: float
    """Mean logarithm of the tokens' probabilities; -inf if it came to no end."""


class Moonshine:
    """The recogniser: recordings in, what is most likely said in them out.

    Raises:
        FileNotFoundError: FOLDER does not hold the model.
    """

    def __init__(self, folder: Path) -> None:
        self._pieces = pieces_of((folder / "tokenizer.bin").read_bytes())
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._encoder, self._decoder = (
            onnxruntime.InferenceSession(
                str(folder / name), options, providers=["CPUExecutionProvider"]
            )
            for name in ("encoder_model.ort", "decoder_model_merged.ort")
        )
        inputs = (entry.name for entry in self._decoder.get_inputs())
        self._memory = [name for name in inputs if name.startswith("past_key_values")]
        self._outputs = [entry.name for entry in self._decoder.get_outputs()]

    def hear(self, waves: Sequence[Wave]) -> list[Heard]:
        """Return the hypotheses of some recordings, by greedy search.

        Args:
            waves: 16 kHz mono, -1 to 1.
        """
        longest = max(map(len, waves))
        sound = np.zeros((len(waves), longest), np.float32)
        mask = np.zeros(sound.shape, np.int64)
        for row, wave in enumerate(waves):
            sound[row, : len(wave)], mask[row, : len(wave)] = wave, 1
        (states,) = self._encoder.run(None, {"input_values": sound, "attention_mask": mask})
        fixed = {"encoder_hidden_states": states, "encoder_attention_mask": mask}
        tokens, chances = self._search(fixed, TOKENS_MORE + TOKENS_PER_S * longest // SAMPLE_RATE)
        return [self._heard(*row) for row in zip(tokens.T, chances.T, strict=True)]

    def _search(
        self, fixed: Mapping[str, NDArray[Any]], steps: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the likeliest tokens [steps, n] and the logarithms of their probabilities."""
        states = fixed["encoder_hidden_states"]
        nothing, all_frames = (
            np.zeros((len(states), HEADS, count, VALUES), np.float32)
            for count in (0, states.shape[1])
        )
        memory = {name: nothing if "decoder" in name else all_frames for name in self._memory}
        ids = np.full((len(states), 1), BEGIN, np.int64)
        tokens, chances = [], []
        for step in range(steps):
            feed = {**fixed, **memory, "input_ids": ids, "use_cache_branch": np.array([step > 0])}
            out = dict(zip(self._outputs, self._decoder.run(None, feed), strict=True))
            logits = out["logits"][:, -1]
            above = logits - logits.max(axis=1, keepdims=True)
            tokens.append(logits.argmax(axis=1))
            chances.append(-np.log(np.exp(above).sum(axis=1)))
            if (np.array(tokens) == END).any(axis=0).all():
                break
            for name in self._memory:
                if step == 0 or "decoder" in name:
                    memory[name] = out[name.replace("past_key_values", "present")]
            ids = tokens[-1][:, None].astype(np.int64)
        return np.array(tokens), np.array(chances)

    def _heard(self, tokens: NDArray[np.int64], chances: NDArray[np.float32]) -> Heard:
        ends = np.flatnonzero(tokens == END)
        if not len(ends):
            return Heard("", -np.inf)
        end = int(ends[0])
        return Heard(
            text_of([self._pieces[token] for token in tokens[:end]]),
            float(chances[: end + 1].mean()),
        )


def pieces_of(tokenizer: bytes) -> list[bytes]:
    """Return the tokens of a `tokenizer.bin`: each after its length, of one byte or two."""
    pieces, at = [], 0
    while at < len(tokenizer):
        length = tokenizer[at]
        at += 1
        if length >= 128:
            length += 128 * tokenizer[at] - 128
            at += 1
        pieces.append(tokenizer[at : at + length])
        at += length
    return pieces


def text_of(pieces: Sequence[bytes]) -> str:
    """Return what tokens spell: "<0x41>" is a byte, others in brackets are nothing."""
    out = b""
    for piece in pieces:
        if byte := re.fullmatch(rb"<0x([0-9A-F]{2})>", piece):
            out += bytes.fromhex(byte.group(1).decode())
        elif not re.fullmatch(rb"<.*>", piece):
            out += piece
    return out.decode("utf-8", "replace").replace("\u2581", " ").strip()


def words_to_learn(heard: Heard, seconds: float) -> tuple[str, ...] | None:
    """Return the words of a hypothesis that may be learned from, or None.

    Digits may be said in several ways, so that they are not.
    """
    words = spoken_words(heard.text)
    fewest, most = (rate * seconds for rate in WORDS_PER_S)
    if heard.sure < SURE or not words or not fewest < len(words) < most:
        return None
    return words


def turns_of(row: Row) -> Iterator[tuple[float, float]]:
    """Return where the turns of a call are, in seconds, with a little silence around."""
    before = 0.0
    silences = [mark for mark in row["silences"] if mark["kind"] != "hold"]
    for start, end in [(m["start"], m["end"]) for m in silences] + [(row["duration"],) * 2]:
        from_s, to_s = max(0.0, before - BEFORE_S), min(start + AFTER_S, end)
        if start - before >= TURN_S_MIN and to_s - from_s <= SECONDS_MAX:
            yield from_s, to_s
        before = end


def recordings(manifest: Path) -> Iterator[Row]:
    """Return the rows of a manifest that lack words; calls are cut, their turns written."""
    for row in manifest_rows(manifest):
        if row["transcript"]:
            continue
        if "silences" not in row:
            yield row
            continue
        samples = decode(manifest.parent / row["file"])
        about = {name: value for name, value in row.items() if name != "silences"}
        for number, (from_s, to_s) in enumerate(turns_of(row)):
            name = f"turns/{Path(row['file']).stem}-{number}.flac"
            turn = samples[round(from_s * SAMPLE_RATE) : round(to_s * SAMPLE_RATE)]
            (manifest.parent / "turns").mkdir(exist_ok=True)
            soundfile.write(manifest.parent / name, turn, SAMPLE_RATE)
            yield {**about, "file": name, "duration": round(to_s - from_s, 3)}


_recogniser: Moonshine
"""Of this process: see _begin."""


def _begin(folder: Path) -> None:
    global _recogniser
    _recogniser = Moonshine(folder)


def _hear(paths: Sequence[Path]) -> list[Heard]:
    waves = [scaled(decode(path)) for path in paths]
    loud = (min(GAIN_MAX, PEAK / max(1e-6, float(np.abs(wave).max()))) for wave in waves)
    return _recogniser.hear([wave * gain for wave, gain in zip(waves, loud, strict=True)])


def label(manifest: Path, model: Path, jobs: int) -> int:
    """Write the manifest of what was heard surely; returns how many recordings it has."""
    rows = sorted(recordings(manifest), key=lambda row: row["duration"])
    batches = [rows[first : first + BATCH] for first in range(0, len(rows), BATCH)]
    out, count, seconds, started = manifest.parent / "labelled.jsonl", 0, 0.0, time.time()
    with (
        ProcessPoolExecutor(jobs, initializer=_begin, initargs=(model,)) as pool,
        out.open("w", encoding="utf-8") as labelled,
    ):
        paths = [[manifest.parent / row["file"] for row in batch] for batch in batches]
        for number, (batch, heard) in enumerate(zip(batches, pool.map(_hear, paths), strict=True)):
            for row, said in zip(batch, heard, strict=True):
                seconds += row["duration"]
                if (words := words_to_learn(said, row["duration"])) is not None:
                    labelled.write(json.dumps({**row, "transcript": " ".join(words)}) + "\n")
                    count += 1
            if number % 20 == 19:
                speed = seconds / (time.time() - started)
                print(f"{number + 1} of {len(batches)} batches, {speed:.0f} times real time")
    print(f"{out}: {count} of {len(rows)} recordings")
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--model", type=Path, required=True, help="folder of Moonshine's tiny-en")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    options = parser.parse_args()
    label(options.manifest, options.model, options.jobs)


if __name__ == "__main__":
    sys.exit(main())

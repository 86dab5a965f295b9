"""Phone times for a prepared set by a trained model, and which transcripts do not fit.

The best path of the framewise answers through every pronunciation of the words, with
silence allowed between any two. Writes `alignment.jsonl` beside the index, as
training.bootstrap does, with `score`, the mean log-probability of the frames. Recordings
that score below --worst get null: their words were not all said, or not as written.

    python -m training.align MODEL FOLDER...
"""

import argparse
import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numba
import numpy as np
import torch
from numpy.typing import NDArray

from training.batches import DELAY_OUTPUTS
from training.data import Utterance, load, scaled
from training.lexicon import Lexicon
from training.model import Recogniser
from training.train import load_model
from turnwise.engine.features import log_mel

OUTPUT_FRAMES = 4
"""Feature frames in an output frame: alignments are written in feature frames of 10 ms."""
TAIL = 4_000
"""Samples of silence after the recording, for the answers that come late."""
WORST = -2.5
SILENCE = 0

_model: Recogniser
_lexicon: Lexicon
"""Of this process: see _begin."""


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _best_path(scores: Any, phones: Any, before: Any, starts: Any, ends: Any) -> Any:
    """The best state at each output; all -1 if there is no path.

    scores [t, 40]; phones [s]; before [s, k]: states that may lead to s besides itself, -1
    none; starts and ends [s]: whether a path may begin or end there.
    """
    outputs, states = scores.shape[0], len(phones)
    best = np.full(states, -1e30, dtype=np.float32)
    back = np.empty((outputs, states), dtype=np.int32)
    for s in range(states):
        if starts[s]:
            best[s] = scores[0, phones[s]]
        back[0, s] = s
    for t in range(1, outputs):
        new = np.empty_like(best)
        for s in range(states):
            top, source = best[s], s
            for k in range(before.shape[1]):
                other = before[s, k]
                if other >= 0 and best[other] > top:
                    top, source = best[other], other
            new[s] = top + scores[t, phones[s]]
            back[t, s] = source
        best = new
    last, top = -1, np.float32(-1e29)
    for s in range(states):
        if ends[s] and best[s] > top:
            last, top = s, best[s]
    path = np.full(outputs, -1, dtype=np.int32)
    for t in range(outputs - 1, -1, -1):
        if last < 0:
            break
        path[t] = last
        last = back[t, last]
    return path


class Graph:
    """The ways to say a row of words: states with a phone each, and what may lead to them."""

    def __init__(self, words: tuple[str, ...], lexicon: Lexicon) -> None:
        self.phones = [SILENCE]
        self.word = [-1]
        self.before: list[list[int]] = [[]]
        self.starts = [True]
        open_ends = [0]
        first = True
        for number, word in enumerate(words):
            word_ends = []
            for said in lexicon.pronunciations(word):
                leads, begins = list(open_ends), first
                for phone in said:
                    self._add(phone, number, leads, begins)
                    leads, begins = [len(self.phones) - 1], False
                word_ends += leads
            first = False
            self._add(SILENCE, -1, word_ends, False)
            open_ends = [*word_ends, len(self.phones) - 1]
        self.ends = [state in open_ends for state in range(len(self.phones))]

    def _add(self, phone: int, word: int, before: list[int], starts: bool) -> None:
        self.phones.append(phone)
        self.word.append(word)
        self.before.append(list(before))
        self.starts.append(starts)

    def best_path(self, scores: NDArray[np.float32]) -> NDArray[np.int32]:
        widest = max(1, max(len(states) for states in self.before))
        before = np.full((len(self.phones), widest), -1, dtype=np.int32)
        for state, leads in enumerate(self.before):
            before[state, : len(leads)] = leads
        path: NDArray[np.int32] = _best_path(
            scores, np.array(self.phones), before, np.array(self.starts), np.array(self.ends)
        )
        return path


def features_with_tail(utterance: Utterance) -> torch.Tensor:
    """Log-mel features of a recording and the silence after it, [1, frames, bands]."""
    tail = np.zeros(TAIL, dtype=np.float32)
    return torch.from_numpy(log_mel(np.concatenate([scaled(utterance.samples), tail])))[None]


def align(model: Recogniser, utterance: Utterance, lexicon: Lexicon) -> dict[str, Any] | None:
    """Phones with their times, in feature frames; None if the words need more time than
    there is."""
    with torch.inference_mode():
        _, last = model.encode(features_with_tail(utterance))
        scores = model.answers(model.framewise, last)[0].numpy()[DELAY_OUTPUTS:]
    graph = Graph(utterance.words, lexicon)
    path = graph.best_path(scores)
    if path[0] < 0:
        return None
    found: dict[str, Any] = {"phones": [], "starts": [], "ends": [], "words": []}
    score = float(scores[np.arange(len(path)), np.array(graph.phones)[path]].mean())
    word = -1
    for t, state in enumerate(path):
        if graph.phones[state] == SILENCE:
            continue
        if t == 0 or path[t - 1] != state:
            found["phones"].append(graph.phones[state])
            found["starts"].append(t * OUTPUT_FRAMES)
            found["ends"].append(t * OUTPUT_FRAMES)
            if graph.word[state] != word:
                word = graph.word[state]
                found["words"].append(0)
            found["words"][-1] += 1
        found["ends"][-1] = (t + 1) * OUTPUT_FRAMES
    return found | {"score": round(score, 3)}


def _begin(model: Path) -> None:
    """What a process needs to align."""
    global _model, _lexicon
    torch.set_num_threads(1)
    _model, _lexicon = load_model(model), Lexicon()


def _align(utterance: Utterance) -> dict[str, Any] | None:
    return align(_model, utterance, _lexicon)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("folders", type=Path, nargs="+", help="prepared sets")
    parser.add_argument("--worst", type=float, default=WORST, help="score below which it is null")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    options = parser.parse_args()
    with ProcessPoolExecutor(options.jobs, initializer=_begin, initargs=(options.model,)) as pool:
        for folder in options.folders:
            utterances = load(folder)
            refused = 0
            lines = []
            for number, found in enumerate(pool.map(_align, utterances, chunksize=16)):
                if found is not None and found["score"] < options.worst:
                    found = None
                refused += found is None
                lines.append(json.dumps({"number": number, "found": found}))
                if number % 1000 == 999:
                    print(
                        f"{folder}: {number + 1} of {len(utterances)}, {refused} refused",
                        flush=True,
                    )
            for old in folder.glob("alignment.jsonl*"):
                old.unlink()
            (folder / "alignment.jsonl").write_text("\n".join(lines) + "\n")
            print(f"{folder}: {len(utterances)} recordings, {refused} refused", flush=True)


if __name__ == "__main__":
    sys.exit(main())

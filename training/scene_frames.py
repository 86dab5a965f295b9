"""What the recogniser makes of scenes, kept for training: its frames, and what it knows of turns.

    python -m training.scene_frames MODEL SCENES/train SCENES/held-out

SCENES is what `training.scenes` wrote; MODEL the weights of the acoustic network. Written beside
the scenes: `frames.npy`, float16[frames, 2 x width], the network's middle and last frames;
`evidence.npy`, float32[frames, len(EVIDENCE)], what the engine tells the end-of-turn network beside
them, in every second turn with the hint of a caller who knows what to expect; `marks.npy`,
float32[frames, len(MARKS)]. Scenes follow each other; `spans.npy` says where.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence, Set
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray

from training.data import load, scaled
from training.model import Recogniser
from training.train import load_model
from turnwise.engine.completeness import Completeness, Expected
from turnwise.engine.embedded import LANGUAGE
from turnwise.engine.embedded_stream import EmbeddedStream, Tools
from turnwise.engine.endpoint import Endpoint
from turnwise.engine.features import LOOKBACK, log_mel
from turnwise.engine.interface import Hearing, Word
from turnwise.engine.language import language_from
from turnwise.engine.punctuation import NOTHING, Readable
from turnwise.engine.search import Search
from turnwise.engine.weights import read_arrays
from turnwise.units import FRAME_SAMPLES, SAMPLE_RATE_HZ

MARKS = ("silence_s", "is_end", "until_speech_s", "sort")
"""Of a frame: how long the marked silence has lasted at its end (NaN: none), whether that ends
the turn, how long until anybody speaks again (NaN: unclear), and which of SORTS the silence is."""
SORTS = ("pause", "cut", "drawl", "joined", "broken off", "answered", "quiet")


class Heard(NamedTuple):
    frames: NDArray[np.float16]
    evidence: NDArray[np.float32]
    marks: NDArray[np.float32]


class Job(NamedTuple):
    """A scene to hear."""

    number: int
    samples: NDArray[np.int16]
    silences: list[dict[str, Any]]
    turns: list[tuple[int, str | None]]


class _Plain:
    """Stands in for punctuation, of which the end of turn knows nothing."""

    def readable(self, words: list[Word], *, ended: bool, before: Readable) -> Readable:
        del words, ended, before
        return NOTHING


class Ears:
    """All it takes to hear a scene; one for each process. Words come by what the engine ships."""

    def __init__(self, model: Path) -> None:
        torch.set_num_threads(1)
        self.model: Recogniser = load_model(model)
        search = Search(language_from(read_arrays(LANGUAGE)))
        self.tools = Tools(search, cast("Any", _Plain()))
        self.completeness = Completeness.load()

    def encode(
        self, samples: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return frames float32[n, 2 x width] and answers float32[n, 2 kinds, 2, classes].

        The kinds are those of `turnwise.engine.encoder.Encoded`: CTC's, and phones by frame.
        """
        count = len(samples) // FRAME_SAMPLES
        samples = np.concatenate([np.zeros(LOOKBACK, np.float32), samples[: count * FRAME_SAMPLES]])
        sound = log_mel(samples)
        with torch.inference_mode():
            middle, last = self.model.encode(torch.from_numpy(sound)[None])
            kinds = [
                self.model.answers(by, last)[0] for by in (self.model.ctc, self.model.framewise)
            ]
        frames = torch.cat([middle, last], dim=-1)[0].numpy()
        assert len(frames) == count
        answers = torch.stack([kind.unflatten(0, (count, -1)) for kind in kinds], dim=1)
        return frames, answers.numpy()

    def evidence(
        self,
        samples: NDArray[np.float32],
        answers: NDArray[np.float32],
        new_turns: Set[int],
        expected: Mapping[int, Expected | None],
    ) -> NDArray[np.float32]:
        """Hear frame by frame as the engine does.

        Args:
            samples: A whole number of frames.
            answers: float32[n, 2 kinds, 2, classes], as `encode` returns them.
            new_turns: The frames that begin one.
            expected: From which frames on the caller expects what.
        """
        endpoint = Endpoint(self.completeness)
        stream = EmbeddedStream(0, self.tools.search.open(), (), endpoint)
        told = []
        for number, frame in enumerate(samples.reshape(-1, FRAME_SAMPLES)):
            endpoint.expected = expected.get(number, endpoint.expected)
            hearing = Hearing(frame, new_turn=number in new_turns)
            told.append(stream.hear(hearing, *answers[number], self.tools))
        return np.stack(told)

    def hear(self, job: Job) -> Heard:
        samples = scaled(job.samples[: len(job.samples) // FRAME_SAMPLES * FRAME_SAMPLES])
        frames, answers = self.encode(samples)
        ends = {s["end"] for s in job.silences if s["sort"] in ("answered", "quiet")}
        told = job.turns[(job.number + 1) % 2 :: 2]
        expected = {start // FRAME_SAMPLES: None for start, _ in job.turns}
        expected |= {start // FRAME_SAMPLES: Expected(what) for start, what in told if what}
        evidence = self.evidence(samples, answers, {end // FRAME_SAMPLES for end in ends}, expected)
        marks = marks_of(len(frames), job.silences)
        return Heard(frames.astype(np.float16), evidence, marks)


def marks_of(count: int, silences: list[dict[str, Any]]) -> NDArray[np.float32]:
    """Return float32[count, len(MARKS)] for the frames of a scene."""
    marks = np.full((count, len(MARKS)), np.nan, np.float32)
    marks[:, 2] = 0
    until = (np.arange(count) + 1) * FRAME_SAMPLES
    for silence in silences:
        inside = (until > silence["start"]) & (until <= silence["end"])
        if silence["kind"] == "unclear":
            marks[inside, 2] = np.nan
            continue
        marks[inside, 0] = (until[inside] - silence["start"]) / SAMPLE_RATE_HZ
        marks[inside, 1] = silence["kind"] == "end"
        marks[inside, 2] = (silence["end"] - until[inside]) / SAMPLE_RATE_HZ
        marks[inside, 3] = SORTS.index(silence["sort"]) if silence["sort"] in SORTS else -1
    return marks


_ears: Ears
"""Of this process: see _begin."""


def _begin(model: Path) -> None:
    global _ears
    _ears = Ears(model)


def _hear(job: Job) -> Heard:
    return _ears.hear(job)


def keep(model: Path, folders: Sequence[Path], *, share: float = 1.0, jobs: int = 2) -> None:
    """Hear scenes and keep what was heard beside them.

    Args:
        model: Weights of the acoustic network.
        folders: Of scenes.
        share: Of each folder's scenes, the first of them.
        jobs: Processes.
    """
    with ProcessPoolExecutor(jobs, initializer=_begin, initargs=(model,)) as pool:
        for folder in folders:
            utterances = load(folder)
            lines = (folder / "utterances.jsonl").read_text().splitlines()
            count = round(share * len(utterances))
            told = [json.loads(line) for line in lines[:count]]
            work = [
                Job(number, utterances[number].samples, about["silences"], about["turns"])
                for number, about in enumerate(told)
            ]
            heard: list[Heard] = []
            for number, found in enumerate(pool.map(_hear, work, chunksize=4)):
                heard.append(found)
                if number % 20 == 0:
                    print(f"\r{folder}: {number} of {count}", end="", file=sys.stderr, flush=True)
            for name, parts in zip(Heard._fields, zip(*heard, strict=True), strict=True):
                np.save(folder / f"{name}.npy", np.concatenate(parts))
            np.save(folder / "spans.npy", np.cumsum([0, *(len(h.marks) for h in heard)]))
            print(file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("scenes", type=Path, nargs="+")
    parser.add_argument("--share", type=float, default=1.0, help="of the scenes")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    options = parser.parse_args()
    keep(options.model, options.scenes, share=options.share, jobs=options.jobs)


if __name__ == "__main__":
    main()

"""Batches for training, made on the fly: joined, perturbed and masked recordings.

An endless stream of examples is drawn from prepared sets in proportion to their weights,
augmented, turned into log-mel features and put into buckets of like length, so that a
batch wastes little on padding and tensors have few different shapes.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import IterableDataset

from training.augment import augment
from training.data import SAMPLE_RATE, Utterance, load, scaled
from training.lexicon import Lexicon
from turnwise.engine.features import HOP, filters, log_mel

OUTPUT_MS = 40
DELAY_OUTPUTS = 3
"""The framewise targets lag the sound by 120 ms: the look-ahead of the model."""
UNKNOWN = -1
"""Framewise target where no alignment is known."""
BUCKETS_S = (1.92, 2.88, 3.84, 5.12, 6.4, 8.0, 9.6, 11.2, 12.8, 14.4, 16.0, 18.56, 22.4)
BATCH_S = 64.0
JOIN_BELOW_S = 1.3
"""Shorter clips are joined with others of their speaker: nobody says one digit alone."""
JOINED_S = 6.0
JOIN_CHANCE = 0.1
"""Of two longer utterances being joined as well: turns hold several sentences."""
GAP_S = (0.02, 0.5)
AGAIN = 600
"""Examples kept to be used a second time: making them costs as much as learning them."""
VALIDATION = 0.05
"""Share of the speakers that are held out."""
NOTHING_CHANCE = 0.02
"""Of an example in which nobody speaks."""
WARPS = tuple(np.linspace(0.88, 1.12, 9))


@dataclass(frozen=True, slots=True)
class Aligned:
    """An utterance with the phones said in it and, if known, where each one is."""

    utterance: Utterance
    phones: tuple[int, ...]
    starts: "NDArray[np.float32] | None"  # seconds, as ends
    ends: "NDArray[np.float32] | None"


class Batch(NamedTuple):
    features: torch.Tensor  # [n, rows, bands]
    rows: torch.Tensor  # [n] int64, how many are sound
    phones: torch.Tensor  # [sum of lengths] int64
    lengths: torch.Tensor  # [n] int64
    frames: torch.Tensor  # [n, rows // 4] int64, 0 silence, 1..39 or UNKNOWN


def aligned(folder: Path, lexicon: Lexicon) -> list[Aligned]:
    """A prepared set with its phones, from its alignment where there is one."""
    utterances = load(folder)
    found: dict[int, dict[str, Any]] = {}
    for path in sorted(folder.glob("alignment.jsonl*")):
        for line in path.read_text().splitlines():
            row = json.loads(line)
            if row["found"]:
                found[row["number"]] = row["found"]
    out = []
    for number, utterance in enumerate(utterances):
        if (at := found.get(number)) is not None:
            starts = np.array(at["starts"], dtype=np.float32) / 100
            ends = np.array(at["ends"], dtype=np.float32) / 100
            out.append(Aligned(utterance, tuple(at["phones"]), starts, ends))
        elif (phones := lexicon.phones(utterance.words)) is not None:
            out.append(Aligned(utterance, phones, None, None))
    return out


def place(speaker: str) -> float:
    """Return a speaker's place among all, 0 to 1, fixed by the name."""
    return sum(speaker.encode()) * 2654435761 % 2**32 / 2**32


def is_validation(speaker: str) -> bool:
    """Whether a training speaker is held out: about one in twenty, fixed by the name."""
    return place(speaker) < VALIDATION and speaker != "None"


def is_among(speaker: str, share: float) -> bool:
    """Whether a speaker belongs to the first share of those to learn from."""
    return place(speaker) <= VALIDATION + share * (1 - VALIDATION)


class Example(NamedTuple):
    features: NDArray[np.float32]
    phones: tuple[int, ...]
    frames: NDArray[np.int64]


def framewise(example: Aligned, offset: float, scale: float, outputs: int) -> NDArray[np.int64]:
    """The phone at the middle of each output frame, DELAY_OUTPUTS late."""
    if example.starts is None or example.ends is None:
        return np.full(outputs, UNKNOWN, dtype=np.int64)
    middle = (np.arange(outputs) - DELAY_OUTPUTS + 0.5) * OUTPUT_MS / 1000
    index = np.searchsorted(example.starts * scale + offset, middle, side="right") - 1
    inside = (index >= 0) & (middle < example.ends[index] * scale + offset)
    return np.where(inside, np.array(example.phones)[index], 0)


class Examples(IterableDataset[Batch]):
    """Endless batches of augmented examples from weighted prepared sets."""

    def __init__(
        self,
        sets: list[tuple[list[Aligned], float]],
        *,
        seed: int,
        noises: list[NDArray[np.float32]],
        batch_s: float = BATCH_S,
        augmented: float = 1.0,
    ) -> None:
        self.sets = [(examples, weight) for examples, weight in sets if examples]
        self.seed = seed
        self.noises = noises
        self.batch_s = batch_s
        self.augmented = augmented
        self.banks = [filters(warp) for warp in WARPS]

    def __iter__(self) -> Iterator[Batch]:
        torch.set_num_threads(1)
        rng = np.random.default_rng(self.seed)
        draws = [self._draw(examples, rng) for examples, _ in self.sets]
        weights = np.array([weight for _, weight in self.sets])
        buckets: dict[float, list[Example]] = {length: [] for length in BUCKETS_S}
        again: list[Example] = []
        while True:
            group = next(draws[rng.choice(len(draws), p=weights / weights.sum())])
            example = self._example(group, rng)
            if len(again) < AGAIN:
                again.append(example)
            else:  # one made earlier once more, and this one later: masks make them differ
                place = rng.integers(AGAIN)
                yield from self._put(again[place], buckets)
                again[place] = example
            yield from self._put(example, buckets)

    def _put(self, example: Example, buckets: dict[float, list[Example]]) -> Iterator[Batch]:
        """Put it into its bucket; a batch if that is full now."""
        length = example.features.shape[0] * HOP / SAMPLE_RATE
        bucket = next((b for b in BUCKETS_S if length <= b), None)
        if bucket is None:
            return
        buckets[bucket].append(example)
        if len(buckets[bucket]) >= max(1, int(self.batch_s / bucket)):
            yield collate(buckets[bucket], round(bucket * SAMPLE_RATE / HOP))
            buckets[bucket] = []

    def _draw(self, examples: list[Aligned], rng: np.random.Generator) -> Iterator[list[Aligned]]:
        """All of a set in random order, again and again, short clips joined by speaker."""
        while True:
            short: dict[str, list[Aligned]] = {}
            waiting: Aligned | None = None
            for index in rng.permutation(len(examples)):
                example = examples[index]
                seconds = len(example.utterance.samples) / SAMPLE_RATE
                if seconds < JOIN_BELOW_S:
                    group = short.setdefault(example.utterance.speaker, [])
                    group.append(example)
                    if len(group) >= rng.integers(2, 12):
                        yield short.pop(example.utterance.speaker)
                elif waiting is not None and seconds < JOINED_S:
                    yield [waiting, example]
                    waiting = None
                elif seconds < JOINED_S and rng.random() < JOIN_CHANCE:
                    waiting = example
                else:
                    yield [example]
            yield from short.values()

    def _example(self, group: list[Aligned], rng: np.random.Generator) -> Example:
        if rng.random() < NOTHING_CHANCE:
            quiet = rng.normal(0, 10 ** rng.uniform(-5, -0.7), rng.integers(16_000, 80_000))
            samples = augment(quiet.astype(np.float32), rng, noises=self.noises or None)
            return Example(log_mel(samples), (), np.zeros(len(samples) // 640, dtype=np.int64))
        pieces, offsets, position = [], [], 0
        for number, part in enumerate(group):
            if number:
                gap = int(rng.uniform(*GAP_S) * SAMPLE_RATE)
                pieces.append(np.zeros(gap, dtype=np.float32))
                position += gap
            offsets.append(position / SAMPLE_RATE)
            pieces.append(scaled(part.utterance.samples))
            position += len(pieces[-1])
        samples = np.concatenate(pieces)
        if rng.random() < self.augmented:
            samples = augment(samples, rng, noises=self.noises or None)
        scale = len(samples) / position
        features = log_mel(samples, self.banks[rng.integers(len(self.banks))])
        outputs = features.shape[0] // 4
        frames = framewise(group[0], offsets[0] * scale, scale, outputs)
        for part, offset in zip(group[1:], offsets[1:], strict=True):
            late = framewise(part, offset * scale, scale, outputs)
            first = int(offset * scale * 25) + DELAY_OUTPUTS
            frames[first:] = late[first:]
        return Example(features, tuple(p for part in group for p in part.phones), frames)


def collate(examples: list[Example], rows: int) -> Batch:
    """One batch, each example followed by silence of its own quietest level."""
    features = np.empty((len(examples), rows, examples[0].features.shape[1]), dtype=np.float32)
    frames = np.full((len(examples), rows // 4), UNKNOWN, dtype=np.int64)
    for number, example in enumerate(examples):
        length = len(example.features)
        features[number, :length] = example.features
        features[number, length:] = np.quantile(example.features, 0.05, axis=0)
        frames[number, : len(example.frames)] = example.frames[: rows // 4]
    return Batch(
        torch.from_numpy(features),
        torch.tensor([len(example.features) for example in examples]),
        torch.tensor([phone for example in examples for phone in example.phones]),
        torch.tensor([len(example.phones) for example in examples]),
        torch.from_numpy(frames),
    )


def mask_spectrum(
    features: torch.Tensor, rows: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    """SpecAugment (Park et al., 2019): two bands and up to one stretch in 2 s put to the mean."""
    features = features.clone()
    n, _, bands = features.shape

    def pick(limit: int) -> int:
        return int(torch.randint(0, max(1, limit), (1,), generator=generator))

    for number in range(n):
        sound = features[number, : rows[number]]
        middle = sound.mean()
        for _ in range(2):
            width = pick(16)
            start = pick(bands - width)
            sound[:, start : start + width] = middle
        for _ in range(1 + len(sound) // 200):
            width = pick(min(20, len(sound) // 8 + 1))
            start = pick(len(sound) - width)
            sound[start : start + width] = middle
    return features

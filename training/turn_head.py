"""Train the end-of-turn network on scenes as the recogniser hears them, and export it.

    python -m training.turn_head SCENES[:SHARE]... --model MODEL

SCENES is what `training.scenes` wrote, SHARE how much of every batch is from there (1), MODEL the
weights of the acoustic network, through which the scenes are heard first
(`training.scene_frames`); without it, what was kept last time is used. The result goes into the
engine's folder unless --out says otherwise.

The best of the seeds is kept; each stops when held-out speakers no longer gain. What it says is
then scaled and shifted so that, on held-out speakers, it comes true as often as it says.

It learns whether a silence ends the turn, the first 0.4 s of each counting four times; and beside
that, for what it teaches the layers below, how long until anybody speaks and whether somebody
speaks now.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from training.completeness import area
from training.export import FLOAT, Graph, array_of
from training.scene_frames import SORTS, keep
from turnwise.engine.endpoint import EVIDENCE, FILE
from turnwise.engine.weights import FOLDER, record

DIRECTIONS = 48
"""Of the acoustic network's frames that are looked at: those they differ in most."""
WIDTH = 64
HIDDEN = 32
UNTIL_S = (0.2, 0.4, 0.8, 1.6, 3.0)
"""Edges of the classes of how long until the same speaker goes on; one more for never."""
EARLY_S, EARLY_WEIGHT = 0.4, 4.0
LATE_S, LATE_WEIGHT = 1.6, 0.3
SILENCE_MAX_S = 3.0
LOOK_AT_S = (0.1, 0.3, 0.6)
FRAME_S = 0.08
ENDS_PER_HOLD, HOLD_S_MIN = 0.7, 0.2
"""How many ends there are for each pause of so long or longer. Scenes have as many as whoever made
them chose. People who talk to machines make half as many ends as pauses (the English of LiveKit's
eot-bench: 400 and 850), those who answer questions about as many."""
SAMPLE = 8_000
"""Frames, to find their directions by."""
AUXILIARY = 0.2
BATCH = 32
STEPS, CHECK_EVERY, PATIENCE = 4500, 150, 8
RATE, WEIGHT_DECAY = 2e-3, 0.02
DROPOUT = 0.25
BLIND = 0.2
"""Of scenes: what the words say is hidden, so that the sound is learnt as well."""
WORDY = [EVIDENCE.index(name) for name in ("complete", "has words", "certain", "count")]


@dataclass(frozen=True, slots=True)
class Sight:
    """Which directions of frames the network looks at."""

    look: NDArray[np.float32]
    """float32[width of frames, directions]"""
    centre: NDArray[np.float32]
    """float32[directions]: what is seen of the average."""

    @classmethod
    def of(cls, frames: NDArray[np.float16]) -> Self:
        """Look at their principal directions, each of unit spread."""
        sample = frames[:: max(1, len(frames) // SAMPLE)].astype(np.float32)
        mean = sample.mean(axis=0)
        _, spread, directions = np.linalg.svd(sample - mean, full_matrices=False)
        unit = np.maximum(spread[:DIRECTIONS, None] / np.sqrt(len(sample)), 1e-3)
        look = (directions[:DIRECTIONS] / unit).T.astype(np.float32)
        return cls(look, mean @ look)

    @classmethod
    def whole(cls, width: int) -> Self:
        """Look at frames of that width as they are."""
        return cls(np.eye(width, dtype=np.float32), np.zeros(width, np.float32))

    def see(self, frames: NDArray[np.float16]) -> NDArray[np.float32]:
        """Return float32[n, directions]."""
        seen: NDArray[np.float32] = frames.astype(np.float32) @ self.look - self.centre
        return seen


class Head(nn.Module):
    """What is seen, and evidence -> log-odds that the turn is over.

    Args:
        directions: How many are seen.
        width: Of the state.
        hidden: Of the layer before the answer.
    """

    def __init__(self, directions: int, *, width: int = WIDTH, hidden: int = HIDDEN) -> None:
        super().__init__()
        self.into = nn.Linear(directions + len(EVIDENCE), width)
        self.recur = nn.GRU(width, width, batch_first=True)
        self.hidden = nn.Linear(2 * width, hidden)
        self.out = nn.Linear(hidden, 1)
        self.until = nn.Linear(hidden, len(UNTIL_S) + 2)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """[n, t, directions + evidence] -> log-odds [n, t], and logits of auxiliary targets."""
        x = functional.silu(self.into(self.dropout(x)))
        states, _ = self.recur(self.dropout(x))
        hidden = functional.silu(self.hidden(self.dropout(torch.cat([states, x], dim=-1))))
        return self.out(hidden)[..., 0], self.until(hidden)

    def inner(self, sight: Sight) -> tuple[Tensor, Tensor]:
        """Return weight [WIDTH, frames + evidence] and bias of what goes in."""
        look, centre = torch.from_numpy(sight.look), torch.from_numpy(sight.centre)
        weight, bias = self.into.weight.detach(), self.into.bias.detach()
        of_frames, of_evidence = weight.split([len(centre), len(EVIDENCE)], dim=1)
        return torch.cat([of_frames @ look.T, of_evidence], dim=1), bias - of_frames @ centre


@dataclass(frozen=True, slots=True)
class Heard:
    """Scenes as `training.scene_frames` keeps them."""

    frames: NDArray[np.float16]
    evidence: NDArray[np.float32]
    marks: NDArray[np.float32]
    spans: NDArray[np.int64]

    def seen(self, sight: Sight) -> "Scenes":
        inputs = np.concatenate([sight.see(self.frames), self.evidence], axis=1)
        return Scenes(inputs, self.marks, self.spans)


@dataclass(frozen=True, slots=True)
class Scenes:
    """Scenes as the network sees them."""

    inputs: NDArray[np.float32]
    marks: NDArray[np.float32]
    spans: NDArray[np.int64]

    def batch(self, numbers: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Return inputs [n, t, directions + evidence] and marks [n, t, len(MARKS)].

        After a scene's end its marks are NaN.
        """
        spans = [(self.spans[number], self.spans[number + 1]) for number in numbers]
        longest = max(end - start for start, end in spans)
        inputs = np.zeros((len(spans), longest, self.inputs.shape[1]), np.float32)
        marks = np.full((len(spans), longest, self.marks.shape[1]), np.nan, np.float32)
        for row, (start, end) in enumerate(spans):
            inputs[row, : end - start] = self.inputs[start:end]
            marks[row, : end - start] = self.marks[start:end]
        return torch.from_numpy(inputs), torch.from_numpy(marks)

    def __len__(self) -> int:
        return len(self.spans) - 1


class Source:
    """Scenes to draw from, all of them before any again.

    Args:
        scenes: In which an end counts as `worth_of_ends` says.
        share: Of every batch, if the shares of all sources are 1 together.
    """

    def __init__(self, scenes: Scenes, share: float) -> None:
        self.scenes = scenes
        self.share = share
        self.worth = worth_of_ends(scenes.marks)
        self._order: list[int] = []

    def draw(self, rng: np.random.Generator) -> NDArray[np.int64]:
        count = max(1, round(BATCH * self.share))
        while len(self._order) < count:
            self._order += list(rng.permutation(len(self.scenes)))
        drawn, self._order = self._order[:count], self._order[count:]
        return np.array(drawn)


def together(parts: Sequence[Scenes]) -> Scenes:
    ends = np.cumsum([0, *(part.spans[-1] for part in parts)])
    spans = [part.spans[1:] + before for part, before in zip(parts, ends[:-1], strict=True)]
    return Scenes(
        np.concatenate([part.inputs for part in parts]),
        np.concatenate([part.marks for part in parts]),
        np.concatenate([[0], *spans]),
    )


def load_heard(folder: Path) -> Heard:
    names = ("frames", "evidence", "marks", "spans")
    return Heard(*(np.load(folder / f"{name}.npy") for name in names))


def worth_of_ends(marks: NDArray[np.float32]) -> float:
    """Return how much an end is to count, so that there are ENDS_PER_HOLD of them."""
    first = (marks[:, 0] >= HOLD_S_MIN) & (marks[:, 0] < HOLD_S_MIN + FRAME_S)
    ends = float((marks[first, 1] > 0.5).sum())
    return ENDS_PER_HOLD * (first.sum() - ends) / ends if ends else 1.0


def weights_of(marks: Tensor, worth_of_ends: float) -> Tensor:
    """Return how much each frame counts; those outside marked silences not at all."""
    silence_s = torch.nan_to_num(marks[..., 0], nan=-1.0)
    weight = torch.where(silence_s <= EARLY_S, EARLY_WEIGHT, 1.0)
    weight = torch.where(silence_s > LATE_S, LATE_WEIGHT, weight)
    weight = torch.where(marks[..., 1] > 0.5, worth_of_ends * weight, weight)
    return weight * ((silence_s > 0) & (silence_s <= SILENCE_MAX_S))


def loss_of(log_odds: Tensor, others: Tensor, marks: Tensor, worth_of_ends: float) -> Tensor:
    weight = weights_of(marks, worth_of_ends)
    ends = torch.nan_to_num(marks[..., 1])
    main = functional.binary_cross_entropy_with_logits(log_odds, ends, weight, reduction="sum")
    until_s = torch.nan_to_num(marks[..., 2].contiguous())
    classes = torch.bucketize(until_s, torch.tensor(UNTIL_S))
    classes = torch.where(ends > 0.5, len(UNTIL_S), classes)
    known = ~torch.isnan(marks[..., 2])
    in_silence = known & ~torch.isnan(marks[..., 0])
    until = functional.cross_entropy(others[..., :-1][in_silence], classes[in_silence])
    voiced = functional.binary_cross_entropy_with_logits(
        others[..., -1][known], torch.isnan(marks[..., 0])[known].float()
    )
    return main / weight.sum() + AUXILIARY * (until + voiced)


def predict(head: Head, scenes: Scenes) -> NDArray[np.float32]:
    """Return the log-odds of all frames, one scene after the other."""
    head.eval()
    out = np.zeros(scenes.spans[-1], np.float32)
    with torch.inference_mode():
        for first in range(0, len(scenes), BATCH):
            numbers = np.arange(first, min(first + BATCH, len(scenes)))
            log_odds, _ = head(scenes.batch(numbers)[0])
            for row, number in enumerate(numbers):
                start, end = scenes.spans[number], scenes.spans[number + 1]
                out[start:end] = log_odds[row, : end - start].numpy()
    return out


def areas(said: NDArray[Any], marks: NDArray[np.float32]) -> dict[str, list[float]]:
    """Return the area under the curve at each of LOOK_AT_S, over all holds and for each sort."""
    found: dict[str, list[float]] = {}
    is_end = marks[:, 1] > 0.5
    for name in ("all", *SORTS[:5]):
        found[name] = []
        for look_s in LOOK_AT_S:
            at = (marks[:, 0] >= look_s) & (marks[:, 0] < look_s + FRAME_S)
            if name != "all":
                at &= is_end | (marks[:, 3] == SORTS.index(name))
            found[name].append(area(said[at], is_end[at].astype(np.float32)))
    return found


def weighted_loss(said: NDArray[Any], marks: NDArray[np.float32]) -> float:
    """Return the mean loss on silences, as it is trained."""
    weight = weights_of(torch.from_numpy(marks), worth_of_ends(marks)).numpy()
    sign = np.where(marks[:, 1] > 0.5, -1.0, 1.0)
    return float((np.logaddexp(0, sign * said) * weight).sum() / weight.sum())


def train(sources: Sequence[Source], held_out: Sequence[Scenes], seed: int) -> tuple[Head, float]:
    """Return the network that was best on held-out speakers, and its loss there.

    Args:
        sources: What to learn from.
        held_out: Of each source, counting as much as that.
        seed: Of the first weights and of the order.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    directions = held_out[0].inputs.shape[1] - len(EVIDENCE)
    head = Head(directions)
    optimizer = torch.optim.AdamW(head.parameters(), lr=RATE, weight_decay=WEIGHT_DECAY)
    best, best_loss, best_step = head.state_dict(), float("inf"), 0
    started = time.time()
    for step in range(STEPS + 1):
        if step % CHECK_EVERY == 0:
            said = [predict(head, part) for part in held_out]
            losses = [honest(s, part.marks).loss for s, part in zip(said, held_out, strict=True)]
            loss = sum(source.share * part for source, part in zip(sources, losses, strict=True))
            line = {"step": step, "loss": round(loss, 4), "seconds": round(time.time() - started)}
            found = [areas(s, part.marks)["all"] for s, part in zip(said, held_out, strict=True)]
            rounded = [[round(a, 3) for a in part] for part in found]
            print(json.dumps(line | {"auc": rounded}), flush=True)
            if loss < best_loss:
                best, best_loss, best_step = _copy(head), loss, step
            elif step - best_step >= PATIENCE * CHECK_EVERY:
                break
        head.train()
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / 50) * (1 - 0.9 * step / STEPS)
        optimizer.zero_grad(set_to_none=True)
        for source in sources:
            numbers = source.draw(rng)
            inputs, marks = source.scenes.batch(numbers)
            blind = torch.from_numpy(rng.random(len(numbers)) < BLIND)
            for number in WORDY:
                inputs[blind, :, directions + number] = 0
            (source.share * loss_of(*head(inputs), marks, source.worth)).backward()
        nn.utils.clip_grad_norm_(head.parameters(), 1.0)
        optimizer.step()
    head.load_state_dict(best)
    return head, best_loss


def _copy(head: Head) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in head.state_dict().items()}


class Honesty(NamedTuple):
    """What makes log-odds come true as often as they say."""

    scale: float
    """Never negative, so that the order stays."""
    shift: float
    loss: float
    """With them."""


def honest(said: NDArray[Any], marks: NDArray[np.float32]) -> Honesty:
    weight = weights_of(torch.from_numpy(marks), worth_of_ends(marks)).double()
    counts = weight > 0
    odds = torch.from_numpy(said).double()[counts]
    ends, weight = torch.from_numpy(marks[:, 1]).double()[counts], weight[counts]
    by = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([by], max_iter=50, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        scaled = by[0].exp() * odds + by[1]
        loss = functional.binary_cross_entropy_with_logits(scaled, ends, weight, reduction="sum")
        loss = loss / weight.sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    loss = float(closure().detach())
    log_scale, shift = by.tolist()
    return Honesty(exp(log_scale), shift, loss)


def calibrate(head: Head, held_out: Scenes) -> Honesty:
    """Make the answer come true as often as it says."""
    found = honest(predict(head, held_out), held_out.marks)
    rescale(head, found.scale, found.shift)
    return found


def rescale(head: Head, scale: float, shift: float) -> None:
    """Scale the log-odds that it answers, and shift them then."""
    with torch.no_grad():
        head.out.weight *= scale
        head.out.bias *= scale
        head.out.bias += shift


def save(head: Head, sight: Sight, out: Path) -> None:
    """Write the graph, with its fingerprint where the engine looks for one."""
    onnx.save(graph_of(head, sight), out)
    if out.parent == FOLDER:
        record(out)


def graph_of(head: Head, sight: Sight) -> onnx.ModelProto:
    """The graph that turnwise.engine.endpoint runs, which says what goes in and out."""
    g = Graph()
    width = len(sight.look) // 2
    middle, last = (g.input(name, FLOAT, ["n", width]) for name in ("middle", "last"))
    evidence = g.input("evidence", FLOAT, ["n", len(EVIDENCE)])
    before = g.input("state", FLOAT, ["n", head.recur.hidden_size])
    weight, bias = head.inner(sight)
    x = g("Concat", middle, last, evidence, axis=1)
    x = g("Gemm", x, g.weight(weight.T), g.constant(array_of(bias)))
    x = g("Mul", x, g("Sigmoid", x))
    recur, size = head.recur, head.recur.hidden_size
    of_input = g("Gemm", x, g.weight(recur.weight_ih_l0.T), g.constant(array_of(recur.bias_ih_l0)))
    of_state = g(
        "Gemm", before, g.weight(recur.weight_hh_l0.T), g.constant(array_of(recur.bias_hh_l0))
    )
    thirds = g.constant([size, size, size])
    reset_in, keep_in, fresh_in = g.several("Split", [of_input, thirds], 3, axis=1)
    reset_on, keep_on, fresh_on = g.several("Split", [of_state, thirds], 3, axis=1)
    reset = g("Sigmoid", g("Add", reset_in, reset_on))
    keep = g("Sigmoid", g("Add", keep_in, keep_on))
    fresh = g("Tanh", g("Add", fresh_in, g("Mul", reset, fresh_on)))
    state = g("Add", fresh, g("Mul", keep, g("Sub", before, fresh)))
    hidden = g.linear(g("Concat", state, x, axis=1), head.hidden)
    hidden = g("Mul", hidden, g("Sigmoid", hidden))
    g.output("log_odds", g.linear(hidden, head.out), ["n", 1])
    g.output("new_state", state, ["n", size])
    return g.model()


def show(name: str, said: NDArray[Any], scenes: Scenes) -> None:
    print(name, f"loss {weighted_loss(said, scenes.marks):.4f}")
    for sort, found in areas(said, scenes.marks).items():
        print(f"    {sort:12}", " ".join(f"{value:.3f}" for value in found))


def with_shares(entries: Sequence[str]) -> tuple[list[Path], list[float]]:
    """Return what entries like PATH:SHARE name, and shares that are 1 together; alone, PATH has 1.

    Raises:
        ValueError: A share is no number.
    """
    parted = [entry.partition(":") for entry in entries]
    shares = np.array([float(share or 1) for _, _, share in parted])
    return [Path(path) for path, _, _ in parted], (shares / shares.sum()).tolist()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("scenes", nargs="+", metavar="SCENES[:SHARE]")
    parser.add_argument("--out", type=Path, default=FOLDER / FILE)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2], help="the best is kept")
    parser.add_argument("--hide", choices=("frames", "words", "evidence"), help="to weigh a part")
    parser.add_argument("--report", type=Path, nargs="*", default=[], help="other scenes")
    parser.add_argument("--model", type=Path, help="hear the scenes with these weights first")
    parser.add_argument("--share", type=float, default=1.0, help="of the scenes to hear")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes that hear")
    options = parser.parse_args()
    folders, shares = with_shares(options.scenes)
    if options.model:
        heard_first = [folder / name for folder in folders for name in ("train", "held-out")]
        keep(options.model, heard_first, share=options.share, jobs=options.jobs)
    trained_on = [load_heard(folder / "train") for folder in folders]
    judged_by = [load_heard(folder / "held-out") for folder in folders]
    others = [load_heard(folder) for folder in options.report]
    for kept in (*trained_on, *judged_by, *others):
        if options.hide == "frames":
            kept.frames[:] = 0
        elif options.hide:
            kept.evidence[:, WORDY if options.hide == "words" else slice(None)] = 0
    sight = Sight.of(np.concatenate([heard.frames for heard in trained_on]))
    sources = [
        Source(heard.seen(sight), share) for heard, share in zip(trained_on, shares, strict=True)
    ]
    held_out = [heard.seen(sight) for heard in judged_by]
    everything = together(held_out)
    for name in ("complete", "loudness"):
        clue = np.concatenate([heard.evidence[:, EVIDENCE.index(name)] for heard in judged_by])
        show(name, clue, everything)
    trained = [train(sources, held_out, seed) for seed in options.seeds]
    head, loss = min(trained, key=lambda found: found[1])
    print("losses", [found[1] for found in trained], "kept", loss, file=sys.stderr)
    print(calibrate(head, everything))
    for folder, part in zip(folders, held_out, strict=True):
        show(folder.name, predict(head, part), part)
    for folder, heard in zip(options.report, others, strict=True):
        other = heard.seen(sight)
        show(folder.name, predict(head, other), other)
    save(head, sight, options.out)


if __name__ == "__main__":
    main()

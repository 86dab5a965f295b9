"""Train the acoustic model: a plain loop that resumes from its last checkpoint.

    python -m training.train RUN --set FOLDER[:WEIGHT[:SHARE]] ... --hours 150

RUN is a folder. It keeps `checkpoint.pt` (all that is needed to go on), `average.pt` (the
running average of the weights, which is what gets evaluated and exported) and
`curve.jsonl`, one line for each report. The length of a training is counted in hours of
augmented speech heard: the learning rate rises for the first half hour, stays, and falls
to zero over the last third. To train further on what stays, give more --hours before the
fall begins, or start from an average with --init.
"""

import argparse
import json
import re
import sys
import time
from dataclasses import asdict
from pathlib import Path

import torch
from torch.nn import functional
from torch.utils.data import DataLoader

from training.batches import (
    BATCH_S,
    UNKNOWN,
    Aligned,
    Batch,
    Examples,
    aligned,
    is_among,
    is_validation,
    mask_spectrum,
)
from training.data import decode, scaled
from training.lexicon import Lexicon
from training.model import STEM_STRIDE, Config, Recogniser
from training.sequence import log_denominator, phone_trigram
from training.validate import held_out_batches, validate
from turnwise.engine.features import HOP
from turnwise.units import SAMPLE_RATE_HZ

WARM_HOURS = 0.5
FALL_FROM = 2 / 3
LATE_OUTPUTS = 4
"""How far into the padding an answer may come: the model's look-ahead."""
MIDDLE_SHARE = 0.3
FRAMEWISE_SHARE = 1.0
DENOMINATOR_SHARE = 0.6
"""A little under CTC's own: what is left over keeps the scores from drifting."""
AVERAGE_DECAY = 0.9985
CLIP = 2.0
VALIDATE_EVERY = 5
"""Reports between looks at held-out speakers."""
MATRIX = re.compile(r"layers\..*(up|down|query|key|value|position|out|into)\.weight")
"""The weights Muon moves (Jordan et al., 2024): it learns as much in two thirds of the
updates AdamW needs. AdamW moves the rest, at half the rate."""
MUON_STEPS = 3
"""Of Newton and Schulz's iteration, usually 5: on a CPU each costs a twelfth of an update."""


def rate_at(hours: float, total: float, peak: float) -> float:
    if hours < WARM_HOURS:
        return peak * (hours + 0.02) / WARM_HOURS
    fall = FALL_FROM * total
    return peak * min(1.0, max(0.02, (total - hours) / (total - fall)))


def losses(
    model: Recogniser, batch: Batch, features: torch.Tensor, trigram: torch.Tensor | None = None
) -> dict[str, torch.Tensor]:
    """CTC on the last and the middle frames (Lee and Watanabe, 2021), both per output frame,
    framewise cross-entropy where an alignment is known, and with a phone trigram the
    denominator of sequence training."""
    config = model.config
    middle, last = model.encode(features)
    outputs = features.shape[1] // STEM_STRIDE * config.outputs_per_frame
    per_frame = config.outputs_per_frame
    heard = torch.clamp(batch.rows // STEM_STRIDE * per_frame + LATE_OUTPUTS, max=outputs)

    def ctc(log_probs: torch.Tensor) -> torch.Tensor:
        each = functional.ctc_loss(
            log_probs.transpose(0, 1), batch.phones, heard, batch.lengths,
            reduction="none", zero_infinity=True,
        )  # fmt: skip
        return each.sum() / heard.sum()

    framewise = functional.nll_loss(
        model.answers(model.framewise, last).flatten(0, 1),
        batch.frames[:, :outputs].flatten(),
        ignore_index=UNKNOWN,
    )
    log_probs = model.answers(model.ctc, last)
    parts = {
        "ctc": ctc(log_probs),
        "middle": ctc(model.answers(model.middle_ctc, middle)),
        "framewise": torch.nan_to_num(framewise),
    }
    if trigram is not None:
        parts["denominator"] = log_denominator(log_probs, heard, trigram).sum() / heard.sum()
    return parts


class Run:
    """The state of a training and the folder it is kept in."""

    def __init__(self, folder: Path, config: Config, rate: float) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.model = Recogniser(config)
        self.working = Recogniser(config).to(torch.bfloat16)
        """What is run, in half the bits; the model itself takes the updates."""
        self.average = Recogniser(config)
        self.average.load_state_dict(self.model.state_dict())
        matrices = [p for n, p in self.model.named_parameters() if MATRIX.match(n) and p.ndim == 2]
        rest = [
            p for n, p in self.model.named_parameters() if not (MATRIX.match(n) and p.ndim == 2)
        ]
        self.optimizers: tuple[torch.optim.Optimizer, ...] = (
            torch.optim.Muon(
                matrices,
                lr=rate,
                adjust_lr_fn="match_rms_adamw",
                weight_decay=0.01,
                ns_steps=MUON_STEPS,
            ),
            torch.optim.AdamW(rest, lr=rate / 2, betas=(0.9, 0.98), weight_decay=0.01, fused=True),
        )
        self.rates = (rate, rate / 2)
        self.hours = 0.0
        self.updates = 0

    def resume(self) -> bool:
        path = self.folder / "checkpoint.pt"
        if not path.exists():
            return False
        state = torch.load(path, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        for optimizer, kept in zip(self.optimizers, state["optimizers"], strict=True):
            groups = [dict(group) for group in optimizer.param_groups]
            optimizer.load_state_dict(kept)
            for group, wanted in zip(optimizer.param_groups, groups, strict=True):
                group.update({k: v for k, v in wanted.items() if k != "params"})
        self.hours, self.updates = state["hours"], state["updates"]
        return True

    def save(self) -> None:
        state = {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "hours": self.hours,
            "updates": self.updates,
        }
        torch.save(state, self.folder / "checkpoint.tmp")
        (self.folder / "checkpoint.tmp").rename(self.folder / "checkpoint.pt")
        save_model(self.average, self.folder / "average.pt")

    @torch.no_grad()
    def begin(self) -> None:
        """Bring the working copy up to the model."""
        torch._foreach_copy_(list(self.working.parameters()), list(self.model.parameters()))
        self.working.zero_grad(set_to_none=True)

    @torch.no_grad()
    def update(self) -> float:
        """Move the model and its average; returns the norm of the gradient."""
        for master, used in zip(self.model.parameters(), self.working.parameters(), strict=True):
            master.grad = None if used.grad is None else used.grad.float()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), CLIP)
        if torch.isfinite(norm):
            for optimizer in self.optimizers:
                optimizer.step()
        self.updates += 1
        decay = min(AVERAGE_DECAY, (1 + self.updates) / (20 + self.updates))
        torch._foreach_lerp_(
            list(self.average.parameters()), list(self.model.parameters()), 1 - decay
        )
        return float(norm)


def save_model(model: Recogniser, path: Path) -> None:
    torch.save({"config": asdict(model.config), "weights": model.state_dict()}, path)


def load_model(path: Path) -> Recogniser:
    """A saved model, in evaluation mode."""
    state = torch.load(path, weights_only=True)
    fields = dict(state["config"])
    fields["stem_band_padding"] = tuple(fields["stem_band_padding"])
    model = Recogniser(Config(**fields))
    model.load_state_dict(state["weights"])
    return model.eval()


def train(
    run: Run,
    loader: DataLoader[Batch],
    valid: list[Batch],
    trigram: torch.Tensor | None,
    options: argparse.Namespace,
) -> None:
    generator = torch.Generator().manual_seed(options.seed + run.updates)
    started, heard_before = time.time(), run.hours
    sums: dict[str, float] = {}
    reported = validated = run.updates
    saved = time.time()
    with (run.folder / "curve.jsonl").open("a") as curve:
        for batch in loader:
            if run.hours >= options.hours:
                break
            for optimizer, rate in zip(run.optimizers, run.rates, strict=True):
                for group in optimizer.param_groups:
                    group["lr"] = rate_at(run.hours, options.hours, rate)
            features = mask_spectrum(batch.features, batch.rows, generator)
            run.begin()
            parts = losses(run.working, batch, features, trigram)
            total = (
                parts["ctc"] * (1 - MIDDLE_SHARE)
                + parts["middle"] * MIDDLE_SHARE
                + parts["framewise"] * FRAMEWISE_SHARE
            )
            if "denominator" in parts:
                total = total + parts["denominator"] * DENOMINATOR_SHARE
            total.backward()
            norm = run.update()
            run.hours += float(batch.rows.sum()) * HOP / SAMPLE_RATE_HZ / 3600
            for name, value in parts.items():
                sums[name] = sums.get(name, 0.0) + float(value.detach())
            sums["norm"] = sums.get("norm", 0.0) + norm
            if run.updates - reported >= options.report:
                count = run.updates - reported
                line = {name: round(value / count, 4) for name, value in sums.items()}
                line |= {"updates": run.updates, "hours": round(run.hours, 2)}
                speed = (run.hours - heard_before) * 3600 / (time.time() - started)
                line |= {"times_real_time": round(speed, 1)}
                if run.updates - validated >= options.report * VALIDATE_EVERY:
                    line |= {k: round(v, 4) for k, v in validate(run.average, valid).items()}
                    validated = run.updates
                print(json.dumps(line), flush=True)
                curve.write(json.dumps(line) + "\n")
                curve.flush()
                sums, reported = {}, run.updates
            if time.time() - saved > options.save_s:
                run.save()
                saved = time.time()
    run.save()
    print(f"final: {validate(run.average, valid)}")


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("run", type=Path, help="folder of this training, new or begun")
    parser.add_argument(
        "--set", nargs="+", required=True, help="prepared sets, FOLDER[:WEIGHT[:SHARE OF SPEAKERS]]"
    )
    parser.add_argument("--noise", type=Path, help="folder of WAV files without speech")
    parser.add_argument("--hours", type=float, default=150.0, help="length of the training")
    parser.add_argument("--rate", type=float, default=2e-3, help="peak learning rate")
    parser.add_argument("--init", type=Path, help="average.pt to start from")
    parser.add_argument("--layers", type=int, default=Config.layers)
    parser.add_argument("--width", type=int, default=Config.width)
    parser.add_argument("--dropout", type=float, default=Config.dropout)
    parser.add_argument("--batch-s", type=float, default=BATCH_S, help="seconds in a batch")
    parser.add_argument(
        "--augmented", type=float, default=1.0, help="share of examples that are perturbed"
    )
    parser.add_argument(
        "--sequence", action="store_true", help="train whole sequences against all others, too"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=int, default=50, help="updates between reports")
    parser.add_argument("--save-s", type=float, default=120.0, help="seconds between checkpoints")
    return parser.parse_args(arguments)


def sets_of(options: argparse.Namespace) -> tuple[list[tuple[list[Aligned], float]], list[Aligned]]:
    """The prepared sets to learn from with their weights, and what is held out of them."""
    lexicon = Lexicon()
    sets, held_out = [], []
    for entry in options.set:
        name, weight, share = (*entry.split(":"), "", "")[:3]
        examples = aligned(Path(name), lexicon)
        kept = [e for e in examples if not is_validation(e.utterance.speaker)]
        if share:
            kept = [e for e in kept if is_among(e.utterance.speaker, float(share))]
        held_out += [e for e in examples if is_validation(e.utterance.speaker)]
        hours = sum(len(e.utterance.samples) for e in kept) / SAMPLE_RATE_HZ / 3600
        sets.append((kept, float(weight) if weight else hours))
        print(f"{name}: {len(kept)} utterances, {hours:.2f} h, weight {sets[-1][1]:.2f}")
    return sets, held_out


def begin(options: argparse.Namespace) -> Run:
    """The run as it was left, or a new one."""
    config = Config(
        layers=options.layers,
        width=options.width,
        middle=options.layers // 2,
        dropout=options.dropout,
    )
    run = Run(options.run, config, options.rate)
    if run.resume():
        print(f"going on from update {run.updates}, {run.hours:.1f} h heard")
    elif options.init:
        run.model.load_state_dict(load_model(options.init).state_dict())
        run.average.load_state_dict(run.model.state_dict())
    count = sum(p.numel() for p in run.model.parameters())
    print(f"{count / 1e6:.1f} million parameters")
    return run


def main(arguments: list[str] | None = None) -> None:
    options = parse(arguments)
    torch.manual_seed(options.seed)
    sets, held_out = sets_of(options)
    noises = []
    if options.noise:
        noises = [scaled(decode(path)) for path in sorted(options.noise.glob("*.wav"))]
    run = begin(options)
    stream = Examples(
        sets,
        seed=options.seed + run.updates,
        noises=noises,
        batch_s=options.batch_s,
        augmented=options.augmented,
    )
    loader = DataLoader(stream, batch_size=None, num_workers=1, prefetch_factor=6)
    trigram = None
    if options.sequence:
        trigram = phone_trigram(e.phones for examples, _ in sets for e in examples)
    train(run, loader, held_out_batches(held_out), trigram, options)


if __name__ == "__main__":
    sys.exit(main())

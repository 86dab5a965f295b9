"""Fit the word confidences of the embedded engine: right as often as they say.

What is measured: every word the engine shows, while spoken and when its utterance has ended, is
aligned with the transcript; a logistic function of the evidence is fitted to whether it was
right. Why it matters: agents drop or ask again for words they cannot trust. What would fool
it: fitting and checking on the same voices; so --check takes other manifests.

    python -m bench.trust --manifest train.jsonl --check dev.jsonl --limit 300
"""

import argparse
import json
from pathlib import Path

import numpy as np

from bench.logistic import Numbers, area_under_curve, fit, predict, reliability
from bench.recordings import Recording, audio_of, frames_of, read_manifests, spread, with_progress
from bench.words import normalised, score
from turnwise.engine.sphinx_decoder import LiveDecoder
from turnwise.engine.sphinx_stream import SphinxStream
from turnwise.engine.sphinx_trust import Evidence, row, trust

LOOK_EVERY_FRAMES = 4


class Examples:
    """Evidence with whether the word was right."""

    def __init__(self) -> None:
        self._evidence: list[Evidence] = []
        self.kept: list[tuple[Evidence, bool]] = []

    def note(self, evidence: Evidence) -> float:
        """Stand in for trust(): the confidence is the number under which evidence is found."""
        self._evidence.append(evidence)
        return float(len(self._evidence) - 1)

    def hear(self, recording: Recording) -> None:
        reference = normalised(recording.transcript or "")
        stream = SphinxStream(LiveDecoder(), trust=self.note)
        frames = list(frames_of(audio_of(recording)))
        for number, frame in enumerate(frames, 1):
            words = stream.hear(frame).words
            is_last = number == len(frames)
            if not reference or not words or (number % LOOK_EVERY_FRAMES and not is_last):
                continue
            spelled = [(n, word) for n in words for word in normalised(n.text)]
            right = score(reference, [word for _, word in spelled]).right
            for (word, _), was_right in zip(spelled, right, strict=True):
                evidence = self._evidence[int(word.confidence)]
                if is_last == evidence.is_final:
                    self.kept.append((evidence, was_right))
        self._evidence.clear()

    def of(self, *, final: bool) -> tuple[list[Evidence], Numbers]:
        chosen = [(e, r) for e, r in self.kept if e.is_final == final]
        return [e for e, _ in chosen], np.array([float(r) for _, r in chosen])


def gathered(paths: list[Path], limit: int | None) -> Examples:
    examples = Examples()
    for recording in with_progress(spread(read_manifests(paths), limit)):
        examples.hear(recording)
    return examples


def report(name: str, said: Numbers, right: Numbers) -> dict[str, float]:
    found = reliability(said, right)
    area = area_under_curve(said, right)
    print(f"{name}: {len(right)} words, {right.mean():.1%} right")
    print(f"    AUC {area:.3f}, calibration error {found.error:.3f}")
    for mean, true, count in zip(found.said, found.came_true, found.count, strict=True):
        print(f"    said {mean:.2f}  right {true:.2f}  of {count}")
    return {"words": len(right), "right": float(right.mean()), "auc": area, "ece": found.error}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifest", type=Path, nargs="+", required=True)
    parser.add_argument("--check", type=Path, nargs="*", default=[])
    parser.add_argument("--limit", type=int)
    parser.add_argument("--check-limit", type=int)
    arguments = parser.parse_args()
    training = gathered(arguments.manifest, arguments.limit)
    checking = gathered(arguments.check, arguments.check_limit)
    results: dict[str, object] = {}
    columns: list[Numbers] = []
    for name, final in (("while spoken", False), ("when ended", True)):
        evidence, right = training.of(final=final)
        weights = fit(np.array([row(e) for e in evidence]), right)
        columns.append(weights)
        fitted = predict(np.array([row(e) for e in evidence]), weights)
        results[name] = {"weights": weights.tolist(), "fitted": report("fitted", fitted, right)}
        evidence, right = checking.of(final=final)
        if evidence:
            said = predict(np.array([row(e) for e in evidence]), weights)
            results[f"{name} checked"] = report("checked", said, right)
            now = np.array([trust(e) for e in evidence])
            results[f"{name} as committed"] = report("as committed", now, right)
    print("WEIGHTS = (")
    for spoken, ended in zip(*columns, strict=True):
        print(f"    ({spoken:.2f}, {ended:.2f}),")
    print(")")
    print(json.dumps(results))


if __name__ == "__main__":
    main()

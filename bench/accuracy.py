"""How many words are wrong, how sure the engine was of them, and how fast it is.

What is measured: recordings go through the engine frame by frame, as in a stream, faster than
real time; the words after the last frame are compared with the transcript. In the same run
the same recordings go through PocketSphinx as its own documentation uses it: whole recordings,
default settings, two passes. Why it matters: a live engine that is much worse than the tool
it is built on would be a bad bargain.

What would fool it: spelling ("4" and "four", "ok" and "okay") counted as errors, hence
bench/words.py; a few long recordings ruling the mean, hence the interval, drawn by
recording; another program on the machine, which lengthens the times but not the words.

    python -m bench.accuracy --manifest dev/manifest.jsonl --limit 100
"""

import argparse
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from pocketsphinx import Decoder

from bench.logistic import reliability
from bench.recordings import Recording, audio_of, frames_of, read_manifests, spread, with_progress
from bench.words import normalised, score
from turnwise.engine.interface import Engine, Hearing, Hypothesis, Word
from turnwise.engine.load import DEFAULT, NAMES, load
from turnwise.units import SAMPLE_RATE_HZ, Audio, Samples

RESAMPLES = 2_000
SEED = 20

Recognise = Callable[[Audio], Sequence[Word]]


@dataclass(frozen=True, slots=True)
class Result:
    style: str
    errors: int
    words: int
    """In the reference."""
    audio_s: float
    spent_s: float
    confidences: tuple[float, ...]
    right: tuple[bool, ...]


def engine_recogniser(engine: Engine[Any]) -> Recognise:
    def recognise(audio: Audio) -> Sequence[Word]:
        stream = engine.open(())
        words: Sequence[Word] = ()
        for frame in frames_of(audio):
            (answer,) = engine.step([(stream, Hearing(frame))])
            assert isinstance(answer, Hypothesis), answer
            words = answer.words
        engine.close(stream)
        return words

    return recognise


def plain_pocketsphinx() -> Recognise:
    decoder = Decoder(loglevel="FATAL")

    def recognise(audio: Audio) -> Sequence[Word]:
        decoder.start_utt()
        samples = (np.clip(audio, -1, 1) * 32_767).astype(np.int16)
        decoder.process_raw(samples.tobytes(), full_utt=True)
        decoder.end_utt()
        words: list[Word] = []
        for segment in decoder.seg() or ():
            text = re.sub(r"\(\d+\)$", "", segment.word)
            if not re.fullmatch(r"<.*>|\[.*\]|\+\+.*", text):
                words.append(Word(text, min(1.0, segment.prob), Samples(0), Samples(0)))
        return words

    return recognise


def judge(recording: Recording, audio: Audio, recognise: Recognise) -> Result:
    began_s = perf_counter()
    words = recognise(audio)
    spent_s = perf_counter() - began_s
    spelled = [(word.confidence, text) for word in words for text in normalised(word.text)]
    found = score(normalised(recording.transcript or ""), [text for _, text in spelled])
    return Result(
        style=recording.style,
        errors=found.errors,
        words=found.words,
        audio_s=len(audio) / SAMPLE_RATE_HZ,
        spent_s=spent_s,
        confidences=tuple(confidence for confidence, _ in spelled),
        right=found.right,
    )


def error_rate(results: Iterable[Result]) -> float:
    chosen = list(results)
    return sum(r.errors for r in chosen) / sum(r.words for r in chosen)


def interval(results: Sequence[Result]) -> tuple[float, float]:
    """Return where 95 % of the error rates of resampled recordings lie."""
    draw = np.random.default_rng(SEED)
    errors = np.array([r.errors for r in results])
    words = np.array([r.words for r in results])
    picks = draw.integers(0, len(results), (RESAMPLES, len(results)))
    low, high = np.percentile(errors[picks].sum(axis=1) / words[picks].sum(axis=1), [2.5, 97.5])
    return float(low), float(high)


def summary(results: Sequence[Result]) -> dict[str, object]:
    confidences = np.array([c for r in results for c in r.confidences])
    right = np.array([float(x) for r in results for x in r.right])
    return {
        "wer": error_rate(results),
        "wer_interval": interval(results),
        "words": sum(r.words for r in results),
        "recordings": len(results),
        "real_time_factor": sum(r.spent_s for r in results) / sum(r.audio_s for r in results),
        "confidence_error": reliability(confidences, right).error if len(right) else None,
    }


def print_table(rows: dict[str, list[Result]], reference: dict[str, list[Result]]) -> None:
    print(f"{'style':52} {'clips':>5} {'words':>6} {'WER':>7} {'plain':>7} {'ratio':>6}")
    for style, results in rows.items():
        rate = error_rate(results)
        line = f"{style[:52]:52} {len(results):5} {sum(r.words for r in results):6} {rate:7.1%}"
        if style in reference:
            plain = error_rate(reference[style])
            line += f" {plain:7.1%} " + (f"{rate / plain:6.2f}" if plain else "     -")
        print(line)


def by_style(results: Sequence[Result]) -> dict[str, list[Result]]:
    found: dict[str, list[Result]] = defaultdict(list)
    for result in sorted(results, key=lambda r: r.style):
        found[result.style].append(result)
    return {**found, "all": list(results)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifest", type=Path, nargs="+", required=True)
    parser.add_argument("--limit", type=int, help="so many recordings, spread over all")
    parser.add_argument("--engine", choices=NAMES, default=DEFAULT)
    parser.add_argument("--no-reference", action="store_true")
    arguments = parser.parse_args()
    known = [r for r in read_manifests(arguments.manifest) if normalised(r.transcript or "")]
    engine = load(arguments.engine)
    recognisers: dict[str, Recognise] = {arguments.engine: engine_recogniser(engine)}
    if not arguments.no_reference:
        recognisers["plain"] = plain_pocketsphinx()
    results: dict[str, list[Result]] = {name: [] for name in recognisers}
    for recording in with_progress(spread(known, arguments.limit)):
        audio = audio_of(recording)
        for name, recognise in recognisers.items():
            results[name].append(judge(recording, audio, recognise))
    engine.stop()
    print_table(by_style(results[arguments.engine]), by_style(results.get("plain", [])))
    report: dict[str, object] = {name: summary(found) for name, found in results.items()}
    report["styles"] = {
        style: error_rate(found) for style, found in by_style(results[arguments.engine]).items()
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()

"""How many words are wrong, by style, and what keyterms, confidences and times are worth.

What is measured: recordings go through the engine frame by frame, as in a stream, faster than
real time; the words after the last frame are compared with the transcript. In the same run
the same recordings go through PocketSphinx as its own documentation uses it: whole recordings,
default settings, two passes. Then all of it again over a telephone line (8 kHz, G.711), and
through the engine with keyterms: rare words of the recording beside rare words of others.
Word times are held against PocketSphinx's forced alignment of the transcript, for words that
are right and recordings whose words are all in its dictionary. Why it matters: this is what a
recogniser is for, and one figure for all styles hides who is not understood.

What would fool it: spelling ("4" and "four", "ok" and "okay") counted as errors, hence
bench/words.py; a few speakers ruling the mean, hence intervals that draw speakers first and
then their recordings; a group of one speaker, whose interval says nothing about others;
keyterms that only the listed one could be, hence the other words in the list; an alignment
that is itself off by some 20 ms. Times of recognition are those of a machine with other work
on it: bench/engine.py measures speed.

    python -m bench.accuracy --limit 100
"""

import argparse
import json
import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from bench.intervals import interval, resampling
from bench.logistic import Numbers, area_under_curve, reliability
from bench.plain import PlainRecogniser, Ruler
from bench.recordings import (
    GROUPS,
    OTHER,
    SPEECH,
    Recording,
    audio_of,
    frames_of,
    read_manifests,
    spread,
    telephone,
    with_progress,
)
from bench.tables import table
from bench.terms import NO_TERMS, TermCount, Terms, counted, terms_for
from bench.words import Score, normalised, score
from turnwise.engine.interface import Engine, Hearing, Hypothesis, Word
from turnwise.engine.load import DEFAULT, NAMES, load
from turnwise.units import SAMPLE_RATE_HZ, Audio

MS_PER_SAMPLE = 1_000 / SAMPLE_RATE_HZ
PARTS = ("plain", "telephone", "keyterms", "times")
TELEPHONE = "telephone (all of these)"
ALL = "all"

Hear = Callable[[Audio], Sequence[Word]]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one recording on one way."""

    errors: int
    words: int
    """In the reference."""
    confidences: tuple[float, ...]
    """Of each heard word."""
    right: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """All that was found out about one recording; None for what was not asked for."""

    recording: Recording
    seconds: float
    live: Result
    plain: Result | None = None
    live_telephone: Result | None = None
    plain_telephone: Result | None = None
    live_terms: Result | None = None
    """With keyterms."""
    terms_unlisted: TermCount = NO_TERMS
    """The same terms, nobody listening for them."""
    terms_listed: TermCount = NO_TERMS
    time_errors_ms: tuple[tuple[float, float], ...] = ()
    """Of each right word: start and end, less those of the alignment."""


# One recording.


class Bench:
    """The recognisers of one process."""

    def __init__(self, engine_name: str, parts: frozenset[str]) -> None:
        self.engine: Engine[Any] = load(engine_name, streams_max=1, workers=1)
        self.parts = parts
        self.plain = PlainRecogniser()
        self.ruler = Ruler()

    def hear(self, audio: Audio, keyterms: Sequence[str] = ()) -> Sequence[Word]:
        stream = self.engine.open(keyterms)
        words: Sequence[Word] = ()
        for frame in frames_of(audio):
            (answer,) = self.engine.step([(stream, Hearing(frame))])
            assert isinstance(answer, Hypothesis), answer
            words = answer.words
        self.engine.close(stream)
        return words

    def examine(self, recording: Recording, terms: Terms) -> Findings:
        audio = audio_of(recording)
        reference = normalised(recording.transcript or "")
        words = self.hear(audio)
        asked: dict[str, Any] = {}
        if "plain" in self.parts:
            asked["plain"] = judged(reference, self.plain.hear(audio))
        if "telephone" in self.parts:
            line = telephone(audio)
            asked["live_telephone"] = judged(reference, self.hear(line))
            if "plain" in self.parts:
                asked["plain_telephone"] = judged(reference, self.plain.hear(line))
        if "keyterms" in self.parts:
            with_terms = self.hear(audio, terms.listed)
            asked["live_terms"] = judged(reference, with_terms)
            asked["terms_unlisted"] = counted(terms, reference, spelled(words))
            asked["terms_listed"] = counted(terms, reference, spelled(with_terms))
        if "times" in self.parts:
            asked["time_errors_ms"] = self.time_errors_ms(audio, reference, words)
        seconds = len(audio) / SAMPLE_RATE_HZ
        return Findings(recording, seconds, judged(reference, words), **asked)

    def time_errors_ms(
        self, audio: Audio, reference: Sequence[str], words: Sequence[Word]
    ) -> tuple[tuple[float, float], ...]:
        at = self.ruler.times(audio, reference)
        if at is None:
            return ()
        pairs = [(word, text) for word in words for text in normalised(word.text)]
        places = score(reference, [text for _, text in pairs]).places
        return tuple(
            (
                (word.start - at[place][0]) * MS_PER_SAMPLE,
                (word.end - at[place][1]) * MS_PER_SAMPLE,
            )
            for (word, _), place in zip(pairs, places, strict=True)
            if place is not None and len(normalised(word.text)) == 1
        )


def spelled(words: Sequence[Word]) -> list[str]:
    return [text for word in words for text in normalised(word.text)]


def judged(reference: Sequence[str], words: Sequence[Word]) -> Result:
    found: Score = score(reference, spelled(words))
    confidences = tuple(word.confidence for word in words for _ in normalised(word.text))
    return Result(found.errors, found.words, confidences, found.right)


_bench: Bench


def _begin(engine_name: str, parts: frozenset[str]) -> None:
    global _bench  # a worker process has one for all its recordings
    _bench = Bench(engine_name, parts)


def _examine(recording: Recording, terms: Terms) -> Findings:
    return _bench.examine(recording, terms)


# All recordings.


def rate(results: Sequence[Result]) -> float:
    return sum(r.errors for r in results) / sum(r.words for r in results)


def drawn_rates(drawn: Numbers, results: Sequence[Result]) -> Numbers:
    errors = np.array([r.errors for r in results])
    words = np.array([r.words for r in results])
    rates: Numbers = (drawn @ errors) / (drawn @ words)
    return rates


def errors_of(
    findings: Sequence[Findings], live: Sequence[Result], plain: Sequence[Result | None]
) -> dict[str, Any]:
    """Say how many words are wrong in some recordings, live and, if known, by the peer."""
    drawn = resampling([f.recording.voice for f in findings])
    rates = drawn_rates(drawn, live)
    row: dict[str, Any] = {
        "recordings": len(findings),
        "speakers": len({f.recording.voice for f in findings}),
        "words": sum(r.words for r in live),
        "wer": rate(live),
        "wer_interval": interval(rates),
    }
    peers = [result for result in plain if result is not None]
    if len(peers) == len(live):
        peer_rates = drawn_rates(drawn, peers)
        row["plain"] = rate(peers)
        row["plain_interval"] = interval(peer_rates)
        known = peer_rates > 0  # draws in which the peer makes no error have no ratio
        if rate(peers) > 0:
            row["ratio"] = rate(live) / rate(peers)
            row["ratio_interval"] = interval(rates[known] / peer_rates[known])
    return row


def errors_by(findings: Sequence[Findings], of: Callable[[Findings], str]) -> dict[str, Any]:
    parted: dict[str, list[Findings]] = defaultdict(list)
    for found in findings:
        parted[of(found)].append(found)
    return {
        name: errors_of(some, [f.live for f in some], [f.plain for f in some])
        for name, some in parted.items()
    }


def by_group(findings: Sequence[Findings]) -> dict[str, Any]:
    found = errors_by(findings, lambda f: f.recording.group)
    order = [*[name for name, _ in GROUPS][::-1], OTHER]
    rows = {name: found[name] for name in order if name in found}
    rows |= errors_by(findings, lambda f: ALL)
    over_line = [f.live_telephone for f in findings if f.live_telephone is not None]
    if len(over_line) == len(findings):
        rows[TELEPHONE] = errors_of(findings, over_line, [f.plain_telephone for f in findings])
    return rows


def confidence_of(results: Sequence[Result]) -> dict[str, float]:
    said = np.array([c for r in results for c in r.confidences])
    right = np.array([float(x) for r in results for x in r.right])
    if not len(right):
        return {}
    found = reliability(said, right)
    return {"error": found.error, "auc": area_under_curve(said, right), "words": len(right)}


def keyterms_of(findings: Sequence[Findings]) -> dict[str, Any]:
    hours = sum(f.seconds for f in findings) / 3_600
    report: dict[str, Any] = {}
    for name, counts, results in (
        ("unlisted", [f.terms_unlisted for f in findings], [f.live for f in findings]),
        ("listed", [f.terms_listed for f in findings], [f.live_terms for f in findings]),
    ):
        total = sum(counts, NO_TERMS)
        report[name] = {
            "said": total.said,
            "recall": total.found / total.said if total.said else None,
            "inserted": total.inserted,
            "inserted_per_hour": total.inserted / hours,
            "wer": rate([r for r in results if r is not None]),
        }
    return report


def times_of(findings: Sequence[Findings]) -> dict[str, Any]:
    errors = np.array([pair for f in findings for pair in f.time_errors_ms])
    report: dict[str, Any] = {"words": len(errors)}
    if len(errors):
        for name, column in (("start", errors[:, 0]), ("end", errors[:, 1])):
            middle, most = np.percentile(np.abs(column), [50, 90])
            report[f"{name}_ms"] = {
                "bias": float(np.median(column)), "p50": float(middle), "p90": float(most)
            }  # fmt: skip
    return report


# What is printed.


def percent(share: float) -> str:
    return f"{share * 100:.1f} %"


def ratio(value: float) -> str:
    return f"{value:.2f}"


def ranged(row: dict[str, Any], name: str, shown: Callable[[float], str]) -> str:
    if name not in row:
        return ""
    low, high = row[f"{name}_interval"]
    return f"{shown(row[name])} ({shown(low).removesuffix(' %')} to {shown(high)})"


def print_errors(rows: dict[str, Any], heading: str) -> None:
    header = [heading, "clips", "voices", "words", "word error rate", "PocketSphinx", "ratio"]
    cells = [
        [
            name,
            *(str(row[count]) for count in ("recordings", "speakers", "words")),
            ranged(row, "wer", percent),
            ranged(row, "plain", percent),
            ranged(row, "ratio", ratio),
        ]
        for name, row in rows.items()
    ]
    print(table(header, cells), end="\n\n")


def print_rest(report: dict[str, Any]) -> None:
    header = ["word confidences", "words", "calibration error", "AUC"]
    cells = [
        [name, str(found["words"]), f"{found['error']:.3f}", ratio(found["auc"])]
        for name, found in report["confidence"].items()
        if found
    ]
    print(table(header, cells), end="\n\n")
    if "keyterms" in report:
        header = ["keyterms", "said", "heard", "false insertions", "an hour", "word error rate"]
        cells = [
            [
                name,
                str(found["said"]),
                "" if found["recall"] is None else percent(found["recall"]),
                str(found["inserted"]),
                f"{found['inserted_per_hour']:.1f}",
                percent(found["wer"]),
            ]
            for name, found in report["keyterms"].items()
        ]
        print(table(header, cells), end="\n\n")
    if report.get("times", {}).get("words"):
        times = report["times"]
        header = [f"times of {times['words']} right words", "half within", "90 % within", "bias"]
        cells = [
            [edge, *(f"{times[f'{edge}_ms'][name]:.0f} ms" for name in ("p50", "p90", "bias"))]
            for edge in ("start", "end")
        ]
        print(table(header, cells), end="\n\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifest", type=Path, nargs="+", default=[SPEECH / "manifest.jsonl"])
    parser.add_argument("--limit", type=int, help="so many recordings, spread over all")
    parser.add_argument("--engine", choices=NAMES, default=DEFAULT)
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=PARTS)
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count(), help="processes that share the work"
    )
    arguments = parser.parse_args()
    parts = frozenset(arguments.parts)
    known = [r for r in read_manifests(arguments.manifest) if normalised(r.transcript or "")]
    chosen = spread(known, arguments.limit)
    terms = terms_for([normalised(r.transcript or "") for r in chosen])
    with ProcessPoolExecutor(
        arguments.jobs, get_context("spawn"), _begin, (arguments.engine, parts)
    ) as pool:
        answers = pool.map(_examine, chosen, terms)
        findings = [found for _, found in zip(with_progress(chosen), answers, strict=True)]
    report: dict[str, Any] = {
        "engine": arguments.engine,
        "groups": by_group(findings),
        "styles": dict(sorted(errors_by(findings, lambda f: f.recording.style).items())),
        "confidence": {"live": confidence_of([f.live for f in findings])},
    }
    if "plain" in parts:
        peers = [f.plain for f in findings if f.plain is not None]
        report["confidence"]["PocketSphinx"] = confidence_of(peers)
    if "keyterms" in parts:
        report["keyterms"] = keyterms_of(findings)
    if "times" in parts:
        report["times"] = times_of(findings)
    print_errors(report["groups"], "group")
    print_errors(report["styles"], "style")
    print_rest(report)
    print(json.dumps(report))


if __name__ == "__main__":
    main()

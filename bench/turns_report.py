"""From what systems said and did to the figures, and from these to tables."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.intervals import interval, quantile, resampling
from bench.logistic import Numbers, area_under_curve, reliability
from bench.recordings import Recording, Silence
from bench.tables import table
from bench.turns_events import Ends, TurnEvent, eager_of, ends_of, starts_after_words, starts_of
from bench.turns_marks import GRID_S, LOOK_S_MAX, kin
from bench.turns_sweep import (
    LOOK_AT_S,
    Silences,
    Tally,
    areas,
    best_policies,
    four_figures,
    frontier,
    tally,
    tally_of_marks,
)

OURS = "turnwise"
SILENCE = "silence after Silero"
SMART_TURN = "Smart Turn behind Silero"
SMART_TURN_ONCE = "Smart Turn at 0.2 s"
MARKS = "silence by the marks"
READ_AT_S = {SMART_TURN_ONCE: 0.2}
"""eot-bench reads this one so: at one moment only."""
THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95)
"""Among them those of the published presets: 0.4 eager, 0.7 and 0.85."""
CALIBRATED_S = (0.1, 1.5)
"""Into a silence, from when until when a probability is asked whether it is one."""
DELAYS = {"p50": 0.5, "p90": 0.9, "p95": 0.95}
SPREAD = "_interval"


@dataclass(frozen=True, slots=True)
class Findings:
    """All that was found out about one recording."""

    recording: Recording
    silences: list[Silence]
    """Those that count."""
    scores: dict[str, Numbers]
    """System -> float64[silences, points]: what it says on the grid of each."""
    confidences: Numbers
    """float64[frames]: what our engine says all along."""
    events: dict[str, tuple[TurnEvent, ...]]
    """System -> what it did live."""
    eager_events: tuple[TurnEvent, ...] = ()


def silences_of(findings: Sequence[Findings], system: str) -> Silences:
    told = [(n, silence) for n, found in enumerate(findings) for silence in found.silences]
    return Silences(
        np.concatenate([found.scores[system] for found in findings]),
        np.array([silence.end - silence.start for _, silence in told]),
        np.array([silence.kind == "end" for _, silence in told], bool),
        np.array([number for number, _ in told], np.int64),
        len(findings),
    )


# (a) As eot-bench asks.


def swept(findings: Sequence[Findings]) -> dict[str, Any]:
    """Return the figures of each system in one set, and how far ours are from the others'."""
    systems = {name: silences_of(findings, name) for name in findings[0].scores}
    first = next(iter(systems.values()))
    counts = first.counts
    ends, holds = int(first.is_end.sum()), int((counts & ~first.is_end).sum())
    report: dict[str, Any] = {"ends": ends, "holds": holds, "recordings": len(findings)}
    families = kin([found.recording for found in findings])
    report["families"] = len(set(families))
    if not ends or not holds:
        return report
    drawn = np.concatenate([np.ones((1, len(findings))), resampling(families)])
    tallies = {name: tally(some, read_at_s=READ_AT_S.get(name)) for name, some in systems.items()}
    tallies[MARKS] = tally_of_marks(first)
    figures = {name: four_figures(found, drawn) for name, found in tallies.items()}
    for name, some in systems.items():
        for at_s in LOOK_AT_S:
            figures[name][f"auc_at_{at_s}s"] = areas(some, at_s, drawn)
    report["systems"] = {
        name: spread(values) | {"policies": best_policies(tallies[name])}
        for name, values in figures.items()
    }
    report["turnwise_less"] = {
        name: spread({key: figures[OURS][key] - value for key, value in values.items()})
        for name, values in figures.items()
        if name != OURS
    }
    report["frontiers"] = {name: frontier(found) for name, found in tallies.items()}
    report["thresholds"] = thresholds(systems[OURS])
    return report


def spread(figures: Mapping[str, Numbers]) -> dict[str, Any]:
    """Return each figure, which is the first of its values, with an interval from the others."""
    row: dict[str, Any] = {}
    for key, values in figures.items():
        row[key] = known(float(values[0]))
        row[key + SPREAD] = [known(edge) for edge in interval(values[1:])]
    return row


def known(value: float) -> float | None:
    return value if np.isfinite(value) else None


def thresholds(silences: Silences) -> list[dict[str, float | None]]:
    """Return what a threshold alone does: no delay, and Flux's default time-out."""
    found: Tally = tally(silences, [(threshold, 0.0, LOOK_S_MAX) for threshold in THRESHOLDS])
    rows = zip(THRESHOLDS, found.cut, found.waited_s, found.detected, strict=True)
    return [
        {
            "threshold": threshold,
            "cut": known(float(cut.sum() / found.holds.sum())),
            "mean_ms": known(float(1000 * waited_s.sum() / found.ends.sum())),
            "detected": known(float(detected.sum() / found.ends.sum())),
        }
        for threshold, cut, waited_s, detected in rows
    ]


# (b) As Flux is judged.


def lived(findings: Sequence[Findings]) -> dict[str, Any]:
    """Return what each system did in one set."""
    drawn = np.concatenate(
        [np.ones((1, len(findings))), resampling(kin([found.recording for found in findings]))]
    )
    report: dict[str, Any] = {}
    for name in findings[0].events:
        became = [ends_of(f.recording.silences, f.events[name]) for f in findings]
        begun = [
            starts_of(f.recording.silences, f.events[name], f.recording.duration) for f in findings
        ]
        report[name] = spread(what_became(became, drawn) | when_begun(begun, drawn))
    report[OURS] |= announced(findings)
    after = [1000 * s for found in findings for s in starts_after_words(found.events[OURS])]
    report[OURS]["start_after_word_ms_p50"] = float(np.median(after)) if after else None
    return report


def what_became(ends: Sequence[Ends], drawn: Numbers) -> dict[str, Numbers]:
    def total(of: Callable[[Ends], int]) -> Numbers:
        summed: Numbers = drawn @ np.array([float(of(one)) for one in ends])
        return summed

    found = total(lambda one: len(one.delays_s))
    with np.errstate(invalid="ignore", divide="ignore"):
        figures = {
            "precision": found / (found + total(lambda one: one.false)),
            "recall": found / (found + total(lambda one: one.missed)),
            "timed_out": total(lambda one: one.timed_out) / found,
            "pauses_cut": total(lambda one: one.pauses_cut) / total(lambda one: one.pauses),
        }
    delays_s = [one.delays_s for one in ends]
    for name, share in DELAYS.items():
        figures[f"delay_ms_{name}"] = 1000 * quantile(drawn, *flat(delays_s), share)
    return figures


def when_begun(delays_s: Sequence[Sequence[float]], drawn: Numbers) -> dict[str, Numbers]:
    values, whose = flat(delays_s)
    count = drawn @ np.bincount(whose, minlength=len(delays_s))
    return {
        "starts": count,
        "start_ms_p50": 1000 * quantile(drawn, values, whose, 0.5),
        "start_ms_p90": 1000 * quantile(drawn, values, whose, 0.9),
    }


def flat(rows: Sequence[Sequence[float]]) -> tuple[Numbers, NDArray[np.int64]]:
    """Return all values in a row, and which row each was in."""
    values = np.array([value for row in rows for value in row], np.float64)
    return values, np.array([n for n, row in enumerate(rows) for _ in row], np.int64)


def announced(findings: Sequence[Findings]) -> dict[str, Any]:
    eager = [eager_of(found.recording.silences, found.eager_events) for found in findings]
    count, judged = sum(one.announced for one in eager), sum(one.judged for one in eager)
    leads_ms = [1000 * lead for one in eager for lead in one.leads_s]
    return {
        "eager": count,
        "eager_kept": sum(one.kept for one in eager) / count if count else None,
        "eager_precision": sum(one.right for one in eager) / judged if judged else None,
        "eager_lead_ms_p50": float(np.median(leads_ms)) if leads_ms else None,
    }


def cut_by_style(findings: Sequence[Findings]) -> dict[str, Any]:
    """Return for each style how many pauses there are, and which share each system cuts."""
    report: dict[str, Any] = {}
    for style in sorted({found.recording.style for found in findings}):
        some = [found for found in findings if found.recording.style == style]
        row: dict[str, Any] = {"recordings": len(some)}
        for name in some[0].events:
            became = [ends_of(found.recording.silences, found.events[name]) for found in some]
            row["pauses"] = pauses = sum(one.pauses for one in became)
            row[name] = sum(one.pauses_cut for one in became) / pauses if pauses else None
        report[style] = row
    return report


# (c) Whether probabilities are such.


def calibration(findings: Sequence[Findings], system: str) -> dict[str, Any]:
    """Return how often it came true what was said at the moments of all silences that count."""
    silences = silences_of(findings, system)
    first, last = (round(at_s / GRID_S) for at_s in CALIBRATED_S)
    said = silences.scores[:, first : last + 1]
    asked = ~np.isnan(said)
    true = np.broadcast_to(silences.is_end[:, None], said.shape)[asked].astype(np.float64)
    if not len(true):
        return {"moments": 0}
    found = reliability(said[asked], true)
    return {
        "moments": len(true),
        "error": found.error,
        "auc": known(area_under_curve(said[asked], true)),
        "said": found.said,
        "came_true": found.came_true,
        "count": found.count,
    }


# What is printed.


def percent(value: float | None) -> str:
    return "none" if value is None else f"{value * 100:.1f} %"


def ms(value: float | None) -> str:
    return "none" if value is None else f"{value:.0f} ms"


def whole(value: float | None) -> str:
    return "none" if value is None else f"{value:.0f}"


def plain(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"


def shown(key: str) -> Callable[[float | None], str]:
    if "auc" in key:
        return plain
    if key == "starts":
        return whole
    return ms if key.startswith(("ms_", "delay_", "start_")) else percent


def cell(row: Mapping[str, Any], key: str) -> str:
    if key not in row:
        return ""
    show, (low, high) = shown(key), row[key + SPREAD]
    if row[key] is None:
        return show(None)
    unit = " %" if show is percent else " ms"
    return f"{show(row[key])} ({show(low).removesuffix(unit)} to {show(high).removesuffix(unit)})"


def print_rows(heading: str, rows: Mapping[str, Any], columns: Mapping[str, str]) -> None:
    cells = [[name, *(cell(row, key) for key in columns)] for name, row in rows.items()]
    print(table([heading, *columns.values()], cells), end="\n\n")


def print_swept(name: str, report: Mapping[str, Any]) -> None:
    counted = (
        f"{name}: {report['ends']} ends, {report['holds']} holds, {report['families']} families"
    )
    if "systems" not in report:
        print(f"{counted}: too few to sweep\n")
        return
    columns = {
        "cut_at_300ms": "cut at 300 ms", "cut_at_600ms": "cut at 600 ms",
        "ms_at_5%": "delay at 5 %", "ms_at_10%": "delay at 10 %",
    }  # fmt: skip
    print_rows(counted, report["systems"], columns)
    print_rows("turnwise less", report["turnwise_less"], columns)
    areas_at = {f"auc_at_{at_s}s": f"AUC at {at_s} s" for at_s in LOOK_AT_S}
    told = {name: row for name, row in report["systems"].items() if name != MARKS}
    print_rows(name, told, areas_at)
    cells = [
        [f"{row['threshold']}", percent(row["cut"]), ms(row["mean_ms"]), percent(row["detected"])]
        for row in report["thresholds"]
    ]
    header = [f"{name}: threshold", "holds cut", "mean delay", "ends before the time-out"]
    print(table(header, cells), end="\n\n")


def print_lived(name: str, report: Mapping[str, Any]) -> None:
    columns = {
        "precision": "precision", "recall": "recall", "delay_ms_p50": "delay p50",
        "delay_ms_p90": "p90", "delay_ms_p95": "p95", "timed_out": "timed out",
        "pauses_cut": "pauses cut",
    }  # fmt: skip
    print_rows(f"{name}, live", report, columns)
    begun = {"starts": "turns begun", "start_ms_p50": "start p50", "start_ms_p90": "p90"}
    print_rows(f"{name}, live", report, begun)
    ours = report[OURS]
    print(
        f"{ours['eager']} ends announced at 0.4: {percent(ours['eager_precision'])} right, "
        f"{percent(ours['eager_kept'])} kept, {ms(ours['eager_lead_ms_p50'])} ahead (median); "
        f"turns begin {ms(ours['start_after_word_ms_p50'])} after the end of their first word "
        "(median)\n"
    )


def print_styles(report: Mapping[str, Any]) -> None:
    systems = [key for key in next(iter(report.values())) if key not in ("recordings", "pauses")]
    cells = [
        [style, str(row["recordings"]), str(row["pauses"]), *(percent(row[s]) for s in systems)]
        for style, row in report.items()
    ]
    print(table(["pauses cut, by style", "recordings", "pauses", *systems], cells), end="\n\n")


def print_calibration(report: Mapping[str, Any]) -> None:
    cells = [
        [f"{name}, {system}", str(row["moments"]), plain(row["error"]), plain(row["auc"])]
        for name, rows in report.items()
        for system, row in rows.items()
        if row["moments"]
    ]
    print(table(["probabilities", "moments", "calibration error", "AUC"], cells), end="\n\n")
    for name, rows in report.items():
        row = rows[OURS]
        for said, true, count in zip(row["said"], row["came_true"], row["count"], strict=True):
            print(f"    {name}: said {said:.2f}, came true {true:.2f}, of {count}")
    print()


def print_starts(report: Mapping[str, Any]) -> None:
    systems = [key for key in next(iter(report.values())) if key != "minutes"]
    cells = [
        [name, f"{row['minutes']:.1f}", *(f"{row[system]:.1f}" for system in systems)]
        for name, row in report.items()
    ]
    header = ["false starts an hour", "minutes", *systems]
    print(table(header, cells), end="\n\n")

"""Pictures: what budgets buy, whether probabilities are such, and how talks went by."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from bench.turns_replay import EAGER, FRAME_S
from bench.turns_report import OURS, Findings
from turnwise.settings import Thresholds
from turnwise.turn.machine import Event

TALKS = 6
"""Of each set, so many are drawn."""
TALK_S_MAX = 60.0
SHADES = {"hold": "#f4c7a5", "end": "#bfe3bf", "unclear": "#e6e6e6"}
MARKS = {
    Event.START_OF_TURN: ("StartOfTurn", "tab:blue", "-"),
    Event.EAGER_END_OF_TURN: ("EagerEndOfTurn", "tab:olive", ":"),
    Event.TURN_RESUMED: ("TurnResumed", "tab:purple", ":"),
    Event.END_OF_TURN: ("EndOfTurn", "tab:red", "-"),
}
DELAY_MS_MAX = 2_500


def draw(folder: Path, report: Mapping[str, Any], findings: Sequence[Findings]) -> None:
    """Write PNG files into the folder, which is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in report["swept"].items():
        if "frontiers" in rows:
            save(frontiers(name, rows["frontiers"]), folder, f"frontier {name}")
    save(meanings(report["swept"]), folder, "thresholds")
    for name, rows in report["calibration"].items():
        save(reliabilities(name, rows), folder, f"reliability {name}")
    for name in report["swept"]:
        talks = [found for found in findings if found.recording.set == name]
        step = max(1, len(talks) // TALKS)
        for number, found in enumerate(talks[::step][:TALKS], 1):
            save(talk(found), folder, f"talk {name} {number}")


def save(figure: Figure, folder: Path, name: str) -> None:
    figure.savefig(folder / f"{name.replace(' ', '-')}.png", dpi=110)


def frontiers(name: str, rows: Mapping[str, Sequence[Sequence[float]]]) -> Figure:
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.add_subplot(
        title=f"{name}: what any policy reaches",
        xlabel="mean delay of ends, ms",
        ylabel="holds cut, %",
        xlim=(0, DELAY_MS_MAX),
        ylim=(0, 100),
    )
    for system, points in rows.items():
        waited_s, cut = np.array(points).T
        weight = 2.5 if system == OURS else 1.2
        axes.plot(
            1000 * waited_s, 100 * cut, drawstyle="steps-post", linewidth=weight, label=system
        )
    for delay_ms in (300, 600):
        axes.axvline(delay_ms, color="grey", linestyle=":", linewidth=0.8)
    for share in (5, 10):
        axes.axhline(share, color="grey", linestyle=":", linewidth=0.8)
    axes.legend()
    return figure


def meanings(swept: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Draw what a threshold costs and what it gains."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.set(xlabel="eot_threshold", ylabel="pauses cut, %", ylim=(0, 60))
    right.set(xlabel="eot_threshold", ylabel="mean delay of ends, ms", ylim=(0, 5_000))
    for name, rows in swept.items():
        told = rows.get("thresholds", [])
        at = [row["threshold"] for row in told]
        left.plot(at, [100 * row["cut"] for row in told], marker="o", label=name)
        right.plot(at, [row["mean_ms"] for row in told], marker="o", label=name)
    for axes in (left, right):
        axes.axvline(Thresholds().eot, color="grey", linestyle=":", linewidth=0.8)
        axes.legend()
    return figure


def reliabilities(name: str, rows: Mapping[str, Mapping[str, Any]]) -> Figure:
    figure = Figure(figsize=(6, 6.5), layout="constrained")
    upper, lower = figure.subplots(2, 1, height_ratios=[3, 1], sharex=True)
    upper.set(title=f"{name}: what came true", ylabel="was over", xlim=(0, 1), ylim=(0, 1))
    lower.set(xlabel="said", ylabel="moments")
    upper.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
    for place, (system, row) in enumerate(rows.items()):
        if not row["moments"]:
            continue
        label = f"{system}: error {row['error']:.3f}"
        upper.plot(row["said"], row["came_true"], marker="o", label=label)
        shifted = np.array(row["said"]) + 0.02 * place
        lower.bar(shifted, row["count"], width=0.02)
    upper.legend()
    return figure


def talk(found: Findings) -> Figure:
    """Draw a recording: its silences, our confidence all along, and what was announced."""
    figure = Figure(figsize=(16, 4), layout="constrained")
    axes = figure.add_subplot(
        xlabel="seconds",
        ylabel="end_of_turn_confidence",
        xlim=(0, min(TALK_S_MAX, found.recording.duration)),
        ylim=(0, 1.05),
    )
    for silence in found.recording.silences:
        axes.axvspan(silence.start, silence.end, color=SHADES[silence.kind], linewidth=0)
    moments_s = FRAME_S * np.arange(1, len(found.confidences) + 1)
    axes.step(moments_s, found.confidences, where="post", color="black", linewidth=1)
    for level in (EAGER, Thresholds().eot):
        axes.axhline(level, color="grey", linestyle=":", linewidth=0.8)
    for event in found.eager_events:
        label, colour, style = MARKS[event.event]
        axes.axvline(event.at_s, color=colour, linestyle=style, linewidth=1.5, label=label)
    once = dict(zip(*axes.get_legend_handles_labels()[::-1], strict=True))
    axes.set_title(f"{found.recording.path.name}: {found.recording.style}", loc="left")
    axes.legend(once.values(), once.keys(), loc="lower right", bbox_to_anchor=(1, 1), ncols=4)
    return figure

"""Figures and tables from a few findings."""

import json

import numpy as np
import pytest

from bench.logistic import Numbers
from bench.recordings import Recording, Silence
from bench.turns import print_report, report_of, saved
from bench.turns_events import TurnEvent
from bench.turns_replay import padded
from bench.turns_report import OURS, SILENCE, Findings, calibration, swept
from turnwise.turn.machine import Event

HOLD, END = Silence(1.0, 1.4, "hold"), Silence(3.0, 9.0, "end")


def steady(score: float, silence: Silence) -> Numbers:
    points = min(51, round((silence.end - silence.start) * 10) + 1)
    return np.full(points, score)


def findings(count: int = 4) -> list[Findings]:
    """Return recordings of which each has a pause and an end; ours knows them apart."""
    ours = padded([steady(0.1, HOLD), steady(0.8, END)])
    silence = padded([np.arange(5) / 50, np.arange(51) / 50])
    events = (
        TurnEvent(Event.START_OF_TURN, 0.2, word_end_s=0.05),
        TurnEvent(Event.EAGER_END_OF_TURN, 3.1),
        TurnEvent(Event.END_OF_TURN, 3.3),
    )
    late = (TurnEvent(Event.START_OF_TURN, 0.3), TurnEvent(Event.END_OF_TURN, 3.8))
    return [
        Findings(
            Recording(
                f"{n}.flac", 9.0, set="calls", style="digits", speaker=f"s{n}", silences=[HOLD, END]
            ),
            [HOLD, END],
            {OURS: ours, SILENCE: silence},
            np.full(112, 0.3),
            {OURS: events[::2], SILENCE: late},
            events,
        )
        for n in range(count)
    ]


def test_who_knows_ends_from_pauses_waits_least_and_cuts_nothing() -> None:
    report = swept(findings())

    ours, silence = report["systems"][OURS], report["systems"][SILENCE]
    assert ours["ms_at_5%"] == pytest.approx(200)
    assert ours["cut_at_300ms"] == 0.0
    assert ours["auc_at_0.3s"] == 1.0
    assert silence["ms_at_5%"] == pytest.approx(400)
    assert silence["auc_at_0.3s"] == 0.5
    assert report["turnwise_less"][SILENCE]["ms_at_5%"] == pytest.approx(-200)
    assert report["turnwise_less"][SILENCE]["ms_at_5%_interval"] == pytest.approx([-200, -200])


def test_the_thresholds_meaning_is_said() -> None:
    rows = {row["threshold"]: row for row in swept(findings())["thresholds"]}

    assert (rows[0.7]["cut"], rows[0.7]["detected"]) == (0.0, 1.0)
    assert (rows[0.9]["mean_ms"], rows[0.9]["detected"]) == (5000.0, 0.0)


def test_a_set_without_holds_is_not_swept() -> None:
    ends = [
        Findings(
            f.recording, [END], {k: v[1:] for k, v in f.scores.items()}, f.confidences, f.events
        )
        for f in findings()
    ]

    assert "systems" not in swept(ends)


def test_what_is_said_is_held_against_what_came_true() -> None:
    found = calibration(findings(), OURS)

    # 0.1 to 1.5 s: four moments in the hold, fifteen in the end.
    assert found["moments"] == 4 * (4 + 15)
    assert found["error"] == pytest.approx((4 * 0.1 + 15 * 0.2) / 19)
    assert found["auc"] == 1.0


def test_the_report_is_json_and_its_tables_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    report = report_of(findings()) | {"false_starts": {"room": {"minutes": 1.0, OURS: 0.0}}}

    print_report(report)

    printed = capsys.readouterr().out
    json.dumps(report, allow_nan=False)
    for piece in ("cut at 300 ms", "calls, live", "digits", "calibration error", "room"):
        assert piece in printed
    assert report["live"]["calls"][OURS]["delay_ms_p50"] == pytest.approx(300)
    assert report["live"]["calls"][OURS]["eager_lead_ms_p50"] == pytest.approx(200)
    assert report["live"]["calls"][OURS]["start_after_word_ms_p50"] == pytest.approx(150)
    assert report["live"]["calls"][OURS]["precision"] == 1.0


def test_every_silence_is_saved_with_what_was_said_in_it() -> None:
    first, second, *_ = saved(findings())

    assert (first["kind"], first["start"], first["end"]) == ("hold", 1.0, 1.4)
    assert first["scores"][OURS] == [0.1] * 5
    assert len(second["scores"][SILENCE]) == 51

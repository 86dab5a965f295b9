"""When turns end: how often pauses are cut, how long ends are waited for, what confidence means.

What is measured, in recordings whose silences are marked as holds (the speaker goes on) and
ends (the turn is over), every set of them apart:
(a) as eot-bench asks (bench/turns_sweep.py): the probability of an end every 0.1 s into each
silence, and what the best policy of a grid makes of it under a budget of delay or of pauses cut;
(b) as Flux is judged (bench/turns_events.py): the events of our listener with default
settings, and with an eager threshold of 0.4, against the marks; and how often a turn starts
in noise, music, typing and the agent's own voice;
(c) whether what is said with a probability comes true as often.
The peers hear the same in the same run: silence after a voice activity detector, and Smart
Turn behind it, as one package ships both (bench/turns_peers.py says how). Why it matters:
cutting in is what people forgive a machine least, and waiting is what they notice first.

What would fool it: marks made by a program, some 50 ms off; a turn's end that only the meaning
tells, which no mark knows; a few speakers or one long conversation ruling a figure, hence
intervals that draw together whatever shares a speaker or a conversation; policies chosen on
the silences they are judged by, which favours all systems alike; mixed channels, in which the next
speaker begins before anybody could have said that the last one is done.

    pip download --no-deps pipecat-ai==1.14.0
    python -m bench.turns --peers pipecat_ai-1.14.0-py3-none-any.whl --pictures pictures
"""

import argparse
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from bench import turns_peers
from bench.logistic import Numbers
from bench.recordings import (
    SPEECH,
    Recording,
    Silence,
    audio_of,
    read_manifests,
    spread,
    with_progress,
)
from bench.turns_events import TurnEvent
from bench.turns_marks import grid, read_eot_bench, scored, stretched, turn_starts
from bench.turns_noise import sounds
from bench.turns_replay import padded, play, scores_in, starts_in
from bench.turns_report import (
    OURS,
    SILENCE,
    SMART_TURN,
    SMART_TURN_ONCE,
    Findings,
    calibration,
    cut_by_style,
    lived,
    print_calibration,
    print_lived,
    print_starts,
    print_styles,
    print_swept,
    swept,
)
from bench.turns_sweep import TIMEOUTS_S
from turnwise.engine.interface import Engine
from turnwise.engine.load import DEFAULT, NAMES, load
from turnwise.turn.machine import Event
from turnwise.units import SAMPLE_RATE_HZ, Audio

ALL = "all"
NOISE_S = 600.0
CALIBRATED = (OURS, SMART_TURN_ONCE)
"""Systems that say probabilities."""
STREAMS = 3
"""That hear a recording side by side."""

Peers = tuple[turns_peers.Silero, turns_peers.SmartTurn]


# One recording.


class Bench:
    """What hears, in one process."""

    def __init__(self, engine: Engine[Any], peers: Peers | None) -> None:
        self.engine = engine
        self.peers = peers

    def examine(self, recording: Recording) -> Findings:
        recording = stretched(recording)
        audio = audio_of(recording)
        silences = scored(recording)
        played = play(self.engine, audio, recording.silences)
        scores = {OURS: scores_in(recording, played.confidences, silences)}
        events = {OURS: played.events}
        if self.peers is not None:
            peers = self.ask_peers(audio, recording, silences)
            scores |= peers[0]
            events |= peers[1]
        bare = msgspec.structs.replace(recording, sound=b"")
        return Findings(bare, silences, scores, played.confidences, events, played.eager_events)

    def ask_peers(
        self, audio: Audio, recording: Recording, silences: Sequence[Silence]
    ) -> tuple[dict[str, Numbers], dict[str, tuple[TurnEvent, ...]]]:
        assert self.peers is not None
        silero, smart_turn = self.peers
        voices = silero.hear(audio)
        starts = dict(zip(recording.silences, turn_starts(recording.silences), strict=True))
        quiet, said, behind = [], [], []
        for silence in silences:
            moments = grid(silence)
            quiet.append(turns_peers.silence_scores(voices, moments))
            asked = moments[moments <= silence.start + max(TIMEOUTS_S)]  # no policy looks later
            answers = [smart_turn.probability(audio, starts[silence], at_s) for at_s in asked]
            said.append(np.array(answers))
            still = np.array([voices.silence_s(at_s) > 0 for at_s in asked])
            behind.append(np.where(still, said[-1], 0.0))
        scores = {
            SILENCE: padded(quiet),
            SMART_TURN: padded(behind),
            SMART_TURN_ONCE: padded(said),
        }
        events = {
            SILENCE: tuple(turns_peers.by_silence(voices)),
            SMART_TURN: tuple(turns_peers.by_smart_turn(smart_turn, audio, voices)),
        }
        return scores, events

    def false_starts(self, make: Callable[[], Audio]) -> dict[str, float]:
        """Return how many turns start in an hour of a sound, by system."""
        audio = make()
        hours = len(audio) / SAMPLE_RATE_HZ / 3_600
        row = {"minutes": hours * 60, OURS: starts_in(self.engine, audio) / hours}
        if self.peers is not None:
            events = turns_peers.by_silence(self.peers[0].hear(audio))
            row[SILENCE] = sum(e.event is Event.START_OF_TURN for e in events) / hours
        return row


_bench: Bench


def _begin(engine_name: str, wheel: Path | None) -> None:
    global _bench  # a worker process has one for all its recordings
    peers = None if wheel is None else turns_peers.models(wheel)
    _bench = Bench(load(engine_name, streams_max=STREAMS, workers=1), peers)


def _examine(recording: Recording) -> Findings:
    return _bench.examine(recording)


def _false_starts(make: Callable[[], Audio]) -> dict[str, float]:
    return _bench.false_starts(make)


# All of them.


def noises(seconds: float, folder: Path | None) -> dict[str, Callable[[], Audio]]:
    """Return how to get each sound that is nobody's turn."""
    found = sounds(seconds) if seconds > 0 else {}
    for path in sorted(folder.iterdir()) if folder else []:
        found[path.name] = partial(audio_of, Recording(path.name, 0.0, folder=str(path.parent)))
    return found


def report_of(findings: Sequence[Findings]) -> dict[str, Any]:
    names = sorted({found.recording.set for found in findings})
    sets = {name: [f for f in findings if f.recording.set == name] for name in names}
    everything = sets if len(sets) == 1 else {**sets, ALL: list(findings)}
    systems = [name for name in CALIBRATED if name in findings[0].scores]
    return {
        "swept": {name: swept(some) for name, some in sets.items()},
        "live": {name: lived(some) for name, some in sets.items()},
        "styles": cut_by_style(findings),
        "calibration": {
            name: {system: calibration(some, system) for system in systems}
            for name, some in everything.items()
        },
    }


def print_report(report: dict[str, Any]) -> None:
    for name, rows in report["swept"].items():
        print_swept(name, rows)
    for name, rows in report["live"].items():
        print_lived(name, rows)
    print_styles(report["styles"])
    print_calibration(report["calibration"])
    if report["false_starts"]:
        print_starts(report["false_starts"])


def saved(findings: Sequence[Findings]) -> list[dict[str, Any]]:
    """Return every silence that counts with what each system says in it."""
    return [
        {
            "file": found.recording.file,
            "set": found.recording.set,
            "start": silence.start,
            "end": silence.end,
            "kind": silence.kind,
            "scores": {
                name: [round(score, 6) for score in rows[place].tolist() if not np.isnan(score)]
                for name, rows in found.scores.items()
            },
        }
        for found in findings
        for place, silence in enumerate(found.silences)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--manifest", type=Path, nargs="*", default=[SPEECH / "turns" / "manifest.jsonl"]
    )
    parser.add_argument("--eot-bench", type=Path, help="a folder of livekit/eot-bench-data")
    parser.add_argument("--limit", type=int, help="so many recordings, spread over all")
    parser.add_argument("--engine", choices=NAMES, default=DEFAULT)
    parser.add_argument("--peers", type=Path, help="the wheel of pipecat-ai 1.14.0")
    parser.add_argument("--noise", type=Path, help="a folder of sounds that are nobody's turn")
    parser.add_argument(
        "--noise-seconds", type=float, default=NOISE_S, help="of each sound that is made up"
    )
    parser.add_argument("--save", type=Path, help="where to write the probabilities, as JSON")
    parser.add_argument("--pictures", type=Path, help="a folder to draw into")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count(), help="processes that share the work"
    )
    arguments = parser.parse_args()
    recordings = read_manifests(arguments.manifest)
    if arguments.eot_bench:
        recordings += read_eot_bench(arguments.eot_bench)
    chosen = spread([recording for recording in recordings if scored(recording)], arguments.limit)
    made = noises(arguments.noise_seconds, arguments.noise)
    with ProcessPoolExecutor(
        arguments.jobs, get_context("spawn"), _begin, (arguments.engine, arguments.peers)
    ) as pool:
        answers = pool.map(_examine, chosen)
        findings = [found for _, found in zip(with_progress(chosen), answers, strict=True)]
        false_starts = {}
        for name, row in zip(made, pool.map(_false_starts, made.values()), strict=True):
            print(f"no turn: {name}, {row['minutes']:.1f} min", flush=True)
            false_starts[name] = row
    if arguments.save:
        arguments.save.write_text(json.dumps(saved(findings)))
    report = report_of(findings) | {"engine": arguments.engine, "false_starts": false_starts}
    print_report(report)
    if arguments.pictures:
        from bench.turns_pictures import draw  # only whoever wants pictures needs matplotlib

        draw(arguments.pictures, report, findings)
    print(json.dumps(report))


if __name__ == "__main__":
    main()

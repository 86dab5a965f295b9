"""Our engine and our turn machine, fed with a recording as a client would feed them.

Three streams hear the recording side by side. One is told by the marks when a turn is over,
so that its confidence can be asked at every silence whatever was fired before it. The other
two have a Listener each, which decides: one with the default settings, one that announces
likely ends as well.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.logistic import Numbers
from bench.recordings import Recording, Silence, frames_of
from bench.turns_events import TurnEvent
from bench.turns_marks import LOOK_S_MAX, grid
from turnwise.engine.interface import Engine, Hearing, Hypothesis
from turnwise.listener import Listener
from turnwise.settings import Encoding, Model, StreamSettings, Thresholds
from turnwise.turn.machine import Event
from turnwise.turn.policy import Trigger
from turnwise.units import FRAME_SAMPLES, SAMPLE_RATE_HZ, Audio, Frame
from turnwise.wire.codec import decode_server
from turnwise.wire.messages import EventName, TurnInfo

EAGER = 0.4
FRAME_S = FRAME_SAMPLES / SAMPLE_RATE_HZ
FULL_SCALE = 32_767
ROUNDING_S = 1e-6


@dataclass(frozen=True, slots=True)
class Played:
    confidences: Numbers
    """float64[frames]: end_of_turn after each frame, where the marks end the turns."""
    events: tuple[TurnEvent, ...]
    """With default settings."""
    eager_events: tuple[TurnEvent, ...]
    """With EAGER as well."""


class Line:
    """One stream with its listener, and the events it was told."""

    def __init__(self, engine: Engine[Any], thresholds: Thresholds) -> None:
        settings = StreamSettings(Model.ENGLISH, Encoding.LINEAR16, SAMPLE_RATE_HZ, thresholds)
        self._listener = Listener(settings, "bench")
        self.stream = engine.open(())
        self.events: list[TurnEvent] = []

    def hearing(self, frame: Frame) -> Hearing:
        samples = np.rint(np.clip(frame, -1, 1) * FULL_SCALE).astype("<i2")
        self._listener.receive_audio(samples.tobytes())
        return next(self._listener.hearings())  # a frame in, a frame out

    def take(self, hypothesis: Hypothesis) -> None:
        self._listener.receive_hypothesis(hypothesis)
        for text in self._listener.messages_to_send():
            message = decode_server(text)
            if isinstance(message, TurnInfo) and message.event is not EventName.UPDATE:
                self.events.append(
                    TurnEvent(
                        Event(message.event.value),
                        message.audio_window_end,
                        message.trigger == Trigger.TIMEOUT,
                        first_word_end_s(message),
                    )
                )


def first_word_end_s(message: TurnInfo) -> float | None:
    end_s = message.words[0].end if message.words else None
    return end_s if isinstance(end_s, float) else None


def play(engine: Engine[Any], audio: Audio, silences: Sequence[Silence]) -> Played:
    plain, eager = Line(engine, Thresholds()), Line(engine, Thresholds(eager=EAGER))
    told = engine.open(())
    new_turns = frames_that_begin_turns(silences)
    confidences = []
    for number, frame in enumerate(frames_of(audio, tail_s=0.0)):
        hearings = [plain.hearing(frame), eager.hearing(frame)]
        marked = Hearing(hearings[0].frame, new_turn=number in new_turns)
        work = [(plain.stream, hearings[0]), (eager.stream, hearings[1]), (told, marked)]
        answers = [_hypothesis(answer) for answer in engine.step(work)]
        plain.take(answers[0])
        eager.take(answers[1])
        confidences.append(answers[2].end_of_turn)
    for stream in (plain.stream, eager.stream, told):
        engine.close(stream)
    return Played(np.array(confidences), tuple(plain.events), tuple(eager.events))


def starts_in(engine: Engine[Any], audio: Audio) -> int:
    """Count the turns that start in a recording of something."""
    line = Line(engine, Thresholds())
    for frame in frames_of(audio, tail_s=0.0):
        (answer,) = engine.step([(line.stream, line.hearing(frame))])
        line.take(_hypothesis(answer))
    engine.close(line.stream)
    return sum(event.event is Event.START_OF_TURN for event in line.events)


def frames_that_begin_turns(silences: Sequence[Silence]) -> Collection[int]:
    """Return the frames in which an end's silence is over, or has been looked at long enough."""
    ends = [s for s in silences if s.kind == "end"]
    return {int(min(s.end, s.start + LOOK_S_MAX) / FRAME_S + ROUNDING_S) for s in ends}


def at_moments(confidences: Numbers, moments_s: Numbers) -> Numbers:
    """Return what had been said by then: of the last frame that was whole; 0 before the first."""
    frames = np.floor(moments_s / FRAME_S + ROUNDING_S).astype(int) - 1
    last = np.minimum(frames, len(confidences) - 1)
    said: Numbers = np.where(last >= 0, confidences[last], 0.0)
    return said


def scores_in(recording: Recording, confidences: Numbers, silences: Sequence[Silence]) -> Numbers:
    """Return the confidences on the grid of each silence: float64[silences, points]."""
    assert confidences.size, f"{recording.file} is shorter than a frame"
    return padded([at_moments(confidences, grid(silence)) for silence in silences])


def padded(rows: Sequence[Numbers]) -> Numbers:
    """Stack rows as long as the grid: NaN where a silence is over."""
    points = len(grid(Silence(0.0, LOOK_S_MAX, "end")))
    stacked = np.full((len(rows), points), np.nan)
    for row, values in zip(stacked, rows, strict=True):
        row[: len(values)] = values
    return stacked


def _hypothesis(answer: object) -> Hypothesis:
    assert isinstance(answer, Hypothesis), answer
    return answer

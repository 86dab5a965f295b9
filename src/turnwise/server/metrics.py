"""What an operator asks: how many streams, how full the steps, how far behind, how turns end."""

from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from turnwise.schedule.runner import Step
from turnwise.units import FRAME_MS

CONTENT_TYPE = "text/plain; version=1.0.0; charset=utf-8"
SPEECH_S = (0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0)
"""Histogram edges: a third of a frame is nothing, five seconds is a lost conversation."""
STEP_S = (0.001, 0.0025, 0.005, 0.01, *SPEECH_S)
"""An engine may be far quicker than speech."""
BATCH_FRAMES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class Metrics:
    def __init__(
        self, streams_open: Callable[[], int], speakers_open: Callable[[], int] = lambda: 0
    ) -> None:
        self._registry = registry = CollectorRegistry()
        Gauge("turnwise_streams_open", "Streams open now.", registry=registry).set_function(
            streams_open
        )
        Gauge(
            "turnwise_speakers_open", "Requests for speech open now.", registry=registry
        ).set_function(speakers_open)
        self._characters = Counter(
            "turnwise_speech_characters", "Characters taken to be spoken.", registry=registry
        )
        self._first_audio_s = Histogram(
            "turnwise_speech_first_audio_seconds",
            "From a clause to the first sound of it.",
            buckets=STEP_S,
            registry=registry,
        )
        self._refused = Counter(
            "turnwise_streams_refused",
            "Handshakes refused, by the code of the answer.",
            ["reason"],
            registry=registry,
        )
        self._step_s = Histogram(
            "turnwise_step_seconds",
            "One pass of the engine over one batch.",
            buckets=STEP_S,
            registry=registry,
        )
        self._batch_frames = Histogram(
            "turnwise_batch_frames", "Frames in one step.", buckets=BATCH_FRAMES, registry=registry
        )
        self._lag_s = Histogram(
            "turnwise_frame_lag_seconds",
            "From the arrival of a frame to the engine's answer, for the slowest of each step.",
            buckets=STEP_S,
            registry=registry,
        )
        self._turns = Counter(
            "turnwise_turns_ended",
            "Turns ended, by what ended them.",
            ["trigger"],
            registry=registry,
        )
        self._audio_s = Counter(
            "turnwise_audio_heard_seconds", "Seconds of audio heard.", registry=registry
        )
        for trigger in ("model", "timeout", "manual"):
            self._turns.labels(trigger)

    def count_refusal(self, reason: str) -> None:
        self._refused.labels(reason).inc()

    def count_step(self, step: Step) -> None:
        self._step_s.observe(step.step_s)
        self._batch_frames.observe(step.frames)
        self._lag_s.observe(step.lag_s)
        self._audio_s.inc(step.frames * FRAME_MS / 1000)

    def count_turns(self, ended: Mapping[str, int]) -> None:
        """Add a stream's turns, by what ended them."""
        for trigger, count in ended.items():
            self._turns.labels(trigger).inc(count)

    def count_characters(self, count: int) -> None:
        self._characters.inc(count)

    def count_first_audio(self, delay_s: float) -> None:
        self._first_audio_s.observe(delay_s)

    def text(self) -> bytes:
        """Return all of it, as Prometheus scrapes it."""
        return generate_latest(self._registry)

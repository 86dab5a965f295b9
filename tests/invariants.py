"""The invariants of contract section 12, checked message by message."""

import json
from dataclasses import dataclass, field
from typing import Any

from turnwise.settings import Thresholds

UPDATE_GAP_S = 0.25
EPSILON_S = 1e-6


@dataclass
class Checker:
    """Hears what a server says to one client, and complains.

    Tell it what the client did; it keeps what the contract says must follow.
    """

    request_id: str
    multilingual: bool = False
    thresholds: Thresholds = field(default_factory=Thresholds)
    audio_sent_s: float = 0.0
    eager_ever: bool = False
    configures_unanswered: int = 0
    forces_unanswered: int = 0
    fatal_due: bool = False
    closing: bool = False
    sequence_id: int = -1
    turn_index: int = 0
    window_start: float = 0.0
    window_end: float = 0.0
    started: bool = False
    announced: str | None = None
    ended_just_now: bool = False
    errors: int = 0
    ends: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.eager_ever = self.thresholds.eager is not None

    def check(self, text: str) -> dict[str, Any]:
        """Take the next message.

        Raises:
            AssertionError: It breaks an invariant; the message names which.
        """
        message: dict[str, Any] = json.loads(text)
        kind = message["type"]
        assert self.errors == 0, "nothing follows an Error"
        assert message["sequence_id"] == self.sequence_id + 1, "12.1"
        self.sequence_id += 1
        assert (kind == "Connected") == (self.sequence_id == 0), "12.1"
        if kind != "Error":
            assert message["request_id"] == self.request_id, "12.2"
        getattr(self, f"_check_{kind}")(message)
        return message

    def _check_Connected(self, message: dict[str, Any]) -> None:  # noqa: N802
        assert set(message) == {"type", "request_id", "sequence_id"}, "4.2"

    def _check_TurnInfo(self, message: dict[str, Any]) -> None:  # noqa: N802
        event, transcript = message["event"], message["transcript"]
        start, end = message["audio_window_start"], message["audio_window_end"]
        assert end >= self.window_end - EPSILON_S, "12.3: never decreases"
        assert end <= self.audio_sent_s + EPSILON_S, "12.3: never exceeds the audio sent"
        assert end - self.window_end <= UPDATE_GAP_S, "12.3: no gap"
        assert message["turn_index"] == self.turn_index, "12.4"
        assert start == self.window_start, "14.37"
        self.window_end = end
        assert (event == "EndOfTurn") == ("trigger" in message), "12.8"
        words = message["words"]
        assert " ".join(word["word"] for word in words) == transcript, "12.9"
        assert all(0 <= word["confidence"] <= 1 for word in words), "4.3"
        assert 0 <= message["end_of_turn_confidence"] <= 1, "4.3"
        for name in ("languages", "languages_hinted"):
            assert (name in message) == self.multilingual, "R6"
        if self.multilingual:
            assert bool(message["languages"]) == bool(transcript), "4.3"
        self._check_order(message, event, transcript)

    def _check_order(self, message: dict[str, Any], event: str, transcript: str) -> None:
        if event == "Update":
            assert self.started or not transcript, "5.4 step 2: words start a turn"
            if self.announced is not None:
                assert transcript == self.announced, "R4: other words resume first"
        elif event == "StartOfTurn":
            assert not self.started, "12.5"
            assert transcript, "R7"
            self.started = True
        elif event == "EagerEndOfTurn":
            assert self.started and self.announced is None, "12.5"  # noqa: PT018
            assert transcript, "R2"
            assert self.thresholds.eager is not None, "12.7"
            assert message["end_of_turn_confidence"] >= self.thresholds.eager, "5.4 step 3"
            self.announced = transcript
        elif event == "TurnResumed":
            assert self.announced is not None, "R3"
            assert self.eager_ever, "12.7"
            self.announced = None
        elif event == "EndOfTurn":
            self._check_end(message, transcript)

    def _check_end(self, message: dict[str, Any], transcript: str) -> None:
        assert self.started, "12.5"
        assert self.announced in (None, transcript), "R4"
        trigger = message["trigger"]
        assert trigger in ("model", "timeout", "manual"), "R9"
        if trigger == "manual":
            assert self.forces_unanswered > 0, "12.12"
            self.forces_unanswered -= 1
        if trigger == "model":
            assert message["end_of_turn_confidence"] >= self.thresholds.eot, "R9"
            assert self.thresholds.eot < 1.0, "14.31"
        self.ends.append(trigger)
        self.started, self.announced = False, None
        self.turn_index += 1
        self.window_start = message["audio_window_end"]

    def _check_ConfigureSuccess(self, message: dict[str, Any]) -> None:  # noqa: N802
        self._answered()
        active = message["thresholds"]
        self.thresholds = Thresholds(
            active["eot_threshold"], active.get("eager_eot_threshold"), active["eot_timeout_ms"]
        )
        self.eager_ever |= self.thresholds.eager is not None
        assert ("language_hints" in message) == self.multilingual, "4.4"
        assert isinstance(message["numerals"], bool), "4.4"
        assert isinstance(message["keyterms"], list), "4.4"

    def _check_ConfigureFailure(self, message: dict[str, Any]) -> None:  # noqa: N802
        self._answered()
        assert message["code"], "4.5"
        assert message["description"], "4.5"

    def _answered(self) -> None:
        assert self.configures_unanswered > 0, "12.10: one reply each"
        self.configures_unanswered -= 1

    def _check_Warning(self, message: dict[str, Any]) -> None:  # noqa: N802
        assert message["code"] == "FORCE_END_TURN_NO_ACTIVE_TURN", "4.6"
        assert message["description"], "4.6"
        assert not self.started, "12.12"
        assert self.forces_unanswered > 0, "12.12"
        self.forces_unanswered -= 1

    def _check_Error(self, message: dict[str, Any]) -> None:  # noqa: N802
        assert self.fatal_due, "12.13"
        assert set(message) == {"type", "sequence_id", "code", "description"}, "14.11"
        self.errors += 1

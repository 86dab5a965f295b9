"""Contract section 12 under random audio, cuts, beliefs and messages.

The handshake's invariants (14, 15 and the header half of 2) live with the server's tests.
"""

import json
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from tests.invariants import Checker
from tests.talk import words
from turnwise.engine.interface import Hypothesis
from turnwise.errors import NO_STATUS
from turnwise.listener import Listener
from turnwise.settings import Encoding, Model, StreamSettings, Thresholds
from turnwise.turn.policy import are_stale
from turnwise.turn.turns import SILENCE
from turnwise.units import FRAME_SAMPLES, SAMPLE_RATE_HZ, Samples

REQUEST_ID = "01a059ba-1583-7360-917e-c766366a6787"
TEXTS = ["", "", "hi", "hi there", "hi there sir"]
maybe_number = st.one_of(st.none(), st.floats(0.2, 1.1), st.sampled_from(["0.6", "soon"]))
thresholds = st.fixed_dictionaries(
    {},
    optional={
        "eot_threshold": maybe_number,
        "eager_eot_threshold": maybe_number,
        "eot_timeout_ms": st.one_of(st.none(), st.integers(400, 3_000)),
    },
)
configures = st.fixed_dictionaries(
    {"type": st.just("Configure")},
    optional={
        "thresholds": st.one_of(st.none(), thresholds),
        "keyterms": st.one_of(st.none(), st.lists(st.sampled_from(["apple", "pear"]))),
        "numerals": st.one_of(st.none(), st.booleans()),
        "profanity_filter": st.one_of(st.none(), st.booleans()),
        "language_hints": st.one_of(st.none(), st.lists(st.sampled_from(["en", "es", "zz"]))),
    },
)


class Stream(RuleBasedStateMachine):
    """One client of one listener; the engine believes whatever is drawn."""

    @initialize(
        model=st.sampled_from(Model),
        eager=st.sampled_from([None, 0.3, 0.5]),
        eot=st.sampled_from([0.5, 0.7, 1.0]),
        timeout_ms=st.sampled_from([500, 1_500, 5_000]),
        ends_on_close=st.booleans(),
    )
    def connect(
        self, model: Model, eager: float | None, eot: float, timeout_ms: int, ends_on_close: bool
    ) -> None:
        given = Thresholds(eot, eager, timeout_ms)
        self.listener = Listener(
            StreamSettings(model, Encoding.LINEAR16, SAMPLE_RATE_HZ, given),
            REQUEST_ID,
            end_turn_on_close=ends_on_close,
        )
        self.ends_on_close = ends_on_close
        self.checker = Checker(REQUEST_ID, model is Model.MULTILINGUAL, given)
        self.heard = 0
        self.sent_bytes = 0
        self.voice: Samples | None = None
        self.ends_seen = 0
        self.last = SILENCE
        self.messages: list[dict[str, Any]] = []

    def _open(self) -> bool:
        return self.listener.close_due is None

    @rule(
        sizes=st.lists(st.integers(0, 9_000), max_size=6),
        text=st.sampled_from(TEXTS),
        confidence=st.floats(0, 1),
        voiced=st.booleans(),
    )
    @precondition(_open)
    def audio(self, sizes: list[int], text: str, confidence: float, voiced: bool) -> None:
        for size in sizes:
            self.sent_bytes += size
            self.checker.audio_sent_s = self.sent_bytes // 2 / SAMPLE_RATE_HZ
            self.listener.receive_audio(bytes(size))
            self._hear(text, confidence, voiced)

    def _hear(self, text: str, confidence: float, voiced: bool) -> None:
        for hearing in self.listener.hearings():
            assert len(hearing.frame) == FRAME_SAMPLES
            self.heard += FRAME_SAMPLES
            self._drain()
            if hearing.new_turn:
                has_ended = len(self.checker.ends) > self.ends_seen
                self.ends_seen = len(self.checker.ends)
                assert not self.checker.started, "words are kept while they count"
                assert has_ended or are_stale(self.last), "and forgotten for a reason"
            now = Samples(self.heard)
            self.voice = now if voiced else self.voice
            said = words(text, until=(self.voice or now) // FRAME_SAMPLES)
            self.last = Hypothesis(now, said, confidence, self.voice)
            self.listener.receive_hypothesis(self.last)

    @rule(message=configures)
    @precondition(_open)
    def configure(self, message: dict[str, Any]) -> None:
        self.checker.configures_unanswered += 1
        self._say(message)

    @rule()
    @precondition(_open)
    def force_end_turn(self) -> None:
        self.checker.forces_unanswered += 1
        self._say({"type": "ForceEndTurn"})

    @rule(milliseconds=st.integers(0, 10_000))
    @precondition(_open)
    def stall(self, milliseconds: int) -> None:
        self.listener.receive_stall(milliseconds)

    @rule(
        text=st.sampled_from(
            ["", "{}", "[1]", '{"type":"KeepAlive"}', '{"type":"Configure","x":1}']
        )
    )
    @precondition(_open)
    def nonsense(self, text: str) -> None:
        self.checker.fatal_due = True
        self.listener.receive_text(text)
        self._hear("", 0.0, False)
        assert self.listener.close_due == NO_STATUS, "12.13"

    @rule()
    @precondition(_open)
    def close(self) -> None:
        ends = len(self.checker.ends)
        was_open = self.checker.started
        if self.ends_on_close:
            self.checker.forces_unanswered += was_open
        self._say({"type": "CloseStream"})
        self._drain()
        assert self.listener.close_due == NO_STATUS, "12.11: the socket closes"
        expected = ends + (was_open and self.ends_on_close)
        assert len(self.checker.ends) == expected, "12.11: no EndOfTurn unless asked for"

    @rule()
    def anything_after_the_end_is_ignored(self) -> None:
        if self._open():
            return
        self._drain()
        self.listener.receive_audio(bytes(3_000))
        self.listener.receive_text('{"type":"ForceEndTurn"}')
        self.listener.receive_stall(60_000)
        assert list(self.listener.hearings()) == []
        assert self.listener.messages_to_send() == []

    def _say(self, message: dict[str, Any]) -> None:
        self.listener.receive_text(json.dumps(message))
        self._hear("", 0.0, False)

    @invariant()
    def what_is_said_keeps_the_contract(self) -> None:
        self._drain()
        assert self.checker.configures_unanswered == 0, "12.10"
        assert self.checker.forces_unanswered == 0, "12.12"

    def _drain(self) -> None:
        for text in self.listener.messages_to_send():
            self.messages.append(self.checker.check(text))


TestStream = Stream.TestCase
TestStream.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)

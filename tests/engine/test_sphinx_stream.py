"""One stream's recognition, fed with the packaged sample and with what is no speech."""

from collections.abc import Sequence
from functools import cache

import pytest

from tests import voices
from turnwise.engine.interface import Hypothesis
from turnwise.engine.sphinx_decoder import LiveDecoder
from turnwise.engine.sphinx_stream import SphinxStream
from turnwise.samples.conversation import turns
from turnwise.units import FRAME_SAMPLES, Frame, samples_from_ms, seconds

FIRST_TURN = "Good morning I would like to make a reservation"
NAME = voices.speech(turns()[3].start_s - 0.5, turns()[3].end_s + 0.8)
"""My name is Robert Johnson."""


def hear(
    frames: Sequence[Frame], keyterms: Sequence[str] = (), new_turns: Sequence[int] = ()
) -> list[Hypothesis]:
    stream = SphinxStream(LiveDecoder(), keyterms)
    return [stream.hear(f, new_turn=n in new_turns) for n, f in enumerate(frames)]


@cache
def first_turns() -> tuple[Hypothesis, ...]:
    """Hear two turns of the sample; the second begins at frame 60."""
    return tuple(hear(voices.speech(0, 8.5), new_turns=[60]))


class CountingDecoder(LiveDecoder):
    """Counts the utterances."""

    begun = 0

    def begin(self) -> None:
        self.begun += 1
        super().begin()


def text(hypothesis: Hypothesis) -> str:
    return " ".join(word.text for word in hypothesis.words)


def test_words_come_while_they_are_spoken_and_stay_in_the_pause_after() -> None:
    heard = first_turns()
    assert text(heard[12]) == ""
    assert text(heard[30]).startswith("Good morning")
    assert len(heard[30].words) < len(heard[45].words)
    assert text(heard[58]) == FIRST_TURN


def test_words_are_in_order_and_within_the_voice() -> None:
    words = first_turns()[58].words
    starts = [word.start for word in words]
    assert starts == sorted(starts)
    assert all(word.start < word.end for word in words)
    assert words[0].start == pytest.approx(samples_from_ms(1_200), abs=2_000)
    assert words[-1].end == pytest.approx(samples_from_ms(3_690), abs=2_000)


def test_confidences_are_probabilities_that_differ() -> None:
    confidences = [word.confidence for word in first_turns()[58].words]
    assert all(0.0 < confidence < 1.0 for confidence in confidences)
    assert len(set(confidences)) > 1


def test_positions_advance_with_every_frame() -> None:
    heard = first_turns()
    assert [h.heard_until for h in heard] == [(n + 1) * FRAME_SAMPLES for n in range(len(heard))]


def test_a_new_turn_forgets_the_words_but_not_the_clock() -> None:
    heard = first_turns()
    assert heard[60].words == ()
    assert heard[60].voice_until is None
    second = turns()[1]
    assert text(heard[-1]).startswith(" ".join(second.words[:3]).capitalize())
    assert seconds(heard[-1].words[0].start) == pytest.approx(second.start_s, abs=0.2)


def test_an_end_is_likelier_after_the_words_than_within_them() -> None:
    heard = first_turns()
    assert max(h.end_of_turn for h in heard[18:44]) < 0.5
    assert heard[58].end_of_turn > 0.7


def test_a_new_turn_in_mid_word_goes_on_with_what_follows() -> None:
    heard = hear(voices.speech(0, 4.5), new_turns=[28])
    assert heard[28].words == ()
    assert text(heard[-1]).lower().endswith("like to make a reservation")
    assert "morning" not in text(heard[-1])


@pytest.mark.parametrize(
    "frames",
    [voices.silence(4), voices.noise(4), voices.silence(1) + voices.tone(3), voices.noise(3, 0.3)],
    ids=["silence", "hiss", "a tone", "a roar"],
)
def test_nothing_is_said_where_no_voice_is(frames: list[Frame]) -> None:
    stream = SphinxStream(LiveDecoder())
    assert [text(stream.hear(frame)) for frame in frames] == [""] * len(frames)


def test_the_same_audio_gives_the_same_hypotheses() -> None:
    frames = voices.speech(0, 4.5)
    assert hear(frames) == list(first_turns()[: len(frames)])


def test_a_term_is_heard_as_the_caller_writes_it() -> None:
    heard = hear(NAME, keyterms=["ROBERT Johnson"])
    assert text(heard[-1]) == "My name is ROBERT Johnson"
    first, second = heard[-1].words[-2:]
    assert first.end == second.start


def test_terms_given_later_hold_from_the_next_utterance_and_can_be_taken_back() -> None:
    frames = NAME
    stream = SphinxStream(LiveDecoder())
    said = []
    for keyterms in ((), ("Roburt Jonson",), ()):
        change: tuple[str, ...] | None = keyterms
        for number, frame in enumerate(frames):
            last = stream.hear(frame, new_turn=number == 0, keyterms=change)
            change = None
        said.append(text(last))
    assert said == [
        "My name is robert johnson",
        "My name is Roburt Jonson",
        "My name is robert johnson",
    ]


def test_terms_nobody_says_change_nothing() -> None:
    frames = voices.speech(0, 4.5)
    assert text(hear(frames, keyterms=["Kubernetes", "Ozempic"])[-1]) == FIRST_TURN


def test_an_utterance_without_a_pause_is_cut_and_loses_no_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("turnwise.engine.sphinx_stream.TOO_LONG", samples_from_ms(1_200))
    decoder = CountingDecoder()
    stream = SphinxStream(decoder)
    heard = [stream.hear(frame) for frame in voices.speech(0, 4.5)]
    assert decoder.begun >= 2
    assert text(heard[-1]).startswith("Good morning I would like to make")
    assert len(heard[-1].words) == len(FIRST_TURN.split())
    starts = [word.start for word in heard[-1].words]
    assert starts == sorted(starts)


def test_a_long_utterance_ends_at_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("turnwise.engine.sphinx_stream.LONG", samples_from_ms(800))
    decoder = CountingDecoder()
    stream = SphinxStream(decoder)
    heard = [stream.hear(frame) for frame in voices.speech(0, 4.5)]
    assert decoder.begun >= 2
    assert 6 <= len(heard[-1].words) <= 12

"""What crosses the socket between the server and a stream's process."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnwise.engine.interface import Hypothesis, Word
from turnwise.engine.sphinx_process import heard_message, read_heard
from turnwise.units import Samples

words = st.lists(
    st.builds(
        Word,
        text=st.text(min_size=1, max_size=5),
        confidence=st.floats(0, 1),
        start=st.integers(0, 1 << 40).map(Samples),
        end=st.integers(0, 1 << 40).map(Samples),
    ),
    max_size=6,
).map(tuple)
hypotheses = st.builds(
    Hypothesis,
    heard_until=st.integers(0, 1 << 40).map(Samples),
    words=words,
    end_of_turn=st.floats(0, 1),
    voice_until=st.none() | st.integers(0, 1 << 40).map(Samples),
)


@given(st.lists(hypotheses, max_size=5))
def test_hypotheses_cross_unchanged(told: list[Hypothesis]) -> None:
    sent: tuple[Word, ...] = ()
    received: tuple[Word, ...] = ()
    for hypothesis in told:
        read = read_heard(received, heard_message(sent, hypothesis))
        assert read == hypothesis
        sent, received = hypothesis.words, read.words


def test_words_that_stay_are_not_sent_again() -> None:
    said = tuple(Word(f"word{n}", 0.5, Samples(n), Samples(n + 1)) for n in range(1_000))
    message = heard_message(said, Hypothesis(Samples(1), said, 0.5, None))
    assert len(message) < 200
    assert read_heard(said, message).words is said


def test_what_is_no_message_is_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        read_heard((), b"\xff")

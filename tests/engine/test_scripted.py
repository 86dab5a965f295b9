"""The scripted engine: it says its cues, and chatters by position alone."""

from itertools import pairwise

import numpy as np
import pytest

from turnwise.engine.interface import Hearing, Hypothesis
from turnwise.engine.scripted import Cue, ScriptedEngine, cycle_frames, spoken
from turnwise.errors import Overloaded
from turnwise.units import FRAME_SAMPLES, Samples

FRAME = np.zeros(FRAME_SAMPLES, np.float32)


def hear(engine: ScriptedEngine, count: int, new_turn_at: tuple[int, ...] = ()) -> list[Hypothesis]:
    """Open a stream and let it hear that many frames."""
    stream = engine.open(())
    heard = []
    for frame in range(count):
        (hypothesis,) = engine.step([(stream, Hearing(FRAME, new_turn=frame in new_turn_at))])
        assert isinstance(hypothesis, Hypothesis)
        heard.append(hypothesis)
    engine.close(stream)
    return heard


def frames(count: int) -> Samples:
    return Samples(count * FRAME_SAMPLES)


def texts(hypothesis: Hypothesis) -> str:
    return " ".join(word.text for word in hypothesis.words)


def test_the_last_cue_at_or_before_what_was_heard_holds() -> None:
    early = Cue(frames(2), spoken("hello", frames(1), frames(2)), 0.1, frames(2))
    late = Cue(frames(4), spoken("hello you", frames(1), frames(4)), 0.6, frames(4))
    heard = hear(ScriptedEngine([early, late]), 5)
    assert [texts(h) for h in heard] == ["", "hello", "hello", "hello you", "hello you"]
    assert [h.end_of_turn for h in heard] == [0.0, 0.1, 0.1, 0.6, 0.6]
    assert [h.voice_until for h in heard] == [None, frames(2), frames(2), frames(4), frames(4)]
    assert [h.heard_until for h in heard] == [frames(n) for n in range(1, 6)]


def test_a_new_turn_leaves_out_words_spoken_before_it() -> None:
    words = spoken("old", frames(0), frames(1)) + spoken("new", frames(2), frames(3))
    heard = hear(ScriptedEngine([Cue(frames(1), words, 0.2, frames(3))]), 3, new_turn_at=(1,))
    assert [texts(h) for h in heard] == ["old new", "new", "new"]


def test_a_new_turn_with_no_voice_yet_is_blank() -> None:
    cue = Cue(frames(1), spoken("old", frames(0), frames(1)), 0.9, frames(1))
    heard = hear(ScriptedEngine([cue]), 2, new_turn_at=(1,))
    assert heard[1] == Hypothesis(frames(2), (), 0.0, None)


def test_spoken_words_fill_their_time_evenly() -> None:
    first, second = spoken("one two", Samples(0), Samples(100), confidence=0.5)
    assert (first.start, first.end, second.start, second.end) == (0, 50, 50, 100)
    assert first.confidence == 0.5


def test_nothing_spoken_is_no_words() -> None:
    assert spoken("", Samples(0), Samples(100)) == ()


def test_a_stream_beyond_the_last_place_is_refused_until_one_closes() -> None:
    engine = ScriptedEngine([], streams_max=1)
    stream = engine.open(())
    with pytest.raises(Overloaded):
        engine.open(())
    engine.close(stream)
    engine.open(())
    engine.stop()


def test_chatter_depends_on_the_position_alone() -> None:
    engine = ScriptedEngine()
    length = 2 * cycle_frames()
    alone = hear(engine, length)
    ends = tuple(
        n + 1
        for n, (now, then) in enumerate(pairwise(alone))
        if now.end_of_turn < 0.7 <= then.end_of_turn
    )
    assert hear(engine, length, ends) == hear(ScriptedEngine(), length, ends)


def test_chatter_repeats_itself_one_cycle_later() -> None:
    length = cycle_frames()
    heard = hear(ScriptedEngine(), 2 * length, new_turn_at=(length,))
    assert [texts(h) for h in heard[length:]] == [texts(h) for h in heard[:length]]
    shift = frames(length)
    assert heard[-1].words[0].start == heard[length - 1].words[0].start + shift


def test_chatter_grows_word_by_word_and_a_confidence_rises_after_it() -> None:
    heard = hear(ScriptedEngine(), 30)
    said = [texts(h) for h in heard]
    assert list(dict.fromkeys(said)) == ["", "Hi", "Hi there"]
    silent = [h for h in heard if h.voice_until is not None and h.voice_until < h.heard_until]
    rising = [h.end_of_turn for h in silent[-8:]]
    assert rising == sorted(rising)
    assert rising[-1] > 0.9


def test_chatter_keeps_the_words_of_a_turn_that_nobody_ends() -> None:
    heard = hear(ScriptedEngine(), cycle_frames() + 30)
    assert texts(heard[60]).startswith("Hi there I'd like")
    assert texts(heard[-1]).endswith("Thank you very much goodbye Hi there")
    starts = [word.start for word in heard[-1].words]
    assert starts == sorted(starts)
    assert all(h.end_of_turn <= 1.0 for h in heard)


def test_chatter_cut_short_by_a_new_turn_goes_on_with_what_follows() -> None:
    whole = hear(ScriptedEngine(), 12)
    assert texts(whole[11]) == "Hi"
    heard = hear(ScriptedEngine(), 30, new_turn_at=(8,))
    assert texts(heard[-1]) == "there"


def test_chatter_after_a_new_turn_in_silence_is_blank() -> None:
    heard = hear(ScriptedEngine(), 24, new_turn_at=(22,))
    assert heard[-1] == Hypothesis(frames(24), (), 0.0, None)

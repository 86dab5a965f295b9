"""Numbers and thresholds become signals: contract section 5.4, first match wins."""

from dataclasses import replace

import pytest

from tests.talk import belief, frames
from turnwise.engine.interface import Hypothesis, Word
from turnwise.settings import Thresholds
from turnwise.turn.machine import Signal, State
from turnwise.turn.policy import (
    NOTHING,
    RESUMED_AFTER,
    Draft,
    Trigger,
    Voice,
    are_stale,
    judge,
    quiet_of,
    transcript,
    voice_after,
    voiced_since,
)
from turnwise.units import Samples, samples_from_ms

QUIET = Samples(0)
LONG = samples_from_ms(5_000)
PLAIN = Thresholds()
EAGER = Thresholds(eager=0.4)
DRAFT = Draft("hello there")
SPEECH = ((Signal.SPEECH, None),)
ANNOUNCED = ((Signal.LIKELY_OVER, None),)
RESUMED = ((Signal.NOT_OVER, None),)
BY_MODEL = ((Signal.OVER, Trigger.MODEL),)
BY_TIMEOUT = ((Signal.OVER, Trigger.TIMEOUT),)


def test_a_transcript_is_the_words_with_spaces_between() -> None:
    assert transcript(belief(3, "hello there")) == "hello there"


def test_a_turn_starts_with_its_first_words() -> None:  # R7
    assert judge(State.IDLE, belief(3, "hello"), PLAIN, QUIET, None) == SPEECH


def test_words_without_a_voice_start_no_turn() -> None:
    guessed = replace(belief(3, "hello"), voice_until=None)
    assert judge(State.IDLE, guessed, PLAIN, QUIET, None) == NOTHING


def test_a_voice_without_words_starts_no_turn() -> None:  # R7, 14.4
    assert judge(State.IDLE, belief(3, voice=3), PLAIN, QUIET, None) == NOTHING


def guess(at: int, *confidences: float) -> Hypothesis:
    """Return words one after another that end in that frame, the last one."""
    count = len(confidences)
    said = [
        Word("dog", confidence, frames(at - count + n), frames(at - count + n + 1))
        for n, confidence in enumerate(confidences)
    ]
    return Hypothesis(frames(at), tuple(said), 0.0, frames(at))


def test_words_in_a_long_voice_start_a_turn_once_one_is_too_many_to_be_a_guess() -> None:
    music = Voice(frames(0), frames(100))
    for confidences, expected in (((0.8,), NOTHING), ((0.5, 0.4), NOTHING), ((0.5, 0.5), SPEECH)):
        found = judge(State.IDLE, guess(100, *confidences), PLAIN, QUIET, None, music)
        assert found == expected


def test_guesses_of_long_ago_do_not_add_up_to_a_turn() -> None:
    music = Voice(frames(0), frames(200))
    old = replace(guess(100, 0.5, 0.5), heard_until=frames(200), voice_until=frames(200))
    assert judge(State.IDLE, old, PLAIN, QUIET, None, music) == NOTHING
    assert are_stale(old)
    assert not are_stale(guess(100, 0.5))


def test_guesses_far_apart_do_not_add_up_to_a_turn() -> None:
    music = Voice(frames(0), frames(100))
    late = guess(100, 0.9).words
    apart = replace(guess(100), words=(*guess(5, 0.9).words, *late))
    assert judge(State.IDLE, apart, PLAIN, QUIET, None, music) == NOTHING


def test_a_word_with_which_a_voice_begins_starts_a_turn_however_unsure() -> None:
    voice = Voice(frames(99), frames(100))
    assert judge(State.IDLE, guess(100, 0.01), PLAIN, QUIET, None, voice) == SPEECH


@pytest.mark.parametrize(("confidence", "expected"), [(0.2, NOTHING), (0.5, SPEECH)])
def test_the_longer_a_voice_had_no_words_the_more_they_must_be_believed(
    confidence: float, expected: object
) -> None:
    voice = Voice(frames(85), frames(100))  # 1.1 s of the 3 s in which nothing is believed
    assert judge(State.IDLE, guess(100, confidence), PLAIN, QUIET, None, voice) == expected


def test_words_from_before_a_voice_or_after_it_are_not_what_it_says() -> None:
    for voice in (Voice(frames(94), frames(100)), Voice(frames(80), frames(88))):
        late = replace(guess(100, 0.3, 0.3), voice_until=voice.end)
        old = guess(88, 0.3).words
        for words in (late.words, (*old, *late.words)):
            found = judge(State.IDLE, replace(late, words=words), PLAIN, QUIET, None, voice)
            is_of_it = words is late.words and voice.end == frames(100)
            assert found == (SPEECH if is_of_it else NOTHING)


def test_stale_words_start_no_turn() -> None:
    old = replace(guess(30, 0.9, 0.9), heard_until=frames(60), voice_until=frames(60))
    assert judge(State.IDLE, old, PLAIN, QUIET, None, Voice(frames(28), frames(60))) == NOTHING


def test_a_voice_goes_on_over_short_gaps_and_begins_anew_after_long_ones() -> None:
    begun = voice_after(None, belief(1), belief(2, voice=2))
    assert begun == Voice(frames(1), frames(2))
    assert voice_after(begun, belief(2, voice=2), belief(9, voice=2)) == begun
    assert voice_after(begun, belief(9, voice=2), belief(10, voice=10)) == Voice(
        frames(1), frames(10)
    )
    assert voice_after(begun, belief(19, voice=2), belief(20, voice=20)) == Voice(
        frames(19), frames(20)
    )


def test_a_long_voice_whose_words_were_guesses_is_music_and_goes_on_over_rests() -> None:
    guessed = replace(guess(60, 0.3), heard_until=frames(100), voice_until=frames(90))
    later = replace(guess(180, 0.3), voice_until=frames(180))
    for start, is_music in ((40, True), (80, False)):  # 4 s of it, and less than 1 s
        voice = voice_after(Voice(frames(start), frames(90)), guessed, guessed)
        assert voice is not None
        assert voice.is_music == is_music
        quiet = replace(guessed, heard_until=frames(179), words=())
        after = voice_after(voice, quiet, later)
        assert after is not None
        assert after.start == (frames(start) if is_music else frames(179))
        found = judge(State.IDLE, later, PLAIN, QUIET, None, after)
        assert found == (NOTHING if is_music else SPEECH)


@pytest.mark.parametrize(
    ("confidence", "expected"), [(0.69, NOTHING), (0.7, BY_MODEL), (1.0, BY_MODEL)]
)
def test_without_eager_events_the_threshold_ends_a_turn(  # 5.4 step 3
    confidence: float, expected: object
) -> None:
    hypothesis = belief(12, "hello there", confidence)
    assert judge(State.SPEAKING, hypothesis, PLAIN, QUIET, None) == expected


def test_a_threshold_of_one_leaves_the_end_to_time_and_client() -> None:  # 5.4 step 5, 14.31
    never = Thresholds(eot=1.0)
    assert judge(State.SPEAKING, belief(12, "hello", 1.0), never, QUIET, None) == NOTHING
    assert judge(State.SPEAKING, belief(12, "hello", 1.0), never, LONG, None) == BY_TIMEOUT


def test_a_threshold_of_one_still_announces_a_likely_end() -> None:
    never = Thresholds(eot=1.0, eager=0.4)
    assert judge(State.SPEAKING, belief(12, "hello", 1.0), never, QUIET, None) == ANNOUNCED


def test_silence_of_the_time_out_ends_a_turn_whatever_the_confidence() -> None:  # R9
    assert judge(State.SPEAKING, belief(80, "hello", 0.1), PLAIN, LONG, None) == BY_TIMEOUT
    just_short = Samples(LONG - 1)
    assert judge(State.SPEAKING, belief(80, "hello", 0.1), PLAIN, just_short, None) == NOTHING


def test_the_time_out_comes_before_an_announcement() -> None:  # 5.4 step 3, R11
    assert judge(State.SPEAKING, belief(80, "hello", 0.5), EAGER, LONG, None) == BY_TIMEOUT


@pytest.mark.parametrize(("confidence", "expected"), [(0.39, NOTHING), (0.4, ANNOUNCED)])
def test_the_eager_threshold_announces_a_likely_end(confidence: float, expected: object) -> None:
    hypothesis = belief(12, "hello there", confidence)
    assert judge(State.SPEAKING, hypothesis, EAGER, QUIET, None) == expected


def test_crossing_both_thresholds_at_once_announces_and_ends() -> None:  # 5.4 step 6
    hypothesis = belief(12, "hello there", 0.9)
    assert judge(State.SPEAKING, hypothesis, EAGER, QUIET, None) == (*ANNOUNCED, *BY_MODEL)


@pytest.mark.parametrize("thresholds", [PLAIN, EAGER])
def test_a_turn_whose_words_vanished_waits_for_the_time_out(  # R2, 14.25
    thresholds: Thresholds,
) -> None:
    assert judge(State.SPEAKING, belief(12, "", 0.99), thresholds, QUIET, None) == NOTHING
    assert judge(State.SPEAKING, belief(12, "", 0.99), thresholds, LONG, None) == BY_TIMEOUT


def test_the_same_words_and_more_confidence_end_an_announced_turn() -> None:  # R4
    hypothesis = belief(14, "hello there", 0.7, voice=9)
    assert judge(State.ENDING, hypothesis, EAGER, QUIET, DRAFT) == BY_MODEL


def test_the_same_words_and_less_confidence_wait() -> None:  # R8
    hypothesis = belief(14, "hello there", 0.3, voice=9)
    assert judge(State.ENDING, hypothesis, EAGER, QUIET, DRAFT) == NOTHING


def test_other_words_resume_an_announced_turn_even_at_full_confidence() -> None:  # R3, R4
    hypothesis = belief(14, "hello there sir", 1.0)
    assert judge(State.ENDING, hypothesis, EAGER, QUIET, DRAFT) == RESUMED


def test_a_fifth_of_a_second_of_voice_resumes_an_announced_turn_whatever_the_model_says() -> None:
    spoke = Draft("hello there", RESUMED_AFTER)
    assert judge(State.ENDING, belief(14, "hello there", 0.9), EAGER, QUIET, spoke) == RESUMED
    coughed = Draft("hello there", Samples(RESUMED_AFTER - 1))
    doubting = belief(14, "hello there", 0.1, voice=14)
    assert judge(State.ENDING, doubting, EAGER, QUIET, coughed) == NOTHING


def test_only_voice_after_what_was_heard_before_counts_as_resumed() -> None:
    before = belief(10, "hello")
    assert voiced_since(before, belief(11, "hello", voice=11)) == frames(1)
    assert voiced_since(before, belief(11, "hello", voice=9)) == 0
    assert voiced_since(before, belief(11)) == 0


def test_nothing_ends_before_160_ms_of_quiet() -> None:
    for voice, may in ((12, False), (11, False), (10, True)):
        verdict = judge(State.SPEAKING, belief(12, "hello", 0.9, voice=voice), PLAIN, QUIET, None)
        assert verdict == (((Signal.OVER, Trigger.MODEL),) if may else NOTHING)
    hasty = belief(12, "hello there", 0.9, voice=11)
    assert judge(State.SPEAKING, hasty, PLAIN, QUIET, None) == NOTHING
    assert judge(State.SPEAKING, hasty, EAGER, QUIET, None) == ANNOUNCED
    assert judge(State.ENDING, hasty, EAGER, QUIET, DRAFT) == NOTHING


def test_an_end_is_announced_after_60_ms_of_quiet_and_is_none_yet() -> None:
    for quiet_ms, verdict in ((50, NOTHING), (60, ANNOUNCED), (150, ANNOUNCED)):
        heard = belief(12, "hello there", 0.9)
        until = Samples(heard.heard_until - samples_from_ms(quiet_ms))
        heard = replace(heard, voice_until=until)
        assert judge(State.SPEAKING, heard, EAGER, QUIET, None) == verdict
        assert judge(State.ENDING, heard, EAGER, QUIET, DRAFT) == NOTHING


def test_nothing_ends_within_a_word_that_no_voice_was_heard_in() -> None:
    whispered = replace(belief(12, "hello there", 0.9, voice=2), words=words_until(12))
    assert judge(State.SPEAKING, whispered, PLAIN, QUIET, None) == NOTHING
    assert judge(State.SPEAKING, whispered, PLAIN, LONG, None) == BY_TIMEOUT


def words_until(count: int) -> tuple[Word, ...]:
    return (Word("hello", 0.9, frames(0), frames(1)), Word("there", 0.9, frames(2), frames(count)))


def test_without_words_nothing_is_quiet() -> None:
    assert quiet_of(belief(12)) == 0


def test_a_time_out_ends_an_announced_turn() -> None:  # 14.30
    hypothesis = belief(80, "hello there", 0.5, voice=9)
    assert judge(State.ENDING, hypothesis, EAGER, LONG, DRAFT) == BY_TIMEOUT


def test_a_time_out_with_other_words_resumes_first() -> None:  # R4, 14.30
    hypothesis = belief(80, "hello there sir", 0.5, voice=9)
    assert judge(State.ENDING, hypothesis, EAGER, LONG, DRAFT) == (*RESUMED, *BY_TIMEOUT)


def test_an_announced_end_without_its_text_is_our_bug() -> None:
    with pytest.raises(AssertionError, match="announced"):
        judge(State.ENDING, belief(14, "hello"), EAGER, QUIET, None)

"""The embedded engine: what it makes of speech, and streams that never touch each other."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests import voices
from turnwise.engine import embedded, weights
from turnwise.engine.embedded import EmbeddedEngine
from turnwise.engine.embedded_stream import EmbeddedStream
from turnwise.engine.interface import Hearing, Hypothesis
from turnwise.errors import EngineFailed, Overloaded
from turnwise.samples.conversation import turns
from turnwise.turn.policy import ANNOUNCED_AFTER, quiet_of
from turnwise.units import FRAME_SAMPLES, Frame, Samples, samples_from_ms, seconds

NAME = voices.speech(turns()[3].start_s - 0.5, turns()[3].end_s + 0.4)
"""My name is Robert Johnson."""
STREAMS_MAX = 9

Answer = Hypothesis | EngineFailed


@pytest.fixture(scope="module")
def shared() -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine(streams_max=STREAMS_MAX, cores=2)
    yield engine
    engine.stop()


@pytest.fixture
def engine(shared: EmbeddedEngine) -> Iterator[EmbeddedEngine]:
    yield shared
    for stream in list(shared.streams):
        shared.close(stream)


def hear(
    engine: EmbeddedEngine, streams: Sequence[EmbeddedStream], frames: Sequence[Frame]
) -> list[list[Answer]]:
    """Let the streams hear the same frames side by side; return what each answered."""
    steps = [engine.step([(stream, Hearing(frame)) for stream in streams]) for frame in frames]
    return [list(answers) for answers in zip(*steps, strict=True)]


def hear_alone(
    engine: EmbeddedEngine, frames: Sequence[Frame], keyterms: Sequence[str] = ()
) -> list[Hypothesis]:
    """Let a stream hear the frames by itself; return what it answered."""
    stream = engine.open(keyterms)
    (answers,) = hear(engine, [stream], frames)
    engine.close(stream)
    assert all(isinstance(answer, Hypothesis) for answer in answers)
    return [answer for answer in answers if isinstance(answer, Hypothesis)]


def text(answer: Answer) -> str:
    assert isinstance(answer, Hypothesis)
    return " ".join(word.text for word in answer.words)


def test_speech_becomes_readable_words(engine: EmbeddedEngine) -> None:
    (*_, last) = hear_alone(engine, NAME)
    said = text(last)
    assert said.startswith("My name is ")
    assert said.endswith("Johnson.")


def test_no_words_without_a_voice(engine: EmbeddedEngine) -> None:
    for sound in (voices.silence(2), voices.noise(2), voices.tone(2, 3000)):
        assert not any(answer.words for answer in hear_alone(engine, sound))


@pytest.mark.parametrize("noise", [voices.noise(1.6, level=0.1), voices.tone(1.6, 1_000, 0.2)])
def test_noise_where_the_speaker_stops_is_no_voice(
    engine: EmbeddedEngine, noise: list[Frame]
) -> None:
    stop_s = turns()[3].end_s
    speech = voices.speech(turns()[3].start_s - 0.5, stop_s)
    (*_, last) = hear_alone(engine, [*speech, *noise])
    assert last.voice_until is not None
    voice_s = seconds(Samples(len(speech) * FRAME_SAMPLES))
    assert seconds(last.voice_until) == pytest.approx(voice_s, abs=0.7)


def test_a_turn_is_not_over_while_somebody_speaks_and_is_once_they_have_spoken(
    engine: EmbeddedEngine,
) -> None:
    turn = turns()[3]
    said_s = 0.5 + turn.end_s - turn.start_s
    heard = hear_alone(engine, voices.speech(turn.start_s - 0.5, turn.end_s + 1.6))
    speaking = [h.end_of_turn for h in heard if seconds(h.heard_until) < said_s]
    assert np.quantile(speaking, 0.9) < 0.2 < 0.5 < heard[-1].end_of_turn


def test_words_follow_each_other_within_what_was_heard(engine: EmbeddedEngine) -> None:
    for number, answer in enumerate(hear_alone(engine, voices.sample()), 1):
        assert answer.heard_until == number * FRAME_SAMPLES
        edges = [edge for word in answer.words for edge in (word.start, word.end)]
        assert all(word.start < word.end for word in answer.words)
        assert all(before <= after for before, after in pairwise([0, *edges, answer.heard_until]))
        assert all(0 <= word.confidence <= 1 for word in answer.words)
        assert not any(" " in word.text for word in answer.words)
        assert answer.voice_until is not None or not answer.words


def test_words_lie_where_they_were_said(engine: EmbeddedEngine) -> None:
    (*_, last) = hear_alone(engine, NAME)
    duration = turns()[3].end_s - turns()[3].start_s
    assert last.words[0].start / 16_000 == pytest.approx(0.5, abs=0.2)
    assert last.words[-1].end / 16_000 == pytest.approx(0.5 + duration, abs=0.3)


def test_a_text_has_its_last_mark_once_an_end_may_be_announced(engine: EmbeddedEngine) -> None:
    waited = set()
    for start_s in (0.50, 0.48, 0.46, 0.44, 0.42):  # frames end at other places in the silence
        turn = turns()[3]
        for answer in hear_alone(engine, voices.speech(turn.start_s - start_s, turn.end_s + 0.4)):
            quiet = quiet_of(answer)
            if quiet >= ANNOUNCED_AFTER and seconds(answer.heard_until) > turn.end_s - turn.start_s:
                waited.add(quiet < samples_from_ms(100))
                assert text(answer)[-1:] in ".?!"
    assert True in waited  # as soon as that


@pytest.mark.parametrize("size", [2, 3, 8, STREAMS_MAX])
def test_a_batch_answers_as_batches_of_one(engine: EmbeddedEngine, size: int) -> None:
    sounds = [voices.sample()[7 * n : 7 * n + 40] for n in range(size)]
    alone = [hear_alone(engine, sound) for sound in sounds]
    streams = [engine.open(()) for _ in range(size)]
    steps = [
        engine.step([(streams[n], Hearing(frames[n])) for n in range(size)])
        for frames in zip(*sounds, strict=True)
    ]
    assert [list(answers) for answers in zip(*steps, strict=True)] == alone


def test_terms_of_one_stream_reach_no_other(engine: EmbeddedEngine) -> None:
    theirs, ours = engine.open(("ROBERT Johnson",)), engine.open(())
    first, second = hear(engine, [theirs, ours], NAME)
    assert text(first[-1]) == "My name is ROBERT Johnson."
    assert second == hear_alone(engine, NAME)


def test_a_new_turn_forgets_the_words_and_takes_new_terms(engine: EmbeddedEngine) -> None:
    stream = engine.open(())
    hear(engine, [stream], NAME)
    (first,) = engine.step([(stream, Hearing(NAME[0], new_turn=True, keyterms=("ROBERT",)))])
    assert isinstance(first, Hypothesis)
    assert first.words == ()
    assert first.voice_until is None
    ((*_, last),) = hear(engine, [stream], NAME[1:])
    assert isinstance(last, Hypothesis)
    assert text(last).startswith("My name is ROBERT")
    assert last.words[0].start >= len(NAME) * FRAME_SAMPLES


def test_a_stream_that_fails_harms_no_other(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    doomed, other = engine.open(()), engine.open(())
    before = hear(engine, [doomed, other], NAME[:10])

    def fail(*_: object) -> None:
        raise RuntimeError("injected")

    monkeypatch.setattr(doomed, "hear", fail)
    failed, went_on = hear(engine, [doomed, other], NAME[10:])
    assert all(isinstance(answer, EngineFailed) for answer in failed)
    assert [record.message for record in caplog.records] == ["a stream's recogniser failed"]
    assert before[1] + went_on == hear_alone(engine, NAME)


def test_a_stream_beyond_the_last_place_is_refused_until_one_closes(engine: EmbeddedEngine) -> None:
    streams = [engine.open(()) for _ in range(engine.streams_max)]
    with pytest.raises(Overloaded):
        engine.open(())
    engine.close(streams[0])
    (answer,) = hear_alone(engine, NAME[:1])
    assert (answer.heard_until, answer.words, answer.voice_until) == (FRAME_SAMPLES, (), None)


def test_what_cannot_load_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(embedded, "read_bytes", lambda name: weights.read_bytes(name, tmp_path))
    with pytest.raises(EngineFailed, match=r"encoder\.onnx"):
        EmbeddedEngine()


def test_a_frame_that_is_no_sound_fails_its_own_stream_only(engine: EmbeddedEngine) -> None:
    doomed, other = engine.open(()), engine.open(())
    broken = np.full(FRAME_SAMPLES, np.nan, np.float32)
    failed, heard = engine.step([(doomed, Hearing(broken)), (other, Hearing(NAME[0]))])
    assert isinstance(failed, EngineFailed)
    assert heard == hear_alone(engine, NAME[:1])[0]

"""The embedded engine: processes that come and go, and never touch each other."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import voices
from turnwise.engine import sphinx
from turnwise.engine.interface import Hearing, Hypothesis
from turnwise.engine.sphinx import SphinxEngine, SphinxProcess
from turnwise.errors import EngineFailed, Overloaded
from turnwise.samples.conversation import turns
from turnwise.units import FRAME_SAMPLES, Frame

NAME = voices.speech(turns()[3].start_s - 0.5, turns()[3].end_s + 0.4)
"""My name is Robert Johnson."""


@pytest.fixture
def engine() -> Iterator[SphinxEngine]:
    engine = SphinxEngine(streams_max=3)
    yield engine
    engine.stop()


Answer = Hypothesis | EngineFailed


def hear(
    engine: SphinxEngine, streams: list[SphinxProcess], frames: list[Frame]
) -> list[list[Answer]]:
    """Let the streams hear the same frames side by side; return what each answered."""
    steps = [engine.step([(stream, Hearing(frame)) for stream in streams]) for frame in frames]
    return [list(answers) for answers in zip(*steps, strict=True)]


def text(answer: Answer) -> str:
    assert isinstance(answer, Hypothesis)
    return " ".join(word.text for word in answer.words)


def test_a_batch_of_two_answers_as_two_batches_of_one(engine: SphinxEngine) -> None:
    alone = hear(engine, [engine.open(())], NAME)
    together = hear(engine, [engine.open(()), engine.open(())], NAME)
    assert together == [alone[0], alone[0]]
    assert text(alone[0][-1]) == "My name is robert johnson"


def test_terms_of_one_stream_reach_no_other(engine: SphinxEngine) -> None:
    theirs, ours = engine.open(("ROBERT Johnson",)), engine.open(())
    first, second = hear(engine, [theirs, ours], NAME)
    engine.close(theirs)
    (third,) = hear(engine, [engine.open(())], NAME)
    assert text(first[-1]) == "My name is ROBERT Johnson"
    assert text(second[-1]) == "My name is robert johnson"
    assert third == second


def test_a_dead_process_fails_its_own_stream_only(engine: SphinxEngine) -> None:
    doomed, other = engine.open(()), engine.open(())
    before = hear(engine, [doomed, other], NAME[:10])
    os.kill(doomed.process_id, signal.SIGKILL)
    failed, went_on = hear(engine, [doomed, other], NAME[10:])
    assert all(isinstance(answer, EngineFailed) for answer in failed[1:])
    engine.close(doomed)
    (whole,) = hear(engine, [engine.open(())], NAME)
    assert before[1] + went_on == whole


def test_a_process_that_hangs_fails_its_own_stream_only(
    engine: SphinxEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    hung, other = engine.open(()), engine.open(())
    hear(engine, [hung, other], NAME[:2])
    os.kill(hung.process_id, signal.SIGSTOP)
    monkeypatch.setattr(sphinx, "ANSWER_SECONDS_MAX", 0.5)
    failed, went_on = hear(engine, [hung, other], NAME[2:4])
    assert all(isinstance(answer, EngineFailed) for answer in failed)
    assert all(isinstance(answer, Hypothesis) for answer in went_on)
    engine.close(hung)
    assert not _is_alive(hung.process_id)


def test_a_dead_nursery_is_replaced_and_its_streams_go_on(engine: SphinxEngine) -> None:
    before = engine.open(())
    nursery = engine.nursery_id
    os.kill(nursery, signal.SIGKILL)
    after = engine.open(())
    assert engine.nursery_id != nursery
    first, second = hear(engine, [before, after], NAME[:3])
    assert first == second
    engine.close(before)


def test_a_stream_beyond_the_last_place_is_refused_until_one_closes(engine: SphinxEngine) -> None:
    streams = [engine.open(()) for _ in range(engine.streams_max)]
    with pytest.raises(Overloaded):
        engine.open(())
    engine.close(streams[0])
    (answers,) = hear(engine, [engine.open(())], NAME[:1])
    assert answers == [Hypothesis(FRAME_SAMPLES, (), 0.0, None)]


def test_stopping_leaves_no_process(engine: SphinxEngine) -> None:
    stream = engine.open(())
    hear(engine, [stream], NAME[:1])
    nursery = engine.nursery_id
    engine.stop()
    assert not _is_alive(stream.process_id)
    assert not _is_alive(nursery)


def test_a_new_turn_and_new_terms_reach_the_process(engine: SphinxEngine) -> None:
    stream = engine.open(())
    hear(engine, [stream], NAME)
    engine.step([(stream, Hearing(NAME[0], new_turn=True, keyterms=("ROBERT",)))])
    ((*_, last),) = hear(engine, [stream], NAME[1:])
    assert text(last) == "My name is ROBERT johnson"


def test_what_cannot_load_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sphinx, "MODULE", "turnwise.engine.no_such_module")
    with pytest.raises(EngineFailed, match="models"):
        SphinxEngine()


def test_a_system_that_cannot_fork_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork")
    with pytest.raises(EngineFailed, match="forks"):
        SphinxEngine()


def test_the_processes_get_none_of_the_servers_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TURNWISE_API_KEYS", "k-3141")
    engine = SphinxEngine(streams_max=1)
    environment = Path(f"/proc/{engine.nursery_id}/environ").read_text()
    engine.stop()
    assert "k-3141" not in environment
    assert "PYTHONPATH" in environment


def _is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True

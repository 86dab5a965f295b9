"""The engine's thread: batches, order, failures, and streams that leave in between."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import numpy as np
import pytest

from turnwise.engine.interface import Hearing, Hypothesis
from turnwise.errors import EngineFailed, Overloaded
from turnwise.schedule import runner as room
from turnwise.schedule.runner import Ear, Runner, Step
from turnwise.units import FRAME_SAMPLES, Samples

PATIENCE_S = 20.0
HEARING = Hearing(np.zeros(FRAME_SAMPLES, np.float32))


@dataclass(eq=False)
class State:
    number: int
    heard: int = 0


class Engine:
    """Counts, and does as told."""

    def __init__(self, streams_max: int = 100) -> None:
        self.streams_max = streams_max
        self.gate = threading.Event()
        self.gate.set()
        self.busy = threading.Event()
        self.batches: list[list[int]] = []
        self.threads: set[str] = set()
        self.open_states: set[State] = set()
        self.numbers = 0
        self.stopped = False
        self.on_step: Callable[[], None] = lambda: None
        self.on_open: Callable[[], None] = lambda: None
        self.on_close: Callable[[], None] = lambda: None

    def open(self, keyterms: Sequence[str]) -> State:
        self._enter()
        self.on_open()
        if len(self.open_states) == self.streams_max:
            raise Overloaded("full")
        state = State(self.numbers)
        self.numbers += 1
        self.open_states.add(state)
        return state

    def step(self, work: Sequence[tuple[State, Hearing]]) -> list[Hypothesis | EngineFailed]:
        self._enter()
        self.batches.append([state.number for state, _ in work])
        self.on_step()
        results: list[Hypothesis | EngineFailed] = []
        for state, _ in work:
            assert state in self.open_states
            state.heard += 1
            results.append(Hypothesis(Samples(state.heard * FRAME_SAMPLES), (), 0.0, None))
        return results

    def close(self, state: State) -> None:
        self._enter()
        self.open_states.remove(state)
        self.on_close()

    def stop(self) -> None:
        self._enter()
        self.stopped = True

    def _enter(self) -> None:
        self.threads.add(threading.current_thread().name)
        self.busy.set()
        assert self.gate.wait(PATIENCE_S)


@asynccontextmanager
async def loaded(engine: Engine, steps: list[Step] | None = None) -> AsyncIterator[Runner[State]]:
    watched = [] if steps is None else steps
    runner: Runner[State] = Runner(lambda: engine, watched.append)
    async with asyncio.timeout(PATIENCE_S):
        assert await runner.loaded() is engine
        yield runner
        engine.gate.set()
        await runner.stop()
    assert engine.stopped


async def busy(engine: Engine) -> None:
    """Wait until the engine's thread stands at the gate."""
    assert await asyncio.to_thread(engine.busy.wait, PATIENCE_S)


async def emptied(engine: Engine) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while engine.open_states:
            await asyncio.sleep(0)


async def test_frames_are_heard_in_order_and_answered() -> None:
    async with loaded(Engine()) as runner:
        ear = await runner.open(())
        heard = [(await ear.hear(HEARING)).heard_until // FRAME_SAMPLES for _ in range(5)]
    assert heard == [1, 2, 3, 4, 5]


async def test_the_engine_is_only_ever_called_in_one_thread() -> None:
    engine = Engine()
    async with loaded(engine) as runner:
        ears = [await runner.open(()) for _ in range(3)]
        await asyncio.gather(*[ear.hear(HEARING) for ear in ears])
        for ear in ears:
            ear.close()
        await emptied(engine)
    assert engine.threads == {"turnwise-engine"}


async def test_frames_that_came_during_a_step_go_out_together() -> None:
    engine = Engine()
    async with loaded(engine) as runner:
        ears = [await runner.open(()) for _ in range(5)]
        engine.busy.clear()
        engine.gate.clear()
        first = ears[0].hear(HEARING)
        await busy(engine)
        others = [ear.hear(HEARING) for ear in ears[1:]]
        engine.gate.set()
        await asyncio.gather(first, *others)
    assert engine.batches == [[0], [1, 2, 3, 4]]


async def test_a_batch_is_never_larger_than_the_engine_takes() -> None:
    engine = Engine(streams_max=2)
    async with loaded(engine) as runner:
        ears = [await runner.open(()) for _ in range(2)]
        engine.streams_max = 5
        ears += [await runner.open(()) for _ in range(3)]
        await asyncio.gather(*[ear.hear(HEARING) for ear in ears])
    assert max(len(batch) for batch in engine.batches) <= 2
    assert sorted(n for batch in engine.batches for n in batch) == [0, 1, 2, 3, 4]


async def test_every_step_is_watched() -> None:
    steps: list[Step] = []
    async with loaded(Engine(), steps) as runner:
        ear = await runner.open(())
        await ear.hear(HEARING)
    assert [step.frames for step in steps] == [1]
    assert steps[0].step_s >= 0
    assert steps[0].lag_s >= 0


async def test_one_frame_of_a_stream_at_a_time() -> None:
    engine = Engine()
    async with loaded(engine) as runner:
        ear = await runner.open(())
        engine.gate.clear()
        answer = ear.hear(HEARING)
        with pytest.raises(AssertionError, match="one frame"):
            ear.hear(HEARING)
        engine.gate.set()
        await answer


async def test_a_full_engine_says_so() -> None:
    async with loaded(Engine(streams_max=1)) as runner:
        await runner.open(())
        with pytest.raises(Overloaded):
            await runner.open(())


async def test_a_closed_ear_frees_its_slot_once() -> None:
    engine = Engine(streams_max=1)
    async with loaded(engine) as runner:
        ear = await runner.open(())
        ear.close()
        ear.close()
        again = await runner.open(())
        assert (await again.hear(HEARING)).heard_until == FRAME_SAMPLES
        assert runner.streams == 1


async def test_a_stream_may_leave_while_it_is_being_heard() -> None:
    engine = Engine()
    async with loaded(engine) as runner:
        leaver, stayer = await runner.open(()), await runner.open(())
        engine.busy.clear()
        engine.gate.clear()
        answers = [leaver.hear(HEARING), stayer.hear(HEARING)]
        await busy(engine)
        leaver.close()
        assert answers[0].cancelled()
        engine.gate.set()
        await answers[1]
        leaver_state = leaver.state
        while leaver_state in engine.open_states:
            await asyncio.sleep(0)
        assert len(engine.open_states) == 1


async def test_a_stream_may_leave_while_its_frame_waits() -> None:
    engine = Engine()
    async with loaded(engine) as runner:
        first, leaver = await runner.open(()), await runner.open(())
        engine.busy.clear()
        engine.gate.clear()
        answer = first.hear(HEARING)
        await busy(engine)
        leaver.hear(HEARING)
        leaver.close()
        engine.gate.set()
        await answer
        await first.hear(HEARING)
        first.close()
        await emptied(engine)
    assert engine.batches == [[0], [0]]


async def test_whoever_gives_up_waiting_for_a_stream_leaves_no_slot_held() -> None:
    engine = Engine()
    async with loaded(engine) as runner:
        engine.busy.clear()
        engine.gate.clear()
        opening = [asyncio.create_task(runner.open(())) for _ in range(3)]
        await busy(engine)  # the first is being opened, two wait
        for task in opening:
            task.cancel()
        await asyncio.wait(opening)
        engine.gate.set()
        ear = await runner.open(())
        ear.close()
        await emptied(engine)
        assert runner.streams == 0


async def test_a_stream_opened_at_the_moment_its_client_left_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = Engine()
    async with loaded(engine) as runner:
        call_soon = runner.loop.call_soon_threadsafe
        opening = asyncio.create_task(runner.open(()))

        def then_leave(*call: object) -> None:
            call_soon(*call)  # type: ignore[arg-type]
            call_soon(opening.cancel)

        monkeypatch.setattr(runner.loop, "call_soon_threadsafe", then_leave)
        await asyncio.wait([opening])
        monkeypatch.undo()
        assert opening.cancelled()
        await emptied(engine)
    assert engine.numbers == 1


@pytest.mark.parametrize("bug", [RuntimeError("a bug"), AssertionError("another")])
async def test_a_bug_in_a_step_fails_that_batch_and_no_other(
    bug: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        if len(engine.batches) == 1:
            raise bug

    engine = Engine()
    engine.on_step = fail
    async with loaded(engine) as runner:
        unlucky, lucky = await runner.open(()), await runner.open(())
        with pytest.raises(EngineFailed):
            await unlucky.hear(HEARING)
        await lucky.hear(HEARING)
        unlucky.close()
        lucky.close()
        await emptied(engine)
    assert "engine failed" in caplog.text


async def test_one_streams_own_failure_is_its_own() -> None:
    class OneFails(Engine):
        def step(self, work: Sequence[tuple[State, Hearing]]) -> list[Hypothesis | EngineFailed]:
            results = super().step(work)
            return [
                EngineFailed("lost it") if s.number == 0 else r
                for (s, _), r in zip(work, results, strict=True)
            ]

    async with loaded(OneFails()) as runner:
        ears = [await runner.open(()) for _ in range(2)]
        answers = [ear.hear(HEARING) for ear in ears]
        with pytest.raises(EngineFailed, match="lost it"):
            await answers[0]
        await answers[1]


async def test_a_wrong_number_of_results_is_a_bug() -> None:
    class TooFew(Engine):
        def step(self, work: Sequence[tuple[State, Hearing]]) -> list[Hypothesis | EngineFailed]:
            return []

    async with loaded(TooFew()) as runner:
        ear = await runner.open(())
        with pytest.raises(EngineFailed):
            await ear.hear(HEARING)


async def test_an_engine_that_cannot_close_a_stream_goes_on() -> None:
    def fail() -> None:
        raise RuntimeError("cannot close")

    engine = Engine()
    engine.on_close = fail
    async with loaded(engine) as runner:
        ear = await runner.open(())
        ear.close()
        await (await runner.open(())).hear(HEARING)


async def test_an_engine_that_does_not_load_says_so() -> None:
    def load() -> Engine:
        raise RuntimeError("no model here")

    runner: Runner[State] = Runner(load, lambda step: None)
    with pytest.raises(EngineFailed):
        await runner.loaded()
    with pytest.raises(EngineFailed, match="not ready"):
        await runner.open(())
    await runner.stop()


async def test_a_stuck_step_fails_everybody_until_it_returns(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An engine that takes longer than STEP_SECONDS_MAX is dead, unless it comes back."""
    monkeypatch.setattr(room, "STEP_SECONDS_MAX", 0.05)
    caplog.set_level(logging.ERROR)
    engine = Engine()
    async with loaded(engine) as runner:
        ears = [await runner.open(()) for _ in range(3)]
        engine.busy.clear()
        engine.gate.clear()
        stuck = ears[0].hear(HEARING)
        await busy(engine)
        waiting = ears[1].hear(HEARING)
        opening = asyncio.create_task(runner.open(()))
        for doomed in (stuck, waiting, opening):
            with pytest.raises(EngineFailed):
                await doomed
        assert not runner.ready
        with pytest.raises(EngineFailed):
            await ears[2].hear(HEARING)
        with pytest.raises(EngineFailed):
            await runner.open(())
        engine.gate.set()
        while not runner.ready:
            await asyncio.sleep(0)
        assert (await ears[2].hear(HEARING)).heard_until == FRAME_SAMPLES
        for ear in ears:
            ear.close()
        await emptied(engine)


async def test_a_stream_that_opens_too_late_is_closed_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "OPEN_SECONDS_MAX", 0.05)
    engine = Engine()
    async with loaded(engine) as runner:
        engine.gate.clear()
        with pytest.raises(EngineFailed):
            await runner.open(())
        engine.gate.set()
        while not engine.numbers:
            await asyncio.sleep(0)
        await emptied(engine)


async def test_streams_still_open_when_the_engine_stops_fail() -> None:
    engine = Engine()
    runner: Runner[State] = Runner(lambda: engine, lambda step: None)
    await runner.loaded()
    ears = [await runner.open(()) for _ in range(2)]
    engine.busy.clear()
    engine.gate.clear()
    heard, waiting = ears[0].hear(HEARING), None
    await busy(engine)
    waiting = ears[1].hear(HEARING)
    stopping = asyncio.create_task(runner.stop())
    with pytest.raises(EngineFailed, match="stopped"):
        await waiting
    engine.gate.set()
    await heard
    await stopping
    with pytest.raises(EngineFailed):
        await ears[1].hear(HEARING)


async def test_openings_and_steps_take_turns() -> None:
    """Neither a crowd at the door nor a crowd inside keeps the other waiting."""
    order: list[str] = []
    engine = Engine()
    engine.on_open = lambda: order.append("open")
    engine.on_step = lambda: order.append("step")
    async with loaded(engine) as runner:
        ears: list[Ear[State]] = [await runner.open(()) for _ in range(2)]
        engine.busy.clear()
        engine.gate.clear()
        answers = [ears[0].hear(HEARING)]
        await busy(engine)
        order.clear()
        opening = [asyncio.create_task(runner.open(())) for _ in range(4)]
        answers.append(ears[1].hear(HEARING))
        await asyncio.sleep(0)
        engine.gate.set()
        await asyncio.gather(*answers, *opening)
    assert order == ["step", "open", "step", "open", "open", "open"]

"""One thread steps the engine; the event loop says what it does next.

    frames ─▶ waiting ─ choose ─▶ engine's thread ─▶ answers
              collect here while a step runs

One job is out at a time, so one hand-over carries the frames of many streams. Nothing
here can grow: a stream has at most one frame waiting or being heard.

Everything but the jobs themselves runs on the event loop that made the Runner.
"""

import asyncio
import contextlib
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from turnwise.engine.interface import Engine, Hearing, Hypothesis, StateT
from turnwise.errors import EngineFailed, ServerError
from turnwise.schedule.plan import choose, gather_s
from turnwise.settings import OPEN_SECONDS_MAX, STEP_SECONDS_MAX

CLOSE_SECONDS_MAX = 10.0  # an engine that takes longer to forget a stream is stuck
STOP_SECONDS_MAX = 10.0  # an engine that takes longer to stop is left behind

logger = logging.getLogger("turnwise.schedule")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Step:
    """One pass of the engine, for whoever counts them."""

    frames: int
    step_s: float
    lag_s: float
    """From the arrival to the answer of the frame that waited longest."""


class Ear(Generic[StateT]):
    """One stream's place at the engine."""

    __slots__ = ("answer", "closed", "hearing", "runner", "state")

    def __init__(self, runner: "Runner[StateT]", state: StateT) -> None:
        self.runner = runner
        self.state = state
        self.hearing: Hearing | None = None
        self.answer: asyncio.Future[Hypothesis] | None = None
        self.closed = False

    def hear(self, hearing: Hearing) -> asyncio.Future[Hypothesis]:
        """Return what will become the engine's answer. The last one must have come.

        Raises:
            EngineFailed: When awaited: this stream cannot go on.
        """
        assert self.answer is None, "one frame of a stream at a time"
        assert not self.closed
        answer = self.answer = self.runner.loop.create_future()
        self.hearing = hearing
        self.runner.wait(self)
        return answer

    def close(self) -> None:
        """Give up the place, and the answer if one is due. May be called twice."""
        if self.closed:
            return
        self.closed = True
        if self.answer is not None:
            self.answer.cancel()
            self.answer = None
        self.runner.leave(self)


class Runner(Generic[StateT]):
    def __init__(self, load: Callable[[], Engine[StateT]], watch: Callable[[Step], None]) -> None:
        """Start the thread and have the engine loaded in it; `loaded` waits for that.

        Args:
            load: Called in the thread.
            watch: Told of every step, on the event loop.
        """
        self.loop = asyncio.get_running_loop()
        self.streams = 0
        self._watch = watch
        self._engine: Engine[StateT] | None = None
        self._loading: asyncio.Future[Engine[StateT]] = self.loop.create_future()
        self.streams_max = 1
        """How many streams the engine can keep up with, once it is loaded."""
        self._waiting: dict[Ear[StateT], float] = {}
        self._opening: deque[tuple[tuple[str, ...], asyncio.Future[StateT]]] = deque()
        self._closing: deque[StateT] = deque()
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._busy = False
        self._stuck = False
        self._stepped_last = False
        self._step_due_s = 0.0
        self._gathering: asyncio.TimerHandle | None = None
        self._thread = threading.Thread(target=self._work, name="turnwise-engine", daemon=True)
        self._thread.start()
        self._start(load, self._loaded, limit_s=None)

    @property
    def ready(self) -> bool:
        """Whether a stream may be opened now."""
        return self._engine is not None and not self._stuck

    async def loaded(self) -> Engine[StateT]:
        """Wait for the engine.

        Raises:
            EngineFailed: It could not be loaded.
        """
        return await asyncio.shield(self._loading)

    async def open(self, keyterms: Sequence[str]) -> Ear[StateT]:
        """Start a stream. Its Ear must be closed.

        Raises:
            Overloaded: Every slot is taken.
            EngineFailed: The engine cannot start streams.
        """
        if not self.ready:
            raise EngineFailed("the engine is not ready")
        opened: asyncio.Future[StateT] = self.loop.create_future()
        self._opening.append((tuple(keyterms), opened))
        self._next()
        try:
            state = await opened
        except asyncio.CancelledError:
            if not opened.cancelled() and opened.exception() is None:  # it came just now
                self._closing.append(opened.result())
                self._next()
            raise
        self.streams += 1
        return Ear(self, state)

    async def stop(self) -> None:
        """Release the engine and end the thread. Streams still open fail."""
        self._fail_everyone(EngineFailed("the engine was stopped"))
        stopped = asyncio.Event()
        engine, self._engine = self._engine, None
        if engine is not None:
            self._start(engine.stop, lambda _: stopped.set(), limit_s=None)
        self._jobs.put(None)
        if engine is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), STOP_SECONDS_MAX)

    # For Ear.

    def wait(self, ear: Ear[StateT]) -> None:
        """Queue an ear's frame."""
        if self.ready:
            self._waiting[ear] = self.loop.time()
            if self._gathering is None:  # else this frame is the company it waits for
                self._next()
        else:
            _answer(ear, EngineFailed("the engine is stuck"))

    def leave(self, ear: Ear[StateT]) -> None:
        """Free an ear's slot, after the step it may be part of."""
        self.streams -= 1
        self._waiting.pop(ear, None)
        self._closing.append(ear.state)
        self._next()

    # Jobs.

    def _next(self) -> None:
        """Give the thread its next job, if it is free and there is one."""
        if self._busy or self._engine is None:
            return
        while self._opening and self._opening[0][1].done():  # gone before its turn came
            self._opening.popleft()
        step_due = bool(self._waiting) and self.loop.time() >= self._step_due_s
        if self._closing:
            self._start_closing(self._engine, self._closing.popleft())
        elif self._opening and not (step_due and not self._stepped_last):
            self._start_opening(self._engine, *self._opening.popleft())
        elif step_due:
            self._start_step(self._engine)
        elif self._waiting and self._gathering is None:
            self._gathering = self.loop.call_at(self._step_due_s, self._gathered)

    def _gathered(self) -> None:
        self._gathering = None
        self._step_due_s = 0.0  # due now, whatever the resolution of the loop's clock
        self._next()

    def _start_step(self, engine: Engine[StateT]) -> None:
        batch = choose(self._waiting, self.streams_max)
        since_s = self._waiting[batch[0]]
        work: list[tuple[StateT, Hearing]] = []
        for ear in batch:
            del self._waiting[ear]
            assert ear.hearing is not None
            work.append((ear.state, ear.hearing))
        self._step_due_s = self.loop.time() + gather_s(self.streams)
        self._stepped_last = True
        step_s = 0.0

        def step() -> list[Hypothesis | EngineFailed]:
            nonlocal step_s
            began_s = time.perf_counter()
            results = engine.step(work)
            step_s = time.perf_counter() - began_s
            assert len(results) == len(work), "one result for each stream"
            return results

        def heard(results: list[Hypothesis | EngineFailed] | ServerError) -> None:
            if isinstance(results, ServerError):
                for ear in batch:
                    _answer(ear, results)
            else:
                for ear, result in zip(batch, results, strict=True):
                    _answer(ear, result)
                self._watch(Step(len(batch), step_s, self.loop.time() - since_s))

        self._start(step, heard, STEP_SECONDS_MAX)

    def _start_opening(
        self, engine: Engine[StateT], keyterms: tuple[str, ...], opened: asyncio.Future[StateT]
    ) -> None:
        self._stepped_last = False

        def finish(state: StateT | ServerError) -> None:
            if isinstance(state, ServerError):
                if not opened.done():
                    opened.set_exception(state)
            elif opened.done():  # nobody waits for it any more
                self._closing.append(state)
            else:
                opened.set_result(state)

        self._start(lambda: engine.open(keyterms), finish, OPEN_SECONDS_MAX)

    def _start_closing(self, engine: Engine[StateT], state: StateT) -> None:
        self._start(lambda: engine.close(state), lambda _: None, CLOSE_SECONDS_MAX)

    def _loaded(self, engine: Engine[StateT] | ServerError) -> None:
        if isinstance(engine, ServerError):
            self._loading.set_exception(engine)
        else:
            self._engine = engine
            self.streams_max = engine.streams_max
            self._loading.set_result(engine)

    def _start(
        self,
        call: Callable[[], T],
        finish: Callable[[T | ServerError], None],
        limit_s: float | None,
    ) -> None:
        """Have the thread make a call. If it takes too long, `finish` is called twice."""
        self._busy = True

        def done(outcome: T | ServerError) -> None:
            self._busy = self._stuck = False
            if deadline is not None:
                deadline.cancel()
            finish(outcome)
            self._next()

        def overdue() -> None:
            self._stuck = True
            failure = EngineFailed(f"the engine took over {limit_s:g} seconds")
            logger.error("engine stuck", extra={"limit_s": limit_s})
            finish(failure)
            self._fail_everyone(failure)

        def run() -> None:
            outcome = _attempt(call)
            with contextlib.suppress(RuntimeError):  # a stuck engine may outlive the loop
                self.loop.call_soon_threadsafe(done, outcome)

        deadline = None if limit_s is None else self.loop.call_later(limit_s, overdue)
        self._jobs.put(run)

    def _fail_everyone(self, failure: EngineFailed) -> None:
        """Answer all who wait for the engine, which will not come to them."""
        for ear in self._waiting:
            _answer(ear, failure)
        self._waiting.clear()
        for _, opened in self._opening:
            if not opened.done():
                opened.set_exception(failure)
        self._opening.clear()

    def _work(self) -> None:
        """What the thread does."""
        while (job := self._jobs.get()) is not None:
            job()


def _answer(ear: Ear[StateT], result: Hypothesis | ServerError) -> None:
    """Hand an ear its answer, unless it has left or was told already."""
    answer = ear.answer
    if answer is None:
        return
    ear.answer = None
    ear.hearing = None
    if answer.cancelled():
        return
    if isinstance(result, ServerError):
        answer.set_exception(EngineFailed(str(result)))  # its own: each gets its own traceback
    else:
        answer.set_result(result)


def _attempt(call: Callable[[], T]) -> T | ServerError:
    """Make a call of the engine. The one place where its bugs are caught."""
    try:
        return call()
    except ServerError as failure:
        return failure
    except Exception:
        logger.exception("engine failed")
        return EngineFailed("the recogniser failed")

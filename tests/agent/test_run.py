"""The loop: a user, a model, a voice and a loudspeaker, put together."""

import asyncio
import logging
from collections.abc import Callable

import pytest

from tests.agent.acting import FAILED, PATIENCE_S, RATE_HZ, VOICE, Box, Brain, Throat, User, words
from turnwise.agent.actions import Heard, Saying, Synthesise
from turnwise.agent.conversation import APOLOGY, Conversation
from turnwise.agent.history import Called, Said, ToolCall
from turnwise.agent.run import Agent, News, Trouble
from turnwise.agent.think import Wish
from turnwise.errors import ConnectionLost, ThoughtFailed

CLOCK = ToolCall("c1", "clock", "{}")


class Scene:
    def __init__(self, brain: Brain, *, eager: bool = False, at_once: bool = True) -> None:
        self.user, self.brain, self.throat = User(), brain, Throat()
        self.box = Box(at_once)
        self.core = Conversation(RATE_HZ, eager=eager)
        self.news: list[News] = []
        self.agent = Agent(
            self.core, brain, self.throat, VOICE, self.box,
            call=self.call, told=self.tell, heard_s=lambda: 1.25,
        )  # fmt: skip
        self._waiting: list[tuple[Callable[[News], bool], asyncio.Event]] = []

    async def call(self, call: ToolCall) -> str:
        if call.name == "broken":
            raise ThoughtFailed("no such place")
        return "noon"

    def tell(self, news: News) -> None:
        self.news.append(news)
        for fits, event in self._waiting:
            if fits(news):
                event.set()

    async def until(self, fits: Callable[[News], bool]) -> None:
        event = asyncio.Event()
        self._waiting.append((fits, event))
        async with asyncio.timeout(PATIENCE_S):
            await event.wait()

    async def play(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self.agent.run(self.user.turns())

    @property
    def heard(self) -> list[str]:
        return [news.text for news in self.news if isinstance(news, Heard)]

    @property
    def troubles(self) -> list[str]:
        return [news.why for news in self.news if isinstance(news, Trouble)]


async def test_each_turn_is_answered_and_the_last_answer_is_heard_to_its_end() -> None:
    scene = Scene(Brain([words("Hel", "lo. Who ", "are you?"), words("I see.")]))
    scene.user.says("Hi")
    running = asyncio.create_task(scene.play())
    await scene.until(lambda news: isinstance(news, Heard))
    scene.user.says("I am Ann")
    scene.user.hangs_up()
    await running
    assert scene.heard == ["Hello. Who are you?", "I see."]
    assert scene.brain.asked[1] == (
        Said("user", "Hi"),
        Said("assistant", "Hello. Who are you?"),
        Said("user", "I am Ann"),
    )
    assert scene.throat.said == ["Hello.", "Who are you?", "I see."]


async def test_breaking_in_silences_the_agent_and_cancels_its_thought() -> None:
    scene = Scene(Brain([words("One two three four. "), words("Yes?")], hang=True), at_once=False)
    running = asyncio.create_task(scene.play())
    scene.user.says("Count")
    await scene.until(lambda news: isinstance(news, Saying))
    while scene.box.pieces < 4:
        await asyncio.sleep(0)
    scene.box.hear(2)
    scene.user.starts("Stop")
    await scene.until(lambda news: isinstance(news, Heard))
    assert scene.box.stops == 1
    assert scene.heard == ["One two"]
    while not scene.brain.cancelled:
        await asyncio.sleep(0)
    scene.user.hangs_up()
    await running


async def test_a_draft_is_spoken_only_once_the_turn_is_over() -> None:
    scene = Scene(Brain([words("Hello. "), words("Welcome. ")], hang=True), eager=True)
    running = asyncio.create_task(scene.play())
    scene.user.starts("Hi")
    scene.user.pauses("Hi")
    await scene.until(lambda news: isinstance(news, Synthesise))
    scene.user.goes_on("Hi I")
    scene.user.pauses("Hi I am")
    while scene.throat.said[-1:] != ["Welcome."]:
        await asyncio.sleep(0)
    assert scene.box.pieces == 0
    scene.user.ends("Hi I am")
    await scene.until(lambda news: isinstance(news, Saying))
    scene.user.starts("Bye")
    scene.user.hangs_up()
    await running
    (answered,) = scene.agent.report.answered
    assert answered.draft
    assert answered.end_delay_s == 0.25
    assert len(scene.agent.report.dropped) == 1


async def test_a_function_is_called_and_its_result_told() -> None:
    scene = Scene(Brain([[Wish((CLOCK,))], words("It is noon.")]))
    scene.user.says("Time?")
    scene.user.hangs_up()
    await scene.play()
    assert scene.heard == ["It is noon."]
    assert scene.brain.asked[1] == (Said("user", "Time?"), Called((CLOCK,), ("noon",)))


async def test_a_function_that_fails_is_told_to_the_model() -> None:
    broken = ToolCall("c1", "broken", "{}")
    scene = Scene(Brain([[Wish((broken,))], words("No clock here.")]))
    scene.user.says("Time?")
    scene.user.hangs_up()
    await scene.play()
    assert scene.brain.asked[1][-1] == Called((broken,), ("error: ThoughtFailed",))
    assert scene.troubles == ["the function broken failed: no such place"]


async def test_a_model_that_fails_is_excused_and_the_log_says_why(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scene = Scene(Brain([[FAILED]]))
    scene.user.says("Hi")
    scene.user.hangs_up()
    with caplog.at_level(logging.WARNING, "turnwise.agent"):
        await scene.play()
    assert scene.heard == [APOLOGY]
    assert caplog.messages == ["HTTP status 429"]


async def test_a_voice_that_fails_is_silence_and_the_log_says_why(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scene = Scene(Brain([words("failing at once. And this. ")]))
    scene.user.says("Hi")
    scene.user.hangs_up()
    with caplog.at_level(logging.WARNING, "turnwise.agent"):
        await scene.play()
    assert scene.heard == [""]
    assert caplog.messages == ["it cannot say this"] * 2


STORY = [*words("Let me see. "), Wish((CLOCK,))]
AFTER = words("It is ", "noon. ", "Anything else?")


@pytest.mark.parametrize("fail_at", range(len(STORY) + len(AFTER)))
async def test_wherever_the_model_fails_there_is_a_whole_sentence_or_the_excuse(
    fail_at: int,
) -> None:
    answers = [list(STORY), list(AFTER)]
    if fail_at < len(STORY):
        answers[0].insert(fail_at, FAILED)
    else:
        answers[1].insert(fail_at - len(STORY), FAILED)
    scene = Scene(Brain(answers))
    scene.user.says("Time?")
    scene.user.hangs_up()
    await scene.play()
    (heard,) = scene.heard
    assert heard in {
        APOLOGY,
        "Let me see.",
        "Let me see. It is noon.",
    }
    assert scene.troubles == ["HTTP status 429"]


@pytest.mark.parametrize("fail_at", range(3))
@pytest.mark.parametrize("for_good", [False, True])
async def test_wherever_the_voice_fails_what_was_heard_is_the_beginning(
    fail_at: int, for_good: bool
) -> None:
    sentences = ["One two. ", "Three four. ", "Five. "]
    sentences[fail_at] = "fail " + sentences[fail_at]
    scene = Scene(Brain([words(*sentences)]))
    scene.throat.failures_left = 1_000 if for_good else 1
    scene.user.says("Hi")
    scene.user.hangs_up()
    await scene.play()
    until = fail_at if for_good else 3
    assert scene.heard == ["".join(sentences[:until]).strip()]


async def test_a_connection_that_is_lost_ends_the_conversation_with_its_reason() -> None:
    scene = Scene(Brain([words("Hello. ")], hang=True))
    scene.user.says("Hi")
    scene.user.breaks(ConnectionLost("gone"))
    with pytest.raises(ConnectionLost, match="gone"):
        await scene.play()


async def test_a_bug_in_a_task_is_not_lost() -> None:
    scene = Scene(Brain([[RuntimeError("a bug")]]))
    scene.user.says("Hi")
    with pytest.raises(RuntimeError, match="a bug"):
        await scene.play()

"""Thinking: an endpoint's words as they come, and whatever can go wrong on the way."""

import asyncio
from contextlib import aclosing

import pytest

from tests.agent.acting import FAILED, Brain
from tests.agent.llm import (
    COMMENTS,
    DONE,
    HANG,
    STREAM,
    chunk,
    event,
    refusal,
    serving,
    tool_call,
    words,
)
from turnwise.agent.history import Called, Entry, Said, ToolCall
from turnwise.agent.think import (
    Cost,
    Echo,
    FirstThatAnswers,
    Model,
    Thinker,
    Thought,
    Wish,
    Words,
    thinker,
)
from turnwise.agent.tools import Tool
from turnwise.errors import ThoughtFailed

HI = [Said("user", "Hi there")]


async def thoughts(model: Thinker) -> list[Thought]:
    return [thought async for thought in model.think(HI)]


async def test_without_an_endpoint_it_repeats_what_it_heard_and_says_so() -> None:
    echo = thinker(None, None, None, "")
    assert isinstance(echo, Echo)
    assert "no language model" in echo.name
    assert await thoughts(echo) == [Words("I heard you say: Hi there")]


async def test_words_come_as_they_are_written_and_then_what_they_cost() -> None:
    async with serving(words("Hello", " there.")) as llm:
        assert await thoughts(Model(base_url=llm.url)) == [
            Words("Hello"),
            Words(" there."),
            Cost(20, 2),
        ]


async def test_the_model_is_told_the_prompt_and_what_was_said_and_done() -> None:
    called = Called((ToolCall("c1", "clock", "{}"),), ("noon",))
    entries: list[Entry] = [
        Said("user", "Hi"),
        Said("assistant", "Hello."),
        Said("user", "Time?"),
        called,
    ]
    clock = Tool("clock", "Tells the time.", {"type": "object", "properties": {}})
    async with serving(words("Noon.")) as llm:
        model = Model("m1", base_url=llm.url, prompt="Be brief.", tools=[clock])
        async for _ in model.think(entries):
            pass
    (asked,) = llm.asked
    assert asked["model"] == "m1"
    assert [message["role"] for message in asked["messages"]] == [
        "system", "user", "assistant", "user", "assistant", "tool",
    ]  # fmt: skip
    assert asked["messages"][0]["content"] == "Be brief."
    assert asked["messages"][5] == {"role": "tool", "tool_call_id": "c1", "content": "noon"}
    assert asked["tools"][0]["function"]["name"] == "clock"


async def test_a_function_call_is_put_together_from_its_fragments() -> None:
    async with serving(tool_call("clock", '{"zo', 'ne": 1}')) as llm:
        assert await thoughts(Model(base_url=llm.url)) == [
            Wish((ToolCall("c1", "clock", '{"zone": 1}'),))
        ]


async def test_a_thought_that_is_closed_cancels_the_request() -> None:
    async with serving([STREAM, chunk({"content": "Hel"}), HANG]) as llm:
        async with aclosing(Model(base_url=llm.url).think(HI)) as thought:
            assert await anext(thought) == Words("Hel")
        async with asyncio.timeout(10):
            while not llm.left:
                await asyncio.sleep(0)


async def test_one_refusal_is_tried_again() -> None:
    async with serving(refusal(429), words("Yes.")) as llm:
        assert Words("Yes.") in await thoughts(Model(base_url=llm.url))


GARBAGE = {
    "nothing": [],
    "no HTTP": [b"what?\r\n\r\n"],
    "too many requests": refusal(429),
    "a wrong key": refusal(401),
    "a broken server": refusal(500),
    "no JSON": [STREAM, b"data: what?\n\n", DONE],
    "other JSON": [STREAM, event(42), DONE],
    "no choices": [STREAM, event({"id": "x"}), DONE],
    "words that are a number": [STREAM, chunk({"content": 42}), DONE],
    "a call without an index": [STREAM, chunk({"tool_calls": [{"id": "c"}]}), DONE],
    "no UTF-8": [STREAM, b"data: \xff\xfe\n\n", DONE],
    "an error in the stream": [STREAM, event({"error": {"message": "overloaded"}}), DONE],
    "half an answer": [STREAM, chunk({"content": "Hel"})],
    "half an event": [STREAM, chunk({"content": "Hel"}), b'data: {"choices": [{"ind'],
}


@pytest.mark.parametrize("answer", GARBAGE.values(), ids=GARBAGE)
async def test_whatever_the_endpoint_does_wrong_is_one_kind_of_failure(answer: list[bytes]) -> None:
    async with serving(answer) as llm:
        with pytest.raises(ThoughtFailed, match=r"127\.0\.0\.1"):
            await thoughts(Model(base_url=llm.url))


@pytest.mark.parametrize("silence", [HANG, COMMENTS])
@pytest.mark.parametrize("before", [[STREAM], [STREAM, chunk({"content": "Hel"})]])
async def test_a_model_that_falls_silent_is_not_waited_for(
    before: list[bytes], silence: bytes
) -> None:
    async with serving([*before, silence]) as llm:
        with pytest.raises(ThoughtFailed, match="no word in time"):
            await thoughts(Model(base_url=llm.url, silence_s_max=0.3))


async def test_nobody_at_the_address_is_a_failure_too() -> None:
    with pytest.raises(ThoughtFailed, match="APIConnectionError"):
        await thoughts(Model(base_url="http://127.0.0.1:1/v1"))


async def test_the_next_is_asked_where_one_fails_before_its_first_word(
    caplog: pytest.LogCaptureFixture,
) -> None:
    mute = Brain([[Cost(1, 0), FAILED]])
    mind = FirstThatAnswers([mute, Brain([[Words("Good day.")]]), Brain([[]])])
    assert await thoughts(mind) == [Cost(1, 0), Words("Good day.")]
    assert mind.name == "brain, else brain, else brain"
    assert "HTTP status 429; the next is asked" in caplog.text


async def test_half_an_answer_is_not_followed_by_another_one() -> None:
    other = Brain([[Words("Good day.")]])
    with pytest.raises(ThoughtFailed):
        await thoughts(FirstThatAnswers([Brain([[Words("Well, "), FAILED]]), other]))
    assert other.asked == []


async def test_where_all_fail_the_last_one_says_why() -> None:
    mind = FirstThatAnswers([Brain([[FAILED]]), Brain([[ThoughtFailed("no word in time")]])])
    with pytest.raises(ThoughtFailed, match="no word in time"):
        await thoughts(mind)

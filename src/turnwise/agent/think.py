"""What to answer: any language model behind an OpenAI-compatible endpoint, or none at all."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, assert_never

from turnwise.agent.history import Called, Entry, Said, ToolCall
from turnwise.agent.tools import Tool
from turnwise.errors import ThoughtFailed

if TYPE_CHECKING:
    from openai.types.chat import (
        ChatCompletionChunk,
        ChatCompletionMessageParam,
        ChatCompletionToolParam,
    )
    from openai.types.chat.chat_completion_chunk import ChoiceDeltaToolCall

PROMPT = (
    "You are a helpful voice assistant. What you write is spoken aloud: answer in one to three "
    "short sentences of plain text, without lists, markdown, emoji or links."
)
MODEL = "gpt-4o-mini"
HOSTED_URL = "https://api.openai.com/v1"
SILENCE_S_MAX = 10.0  # from one word of the model to the next; nobody waits longer for an answer
RETRIES_MAX = 1  # more would come after the user has given up
TOOL_CALLS_MAX = 16  # at once


logger = logging.getLogger("turnwise.agent")


@dataclass(frozen=True, slots=True)
class Words:
    """Some more of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Wish:
    """Functions to be called before the model can go on."""

    calls: tuple[ToolCall, ...]


@dataclass(frozen=True, slots=True)
class Cost:
    prompt_tokens: int
    completion_tokens: int


Thought = Words | Wish | Cost


class Thinker(Protocol):
    @property
    def name(self) -> str:
        """What thinks, for people to read."""
        ...

    def think(self, entries: Sequence[Entry]) -> AsyncGenerator[Thought]:
        """Answer the last entry, as the words come to mind. Closing it cancels the request.

        Raises:
            ThoughtFailed: While iterating; the text says why.
        """
        ...


class Echo:
    """Repeats what it heard: there is no language model."""

    name = "no language model: answers repeat what was heard"

    async def think(self, entries: Sequence[Entry]) -> AsyncGenerator[Thought]:
        last = entries[-1]
        assert isinstance(last, Said), "it asks for no functions"
        yield Words(f"I heard you say: {last.text}")


class Model:
    """A model behind an OpenAI-compatible endpoint, over the official client."""

    def __init__(
        self,
        model: str = MODEL,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        prompt: str = PROMPT,
        tools: Sequence[Tool] = (),
        temperature: float | None = None,
        headers: Mapping[str, str] | None = None,
        silence_s_max: float = SILENCE_S_MAX,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            model: By its name at that endpoint.
            base_url: Such as `http://localhost:11434/v1`; None: OpenAI's own.
            api_key: None for endpoints of one's own, which ask for none.
            prompt: What the model is told before anything else.
            tools: What it may ask for.
            temperature: The endpoint's default unless given.
            headers: Sent along.
            silence_s_max: How long it may say nothing.

        Raises:
            ThoughtFailed: The client is not installed.
        """
        try:
            import openai
        except ImportError:
            raise ThoughtFailed("a language model needs: pip install 'turnwise[agent]'") from None
        self._openai = openai
        self._client = openai.AsyncOpenAI(
            api_key=api_key or "none",
            base_url=base_url or HOSTED_URL,
            max_retries=RETRIES_MAX,
            timeout=silence_s_max,
            default_headers=headers,
        )
        self._model = model
        self._prompt = prompt
        self._tools = [_tool(tool) for tool in tools]
        self._temperature = temperature
        self._silence_s_max = silence_s_max

    @property
    def name(self) -> str:
        return f"{self._model} at {self._client.base_url}"

    async def think(self, entries: Sequence[Entry]) -> AsyncGenerator[Thought]:
        calls, finished = _Calls(), False
        clock = asyncio.get_running_loop().time
        try:
            # The client's own time-out begins anew with each byte, be it of a mere comment.
            async with asyncio.timeout(self._silence_s_max) as patience:
                stream = await self._client.chat.completions.create(
                    model=self._model,
                    messages=messages(self._prompt, entries),
                    stream=True,
                    stream_options={"include_usage": True},
                    tools=self._tools or self._openai.omit,
                    temperature=(
                        self._openai.omit if self._temperature is None else self._temperature
                    ),
                )
                async with aclosing(stream):
                    async for chunk in stream:
                        patience.reschedule(None)  # whoever listens may take its time
                        cost, words, finish = _read(chunk, calls)
                        finished = finished or finish
                        if words:
                            yield Words(words)
                        if cost is not None:
                            yield cost
                        patience.reschedule(clock() + self._silence_s_max)
        except self._openai.APIStatusError as error:
            raise ThoughtFailed(f"HTTP status {error.status_code} from {self.name}") from error
        except (self._openai.APITimeoutError, TimeoutError) as error:
            raise ThoughtFailed(f"no word in time from {self.name}") from error
        except (self._openai.APIError, OSError) as error:
            # Not its text, which may quote what was said.
            raise ThoughtFailed(f"{type(error).__name__} from {self.name}") from error
        except (ValueError, UnicodeError) as error:
            raise ThoughtFailed(f"no chat completion came from {self.name}") from error
        if not finished:
            raise ThoughtFailed(f"the answer from {self.name} broke off")
        if wish := calls.whole():
            yield Wish(wish)


def thinker(
    model: str | None,
    base_url: str | None,
    api_key: str | None,
    prompt: str,
    tools: Sequence[Tool] = (),
) -> Thinker:
    """Return a model if an endpoint is configured, by its URL or by a key, or else an echo.

    Raises:
        ThoughtFailed: The client is not installed.
    """
    if base_url is None and not api_key:
        return Echo()
    return Model(model or MODEL, base_url=base_url, api_key=api_key, prompt=prompt, tools=tools)


class FirstThatAnswers:
    """Several that think: the next is asked where one fails before its first word."""

    def __init__(self, thinkers: Sequence[Thinker]) -> None:
        assert thinkers
        self._thinkers = thinkers

    @property
    def name(self) -> str:
        return ", else ".join(thinker.name for thinker in self._thinkers)

    async def think(self, entries: Sequence[Entry]) -> AsyncGenerator[Thought]:
        *first, last = self._thinkers
        for thinker in first:
            begun = False
            try:
                async with aclosing(thinker.think(entries)) as thoughts:
                    async for thought in thoughts:
                        begun = begun or not isinstance(thought, Cost)
                        yield thought
                return
            except ThoughtFailed as error:
                if begun:  # half an answer, and then another one, would be nonsense
                    raise
                logger.warning("%s; the next is asked", error)
        async with aclosing(last.think(entries)) as thoughts:
            async for thought in thoughts:
                yield thought


class _Calls:
    """Function calls, put together from the fragments they come in."""

    def __init__(self) -> None:
        self._parts: dict[int, list[str]] = {}

    def take(self, fragment: "ChoiceDeltaToolCall") -> None:
        if not isinstance(fragment.index, int) or not 0 <= fragment.index < TOOL_CALLS_MAX:
            raise ValueError("a tool call has an index")
        part = self._parts.setdefault(fragment.index, ["", "", ""])
        part[0] = part[0] or fragment.id or ""
        if fragment.function is not None:
            part[1] += fragment.function.name or ""
            part[2] += fragment.function.arguments or ""

    def whole(self) -> tuple[ToolCall, ...]:
        return tuple(
            ToolCall(call_id or f"call_{index}", name, arguments or "{}")
            for index, (call_id, name, arguments) in sorted(self._parts.items())
            if name
        )


def _read(chunk: "ChatCompletionChunk", calls: _Calls) -> tuple[Cost | None, str, bool]:
    """Return what one event brings: cost, words, whether the answer is whole.

    Raises:
        ValueError: It is none. The client checks nothing, so any JSON may arrive here.
    """
    choices = getattr(chunk, "choices", None)
    if not isinstance(choices, list):
        raise ValueError("an event without choices")
    usage = getattr(chunk, "usage", None)
    cost = None
    if usage is not None:
        cost = Cost(_count(usage, "prompt_tokens"), _count(usage, "completion_tokens"))
    if not choices:
        return cost, "", False
    delta = getattr(choices[0], "delta", None)
    words = getattr(delta, "content", None) or ""
    if not isinstance(words, str):
        raise ValueError("words that are no text")
    for fragment in getattr(delta, "tool_calls", None) or ():
        calls.take(fragment)
    return cost, words, bool(getattr(choices[0], "finish_reason", None))


def _count(usage: object, name: str) -> int:
    count = getattr(usage, name, None)
    return count if isinstance(count, int) else 0


def messages(prompt: str, entries: Sequence[Entry]) -> "list[ChatCompletionMessageParam]":
    """Write a history as the endpoint takes it."""
    written: list[ChatCompletionMessageParam] = [{"role": "system", "content": prompt}]
    for entry in entries:
        match entry:
            case Said(role="user", text=text):
                written.append({"role": "user", "content": text})
            case Said(text=text):
                written.append({"role": "assistant", "content": text})
            case Called(calls=calls, results=results):
                written.append(
                    {
                        "role": "assistant",
                        "tool_calls": [
                            {
                                "id": call.call_id,
                                "type": "function",
                                "function": {"name": call.name, "arguments": call.arguments},
                            }
                            for call in calls
                        ],
                    }
                )
                for call, result in zip(calls, results, strict=True):
                    written.append(
                        {"role": "tool", "tool_call_id": call.call_id, "content": result}
                    )
            case _:
                assert_never(entry)
    return written


def _tool(tool: Tool) -> "ChatCompletionToolParam":
    return {
        "type": "function",
        "function": {
            "name": tool.name,
            "description": tool.description,
            "parameters": dict(tool.parameters),
        },
    }

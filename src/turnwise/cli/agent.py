"""A voice agent at the command line: microphone and loudspeaker, or a file and a file."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.markup import escape

from turnwise.agent.actions import Answer, Heard, Saying
from turnwise.agent.conversation import Conversation
from turnwise.agent.history import HISTORY_MESSAGES_MAX
from turnwise.agent.report import Report
from turnwise.agent.run import Agent, News, Trouble
from turnwise.agent.speak import ClockPlayer, Player
from turnwise.agent.speaker import Speaker
from turnwise.agent.think import MODEL, PROMPT, Thinker, thinker
from turnwise.agent.tools import Caller, Tool, read
from turnwise.cli import options as given
from turnwise.cli.call import Server, reachable
from turnwise.cli.sound import recording
from turnwise.client import connect, microphone
from turnwise.client.aio import Stream
from turnwise.errors import BadRequest
from turnwise.speech.interface import Sound, Synthesiser, Voice
from turnwise.speech.load import NAMES, load
from turnwise.speech.voices import choose
from turnwise.units import SAMPLE_RATE_HZ
from turnwise.wire.messages import TurnInfo

BYTES_PER_S = SAMPLE_RATE_HZ * 2


Source = Annotated[
    Path | None,
    typer.Argument(
        metavar="[FILE]", help="A recording to talk to the agent, instead of the microphone."
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        help="Where to write what the agent says to a recording; "
        "responses/agent_response.wav beside it unless given."
    ),
]
LlmUrl = Annotated[
    str | None,
    typer.Option(
        envvar="OPENAI_BASE_URL",
        show_envvar=True,
        metavar="URL",
        help="Any OpenAI-compatible endpoint, such as http://localhost:11434/v1 for Ollama.",
    ),
]
LlmModel = Annotated[
    str | None, typer.Option(metavar="NAME", help=f"Its model; {MODEL} unless given.")
]
Prompt = Annotated[str, typer.Option(help="What the model is told first.")]
Tools = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="Functions the model may call: a JSON list of objects with name, description, "
        "parameters (a JSON schema) and endpoint (url, method, headers).",
    ),
]
History = Annotated[int, typer.Option(min=1, help="How many messages back the model is told.")]
Greeting = Annotated[str | None, typer.Option(help="What the agent says first.")]
Speech = Annotated[
    str, typer.Option(envvar="TURNWISE_SPEECH", help=f"What speaks: {', '.join(NAMES)}.")
]
VoiceName = Annotated[
    str | None,
    typer.Option(help="Such as aura-2-phoebe-en, or a name of the engine's own."),
]
InputDevice = Annotated[str | None, typer.Option(help="Microphone, as in `mic`.")]
OutputDevice = Annotated[str | None, typer.Option(help="Loudspeaker, likewise.")]


@dataclass(frozen=True, slots=True)
class Parts:
    """What the agent is made of."""

    thinker: Thinker
    tools: tuple[Tool, ...]
    synthesiser: Synthesiser
    voice: Voice
    eager: bool
    greeting: str | None
    history_max: int


def agent(
    source: Source = None,
    out: Out = None,
    llm_base_url: LlmUrl = None,
    llm_model: LlmModel = None,
    prompt: Prompt = PROMPT,
    tools: Tools = None,
    history: History = HISTORY_MESSAGES_MAX,
    greeting: Greeting = None,
    speech: Speech = "auto",
    voice: VoiceName = None,
    input_device: InputDevice = None,
    output_device: OutputDevice = None,
    url: given.Url = None,
    engine: given.EngineName = None,
    api_key: given.ApiKey = None,
    eot_threshold: given.Eot = None,
    eager_eot_threshold: given.Eager = None,
    eot_timeout_ms: given.Timeout = None,
    keyterm: given.Keyterms = None,
) -> None:
    """Talk to a voice agent: it listens, thinks and speaks, and falls silent when you break in.

    It answers when a turn is over. With --eager-eot-threshold it drafts its answer as soon as
    the turn may be over, which is faster and costs a model call for each draft in vain.

    Without a language model (OPENAI_API_KEY, or --llm-base-url for one of your own) it repeats
    what it heard. Use headphones, or a sound system that cancels its echo: it hears itself
    otherwise, and falls silent.

    A recording is played in real time, as a caller would speak. At the end a report says how
    long the answers took.
    """
    if source is not None and not source.is_file():
        raise typer.BadParameter(f"no such file: {source}", param_hint="FILE")
    listen = given.stream_options(eot_threshold, eager_eot_threshold, eot_timeout_ms, keyterm)
    functions = () if tools is None else read(tools.read_bytes())
    synthesiser = load(speech, os.environ)
    try:
        chosen = synthesiser.voices[0] if voice is None else choose(voice, synthesiser.voices)
    except BadRequest as error:
        raise typer.BadParameter(str(error), param_hint="--voice") from None
    mind = thinker(llm_model, llm_base_url, os.environ.get("OPENAI_API_KEY"), prompt, functions)
    eager = eager_eot_threshold is not None
    parts = Parts(mind, functions, synthesiser, chosen, eager, greeting, history)
    screen = Screen()
    screen.say(f"thinks: {mind.name}; speaks: {synthesiser.name}, {chosen.name}")
    with reachable(Server(url, engine, api_key)) as (address, key), ExitStack() as devices:
        stream = connect(address, api_key=key, **listen)
        if source is not None:
            report = to_file(parts, stream, source, out, screen)
        else:
            speaker = Speaker(chosen.sample_rate_hz, given.device(output_device))
            player = devices.enter_context(speaker)
            sound = microphone(given.device(input_device))
            report = hold(talk(parts, stream, sound, player, screen), screen)
    for line in report.summary():
        screen.say(line)


def to_file(
    parts: Parts, stream: Stream, source: Path, out: Path | None, screen: "Screen"
) -> Report:
    """Answer a recording, and write what was said."""
    kept: list[Sound] = []
    report = hold(talk(parts, stream, recording(source), kept.append, screen), screen)
    target = out or source.parent / "responses" / "agent_response.wav"
    write(target, kept, parts.voice.sample_rate_hz)
    screen.say(f"wrote {target}")
    return report


def hold(conversation: Coroutine[None, None, Report], screen: "Screen") -> Report:
    """Hold a conversation until it ends or Ctrl-C."""
    try:
        return asyncio.run(conversation)
    except KeyboardInterrupt:
        return screen.report


class Screen:
    """Shows the conversation, one line for each thing said."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self.report = Report()
        """Of the conversation that is shown; so far."""

    def say(self, line: str) -> None:
        self._console.print(escape(line), style="dim", soft_wrap=True)

    def show(self, news: News) -> None:
        match news:
            case Answer(_, text) if text is not None:
                self._console.print(f"[bold]you:[/]   {escape(text)}", soft_wrap=True)
            case Saying(_, text):
                self._console.print(f"[bold cyan]agent:[/] {escape(text)}", soft_wrap=True)
            case Heard(_, text, True):
                rest = f"you heard: {text}" if text else "before a word was heard"
                self._console.print(f"       [yellow]broken off[/], {escape(rest)}", soft_wrap=True)
            case Trouble(_, _, why):
                self._console.print(f"       [red]{escape(why)}[/]", soft_wrap=True)


class Spoken:
    """Passes sound on to the recogniser, and knows how much of it went out."""

    def __init__(self, source: Iterable[bytes]) -> None:
        self._source = source
        self._bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._source:
            yield chunk
            self._bytes += len(chunk)

    def seconds(self) -> float:
        return self._bytes / BYTES_PER_S


async def talk(
    parts: Parts,
    stream: Stream,
    sound: Iterable[bytes],
    player: Player | Callable[[Sound], None],
    screen: Screen,
) -> Report:
    """Hold the conversation.

    Args:
        parts: What the agent is made of.
        stream: To the recogniser.
        sound: What the user says: 16 kHz linear16.
        player: Or what keeps the sound of one that plays by the clock.
        screen: Where to show what happens.

    Raises:
        TurnwiseError: The server, the connection or the source failed.
    """
    rate_hz = parts.voice.sample_rate_hz
    clock = asyncio.get_running_loop().time
    by_clock = callable(player)
    if callable(player):
        player = ClockPlayer(rate_hz, clock, keep=player)
    core = Conversation(rate_hz, eager=parts.eager, history_messages_max=parts.history_max)
    spoken = Spoken(sound)
    caller = Caller(parts.tools)
    agent = Agent(
        core, parts.thinker, parts.synthesiser, parts.voice, player,
        call=caller.call, heard_s=spoken.seconds, told=screen.show,
    )  # fmt: skip
    screen.report = agent.report
    if parts.greeting:
        greeting = parts.greeting
        agent.post(lambda core: core.say(greeting))
    try:
        async with stream:
            stream.play(spoken, realtime=by_clock)
            await agent.run(turns(stream))
    finally:
        await parts.synthesiser.close()
    return agent.report


async def turns(stream: Stream) -> AsyncIterator[TurnInfo]:
    async for turn in stream:
        yield turn


def write(path: Path, sounds: list[Sound], rate_hz: int) -> None:
    """Write what was said as 16 bit WAV; also if that is nothing."""
    import soundfile  # slow to import, and few commands need it

    path.parent.mkdir(parents=True, exist_ok=True)
    said = np.concatenate([np.zeros(0, np.float32), *sounds])
    soundfile.write(str(path), said, rate_hz, subtype="PCM_16", format="WAV")

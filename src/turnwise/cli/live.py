"""Commands that show a conversation while it is heard: mic, listen, demo."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from turnwise.cli import options as given
from turnwise.cli.call import Server, call
from turnwise.cli.show import Screen, legend
from turnwise.cli.sound import radio, recording, sample_words
from turnwise.cli.summary import Summary, bare, word_errors
from turnwise.client import Message, Options, Reconnected, microphone
from turnwise.samples.conversation import OGG
from turnwise.wire.codec import encode

DEMO_EAGER = 0.4  # the published low-latency preset, so that every kind of event is seen
ABOUT_THE_ENGINE = (
    "The embedded engine is small and has heard little: it runs anywhere, and it gets many words "
    "wrong in fast, noisy, accented or telephone speech. Colours show what it doubts itself."
)


def mic(
    url: given.Url = None,
    engine: given.EngineName = None,
    api_key: given.ApiKey = None,
    device: Annotated[
        str | None,
        typer.Option(help="Number or part of the name; `python -m sounddevice` lists them."),
    ] = None,
    eot_threshold: given.Eot = None,
    eager_eot_threshold: given.Eager = None,
    eot_timeout_ms: given.Timeout = None,
    keyterm: given.Keyterms = None,
    as_json: given.Json = False,
) -> None:
    """Show what the microphone hears, turn by turn. Ctrl-C ends it.

    Words are coloured by confidence, and a bar shows how sure the model is that the turn is
    over.
    """
    options = given.stream_options(eot_threshold, eager_eot_threshold, eot_timeout_ms, keyterm)
    watch(Server(url, engine, api_key), options, microphone(given.device(device)), as_json=as_json)


def listen(
    source: Annotated[
        str, typer.Argument(metavar="STREAM", help="A radio station or any URL ffmpeg can open.")
    ],
    url: given.Url = None,
    engine: given.EngineName = None,
    api_key: given.ApiKey = None,
    eot_threshold: given.Eot = None,
    eager_eot_threshold: given.Eager = None,
    eot_timeout_ms: given.Timeout = None,
    keyterm: given.Keyterms = None,
    as_json: given.Json = False,
) -> None:
    """Show what is said on a live radio stream. Needs ffmpeg. Ctrl-C ends it."""
    options = given.stream_options(eot_threshold, eager_eot_threshold, eot_timeout_ms, keyterm)
    watch(Server(url, engine, api_key), options, radio(source), realtime=True, as_json=as_json)


def demo(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="[FILE|URL|mic]",
            help="What to play: a recording, a radio stream or the microphone. Without it, the "
            "conversation that comes with the package.",
        ),
    ] = None,
    url: given.Url = None,
    engine: given.EngineName = None,
    api_key: given.ApiKey = None,
    eot_threshold: given.Eot = None,
    eager_eot_threshold: given.Eager = DEMO_EAGER,
    eot_timeout_ms: given.Timeout = None,
    keyterm: given.Keyterms = None,
) -> None:
    """Start a server, play a conversation to it in real time, show its turns, sum up, stop.

    Takes as long as the audio lasts: 37 seconds for the packaged conversation.
    """
    console = Console(highlight=False)
    options = given.stream_options(eot_threshold, eager_eot_threshold, eot_timeout_ms, keyterm)
    own = source is None
    console.print(f"Playing {'the packaged sample conversation' if own else source}.", style="bold")
    console.print(legend())
    summary = watch(
        Server(url, engine, api_key), options, audio_of(source), realtime=source != "mic"
    )
    console.print()
    console.print(summary.table())
    for line in summary.lines():
        console.print(line, soft_wrap=not console.is_terminal)
    if own and summary.complete:
        console.print(sample_score(summary), soft_wrap=not console.is_terminal)
    if engine is None:
        console.print(ABOUT_THE_ENGINE, style="dim", soft_wrap=not console.is_terminal)


def audio_of(source: str | None) -> Iterable[bytes]:
    """Return the sound of a recording, a URL, the microphone or, for None, the sample.

    Raises:
        typer.BadParameter: It is none of them.
    """
    if source is None:
        return recording(OGG)
    if source == "mic":
        return microphone()
    if "://" in source:
        return radio(source)
    if not Path(source).is_file():
        raise typer.BadParameter(f"no such file: {source}", param_hint="FILE|URL|mic")
    return recording(Path(source))


def watch(
    server: Server,
    options: Options,
    source: Iterable[bytes],
    *,
    realtime: bool = False,
    as_json: bool = False,
) -> Summary:
    """Show a source's messages as they come, and return what they came to."""
    summary = Summary()
    console = Console(highlight=False)

    def hear(message: Message) -> None:
        summary.hear(message)
        if as_json:
            print_json(message)
        else:
            screen.show(message)

    with Screen(console, live=not as_json) as screen:
        summary.complete = call(server, options, source, hear, realtime=realtime)
    return summary


def print_json(message: Message) -> None:
    """Print a message as the wire has it. What is the client's own is not the wire's."""
    if not isinstance(message, Reconnected):
        print(encode(message), flush=True)


def sample_score(summary: Summary) -> str:
    """Say how many of the sample's words came out right."""
    spoken = sample_words()
    heard = bare(" ".join(turn.transcript for turn in summary.turns).split())
    errors = word_errors(spoken, heard)
    return (
        f"Of this sample's {len(spoken)} words, {errors} came out wrong. It is clear synthetic "
        "speech with chosen phrases: expect far more errors from people."
    )

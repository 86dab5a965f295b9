"""Recordings to text, faster than they last."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from turnwise.cli import options as given
from turnwise.cli.call import Server, call, reachable
from turnwise.cli.live import print_json
from turnwise.cli.show import words_of
from turnwise.cli.sound import duration_s, piped, recording
from turnwise.client import Event, Message, Options, TurnInfo
from turnwise.settings import Encoding

PIPE = "-"


def transcribe(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...", help="WAV, FLAC, Ogg, MP3 and more; `-` reads standard input."
        ),
    ],
    url: given.Url = None,
    engine: given.EngineName = None,
    api_key: given.ApiKey = None,
    encoding: Annotated[
        Encoding | None,
        typer.Option(help="Of raw audio on standard input. Without it: WAV, Ogg or WebM."),
    ] = None,
    sample_rate: Annotated[
        int | None, typer.Option(metavar="HZ", help="Of raw audio on standard input.")
    ] = None,
    realtime: Annotated[
        bool, typer.Option("--realtime", help="Not faster than it was recorded.")
    ] = False,
    eot_threshold: given.Eot = None,
    eager_eot_threshold: given.Eager = None,
    eot_timeout_ms: given.Timeout = None,
    keyterm: given.Keyterms = None,
    numerals: given.Numerals = False,
    as_json: given.Json = False,
) -> None:
    """Print what is said in recordings, one turn a line: when it ended, then the words."""
    options = given.stream_options(
        eot_threshold, eager_eot_threshold, eot_timeout_ms, keyterm, numerals
    )
    for source in sources:
        if source != PIPE and not Path(source).is_file():
            raise typer.BadParameter(f"no such file: {source}", param_hint="FILE")
    with reachable(Server(url, engine, api_key)) as (running, key):  # one for all the files
        server = Server(running, api_key=key)
        for source in sources:
            if len(sources) > 1 and not as_json:
                print(f"# {source}")
            if source == PIPE:
                piped_options = Options(**options, encoding=encoding, sample_rate=sample_rate)
                one(server, piped_options, piped(sys.stdin.buffer), None, False, as_json)
            else:
                path = Path(source)
                one(server, options, recording(path), duration_s(path), realtime, as_json)


def one(
    server: Server,
    options: Options,
    source: Iterable[bytes],
    length_s: float | None,
    realtime: bool,
    as_json: bool,
) -> None:
    """Transcribe one recording; exit if the user breaks it off."""
    console = Console(highlight=False)
    with progress_bar(length_s) as progress:
        task = progress.add_task("", total=length_s)

        def hear(message: Message) -> None:
            advance(progress, task, message)
            if as_json:
                print_json(message)
            elif isinstance(message, TurnInfo) and message.event is Event.END_OF_TURN:
                line = words_of(message)
                console.print(f"{clock(message.audio_window_end)}  ", line, soft_wrap=True, sep="")

        if not call(server, options, source, hear, realtime=realtime):
            raise typer.Exit(130)


def progress_bar(length_s: float | None) -> Progress:
    """Return a bar on standard error, unless that is no terminal or nobody knows the end."""
    return Progress(
        BarColumn(),
        TextColumn("{task.completed:.0f} of {task.total:.0f} s" if length_s else ""),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=length_s is None or not sys.stderr.isatty(),
    )


def advance(progress: Progress, task: TaskID, message: Message) -> None:
    if isinstance(message, TurnInfo):
        progress.update(task, completed=message.audio_window_end)


def clock(moment_s: float) -> str:
    """Write a moment of a recording as minutes and seconds."""
    minutes, rest_s = divmod(moment_s, 60)
    return f"{int(minutes):02}:{rest_s:05.2f}"

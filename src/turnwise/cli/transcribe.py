"""Recordings to text, faster than they last."""

import sys
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from turnwise.cli import options as given
from turnwise.cli.call import Server, call, reachable
from turnwise.cli.live import print_json
from turnwise.cli.save import Saving
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
    save: Annotated[
        Path | None,
        typer.Option(metavar="LOG.jsonl", help="Keep the session of one FILE for `inspect`."),
    ] = None,
) -> None:
    """Print what is said in recordings, one turn a line: when it ended, then the words."""
    options = given.stream_options(
        eot_threshold, eager_eot_threshold, eot_timeout_ms, keyterm, numerals
    )
    if save is not None and len(sources) > 1:
        raise typer.BadParameter("a log holds one FILE", param_hint="--save")
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
                sound = Sound("standard input", piped(sys.stdin.buffer), None)
                one(server, piped_options, sound, False, as_json, save)
            else:
                path = Path(source)
                sound = Sound(path.name, recording(path), duration_s(path))
                one(server, options, sound, realtime, as_json, save)


@dataclass(frozen=True, slots=True)
class Sound:
    name: str
    chunks: Iterable[bytes]
    length_s: float | None
    """None: nobody knows."""


def one(
    server: Server, options: Options, sound: Sound, realtime: bool, as_json: bool, save: Path | None
) -> None:
    """Transcribe one recording; exit if the user breaks it off."""
    with ExitStack() as held:
        saving = None
        if save is not None:
            file = held.enter_context(save.open("w", encoding="utf-8"))
            saving = Saving(file, options, sound.name, sound.length_s)
        if not heard(server, options, sound, realtime, as_json, saving):
            raise typer.Exit(130)


def heard(
    server: Server,
    options: Options,
    sound: Sound,
    realtime: bool,
    as_json: bool,
    saving: Saving | None,
) -> bool:
    """Return whether the recording was heard to its end."""
    console = Console(highlight=False)
    chunks = sound.chunks if saving is None else saving.counted(sound.chunks)
    with progress_bar(sound.length_s) as progress:
        task = progress.add_task("", total=sound.length_s)

        def hear(message: Message) -> None:
            advance(progress, task, message)
            if saving is not None:
                saving.hear(message)
            if as_json:
                print_json(message)
            elif isinstance(message, TurnInfo) and message.event is Event.END_OF_TURN:
                line = words_of(message)
                console.print(f"{clock(message.audio_window_end)}  ", line, soft_wrap=True, sep="")

        return call(server, options, chunks, hear, realtime=realtime)


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

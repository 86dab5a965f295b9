"""Draw a session that was saved."""

from pathlib import Path
from typing import Annotated

import typer

from turnwise.cli.sound import peaks
from turnwise.errors import BadLog
from turnwise.inspector.drawing import PEAK_S
from turnwise.inspector.log import read
from turnwise.inspector.page import html
from turnwise.inspector.picture import png, svg
from turnwise.inspector.session import session_of


def inspect(
    log: Annotated[
        Path,
        typer.Argument(
            metavar="LOG.jsonl",
            exists=True,
            dir_okay=False,
            help="What `transcribe --save` or the playground wrote.",
        ),
    ],
    audio: Annotated[
        Path | None,
        typer.Argument(
            metavar="[AUDIO]", exists=True, dir_okay=False, help="The recording, for its waveform."
        ),
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option("--html", help="Where to; beside the log, with .html, unless given."),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option("--png", help="Write a picture of the first five minutes too."),
    ] = None,
) -> None:
    """Draw a session: waveform, words by confidence, the end-of-turn curve, events, delays.

    The page is one HTML file that needs nothing else.
    """
    try:
        read_log = read(log.read_text("utf-8").splitlines())
    except UnicodeDecodeError:
        raise BadLog(f"{log.name} is no session's log: it is not text") from None
    session = session_of(read_log)
    bars = peaks(audio, PEAK_S) if audio is not None else []
    target = page or log.with_suffix(".html")
    target.write_text(html(read_log, session, bars), "utf-8")
    print(target)
    if picture is not None:
        picture.write_bytes(png(svg(read_log, session, bars)))
        print(picture)

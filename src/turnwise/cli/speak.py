"""Text to speech: to the loudspeaker, or into a file."""

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Annotated

import typer

from turnwise.client.loudspeaker import loudspeaker
from turnwise.errors import BadQuery
from turnwise.settings import Container, SpeechFormat, SpokenEncoding
from turnwise.speech.encode import missing, wav_header
from turnwise.speech.interface import SPEED_MAX, SPEED_MIN, Synthesiser, Voice
from turnwise.speech.load import AUTO, NAMES, load
from turnwise.speech.render import speech
from turnwise.speech.voices import choose
from turnwise.wire.speak_query import FORMATS

PIPE = "-"
VOICE = "aura-2-phoebe-en"
SUFFIXES = {
    ".wav": SpokenEncoding.LINEAR16,
    ".mp3": SpokenEncoding.MP3,
    ".ogg": SpokenEncoding.OPUS,
    ".opus": SpokenEncoding.OPUS,
    ".flac": SpokenEncoding.FLAC,
    ".aac": SpokenEncoding.AAC,
}
PLAYED = SpeechFormat(SpokenEncoding.LINEAR16, Container.NONE, 24_000)


def speak(
    text: Annotated[
        str | None, typer.Argument(help="What to say; `-` reads standard input.")
    ] = None,
    voice: Annotated[
        str,
        typer.Option(help="A voice's name on the wire, or one of --list. See the README."),
    ] = VOICE,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write a file instead of playing it: "
            f"{', '.join(SUFFIXES)}. `-` writes WAV to standard output.",
        ),
    ] = None,
    speed: Annotated[
        float, typer.Option(min=SPEED_MIN, max=SPEED_MAX, help="Times the natural speed.")
    ] = 1.0,
    synthesiser: Annotated[
        str,
        typer.Option(
            "--speech",
            envvar="TURNWISE_SPEECH",
            show_envvar=True,
            help=f"What speaks: {', '.join(NAMES)}. piper:FOLDER, openai:URL and hosted:URL say "
            "where; a running turnwise is hosted:http://localhost:8080.",
        ),
    ] = AUTO,
    list_voices: Annotated[bool, typer.Option("--list", help="List the voices and end.")] = False,
) -> None:
    """Say a text aloud, or write it as a recording."""
    if list_voices:
        for each in asyncio.run(voices_of(synthesiser)):
            print(f"{each.name:16} {each.language:6} {each.sample_rate_hz} Hz")
        return
    words = sys.stdin.read() if text == PIPE else text
    if not words or not words.strip():
        raise typer.BadParameter("there is nothing to say", param_hint="TEXT")
    if output is None:
        with loudspeaker(PLAYED.sample_rate_hz) as player:
            asyncio.run(said(words, voice, speed, synthesiser, PLAYED, player.write))
            player.stop()
        return
    form = form_of(output)
    recorded = bytearray()
    asyncio.run(said(words, voice, speed, synthesiser, form, recorded.extend))
    if form.container is Container.WAV:  # its length is known now
        unknown = len(wav_header(form))
        recorded[:unknown] = wav_header(form, len(recorded) - unknown)
    if output == PIPE:
        sys.stdout.buffer.write(recorded)
    else:
        Path(output).write_bytes(recorded)


def form_of(output: str) -> SpeechFormat:
    """Return the format a file's name asks for.

    Raises:
        BadParameter: None we write.
    """
    suffix = ".wav" if output == PIPE else Path(output).suffix.lower()
    encoding = SUFFIXES.get(suffix)
    if encoding is None:
        raise typer.BadParameter(f"a file must end in one of {', '.join(SUFFIXES)}")
    lacking = missing(encoding)
    if lacking is not None:
        raise BadQuery(lacking.replace(" on the server", ""))
    allowed = FORMATS[encoding]
    return SpeechFormat(encoding, allowed.containers[0], allowed.rates_hz[0], allowed.bit_rate)


async def said(
    text: str,
    voice: str,
    speed: float,
    spec: str,
    form: SpeechFormat,
    take: Callable[[bytes], object],
) -> None:
    """Hand on what a text becomes, piece by piece."""
    synthesiser: Synthesiser = load(spec, os.environ)
    try:
        chosen = choose(voice, synthesiser.voices)
        async with aclosing(speech(synthesiser, text, chosen, speed, form)) as pieces:
            async for piece in pieces:
                take(piece)
    finally:
        await synthesiser.close()


async def voices_of(spec: str) -> tuple[Voice, ...]:
    return load(spec, os.environ).voices

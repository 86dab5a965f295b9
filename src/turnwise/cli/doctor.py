"""Check that all turnwise needs is here, and say what to do if not."""

import asyncio
import os
import platform
import shutil
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer
from rich.console import Console

from turnwise.audio.decode import Decoder
from turnwise.cli.sound import INSTALL_FFMPEG, sample_words
from turnwise.cli.summary import bare, word_errors
from turnwise.client.microphone import INSTALL_PORTAUDIO
from turnwise.engine.interface import Hearing
from turnwise.engine.load import DEFAULT, load
from turnwise.errors import EngineFailed, NoSynthesiser, SynthesisFailed
from turnwise.samples.conversation import OGG
from turnwise.speech.load import AUTO
from turnwise.speech.load import load as load_speech
from turnwise.units import Frame

PYTHON_MIN = (3, 11)
PACKAGES = (
    "numpy",
    "msgspec",
    "websockets",
    "starlette",
    "uvicorn",
    "onnxruntime",
    "numba",
    "typer",
)
LISTENING_S = 6.0  # of the sample: its first turn and the silence after it
FIRST_TURN_WORDS = 9
WORDS_WRONG_MAX = 3  # of these; a healthy engine gets none or one wrong


@dataclass(frozen=True, slots=True)
class Finding:
    well: bool
    what: str
    """What was found."""
    advice: str = ""
    """What to do about it."""
    needed: bool = True
    """Whether turnwise does not work without it."""


def check_python() -> Finding:
    found = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    advice = "install Python 3.11 or newer and run scripts/install again"
    return Finding(sys.version_info[:2] >= PYTHON_MIN, found, advice)


def check_packages() -> Finding:
    try:
        found = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    except PackageNotFoundError as missing:
        return Finding(False, f"the package {missing.name} is missing", "run scripts/install")
    return Finding(True, found)


def check_opus() -> Finding:
    try:
        seconds_heard = len(_sample_frames()) * 0.08
    except Exception as error:  # whatever a broken native library raises
        return Finding(False, f"Opus cannot be decoded: {error}", "run scripts/install again")
    return Finding(True, f"Ogg Opus decodes: {seconds_heard:.1f} s of the packaged sample")


def check_engine(name: str) -> Finding:
    advice = "run scripts/install again; if it stays, report it with this output"
    try:
        engine = load(name, streams_max=1, workers=1)
    except (ValueError, ImportError, OSError, EngineFailed) as error:
        return Finding(False, f"the engine {name} does not load: {error}", advice)
    heard: list[str] = []
    try:
        state = engine.open(())
        for frame in _sample_frames()[: round(LISTENING_S / 0.08)]:
            (belief,) = engine.step([(state, Hearing(frame))])
            if isinstance(belief, EngineFailed):
                return Finding(False, f"the engine {name} died: {belief}", advice)
            heard = bare(word.text for word in belief.words) or heard
        engine.close(state)
    finally:
        engine.stop()
    wrong = word_errors(sample_words()[:FIRST_TURN_WORDS], heard)
    found = f"the engine {name} recognises the sample: {' '.join(heard)!r}, {wrong} words wrong"
    return Finding(wrong <= WORDS_WRONG_MAX, found, advice)


def check_speech() -> Finding:
    try:
        seconds, voice = asyncio.run(_spoken("Hello there."))
    except (NoSynthesiser, SynthesisFailed) as error:
        return Finding(False, "speech does not work", str(error), False)
    return Finding(True, f"{voice} speaks: {seconds:.1f} s for two words", needed=False)


async def _spoken(text: str) -> tuple[float, str]:
    """Return how long a text lasts, and who said it."""
    synthesiser = load_speech(AUTO, os.environ)
    voice = synthesiser.voices[0]
    count = 0
    try:
        async for sound in synthesiser.say(text, voice):
            count += len(sound)
    finally:
        await synthesiser.close()
    if not count:
        raise SynthesisFailed(f"{synthesiser.name} is silent")
    return count / voice.sample_rate_hz, f"{synthesiser.name}, voice {voice.name},"


def check_port(port: int) -> Finding:
    with socket.socket() as door:
        try:
            door.bind(("127.0.0.1", port))
        except OSError as error:
            advice = f"stop what listens there, or choose another: turnwise serve --port {port + 1}"
            return Finding(False, f"port {port} cannot be used: {error.strerror}", advice, False)
    return Finding(True, f"port {port} is free")


def check_microphone() -> Finding:
    try:
        import sounddevice

        device = sounddevice.query_devices(kind="input")
    except ImportError:
        return Finding(False, "no microphone support", "pip install 'turnwise[mic]'", False)
    except OSError:
        return Finding(False, "no PortAudio, so no microphone", INSTALL_PORTAUDIO, False)
    except (sounddevice.PortAudioError, ValueError) as error:
        advice = "plug one in and allow access to it, or use recordings and streams instead"
        return Finding(False, f"no microphone: {error}", advice, False)
    return Finding(True, f"microphone: {device['name']}", needed=False)


def check_ffmpeg() -> Finding:
    found = shutil.which("ffmpeg")
    if found is None:
        return Finding(False, "no ffmpeg, so no radio and no URLs", INSTALL_FFMPEG, False)
    return Finding(True, f"ffmpeg: {found}", needed=False)


def doctor(
    port: Annotated[int, typer.Option(help="The port you mean to serve on.")] = 8080,
    engine: Annotated[str, typer.Option(help="The engine you mean to use.")] = DEFAULT,
) -> None:
    """Check this installation, item by item, and say what to do for each that fails.

    The exit status is 1 if something turnwise cannot do without is missing.
    """
    console = Console(highlight=False)
    checks: tuple[Callable[[], Finding], ...] = (
        check_python,
        check_packages,
        check_opus,
        lambda: check_engine(engine),
        lambda: check_port(port),
        check_microphone,
        check_speech,
        check_ffmpeg,
    )
    failed = False
    for check in checks:
        finding = check()
        failed |= finding.needed and not finding.well
        console.print(*report(finding), sep="\n", soft_wrap=not console.is_terminal, markup=False)
    raise typer.Exit(1 if failed else 0)


def report(finding: Finding) -> list[str]:
    """Return the lines to print for one finding."""
    if finding.well:
        return [f"ok    {finding.what}"]
    mark = "FAIL " if finding.needed else "note "
    return [f"{mark} {finding.what}", f"      -> {finding.advice}"]


def _sample_frames() -> list[Frame]:
    return list(Decoder(None, None).push(OGG.read_bytes()))

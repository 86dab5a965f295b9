"""Speech from programs of this machine: flite, espeak-ng and Piper, each as a process of its own.

A process per clause: it can be killed at once, and keeps the licence of what speaks apart from
ours (espeak-ng and Piper are GPL). The text goes in by standard input, since other users of a
machine can read command lines. That also lets a process start before there is a text: it
loads its voice and waits, and a clause finds it ready.
"""

import asyncio
import os
import tempfile
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from turnwise.audio.pcm import INT16, Pcm
from turnwise.audio.wav import WavFormat, WavReader
from turnwise.errors import BadAudio, SynthesisFailed
from turnwise.speech.interface import SOUND_MS_MAX, Sound, Voice

SAYING_SECONDS_MAX = 30.0
"""A program that needs longer for one clause is stuck; flite waits for ever on some pipes."""
PIPE_BYTES = 8 << 10
PROCESSES_A_CORE = 2
"""Programs are quick: more would only share the cores."""
SPARES_MAX = 4
"""Processes that wait for a text, each with a voice of its own."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one program is spoken to."""

    name: str
    voices: tuple[Voice, ...]
    command: Callable[[Voice, float], Sequence[str]]
    """From a voice and a speed to what is to be run, text on standard input."""
    streams: bool = True
    """Whether it may write to a pipe; else it gets a file, and is heard when it has ended."""
    raw: bool = False
    """Whether it writes bare 16-bit samples; else WAV."""


FLITE_VOICES = (
    Voice("slt", "en-US", 16_000, feminine=True),
    Voice("rms", "en-US", 16_000, feminine=False),
    Voice("awb", "en-GB", 16_000, feminine=False),
    Voice("kal16", "en-US", 16_000, feminine=False),
)


def flite(path: str) -> Dialect:
    """CMU Flite 2: small English voices under a BSD-like licence.

    Given several sentences it opens its output anew for each, which on a pipe never ends:
    hence a file.
    """

    def command(voice: Voice, speed: float) -> Sequence[str]:
        speaker = (path, "-voice", voice.name, "--setf", f"duration_stretch={1 / speed:.4f}")
        return (*speaker, "-f", "/dev/stdin", "-o", "/dev/stdout")

    return Dialect("flite", FLITE_VOICES, command, streams=False)


ESPEAK_WORDS_A_MINUTE = 160
"""A little slower than its own default of 175, which listeners find hurried."""
ESPEAK_RATE_HZ = 22_050
ESPEAK_LANGUAGES = {
    "en-us": "en-US",
    "en-gb": "en-GB",
    "es": "es",
    "de": "de",
    "nl": "nl",
    "fr-fr": "fr",
    "it": "it",
}
ESPEAK_VARIANTS = ("+f2", "")
"""A woman's voice, and the plain one."""


def espeak(path: str) -> Dialect:
    """espeak-ng 1.50 or newer: robotic, clear, quick, many languages."""

    def command(voice: Voice, speed: float) -> Sequence[str]:
        words = str(round(ESPEAK_WORDS_A_MINUTE * speed))
        return (path, "-v", voice.name, "-s", words, "--stdin", "--stdout")

    voices = tuple(
        Voice(f"{accent}{variant}", language, ESPEAK_RATE_HZ, feminine=bool(variant))
        for accent, language in ESPEAK_LANGUAGES.items()
        for variant in ESPEAK_VARIANTS
    )
    return Dialect("espeak-ng", voices, command)


def piper(path: str, folder: str, voices: tuple[Voice, ...]) -> Dialect:
    """Piper with the user's own voices: FOLDER/NAME.onnx for each."""

    def command(voice: Voice, speed: float) -> Sequence[str]:
        model = str(Path(folder) / f"{voice.name}.onnx")
        return (path, "--model", model, "--output_raw", "--length_scale", f"{1 / speed:.3f}")

    return Dialect("piper", voices, command, raw=True)


Command = tuple[str, ...]


class Program:
    """A Synthesiser made of a program."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._places = asyncio.Semaphore(PROCESSES_A_CORE * (os.cpu_count() or 1))
        self._spares: dict[Command, asyncio.Task[_Started]] = {}
        """Processes that start or wait, the one that waits longest first."""
        self._closed = False

    @property
    def name(self) -> str:
        return self._dialect.name

    @property
    def voices(self) -> tuple[Voice, ...]:
        return self._dialect.voices

    def expect(self, voice: Voice, speed: float = 1.0) -> None:
        """See speech/interface.py."""
        self._prepare(tuple(self._dialect.command(voice, speed)))

    async def say(self, text: str, voice: Voice, speed: float = 1.0) -> AsyncGenerator[Sound]:
        """See speech/interface.py."""
        command = tuple(self._dialect.command(voice, speed))
        async with self._places:
            started = self._spare(command)
            if started is None or not started.tell(text):
                started = await _start(command, self._dialect.streams)
                started.tell(text)  # if it has ended already, its status will say why
            pieces = (_piped if self._dialect.streams else _filed)(started)
            try:
                async for sound in _decoded(pieces, self._dialect.raw, voice.sample_rate_hz):
                    yield sound
            finally:
                await pieces.aclose()
                await started.end()
                self._prepare(command)

    async def close(self) -> None:
        """End what waits; from now on nothing does."""
        self._closed = True
        spares, self._spares = self._spares, {}
        for task in spares.values():
            with suppress(SynthesisFailed):
                await (await task).end()

    def _prepare(self, command: Command) -> None:
        """Have a process wait for a text, unless one does."""
        if self._closed:
            return
        if command not in self._spares:
            starting = _start(command, self._dialect.streams)
            self._spares[command] = asyncio.create_task(starting)
        if len(self._spares) > SPARES_MAX:
            for longest, task in self._spares.items():
                if task.done():
                    del self._spares[longest]
                    if task.exception() is None:
                        task.result().dismiss()
                    break

    def _spare(self, command: Command) -> "_Started | None":
        """Return a process that waits, if there is one; one that is starting is for later."""
        task = self._spares.get(command)
        if task is None or not task.done():
            return None
        del self._spares[command]
        return None if task.exception() else task.result()


class _Started:
    """A process that knows its voice and waits for its text."""

    def __init__(
        self,
        command: Command,
        process: asyncio.subprocess.Process,
        telling: int,
        file: IO[bytes] | None,
    ) -> None:
        self.command = command
        self.process = process
        self.file = file
        """What it writes to; None: a pipe."""
        self._telling: int | None = telling

    def tell(self, text: str) -> bool:
        """Give it its text; return whether it was there to take it.

        A text fits into the pipe's buffer, so nobody waits.
        """
        assert self._telling is not None, "once"
        try:
            os.write(self._telling, text.encode("utf-8", "replace") + b"\n")
        except BrokenPipeError:
            self.dismiss()
            return False
        self._hang_up()
        return True

    def dismiss(self) -> None:
        """Have it end, soon."""
        self._hang_up()
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                self.process.kill()
        if self.file is not None:
            self.file.close()

    async def end(self) -> None:
        """Have it end, and wait until it has."""
        self.dismiss()
        await self.process.wait()

    def _hang_up(self) -> None:
        if self._telling is not None:
            os.close(self._telling)
            self._telling = None


async def _start(command: Command, streams: bool) -> _Started:
    """Start a program; its text is to come by a pipe.

    A plain one: uvloop's are sockets, which /dev/stdin cannot open.

    Raises:
        SynthesisFailed: It is not there.
    """
    reading, telling = os.pipe()
    file = None if streams else tempfile.TemporaryFile()  # noqa: SIM115 - the process's for life
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=reading,
            stdout=asyncio.subprocess.PIPE if file is None else file,
            stderr=asyncio.subprocess.DEVNULL,  # it repeats the text
        )
    except BaseException as error:
        os.close(telling)
        if file is not None:
            file.close()
        if isinstance(error, OSError):
            raise SynthesisFailed(f"{command[0]} does not start: {error.strerror}") from None
        raise
    finally:
        os.close(reading)
    return _Started(command, process, telling, file)


async def _piped(started: _Started) -> AsyncGenerator[bytes]:
    """Yield what a program writes, as it writes it."""
    assert started.process.stdout is not None
    try:
        async with asyncio.timeout(SAYING_SECONDS_MAX) as limit:
            while data := await started.process.stdout.read(PIPE_BYTES):
                limit.reschedule(None)  # whoever listens may take its time
                yield data
                limit.reschedule(asyncio.get_running_loop().time() + SAYING_SECONDS_MAX)
            await _ended(started)
    except TimeoutError:
        raise SynthesisFailed(_stuck(started)) from None


async def _filed(started: _Started) -> AsyncGenerator[bytes]:
    """Yield what a program has written to a file, once it has ended."""
    assert started.file is not None
    try:
        async with asyncio.timeout(SAYING_SECONDS_MAX):
            await _ended(started)
    except TimeoutError:
        raise SynthesisFailed(_stuck(started)) from None
    started.file.seek(0)
    while data := started.file.read(PIPE_BYTES):
        yield data


async def _ended(started: _Started) -> None:
    status = await started.process.wait()
    if status != 0:
        raise SynthesisFailed(f"{started.command[0]} ended with status {status}")


def _stuck(started: _Started) -> str:
    return f"{started.command[0]} took over {SAYING_SECONDS_MAX:g} seconds for one clause"


async def _decoded(pieces: AsyncGenerator[bytes], raw: bool, rate_hz: int) -> AsyncGenerator[Sound]:
    """Read WAV or bare samples.

    Raises:
        SynthesisFailed: It is not what the voice promises.
    """
    wav = None if raw else WavReader()
    pcm = Pcm(INT16) if raw else None
    async for piece in pieces:
        try:
            for item in (piece,) if wav is None else wav.push(piece):
                if isinstance(item, WavFormat):
                    _check_rate(item.sample_rate_hz, rate_hz)
                    pcm = Pcm(item.samples, item.channels)
                else:
                    assert pcm is not None, "the format comes before the samples"
                    for sound in cut(pcm.push(item), rate_hz):
                        yield sound
        except BadAudio as error:
            raise SynthesisFailed(f"what came is no sound: {error}") from None
    if pcm is None:
        raise SynthesisFailed("no sound came")


def _check_rate(found_hz: int, promised_hz: int) -> None:
    if found_hz != promised_hz:
        raise SynthesisFailed(f"the voice speaks at {found_hz} Hz, not at {promised_hz}")


def cut(sound: Sound, rate_hz: int) -> list[Sound]:
    """Cut sound into pieces of SOUND_MS_MAX at most; none of them is empty."""
    size = rate_hz * SOUND_MS_MAX // 1000
    return [sound[start : start + size] for start in range(0, len(sound), size)]

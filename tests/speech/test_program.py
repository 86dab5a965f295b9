"""Programs that speak: their sound as it comes, their failures told, none left running."""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

import numpy as np
import pytest
import uvloop

from turnwise.errors import SynthesisFailed
from turnwise.speech import program
from turnwise.speech.interface import SOUND_MS_MAX, Sound, Synthesiser, Voice
from turnwise.speech.load import PIPER_VOICES, load

HEAD = """
import struct, sys, time
def wav(rate):
    sys.stdout.buffer.write(b"RIFF" + struct.pack("<I", 0x7FFFF024) + b"WAVEfmt " + struct.pack(
        "<IHHIIHH", 16, 1, 1, rate, rate * 2, 2, 16) + b"data" + struct.pack("<I", 0x7FFFF000))
def sound(count):
    sys.stdout.buffer.write(b"\\x00\\x40" * count)
    sys.stdout.buffer.flush()
text = sys.stdin.read()
"""
VOICE = Voice("v", "en", 8_000)
ECHO = "wav(8000); sound(100 * len(text.strip()))"


def told(script: str, *, streams: bool = True, raw: bool = False) -> program.Program:
    """Return a synthesiser made of a Python program."""

    def command(voice: Voice, speed: float) -> Sequence[str]:
        return (sys.executable, "-c", HEAD + script)

    return program.Program(program.Dialect("told", (VOICE,), command, streams, raw))


async def said(
    synthesiser: Synthesiser, text: str, voice: Voice = VOICE, speed: float = 1.0
) -> list[Sound]:
    """Return what a text sounds like, and leave no process behind."""
    try:
        return [sound async for sound in synthesiser.say(text, voice, speed)]
    finally:
        await synthesiser.close()


def children_ids() -> set[str]:
    listed = Path("/proc/self/task").glob("*/children")
    return {each for path in listed for each in path.read_text().split()}


def children() -> int:
    return len(children_ids())


@pytest.mark.parametrize("streams", [True, False])
async def test_a_programs_wav_becomes_short_pieces_of_sound(streams: bool) -> None:
    pieces = await said(told(ECHO, streams=streams), "x" * 80)
    assert sum(map(len, pieces)) == 8_000
    assert all(0 < len(piece) <= 8 * SOUND_MS_MAX for piece in pieces)
    assert pieces[0][0] == pytest.approx(0.5)


async def test_bare_samples_are_read_too() -> None:
    pieces = await said(told("sound(400)", raw=True), "x")
    assert sum(map(len, pieces)) == 400


async def test_text_goes_in_whole() -> None:
    text = "--help; 'é' \"$x\""
    assert sum(map(len, await said(told(ECHO), text))) == 100 * len(text)


async def test_sound_comes_while_the_program_still_speaks() -> None:
    synthesiser = told("wav(8000); sound(8); time.sleep(60)")
    async with aclosing(synthesiser.say("x", VOICE)) as sounds:
        assert len(await anext(sounds)) == 8
    await synthesiser.close()


@pytest.mark.parametrize("script", ["wav(8000); sound(8); time.sleep(60)", "time.sleep(60)"])
@pytest.mark.parametrize("streams", [True, False])
async def test_who_is_cancelled_leaves_no_process(script: str, streams: bool) -> None:
    before = children()
    task = asyncio.create_task(said(told(script, streams=streams), "x"))
    while children() == before:
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert children() == before


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("sys.exit(3)", "ended with status 3"),
        ("wav(8000); sound(8); sys.exit(3)", "ended with status 3"),
        ("print('hello ' * 10)", "what came is no sound"),
        ("pass", "no sound came"),
        ("wav(16000)", "speaks at 16000 Hz, not at 8000"),
    ],
)
@pytest.mark.parametrize("streams", [True, False])
async def test_what_fails_says_why(script: str, reason: str, streams: bool) -> None:
    with pytest.raises(SynthesisFailed, match=reason):
        await said(told(script, streams=streams), "x")


@pytest.mark.parametrize("streams", [True, False])
async def test_a_program_that_hangs_is_given_up(
    streams: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "SAYING_SECONDS_MAX", 0.05)
    with pytest.raises(SynthesisFailed, match="took over"):
        await said(told("time.sleep(60)", streams=streams), "x")


async def test_a_program_that_is_not_there_says_so() -> None:
    dialect = program.flite("/no/such/flite")
    with pytest.raises(SynthesisFailed, match="does not start"):
        await said(program.Program(dialect), "x", dialect.voices[0])


async def test_programs_are_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "PROCESSES_A_CORE", 0)
    before = children()
    synthesiser = told(ECHO)
    task = asyncio.create_task(said(synthesiser, "x"))
    for _ in range(10):
        await asyncio.sleep(0)
    assert children() == before
    task.cancel()
    await asyncio.wait([task])


def installed(name: str) -> Synthesiser:
    """Return a program of this machine; Piper if the user's voices are named, too."""
    if shutil.which(name) is None or (name == "piper" and PIPER_VOICES not in os.environ):
        pytest.skip(f"needs {name}")
    return load(name, os.environ)


@pytest.mark.parametrize("name", ["flite", "espeak-ng", "piper"])
def test_real_programs_speak_on_the_servers_own_event_loop(name: str) -> None:
    async def once() -> int:
        synthesiser = installed(name)
        return sum(map(len, await said(synthesiser, "Hello.", synthesiser.voices[0])))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(once()) > 4_000


@pytest.mark.parametrize("name", ["flite", "espeak-ng", "piper"])
async def test_real_programs_speak_at_a_human_pace_and_level(name: str) -> None:
    synthesiser = installed(name)
    for voice in synthesiser.voices[:2]:
        text = "Hello there. How can I help you today?"
        pieces = np.concatenate(await said(synthesiser, text, voice))
        seconds = len(pieces) / voice.sample_rate_hz
        assert 1.5 < seconds < 4.5
        assert 0.02 < float(np.sqrt(np.mean(pieces**2))) < 0.3
        quick = await said(synthesiser, text, voice, 1.5)
        assert sum(map(len, quick)) < 0.8 * len(pieces)


def noting(path: Path, voices: int = 1) -> program.Program:
    """Return a synthesiser whose program notes down each of its starts."""

    def command(voice: Voice, speed: float) -> Sequence[str]:
        note = f"open({str(path)!r}, 'a').write({voice.name!r})\n"
        return (sys.executable, "-c", note + HEAD + ECHO)

    names = "abcdefgh"[:voices]
    known = tuple(Voice(name, "en", 8_000) for name in names)
    return program.Program(program.Dialect("noting", known, command))


async def until(path: Path, notes: str) -> None:
    while not path.exists() or sorted(path.read_text()) != sorted(notes):
        await asyncio.sleep(0.01)  # for a process to start; the time-out is the test's


async def test_a_process_waits_for_the_next_text_and_another_takes_its_place(
    tmp_path: Path,
) -> None:
    path, before = tmp_path / "starts", children()
    synthesiser = noting(path)
    (voice,) = synthesiser.voices
    synthesiser.expect(voice)
    synthesiser.expect(voice)  # one is enough
    await until(path, "a")
    for starts in ("aa", "aaa"):
        pieces = [sound async for sound in synthesiser.say("x", voice)]
        assert sum(map(len, pieces)) == 100
        await until(path, starts)  # the one that waits now
    await synthesiser.close()
    synthesiser.expect(voice)  # somebody is late
    await asyncio.sleep(0)
    assert children() == before


async def test_a_process_that_died_while_it_waited_is_not_asked(tmp_path: Path) -> None:
    before = children_ids()
    synthesiser = noting(tmp_path / "starts")
    (voice,) = synthesiser.voices
    synthesiser.expect(voice)
    await until(tmp_path / "starts", "a")
    (pid,) = children_ids() - before
    os.kill(int(pid), signal.SIGKILL)
    while pid in children_ids():
        await asyncio.sleep(0)
    assert sum(map(len, await said(synthesiser, "x", voice))) == 100


async def test_few_processes_wait_and_the_one_that_waits_longest_goes_first(
    tmp_path: Path,
) -> None:
    path, before = tmp_path / "starts", children()
    synthesiser = noting(path, voices=program.SPARES_MAX + 1)
    for count, voice in enumerate(synthesiser.voices, start=1):
        synthesiser.expect(voice)
        await until(path, "abcdefgh"[:count])
    while children() > before + program.SPARES_MAX:
        await asyncio.sleep(0)
    await said(synthesiser, "x", synthesiser.voices[1])
    assert path.read_text().startswith("abcde")
    assert children() == before


async def test_a_hint_for_a_program_that_is_not_there_does_no_harm() -> None:
    dialect = program.flite("/no/such/flite")
    synthesiser = program.Program(dialect)
    synthesiser.expect(dialect.voices[0])
    await asyncio.sleep(0)
    with pytest.raises(SynthesisFailed, match="does not start"):
        await said(synthesiser, "x", dialect.voices[0])


def test_a_piper_voice_is_named_by_its_file() -> None:
    dialect = program.piper("piper", "/voices", (Voice("amy", "en-US", 22_050),))
    command = dialect.command(dialect.voices[0], 0.5)
    assert command[:3] == ("piper", "--model", "/voices/amy.onnx")
    assert command[-2:] == ("--length_scale", "2.000")

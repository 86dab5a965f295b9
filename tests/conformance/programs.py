"""Other people's clients in environments of their own, and a server for them to talk to."""

import fcntl
import shutil
import subprocess
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile

from turnwise.samples.conversation import OGG
from turnwise.units import SAMPLE_RATE_HZ

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / "conformance"
KEY = "a-key-for-conformance"
PATIENCE_S = 100.0  # a program that has not ended by then hangs


def interpreter(name: str) -> Path:
    """Return the Python of an environment, built from its lock file if that has changed.

    Args:
        name: Of a file in conformance/requirements.
    """
    place = ROOT / f".venv-{name}"
    python = place / "bin" / "python"
    built_from = place / "built-from.txt"
    with (PROGRAMS / "requirements" / f"{name}.txt").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # another test process may be building it now
        locked = file.read()
        if not built_from.exists() or built_from.read_text() != locked:
            venv.create(place, clear=True, with_pip=True)
            install = [str(python), "-m", "pip", "install", "--quiet", "--require-hashes"]
            subprocess.run([*install, "-r", file.name], check=True)
            built_from.write_text(locked)
    return python


def run(name: str, program: str, *arguments: str) -> list[str]:
    """Run a program to its end in an environment; return the lines it printed.

    Raises:
        AssertionError: It failed or hung.
    """
    command = [str(interpreter(name)), str(PROGRAMS / program), *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


NODE, NPM = shutil.which("node"), shutil.which("npm")


def run_in_node(program: str, *arguments: str) -> list[str]:
    """Run a program of conformance/node to its end, with the client it was locked with.

    Raises:
        AssertionError: It failed or hung.
    """
    assert NODE is not None
    assert NPM is not None
    place = PROGRAMS / "node"
    built_from = place / "node_modules" / "built-from.txt"
    with (place / "package-lock.json").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        locked = file.read()
        if not built_from.exists() or built_from.read_text() != locked:
            install = [NPM, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
            subprocess.run(install, cwd=place, check=True)
            built_from.write_text(locked)
    command = [NODE, program, *arguments]
    ended = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=PATIENCE_S)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


@contextmanager
def running(name: str, program: str, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a program that does not end by itself; stop it in the end."""
    command = [str(interpreter(name)), "-u", str(PROGRAMS / program), *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def silence(seconds: float) -> bytes:
    """Return linear16 for the scripted engine, which hears words in anything."""
    return bytes(2 * round(seconds * SAMPLE_RATE_HZ))


def conversation() -> bytes:
    """Return the sample conversation as linear16."""
    samples, rate_hz = soundfile.read(OGG, dtype="int16")
    assert rate_hz == SAMPLE_RATE_HZ
    return bytes(np.asarray(samples, "<i2").tobytes())


def write_wav(path: Path, linear16: bytes) -> Path:
    samples = np.frombuffer(linear16, "<i2")
    soundfile.write(path, samples, SAMPLE_RATE_HZ, subtype="PCM_16", format="WAV")
    return path

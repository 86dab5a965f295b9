"""Turns to show, recordings to play and the command line to run."""

from pathlib import Path

import numpy as np
import soundfile
from msgspec import UNSET
from typer.testing import CliRunner, Result

from turnwise.cli.main import app
from turnwise.client import Event, TurnInfo
from turnwise.wire.messages import SpokenWord


def turn(
    event: Event,
    end_s: float,
    *words: tuple[str, float, float],
    trigger: str | None = None,
    confidence: float = 0.5,
    index: int = 0,
) -> TurnInfo:
    """Return a message.

    Args:
        words: Text, confidence, end in seconds.
    """
    return TurnInfo(
        "id",
        event,
        index,
        0.0,
        end_s,
        " ".join(word for word, _, _ in words),
        [SpokenWord(word, sure, until_s - 0.2, until_s) for word, sure, until_s in words],
        confidence,
        1,
        trigger=UNSET if trigger is None else trigger,
    )


def recording(path: Path, seconds: float = 4.0, rate_hz: int = 16_000, channels: int = 1) -> Path:
    """Write a tone of 440 Hz at half of full scale."""
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * rate_hz)) / rate_hz)
    soundfile.write(path, np.repeat(tone[:, None], channels, axis=1), rate_hz)
    return path


def run(*arguments: str, stdin: bytes = b"") -> Result:
    """Run the command line in this process."""
    return CliRunner().invoke(app, list(arguments), input=stdin)

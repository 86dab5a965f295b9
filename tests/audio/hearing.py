"""Feed a stream in pieces and note what comes of it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np
from hypothesis import strategies as st

from turnwise.audio.decode import Decoder
from turnwise.errors import BadAudio
from turnwise.settings import Encoding
from turnwise.units import Audio


@dataclass(frozen=True)
class Heard:
    audio: bytes
    """The frames, bit for bit."""
    error: str | None

    @property
    def samples(self) -> Audio:
        return np.frombuffer(self.audio, np.float32)


def hear(decoder: Decoder, pieces: Iterable[bytes]) -> Heard:
    frames: list[bytes] = []
    try:
        for piece in pieces:
            frames.extend(frame.tobytes() for frame in decoder.push(piece))
    except BadAudio as error:
        return Heard(b"".join(frames), str(error))
    return Heard(b"".join(frames), None)


def hear_whole(
    stream: bytes, encoding: Encoding | None = None, sample_rate_hz: int | None = None
) -> Heard:
    return hear(Decoder(encoding, sample_rate_hz), [stream])


def cut(stream: bytes, positions: Sequence[float]) -> list[bytes]:
    """Cut at fractions of the length, 0 to 1."""
    at = [0, *sorted(int(position * len(stream)) for position in positions), len(stream)]
    return [stream[begin:end] for begin, end in pairwise(at)]


def single_bytes(stream: bytes) -> list[bytes]:
    return [stream[at : at + 1] for at in range(len(stream))]


ItemT = TypeVar("ItemT")

positions = st.lists(st.floats(0, 1), max_size=12)


def read(push: Callable[[bytes], Iterable[ItemT]], pieces: Iterable[bytes]) -> list[ItemT]:
    """Everything a parser yields for pieces of a stream."""
    return [item for piece in pieces for item in push(piece)]

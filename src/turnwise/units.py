"""The numbers every room shares. Inside, time is counted in samples at 16 kHz."""

from typing import NewType

import numpy as np
from numpy.typing import NDArray

Audio = NDArray[np.float32]  # float32[n], 16 kHz mono, full scale is -1.0 to 1.0
Frame = Audio  # float32[FRAME_SAMPLES]
Samples = NewType("Samples", int)  # a count of, or a position in, 16 kHz mono samples
Seconds = NewType("Seconds", float)  # only at the edges: messages, logs, settings

SAMPLE_RATE_HZ = 16_000
FRAME_MS = 80
FRAME_SAMPLES = Samples(SAMPLE_RATE_HZ * FRAME_MS // 1000)

assert FRAME_SAMPLES * 1000 == SAMPLE_RATE_HZ * FRAME_MS, "a frame is whole samples"


def seconds(position: Samples) -> Seconds:
    return Seconds(position / SAMPLE_RATE_HZ)


def samples_from_ms(milliseconds: int) -> Samples:
    return Samples(milliseconds * SAMPLE_RATE_HZ // 1000)

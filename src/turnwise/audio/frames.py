"""Cut a stream of samples into whole frames."""

import numpy as np

from turnwise.units import FRAME_SAMPLES, Audio, Frame


class Framer:
    def __init__(self) -> None:
        self._open: Frame = np.empty(FRAME_SAMPLES, np.float32)
        self._filled = 0  # samples of the open frame, always fewer than FRAME_SAMPLES

    def push(self, samples: Audio) -> list[Frame]:
        """Return the frames that are now whole, oldest first.

        Args:
            samples: float32[n]; n may be 0. Given away: a frame may be this very array.
        """
        if self._filled == 0 and len(samples) == FRAME_SAMPLES:
            return [samples]  # a client that sends 80 ms at a time never pays for a copy
        frames: list[Frame] = []
        used = 0
        while used < len(samples):
            piece = samples[used : used + FRAME_SAMPLES - self._filled]
            self._open[self._filled : self._filled + len(piece)] = piece
            self._filled += len(piece)
            used += len(piece)
            if self._filled == FRAME_SAMPLES:
                frames.append(self._open)
                self._open = np.empty(FRAME_SAMPLES, np.float32)
                self._filled = 0
        assert self._filled < FRAME_SAMPLES
        return frames

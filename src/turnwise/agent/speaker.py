"""The loudspeaker of this machine, as a player."""

import asyncio
import threading
from collections import deque
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from turnwise.agent.speak import TICK_S, Played
from turnwise.client.microphone import INSTALL_PORTAUDIO
from turnwise.errors import DeviceMissing
from turnwise.speech.interface import Sound

BLOCK_MS = 20  # what is still heard after `stop`, beside what the device itself holds back


class Speaker:
    """Plays in the device's own thread; within its block."""

    def __init__(self, sample_rate_hz: int, device: int | str | None = None) -> None:
        """Prepare; nothing is opened yet.

        Args:
            sample_rate_hz: Of all sound.
            device: A number or a part of the name; None: the system's default.
        """
        self._rate_hz = sample_rate_hz
        self._device = device
        self._lock = threading.Lock()
        self._waiting: deque[Sound] = deque()
        self._written = 0
        """Samples of the reply that the device has taken."""
        self._reply = -1
        self._late = 0
        """Samples between the device's taking one and its being heard."""

    def __enter__(self) -> Self:
        """Open the device.

        Raises:
            DeviceMissing: There is no loudspeaker, or no library to reach it with.
        """
        try:
            import sounddevice
        except ImportError:
            raise DeviceMissing("the loudspeaker needs: pip install 'turnwise[mic]'") from None
        except OSError:  # the package is there, the library it wraps is not
            raise DeviceMissing(INSTALL_PORTAUDIO) from None
        try:
            self._stream = sounddevice.OutputStream(
                samplerate=self._rate_hz,
                blocksize=self._rate_hz * BLOCK_MS // 1000,
                device=self._device,
                channels=1,
                dtype="float32",
                latency="low",
                callback=self._fill,
            )
            self._stream.start()
        except (sounddevice.PortAudioError, ValueError) as error:
            raise DeviceMissing(f"no loudspeaker can be opened: {error}") from None
        self._late = round(self._stream.latency * self._rate_hz)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stream.close()

    def begin(self, reply: int) -> None:
        with self._lock:
            self._waiting.clear()
            self._reply, self._written = reply, 0

    def play(self, sound: Sound) -> None:
        with self._lock:
            self._waiting.append(sound)

    def stop(self) -> int:
        with self._lock:
            heard = self._heard()
            self._waiting.clear()
            return heard

    async def run(self, played: Played) -> None:
        told = (-1, 0)
        while True:
            await asyncio.sleep(TICK_S)
            with self._lock:
                now = (self._reply, self._heard())
            if now != told:
                told = now
                played(*now)

    def _heard(self) -> int:
        # Once the device has taken the last sample, what it holds back is heard anyway.
        return self._written if not self._waiting else max(0, self._written - self._late)

    def _fill(self, out: NDArray[np.float32], frames: int, time: object, status: object) -> None:
        """Give the device its next block: what waits, then silence."""
        filled = 0
        with self._lock:
            while self._waiting and filled < frames:
                sound = self._waiting.popleft()
                taken = sound[: frames - filled]
                out[filled : filled + len(taken), 0] = taken
                filled += len(taken)
                if len(taken) < len(sound):
                    self._waiting.appendleft(sound[len(taken) :])
            self._written += filled
        out[filled:] = 0.0

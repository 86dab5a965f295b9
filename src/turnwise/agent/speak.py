"""Where sound goes, and how much of it was heard: what a player is, and one on the clock."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import numpy as np

from turnwise.speech.interface import Sound

TICK_S = 0.04  # half of the longest piece of sound: a reply's end is noticed by then

LAG_S_MAX = 2.0  # a line that is later than that is not one to talk on

Played = Callable[[int, int], None]
"""Takes a reply and how many of its samples were played."""


class Player(Protocol):
    def begin(self, reply: int) -> None:
        """What comes now belongs to that reply; samples are counted from here."""
        ...

    def play(self, sound: Sound) -> None:
        """Play after what is being played."""
        ...

    def stop(self) -> int:
        """Be silent within one piece of sound; return how many samples were played."""
        ...

    async def run(self, played: Played) -> None:
        """Report positions, until cancelled."""
        ...


class ClockPlayer:
    """Plays by the clock: for sound that is heard elsewhere, or written to a file.

    What comes late leaves a gap, as it does for whoever listens.
    """

    def __init__(
        self,
        sample_rate_hz: int,
        clock: Callable[[], float],
        *,
        send: Callable[[Sound], None] | None = None,
        keep: Callable[[Sound], None] | None = None,
    ) -> None:
        """Begin in silence.

        Args:
            sample_rate_hz: Of all sound.
            clock: Seconds, from any beginning.
            send: Takes sound at once, to be played elsewhere.
            keep: Takes what was played of a reply, in the end.
        """
        self._rate_hz = sample_rate_hz
        self._clock = clock
        self._send = send
        self._keep = keep
        self._reply = -1
        self._sounds: list[Sound] = []
        self._samples = 0
        self._ends_s = 0.0
        """When all that came will have been played, if it is played as it comes."""
        self._lag_s = 0.0
        """How much later it is played really."""
        self._told = 0

    def begin(self, reply: int) -> None:
        self._finish(self._samples)
        self._reply = reply

    def play(self, sound: Sound) -> None:
        self._ends_s = max(self._ends_s, self._clock()) + len(sound) / self._rate_hz
        self._samples += len(sound)
        if self._keep is not None:
            self._sounds.append(sound)
        if self._send is not None:
            self._send(sound)

    def stop(self) -> int:
        played = self.played_samples
        self._finish(played)
        self._ends_s = 0.0
        return played

    @property
    def played_samples(self) -> int:
        left = round((self._ends_s + self._lag_s - self._clock()) * self._rate_hz)
        return min(self._samples, max(0, self._samples - left))

    def confirm(self) -> None:
        """All that came has been played just now: whoever plays it says so."""
        if self._ends_s:
            self._lag_s = min(LAG_S_MAX, max(0.0, self._clock() - self._ends_s))

    def tick(self, played: Played) -> None:
        """Report where we are, if we are elsewhere than before."""
        now = self.played_samples
        if now != self._told:
            self._told = now
            played(self._reply, now)

    async def run(self, played: Played) -> None:
        try:
            while True:
                await asyncio.sleep(TICK_S)
                self.tick(played)
        finally:
            self._finish(self.played_samples)

    def _finish(self, played: int) -> None:
        if self._keep is not None and self._sounds:
            self._keep(np.concatenate(self._sounds)[:played])
        self._sounds = []
        self._samples = self._told = 0

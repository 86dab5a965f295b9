"""A call and a listener with nothing but a line between them, and a line can be cut.

The audio of these tests says where it is: each sample of frame n has the value n. So the
ear on the other end knows what is being said there, whatever connection it came by.
"""

from collections.abc import Sequence

import numpy as np

from turnwise.client.protocol import ABNORMAL, Call, Message
from turnwise.engine.interface import Hearing, Hypothesis, Word
from turnwise.listener import Listener
from turnwise.settings import Encoding, Model, StreamSettings, Thresholds
from turnwise.units import FRAME_SAMPLES, SAMPLE_RATE_HZ, Samples
from turnwise.wire.query import build, parse

FRAME_BYTES = 2 * FRAME_SAMPLES
EAGER = Thresholds(eager=0.4)
SETTINGS = StreamSettings(Model.ENGLISH, Encoding.LINEAR16, SAMPLE_RATE_HZ, EAGER)

# What is said: words, the frame they begin at, the frames each lasts.
SPEECH = (
    ("good", 10, 4),
    ("morning", 14, 5),
    ("a", 40, 2),
    ("table", 42, 5),
    # a pause long enough to be thought an end
    ("for", 53, 3),
    ("four", 56, 4),
    ("please", 60, 5),
    ("goodbye", 95, 6),
)
FRAMES = 115


def audio(first: int = 0, last: int = FRAMES) -> bytes:
    """Return the frames from first up to, not including, last."""
    return np.repeat(np.arange(first, last, dtype="<i2"), FRAME_SAMPLES).tobytes()


class Ear:
    """Hears what is said at the moment the audio claims to be of."""

    def __init__(self) -> None:
        self._heard_frames = 0
        self._turn_from = -1

    def hear(self, hearing: Hearing) -> Hypothesis:
        self._heard_frames += 1
        now = round(float(hearing.frame[-1]) * 32_768) + 1
        if hearing.new_turn or self._turn_from < 0:
            self._turn_from = now - 1
        offset = self._heard_frames - now
        said = [
            word for word in SPEECH if word[1] + 1 >= self._turn_from and word[1] + word[2] <= now
        ]
        words = tuple(
            Word(text, 0.9, samples(offset + start), samples(offset + start + lasts))
            for text, start, lasts in said
        )
        silence = now - (said[-1][1] + said[-1][2]) if said else 0
        speaking = any(start < now <= start + lasts for _, start, lasts in SPEECH)
        voice = self._heard_frames - silence
        return Hypothesis(
            samples(self._heard_frames),
            words,
            0.0 if speaking else min(0.95, 0.1 * silence),
            samples(self._heard_frames if speaking else voice) if words else None,
        )


def samples(frames: int) -> Samples:
    return Samples(frames * FRAME_SAMPLES)


class Line:
    def __init__(self, call: Call) -> None:
        self.call = call
        self.heard: list[Message] = []
        """What the user heard."""
        self.settings: list[StreamSettings] = []
        """What each connection asked for."""
        self._connect()

    def carry(self) -> None:
        """Bring everything that is due to the other end, both ways."""
        for item in self.call.data_to_send():
            if isinstance(item, bytes):
                self.listener.receive_audio(item)
            else:
                self.listener.receive_text(item)
        for hearing in self.listener.hearings():
            self.listener.receive_hypothesis(self._ear.hear(hearing))
        for text in self.listener.messages_to_send():
            self.call.receive_text(text)
        self.heard += self.call.messages_received()

    def cut(self, *, unheard: bool = False) -> None:
        """Lose the connection and make another.

        Args:
            unheard: Whether what is due on its way out is lost with it.
        """
        if unheard:
            self.call.data_to_send()
        assert not self.call.receive_close(ABNORMAL)
        self._connect()
        self.call.resume()
        self.carry()

    def _connect(self) -> None:
        self.settings.append(parse(build(self.call.settings)))
        self.listener = Listener(self.settings[-1], f"connection {len(self.settings)}")
        self._ear = Ear()


def spoken_to(line: Line, chunks: Sequence[bytes]) -> None:
    for chunk in chunks:
        line.call.send_audio(chunk)
        line.carry()

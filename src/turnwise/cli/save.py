"""Keep a session's log while it goes on, for `turnwise inspect`."""

import time
from collections.abc import Iterable, Iterator
from typing import TextIO

from turnwise import __version__
from turnwise.client import Message, Options, Reconnected
from turnwise.client.address import PATH, settings_of
from turnwise.client.protocol import SAMPLE_BYTES
from turnwise.inspector.log import VERSION, Head, Sound, entry_line, head_line, taken_text
from turnwise.wire.codec import encode
from turnwise.wire.query import build


class Saving:
    """Writes the first line when made, and a line for each message."""

    def __init__(self, file: TextIO, options: Options, name: str, duration_s: float | None) -> None:
        """Begin a log.

        Raises:
            BadQuery: An option is wrong.
        """
        settings = settings_of(options)
        rate_hz, encoding = settings.sample_rate_hz, settings.encoding
        self._bytes_per_s: int | None = None
        if rate_hz is not None and encoding in SAMPLE_BYTES:
            self._bytes_per_s = rate_hz * SAMPLE_BYTES[encoding]
        self._sent_bytes = 0
        self._began_s = time.monotonic()
        self._file = file
        url = f"{PATH}?{build(settings)}"
        file.write(
            head_line(Head(VERSION, f"turnwise {__version__}", url, Sound(name, duration_s)))
        )

    def counted(self, source: Iterable[bytes]) -> Iterator[bytes]:
        """Pass a source's audio on, and note how much it was."""
        for chunk in source:
            self._sent_bytes += len(chunk)
            yield chunk

    def hear(self, message: Message) -> None:
        if isinstance(message, Reconnected):
            text = taken_text(message.count, message.resent_s, message.lost_s)
        else:
            text = encode(message) or ""
        sent_s = self._sent_bytes / self._bytes_per_s if self._bytes_per_s else None
        self._file.write(entry_line(sent_s, time.monotonic() - self._began_s, text))

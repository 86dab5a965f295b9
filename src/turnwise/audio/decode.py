"""Pick the right reader for a stream, and turn its bytes into frames.

What holds for all of them: the frames, and the place and text of an error, depend on the
stream's bytes alone and never on how they were cut into messages (bare Opus packets, one
to a message, are their own cut). Everything is done in slices of DECODE_SLICE_BYTES, one
Opus packet at a time, and only as fast as frames are taken: next to the message itself,
at most half a mebibyte is held while frames are taken, and between messages at most
CONTAINER_HEADER_BYTES_MAX and a slice, and that only while a header is coming in.

At the end of a stream, samples short of a frame are not heard.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from turnwise.audio import formats, pcm
from turnwise.audio.formats import MAGIC_BYTES, Container
from turnwise.audio.frames import Framer
from turnwise.audio.ogg import OggReader
from turnwise.audio.opus import OpusDecoder, OpusHead
from turnwise.audio.pcm import Pcm, SampleFormat
from turnwise.audio.resample import Resampler
from turnwise.audio.wav import WavFormat, WavReader
from turnwise.audio.webm import WebmReader
from turnwise.errors import BadAudio
from turnwise.settings import DECODE_SLICE_BYTES, Encoding
from turnwise.units import SAMPLE_RATE_HZ, Audio, Frame


class Source(Protocol):
    def push(self, piece: bytes) -> Iterable[Audio]:
        """Return or yield 16 kHz mono audio as it becomes known.

        Raises:
            BadAudio: Now or while iterating.
        """
        ...


class RawSource:
    """Samples and nothing else."""

    def __init__(self, sample_format: SampleFormat, channels: int, sample_rate_hz: int) -> None:
        self._pcm = Pcm(sample_format, channels)
        self._resampler = None if sample_rate_hz == SAMPLE_RATE_HZ else Resampler(sample_rate_hz)

    def push(self, piece: bytes) -> tuple[Audio]:
        samples = self._pcm.push(piece)
        if self._resampler is not None:
            samples = self._resampler.push(samples)
        return (samples,)


class WavSource:
    """A WAV file; its header says the format, whatever the URL said."""

    def __init__(self) -> None:
        self._reader = WavReader()
        self._raw: RawSource | None = None

    def push(self, piece: bytes) -> Iterator[Audio]:
        for item in self._reader.push(piece):
            if isinstance(item, WavFormat):
                self._raw = RawSource(item.samples, item.channels, item.sample_rate_hz)
            else:
                assert self._raw is not None, "the format comes first"
                yield from self._raw.push(item)


class OpusSource:
    """Opus in a container; a new header begins a new stream."""

    def __init__(self, reader: OggReader | WebmReader) -> None:
        self._reader = reader
        self._decoder: OpusDecoder | None = None

    def push(self, piece: bytes) -> Iterator[Audio]:
        for item in self._reader.push(piece):
            if isinstance(item, OpusHead):
                self._decoder = OpusDecoder(item)
            else:
                assert self._decoder is not None, "the header comes first"
                yield self._decoder.decode(item)


class PacketSource:
    """Bare Opus packets, each pushed whole."""

    def __init__(self) -> None:
        self._decoder: OpusDecoder | None = None

    def push(self, piece: bytes) -> tuple[Audio]:
        if self._decoder is None:
            container = formats.sniff(piece)
            if container is not None:
                raise BadAudio(
                    f"encoding=opus takes one bare packet per message, not {container};"
                    " leave encoding and sample_rate out"
                )
            self._decoder = OpusDecoder()
        return (self._decoder.decode(piece),)


CONTAINER_SOURCES: Mapping[Container, Callable[[], Source]] = {
    Container.WAV: WavSource,
    Container.OGG: lambda: OpusSource(OggReader()),
    Container.WEBM: lambda: OpusSource(WebmReader()),
}


class Decoder:
    """One stream's bytes to frames of 80 ms.

    Args:
        encoding: As the URL says; None if it leaves that to a container.
        sample_rate_hz: As the URL says; only raw PCM needs it.
    """

    def __init__(self, encoding: Encoding | None, sample_rate_hz: int | None) -> None:
        self._encoding = encoding
        self._sample_rate_hz = sample_rate_hz
        self._slice_bytes: int | None = DECODE_SLICE_BYTES
        self._first = b""  # fewer than MAGIC_BYTES
        self._source: Source | None = None
        self._framer = Framer()
        if encoding is Encoding.OPUS:
            self._slice_bytes = None  # a message is a packet
            self._source = PacketSource()

    def push(self, message: bytes) -> Iterator[Frame]:
        """Yield the frames that are now whole, oldest first.

        The iterator must be exhausted before the next push. An empty message is none.

        Raises:
            BadAudio: While iterating: these bytes are not the audio they claim to be.
                The frames before were right; nothing may be pushed after.
        """
        for piece in self._slices(message):
            if self._source is None:
                self._first += piece
                if len(self._first) < MAGIC_BYTES:
                    continue
                self._source = self._choose(self._first)
                piece, self._first = self._first, b""
            for samples in self._source.push(piece):
                yield from self._framer.push(samples)

    def _slices(self, message: bytes) -> Iterable[bytes]:
        size_bytes = self._slice_bytes
        if size_bytes is None or len(message) <= size_bytes:
            return (message,) if message else ()
        return (message[at : at + size_bytes] for at in range(0, len(message), size_bytes))

    def _choose(self, first: bytes) -> Source:
        container = formats.sniff(first)
        if container is not None and container in formats.WRAPPINGS[self._encoding]:
            return CONTAINER_SOURCES[container]()
        if self._encoding is None:
            raise BadAudio(
                "without encoding and sample_rate, a WAV, Ogg or WebM stream was expected,"
                f" but the first bytes are {formats.shown(first)}"
            )
        if self._encoding is Encoding.OGG_OPUS:
            raise BadAudio(
                f"expected Ogg (4f 67 67 53), but the first bytes are {formats.shown(first)}"
            )
        if self._sample_rate_hz is None:
            raise BadAudio(f"raw {self._encoding} needs sample_rate")
        return RawSource(pcm.RAW[self._encoding], 1, self._sample_rate_hz)

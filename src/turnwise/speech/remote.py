"""Speech from another server: an OpenAI-compatible /v1/audio/speech, or a hosted /v1/speak.

One request per clause, read as it comes. A /v1/speak is asked for 16-bit samples at our rate.
An OpenAI-compatible server is asked for WAV: it cannot be asked for a rate, `pcm` does not tell
which one it is, and only OpenAI's own voices are sure to be at 24 kHz.
"""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode, urlsplit

import httptools
import msgspec
import numpy as np

from turnwise.audio.pcm import INT16, Pcm
from turnwise.audio.resample import Resampler
from turnwise.audio.wav import WavFormat, WavReader
from turnwise.errors import BadAudio, SynthesisFailed
from turnwise.speech.encode import TAIL_S
from turnwise.speech.interface import Sound, Voice
from turnwise.speech.program import cut
from turnwise.speech.voices import CHARACTERS, FLUX, LANGUAGES

RATE_HZ = 24_000  # what OpenAI's voices have, and what is asked of a hosted one
CONNECT_SECONDS_MAX = 10.0
ANSWER_SECONDS_MAX = 30.0  # between two pieces of an answer
READ_BYTES = 16 << 10
OPENAI_VOICES = {"alloy": None, "nova": True, "shimmer": True, "echo": False, "onyx": False}
OPENAI_MODEL = "tts-1"
NOTHING: Sound = np.empty(0, np.float32)


@dataclass(frozen=True, slots=True)
class Order:
    """One request for speech."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class OpenAi:
    """Any server with OpenAI's interface; its voices are asked for by OpenAI's names."""

    name = "openai"
    voices = tuple(Voice(name, "en-US", RATE_HZ, sex) for name, sex in OPENAI_VOICES.items())

    def __init__(self, url: str, api_key: str | None) -> None:
        self._url = f"{url.rstrip('/')}/audio/speech"
        self._headers = {"authorization": f"Bearer {api_key}"} if api_key else {}

    def expect(self, voice: Voice, speed: float = 1.0) -> None:
        """Nothing would be saved."""

    def say(self, text: str, voice: Voice, speed: float = 1.0) -> AsyncGenerator[Sound]:
        """See speech/interface.py."""
        ask = {"model": OPENAI_MODEL, "voice": voice.name, "input": text}
        body = msgspec.json.encode({**ask, "response_format": "wav", "speed": speed})
        return sounds(Order(self._url, self._headers, body), _Wav())

    async def close(self) -> None:
        """Nothing is held between sayings."""


class Hosted:
    """Another server with /v1/speak, which gets the voices' names as they are."""

    name = "hosted"
    voices = (
        *(Voice(f"aura-2-{name}-en", "en", RATE_HZ) for name in CHARACTERS if name not in FLUX),
        *(Voice(f"flux-{name}-en", "en", RATE_HZ) for name in FLUX),
        *(Voice(f"aura-2-{language}", language, RATE_HZ) for language in LANGUAGES[1:]),
    )

    def __init__(self, url: str, api_key: str | None) -> None:
        self._url = url.rstrip("/")
        self._headers = {"authorization": f"Token {api_key}"} if api_key else {}

    def expect(self, voice: Voice, speed: float = 1.0) -> None:
        """Nothing would be saved."""

    def say(self, text: str, voice: Voice, speed: float = 1.0) -> AsyncGenerator[Sound]:
        """See speech/interface.py."""
        path = "/v2/speak" if voice.name.startswith("flux-") else "/v1/speak"
        asked = {"model": voice.name, "encoding": "linear16", "sample_rate": str(RATE_HZ)}
        asked["container"] = "none"
        if speed != 1.0:
            asked["speed"] = f"{speed:g}"
        url = f"{self._url}{path}?{urlencode(asked)}"
        return sounds(Order(url, self._headers, msgspec.json.encode({"text": text})), _Bare())

    async def close(self) -> None:
        """Nothing is held between sayings."""


class Reader(Protocol):
    """Makes sound at RATE_HZ of an answer, as it comes."""

    def push(self, data: bytes) -> Sound: ...
    def end(self) -> Sound: ...


class _Bare:
    """16-bit samples at our rate."""

    def __init__(self) -> None:
        self.push = Pcm(INT16).push

    def end(self) -> Sound:
        return NOTHING


class _Wav:
    """WAV of any rate."""

    def __init__(self) -> None:
        self._reader = WavReader()
        self._pcm: Pcm | None = None
        self._resampler: Resampler | None = None
        self._rate_hz = RATE_HZ

    def push(self, data: bytes) -> Sound:
        sounds = [NOTHING]
        for item in self._reader.push(data):
            if isinstance(item, WavFormat):
                self._pcm = Pcm(item.samples, item.channels)
                self._rate_hz = item.sample_rate_hz
                if self._rate_hz != RATE_HZ:
                    self._resampler = Resampler(self._rate_hz, RATE_HZ)
            else:
                assert self._pcm is not None, "the format comes before the samples"
                sounds.append(self._resampled(self._pcm.push(item)))
        return np.concatenate(sounds)

    def end(self) -> Sound:
        if self._pcm is None:
            raise BadAudio("it ended before its header did")
        tail = NOTHING
        if self._resampler is not None:
            tail = np.zeros(round(self._rate_hz * TAIL_S), np.float32)
        return self._resampled(tail)

    def _resampled(self, sound: Sound) -> Sound:
        return sound if self._resampler is None else self._resampler.push(sound)


async def sounds(order: Order, reader: Reader) -> AsyncGenerator[Sound]:
    """Place an order and yield the sound that comes.

    Raises:
        SynthesisFailed: Nobody answers, or with something else.
    """
    host = urlsplit(order.url).netloc
    answer = post(order)
    try:
        async for piece in answer:
            for sound in cut(reader.push(piece), RATE_HZ):
                yield sound
        for sound in cut(reader.end(), RATE_HZ):
            yield sound
    except BadAudio as error:
        raise SynthesisFailed(f"what came from {host} is no sound: {error}") from None
    except (OSError, TimeoutError, httptools.HttpParserError) as error:
        raise SynthesisFailed(
            f"no speech from {host}: {str(error) or 'it takes too long'}"
        ) from None
    finally:
        await answer.aclose()


async def post(order: Order) -> AsyncGenerator[bytes]:
    """Send a request on a connection of its own; yield its body piece by piece.

    Raises:
        OSError, TimeoutError, HttpParserError: As the connection fails.
        SynthesisFailed: The status is not 200.
    """
    parts = urlsplit(order.url)
    secure = parts.scheme == "https"
    async with asyncio.timeout(CONNECT_SECONDS_MAX):
        reader, writer = await asyncio.open_connection(
            parts.hostname,
            parts.port or (443 if secure else 80),
            ssl=ssl.create_default_context() if secure else None,
        )
    try:
        writer.write(_request(order))
        answer = _Answer()
        parser = httptools.HttpResponseParser(answer)
        while not answer.over:
            async with asyncio.timeout(ANSWER_SECONDS_MAX):
                data = await reader.read(READ_BYTES)
            if not data and answer.ends_with_the_line:
                break
            if not data:
                raise OSError("the answer was cut off")
            parser.feed_data(data)
            status = parser.get_status_code() if answer.begun else 200
            if status != 200:  # and not its text, which may quote what was to be said
                raise SynthesisFailed(f"{parts.netloc} answers with status {status}")
            if body := answer.take():
                yield body
    finally:
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()


def _request(order: Order) -> bytes:
    parts = urlsplit(order.url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    headers = {
        "host": parts.netloc,
        "content-type": "application/json",
        "content-length": str(len(order.body)),
        "connection": "close",
        **order.headers,
    }
    lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + order.body


class _Answer:
    """What httptools tells of a response."""

    def __init__(self) -> None:
        self.begun = False
        """All headers have come."""
        self.over = False
        self._length_known = False
        self._body = bytearray()

    def take(self) -> bytes:
        taken = bytes(self._body)
        self._body.clear()
        return taken

    @property
    def ends_with_the_line(self) -> bool:
        """Whether the end of the connection is the end of the answer (RFC 9112, 6.3)."""
        return self.begun and not self._length_known

    def on_header(self, name: bytes, _: bytes) -> None:
        self._length_known |= name.lower() in (b"content-length", b"transfer-encoding")

    def on_headers_complete(self) -> None:
        self.begun = True

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        self.over = True

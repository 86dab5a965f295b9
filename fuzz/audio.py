"""Throw broken audio at the audio room: whatever comes, it hears it or says BadAudio.

Valid streams of every format are mutated, truncated, spliced and padded with noise from a
seed. What is asserted of each input, cut at random:

- nothing but BadAudio is raised;
- every frame is whole, finite and within full scale;
- the bytes held afterwards stay below HELD_BYTES_MAX (looked at every few inputs and in
  all long ones);
- the frames and the error are those of the uncut stream (compared every few inputs).

What would fool it: a checksum stops most damage to Ogg at the door, so mutated pages get
a right checksum again half of the time.

    python -m fuzz.audio --inputs 150000 --seed 1
"""

import argparse
import json
import random
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from itertools import islice, pairwise

import numpy as np

from tests.audio.writing import (
    element,
    extensible,
    ogg,
    ogg_page,
    opus_head,
    opus_packets,
    packets_page,
    sealed,
    simple_block,
    tone,
    wav,
    wav_format,
    webm,
    webm_beginning,
    webm_cluster,
    webm_track,
)
from turnwise.audio.decode import Decoder
from turnwise.errors import BadAudio
from turnwise.settings import CONTAINER_HEADER_BYTES_MAX, Encoding
from turnwise.units import FRAME_SAMPLES

HELD_BYTES_MAX = CONTAINER_HEADER_BYTES_MAX + (128 << 10)
FRAMES_MAX = 40  # per input: two bytes of Opus may be 120 ms of silence
STREAM_BYTES_MAX = 6_000
LONG_BYTES = 1 << 20  # what a few inputs grow to by repeating their end: nothing may pile up
LONG_SHARE = 0.002
COMPARE_EVERY = 8
WEIGH_EVERY = 16
EDGES = (0, 1, 2, 0x7F, 0x80, 0xFE, 0xFF)


@dataclass(frozen=True)
class Target:
    encoding: Encoding | None
    sample_rate_hz: int | None
    streams: tuple[tuple[bytes, ...], ...]
    """Valid streams; each as messages, which matters to bare Opus only."""


@dataclass(frozen=True)
class Report:
    fuzzer: str
    inputs: int
    seed: int
    heard: int
    """Inputs that brought at least one frame."""
    refused: int
    held_bytes_max: int
    seconds: float
    inputs_per_second: float


@cache
def targets() -> tuple[Target, ...]:
    noise = np.random.default_rng(0).bytes(3_000)
    speech = np.rint(tone(300, 8_000) * 32767).astype("<i2").tobytes()[:3_000]
    packets = opus_packets(20, 8)
    stereo = opus_packets(60, 4, 48_000, 2)
    wavs = (
        wav(noise),
        wav(noise, wav_format(6, 1, 8_000, 8)),
        wav(noise, extensible(3, 2, 44_100, 32), size=0xFFFFFFFF),
        wav(noise, wav_format(1, 2, 22_050, 24), before=b"LIST\x04\0\0\0INFO"),
    )
    spanning = ogg_page([255, 255], bytes(510)) + ogg_page([9], bytes(9), flags=1)
    oggs = (
        ogg(packets),
        ogg(stereo, opus_head(channels=2, gain_q8=300), per_page=1),
        ogg(packets[:3]) + ogg(packets[3:], serial=9),
        packets_page([b"\x80theora"], serial=3, flags=2) + ogg(packets) + spanning,
    )
    known = element(0x1F43B675, *map(simple_block, packets))
    webms = (
        webm(packets),
        webm(stereo, webm_track(2, 1, b"V_VP8"), webm_track(head=opus_head(channels=2))),
        webm_beginning() + known + known,
        webm_beginning(webm_track(more=element(0x56AA, b"\x63\x2e\xa0")))
        + webm_cluster(element(0xA0, element(0xA1, b"\x81\0\0\0" + packets[0]))),
    )
    containers = tuple((stream,) for stream in (*wavs, *oggs, *webms))
    raw = ((noise,), (speech,), (wavs[0],))
    return (
        Target(None, None, containers),
        Target(None, None, containers[:4]),
        Target(None, None, containers[4:8]),
        Target(None, None, containers[8:]),
        Target(Encoding.OGG_OPUS, 48_000, containers[4:8]),
        Target(Encoding.OPUS, 48_000, (packets, stereo)),
        Target(Encoding.LINEAR16, 16_000, raw),
        Target(Encoding.LINEAR32, 24_000, raw),
        Target(Encoding.MULAW, 8_000, raw),
        Target(Encoding.ALAW, 44_100, raw),
    )


def mutated(stream: bytes, other: bytes, rng: random.Random) -> bytes:
    """Break a stream in one to six places."""
    data = bytearray(stream)
    for _ in range(rng.choice((1, 1, 2, 3, 6))):
        at = rng.randrange(len(data) + 1)
        if rng.random() < 0.5:
            at = min(at, rng.randrange(120))  # headers are at the beginning
        end = at + rng.choice((1, 1, 2, 4, 8, 40, 600))
        match rng.randrange(8):
            case 0:
                data[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                data[at:end] = bytes([rng.choice(EDGES)]) * (end - at)
            case 2:
                del data[at:end]
            case 3:
                data[at:at] = data[at:end]
            case 4:
                data[at:at] = rng.randbytes(end - at)
            case 5:
                del data[at:]
            case 6:
                data[at:] = other[rng.randrange(len(other) + 1) :]
            case _:
                if at < len(data):
                    data[at] ^= 1 << rng.randrange(8)
    return bytes(data[:STREAM_BYTES_MAX])


def with_checksums(stream: bytes) -> bytes:
    """Give every page that can be made out its right checksum."""
    parts: list[bytes] = []
    at = 0
    while stream[at : at + 4] == b"OggS" and len(stream) >= at + 27:
        body_at = at + 27 + stream[at + 26]
        end = body_at + sum(stream[at + 27 : body_at])
        if end > len(stream):
            break
        parts.append(sealed(stream[at:end]))
        at = end
    return b"".join(parts) + stream[at:]


def broken(target: Target, rng: random.Random) -> tuple[bytes, ...]:
    """Make one input, as messages."""
    if rng.random() < 0.03:
        magic = rng.choice((b"", b"RIFF", b"OggS\0", b"\x1aE\xdf\xa3"))
        return (magic + rng.randbytes(rng.randrange(400)),)
    messages = rng.choice(target.streams)
    if target.encoding is Encoding.OPUS:
        return tuple(
            mutated(message, rng.choice(messages), rng) if rng.random() < 0.3 else message
            for message in messages
        )
    stream = mutated(messages[0], rng.choice(target.streams)[0], rng)
    if rng.random() < 0.5:
        stream = with_checksums(stream)
    if rng.random() < LONG_SHARE:
        at = rng.randrange(len(stream) + 1)
        stream = stream[:at] + stream[at:] * (LONG_BYTES // (len(stream) - at + 1))
    return (stream,)


def cut(stream: bytes, rng: random.Random) -> list[bytes]:
    at = sorted({0, len(stream), *(rng.randrange(len(stream) + 1) for _ in range(3))})
    return [stream[begin:end] for begin, end in pairwise(at)]


def hear(decoder: Decoder, messages: Sequence[bytes]) -> tuple[list[bytes], str | None]:
    """Return the frames, FRAMES_MAX at most, and the error that ended them."""
    frames: list[bytes] = []
    try:
        for message in messages:
            for frame in islice(decoder.push(message), FRAMES_MAX - len(frames)):
                assert frame.shape == (FRAME_SAMPLES,), frame.shape
                assert frame.dtype == np.float32, frame.dtype
                assert np.abs(frame).max() <= 1, "also false for NaN"
                frames.append(frame.tobytes())
            if len(frames) == FRAMES_MAX:
                return frames, None
    except BadAudio as error:
        return frames, str(error)
    return frames, None


def held_bytes(part: object) -> int:
    """Return how many bytes of audio an object keeps, and all that belongs to it."""
    if isinstance(part, bytes | bytearray):
        return len(part)
    if isinstance(part, np.ndarray):
        return part.nbytes
    if type(part).__module__.startswith("turnwise.audio.") and hasattr(part, "__dict__"):
        return sum(held_bytes(value) for value in vars(part).values())
    return 0


def fuzz(inputs: int, seed: int) -> Report:
    """Try so many inputs; the same seed tries the same ones.

    Raises:
        AssertionError: An input did what none may; its number and bytes are in the notes.
    """
    heard = refused = held_bytes_max = 0
    begun_s = time.perf_counter()
    for index in range(inputs):
        rng = random.Random(f"{seed}/{index}")
        target = targets()[index % len(targets())]
        messages = broken(target, rng)
        pieces = list(messages)
        if target.encoding is not Encoding.OPUS:
            pieces = cut(messages[0], rng)
        try:
            decoder = Decoder(target.encoding, target.sample_rate_hz)
            result = hear(decoder, pieces)
            if index % WEIGH_EVERY == 0 or len(messages[0]) > STREAM_BYTES_MAX:
                held_bytes_max = max(held_bytes_max, held_bytes(decoder))
                assert held_bytes_max <= HELD_BYTES_MAX, held_bytes_max
            if index % COMPARE_EVERY == 0:
                whole = hear(Decoder(target.encoding, target.sample_rate_hz), messages)
                assert result == whole, "the cut changed what was heard"
        except Exception as error:
            error.add_note(f"input {index} of seed {seed}: {target.encoding} {pieces!r}")
            raise
        heard += bool(result[0])
        refused += result[1] is not None
    seconds = time.perf_counter() - begun_s
    return Report(
        "audio", inputs, seed, heard, refused, held_bytes_max,
        round(seconds, 2), round(inputs / seconds, 1),
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--inputs", type=int, default=150_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    report = fuzz(arguments.inputs, arguments.seed)
    print(f"{report.inputs} inputs, {report.inputs_per_second:.0f} per second: all well")
    print(json.dumps(asdict(report)))


if __name__ == "__main__":
    main()

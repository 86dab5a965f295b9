"""How long after somebody stops speaking does the event come, with one stream and with many?

The server runs as a user runs it, with the real engine; clients play the packaged
conversation to it in real time, each a little later than the one before. For every message,
the lag is the time from sending the audio it speaks of (`audio_window_end`) to having it. For every
turn of the reference, the end-of-turn delay is audio time from the end of the speech to the
`audio_window_end` of its EndOfTurn. The real-time factor is processor time of the server and its
children per second of audio.

The peer, in the same run, is what the recogniser's own package offers for the same job: its
Endpointer (a voice activity detector that ends an utterance after some silence) before its
Decoder with default settings. It knows nothing but silence, so it is cut-offs that it pays
with: utterances ended inside a turn.

What would fool it: other work on the machine lengthens lags (delays in audio time hold); the
conversation is synthetic and clear, so its delays are better than people's.

    python -m bench.latency --streams 1,2,4,8
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from pocketsphinx import Decoder, Endpointer

from bench.capacity import cpu_s
from turnwise import connect
from turnwise.cli.local import LocalServer
from turnwise.cli.sound import recording
from turnwise.samples.conversation import OGG, Said, turns
from turnwise.units import FRAME_SAMPLES, SAMPLE_RATE_HZ
from turnwise.wire.messages import EventName, TurnInfo

CHUNK_S = 0.08
APART_S = 0.53  # between one client's start and the next one's; not a multiple of a frame
LATE_S_MAX = 3.0  # an end that comes later belongs to no turn
LOOK_S = 0.25  # between two looks at the processor time of the server's children


@dataclass
class Row:
    who: str
    streams: int
    delay_ms_p50: float
    delay_ms_p95: float
    lag_ms_p50: float
    lag_ms_p99: float
    real_time_factor: float
    turns_ended: int
    turns: int
    cut_offs: int


@dataclass
class Heard:
    """What one client heard: positions in seconds of audio, lags in seconds of the clock."""

    ends_s: list[float] = field(default_factory=list)
    lags_s: list[float] = field(default_factory=list)


def score(ends_s: Sequence[float], turns: Sequence[Said]) -> tuple[list[float], int]:
    """Return the delay of each turn that was ended, and how many ends came inside a turn."""
    delays: list[float] = []
    for index, turn in enumerate(turns):
        next_start_s = turns[index + 1].start_s if index + 1 < len(turns) else float("inf")
        latest_s = min(next_start_s, turn.end_s + LATE_S_MAX)
        after = [at for at in ends_s if turn.end_s <= at < latest_s]
        if after:
            delays.append(after[0] - turn.end_s)
    inside = sum(any(turn.start_s <= at < turn.end_s for turn in turns) for at in ends_s)
    return delays, inside


class Cpu:
    """Processor seconds of a process and all that descend from it, gone ones included."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._spent_s: dict[int, float] = {}
        self.look()

    @property
    def spent_s(self) -> float:
        return sum(self._spent_s.values())

    def look(self) -> None:
        """Count what was spent up to now. A process that ends is missing what it did since."""
        waiting = [self._pid]
        while waiting:
            pid = waiting.pop()
            try:
                spent_s = cpu_s(pid)
                for thread in Path(f"/proc/{pid}/task").iterdir():
                    waiting += map(int, (thread / "children").read_text().split())
            except (FileNotFoundError, ProcessLookupError):
                continue
            self._spent_s[pid] = spent_s

    async def watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            self.look()


async def listen_to(server: LocalServer, audio: bytes) -> Heard:
    heard = Heard()
    sent_at_s: list[float] = []

    def chunks() -> Iterator[bytes]:
        size = 2 * FRAME_SAMPLES
        for start in range(0, len(audio), size):
            sent_at_s.append(time.perf_counter())
            yield audio[start : start + size]

    async with connect(
        server.url, api_key=server.api_key, encoding="linear16", sample_rate=SAMPLE_RATE_HZ
    ) as stream:
        stream.play(in_real_time(chunks()))
        async for turn in stream:
            note(heard, turn, sent_at_s)
    return heard


async def in_real_time(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    began_s = time.perf_counter()
    count = 0
    while True:
        await asyncio.sleep(max(0.0, began_s + count * CHUNK_S - time.perf_counter()))
        chunk = next(chunks, None)
        if chunk is None:
            return
        count += 1
        yield chunk


def note(heard: Heard, turn: TurnInfo, sent_at_s: Sequence[float]) -> None:
    chunk = round(turn.audio_window_end / CHUNK_S) - 1
    heard.lags_s.append(time.perf_counter() - sent_at_s[chunk])
    if turn.event is EventName.END_OF_TURN and turn.trigger != "manual":
        heard.ends_s.append(turn.audio_window_end)


async def measure(server: LocalServer, audio: bytes, streams: int) -> Row:
    async def later(index: int) -> Heard:
        await asyncio.sleep(index * APART_S)
        return await listen_to(server, audio)

    cpu = Cpu(server.process_id)
    before_s = cpu.spent_s
    watching = asyncio.create_task(cpu.watch())
    heard = await asyncio.gather(*[later(index) for index in range(streams)])
    watching.cancel()
    cpu.look()
    spent_s = cpu.spent_s - before_s
    said = turns()
    scored = [score(each.ends_s, said) for each in heard]
    return row(
        "turnwise",
        streams,
        [delay for delays, _ in scored for delay in delays],
        [lag for each in heard for lag in each.lags_s],
        spent_s / (streams * len(audio) / 2 / SAMPLE_RATE_HZ),
        len(said) * streams,
        sum(inside for _, inside in scored),
    )


def endpointer(audio: bytes) -> Row:
    """Run the peer over the conversation, as its documentation shows, as fast as it goes."""
    decoder, pointer = Decoder(loglevel="FATAL"), Endpointer()
    ends_s: list[float] = []
    lags_s: list[float] = []
    began_s = time.process_time()
    for start in range(0, len(audio) - pointer.frame_bytes, pointer.frame_bytes):
        frame_began_s = time.perf_counter()
        was_speaking = pointer.in_speech
        speech = pointer.process(audio[start : start + pointer.frame_bytes])
        if speech is not None:
            if not was_speaking:
                decoder.start_utt()
            decoder.process_raw(speech)
            if not pointer.in_speech:
                decoder.end_utt()
                ends_s.append((start + pointer.frame_bytes) / 2 / SAMPLE_RATE_HZ)
        lags_s.append(time.perf_counter() - frame_began_s)
    spent_s = time.process_time() - began_s
    delays, inside = score(ends_s, turns())
    factor = spent_s / (len(audio) / 2 / SAMPLE_RATE_HZ)
    return row("Endpointer + Decoder", 1, delays, lags_s, factor, len(turns()), inside)


def row(
    who: str,
    streams: int,
    delays_s: Sequence[float],
    lags_s: Sequence[float],
    real_time_factor: float,
    turns: int,
    cut_offs: int,
) -> Row:
    return Row(
        who,
        streams,
        round(1000 * statistics.median(delays_s)),
        round(1000 * float(np.quantile(delays_s, 0.95))),
        round(1000 * statistics.median(lags_s), 1),
        round(1000 * float(np.quantile(lags_s, 0.99)), 1),
        round(real_time_factor, 3),
        len(delays_s),
        turns,
        cut_offs,
    )


def show(rows: Sequence[Row]) -> None:
    print(
        f"{'':22} {'streams':>7} {'delay ms':>16} {'lag ms':>16} {'RTF':>6} "
        f"{'ended':>9} {'cut off':>7}"
    )
    print(f"{'':30} {'p50':>8} {'p95':>7} {'p50':>8} {'p99':>7}")
    for each in rows:
        print(
            f"{each.who:22} {each.streams:7} {each.delay_ms_p50:8.0f} {each.delay_ms_p95:7.0f} "
            f"{each.lag_ms_p50:8.1f} {each.lag_ms_p99:7.1f} {each.real_time_factor:6.3f} "
            f"{each.turns_ended:4}/{each.turns:<4} {each.cut_offs:7}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--streams", default="1,2,4,8", help="how many at once, with commas")
    options = parser.parse_args()
    audio = b"".join(recording(OGG))
    rows = [endpointer(audio)]
    with LocalServer() as server:
        for streams in map(int, options.streams.split(",")):
            print(f"playing to {streams} ...", flush=True)
            rows.append(asyncio.run(measure(server, audio, streams)))
    show(rows)
    peer, alone = rows[0], rows[1]
    summary = {
        "delay_ratio": round(alone.delay_ms_p50 / peer.delay_ms_p50, 2),
        "real_time_factor_ratio": round(alone.real_time_factor / peer.real_time_factor, 2),
        "rows": [asdict(each) for each in rows],
    }
    print(json.dumps(summary))


if __name__ == "__main__":
    main()

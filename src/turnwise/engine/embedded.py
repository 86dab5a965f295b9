"""The embedded recogniser: a small streaming network, a search for words and readable text.

All streams of a step go through the network as one batch. Then each is searched by itself, in
as many threads as there are cores: the search runs without Python's lock. Then all go through
the end-of-turn network as one batch.
"""

import logging
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import numpy as np

from turnwise.engine.completeness import Completeness
from turnwise.engine.embedded_stream import EmbeddedStream, Tools
from turnwise.engine.encoder import Encoded, Encoder, Floats
from turnwise.engine.endpoint import FILE as ENDPOINT
from turnwise.engine.endpoint import Endpoint, EndpointNetwork
from turnwise.engine.features import log_mel
from turnwise.engine.interface import Hearing, Hypothesis
from turnwise.engine.language import language_from
from turnwise.engine.punctuation import Punctuation
from turnwise.engine.search import Search
from turnwise.engine.tree import CLASSES
from turnwise.engine.weights import read_arrays, read_bytes
from turnwise.errors import EngineFailed, Overloaded
from turnwise.units import FRAME_SAMPLES

ENCODER, LANGUAGE = "encoder.onnx", "language.safetensors"
STREAMS_PER_CORE = 20
"""A stream takes less than 2 ms of a core for each 80 ms: half a core is left for bursts."""
STREAMS_MAX = 100
"""However many cores: about 0.4 ms of a stream's step hold Python's lock."""
WARM_UP_OUTPUTS = 200
"""Enough for words that are settled."""
log = logging.getLogger("turnwise.engine")


class EmbeddedEngine:
    """An Engine[EmbeddedStream].

    Args:
        streams_max: None: STREAMS_PER_CORE for each core, at most STREAMS_MAX.
        cores: How many cores may recognise; None: all that this process may use.

    Raises:
        EngineFailed: The weights are missing or damaged.
    """

    def __init__(self, *, streams_max: int | None = None, cores: int | None = None) -> None:
        cores = min(cores or cores_usable(), cores_usable())
        self.streams_max = streams_max or min(STREAMS_PER_CORE * cores, STREAMS_MAX)
        graph = read_bytes(ENCODER)
        self._encoder = Encoder(graph, slots_max=self.streams_max, threads=cores)
        graph = read_bytes(ENDPOINT)
        self._endpoint = EndpointNetwork(graph, slots_max=self.streams_max)
        self._completeness = Completeness.load()
        language, punctuation = language_from(read_arrays(LANGUAGE)), Punctuation.load()
        self._tools = [Tools(Search(language), punctuation) for _ in range(cores)]
        self._threads = ThreadPoolExecutor(cores, "turnwise-search")
        self.streams: set[EmbeddedStream] = set()
        """Those that are open."""
        self._warm_up()

    def _warm_up(self) -> None:
        """Hear something, so that what is compiled on its first call is compiled now."""
        noise = np.random.default_rng(0).normal(-4, 1, (WARM_UP_OUTPUTS, CLASSES))
        self._tools[0].search.decode(noise.astype(np.float32))
        stream = self.open(("warm up",))
        self.step([(stream, Hearing(np.zeros(FRAME_SAMPLES, np.float32), keyterms=()))])
        self.close(stream)

    def open(self, keyterms: Sequence[str]) -> EmbeddedStream:
        """Start a stream.

        Raises:
            Overloaded: Every slot is taken.
        """
        if len(self.streams) >= self.streams_max:
            raise Overloaded(f"all {self.streams_max} places are taken")
        search = self._tools[0].search.open(keyterms)
        slot = self._encoder.open()
        self._endpoint.open(slot)
        stream = EmbeddedStream(slot, search, keyterms, Endpoint(self._completeness))
        self.streams.add(stream)
        return stream

    def step(
        self, work: Sequence[tuple[EmbeddedStream, Hearing]]
    ) -> list[Hypothesis | EngineFailed]:
        able = [(stream, hearing) for stream, hearing in work if stream.failure is None]
        heard: dict[EmbeddedStream, Hypothesis] = {}
        if able:
            features = log_mel(np.stack([stream.sound(hearing.frame) for stream, hearing in able]))
            encoded = self._encoder.step([stream.slot for stream, _ in able], features)
            answers = zip(able, encoded.log_probs, encoded.frame_log_probs, strict=True)
            jobs = [(*job, *answer) for job, *answer in answers]
            cores = len(self._tools)
            shares = [jobs[core::cores] for core in range(min(cores, len(jobs)))]
            told = dict(chain.from_iterable(self._threads.map(_search, shares, self._tools)))
            heard = self._believed([stream for stream, _ in able], encoded, told)
        return [heard.get(stream) or EngineFailed(stream.failure) for stream, _ in work]

    def _believed(
        self,
        streams: Sequence[EmbeddedStream],
        encoded: Encoded,
        told: Mapping[EmbeddedStream, Floats],
    ) -> dict[EmbeddedStream, Hypothesis]:
        """Ask about the turns of those streams that told anything; `encoded` is of all."""
        rows = [row for row, stream in enumerate(streams) if stream in told]
        if not rows:
            return {}
        asked = [streams[row] for row in rows]
        log_odds = self._endpoint.step(
            [stream.slot for stream in asked],
            encoded.middle[rows],
            encoded.last[rows],
            np.stack([told[stream] for stream in asked]),
        )
        return {
            stream: stream.believe(odds)
            for stream, odds in zip(asked, log_odds.tolist(), strict=True)
        }

    def close(self, state: EmbeddedStream) -> None:
        self.streams.remove(state)
        self._encoder.close(state.slot)

    def stop(self) -> None:
        for stream in list(self.streams):
            self.close(stream)
        self._threads.shutdown()
        del self._encoder, self._endpoint, self._tools


def _search(
    jobs: Sequence[tuple[EmbeddedStream, Hearing, Floats, Floats]], tools: Tools
) -> list[tuple[EmbeddedStream, Floats]]:
    """Let some streams take the network's answers; one that cannot tells nothing."""
    told: list[tuple[EmbeddedStream, Floats]] = []
    for stream, hearing, log_probs, frame_log_probs in jobs:
        try:
            told.append((stream, stream.hear(hearing, log_probs, frame_log_probs, tools)))
        except Exception as problem:  # a bug that one stream's audio brings out is no other's
            log.exception("a stream's recogniser failed")
            stream.failure = f"the recogniser failed: {type(problem).__name__}"
    return told


def cores_usable() -> int:
    """Return how many cores this process may use, where the system tells."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1

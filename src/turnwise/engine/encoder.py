"""The acoustic network: one ONNX graph that hears the next frame of many streams.

What a stream keeps lies in memories made for all of them at the start; a stream owns a slot
of each. The graph copies the rows of the slots that hear something and returns only what is
new, which goes into the rings here: frame f of a stream at f modulo the ring's length.
training/export.py writes the graph.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from turnwise.engine.features import BANDS, FRAMES_PER_STEP

Floats = NDArray[np.float32]
Slot = int

OUTPUTS_PER_FRAME = 2
DELAY_OUTPUTS = 3
"""The network was taught to answer so many outputs of 40 ms after the sound."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """What the network says of one frame of n streams."""

    log_probs: Floats
    """float32[n, OUTPUTS_PER_FRAME, classes]: natural logarithms; class 0 is CTC's blank."""
    frame_log_probs: Floats
    """The same shape: which phone each output is within; class 0 is no phone."""
    middle: Floats
    """float32[n, width]: the frames half-way through the network."""
    last: Floats
    """float32[n, width]: the frames its answers are read from."""


class Encoder:
    """Constant but for its slots. Only one thread at a time may use it.

    Args:
        graph: The content of the ONNX file.
        slots_max: For how many streams there is room.
        threads: How many cores a step may use.
    """

    def __init__(self, graph: bytes, *, slots_max: int, threads: int) -> None:
        self._session = session(graph, threads)
        shapes = {entry.name: entry.shape for entry in self._session.get_inputs()}
        sizes = {entry.name: entry.shape[1] for entry in self._session.get_outputs()}
        _, heads, left, depth = shapes["keys"]
        _, ring, width = shapes["convolution"]
        self._layers = sizes["new_keys"] // width
        self._keys = np.zeros((slots_max, self._layers, heads, left, depth), np.float32)
        self._values = np.zeros_like(self._keys)
        self._convolution = np.zeros((slots_max, self._layers, ring, width), np.float32)
        self._stem = [
            np.zeros((slots_max, *shapes[name][1:]), np.float32)
            for name in sorted(shapes)
            if name.startswith("stem")
        ]
        self._heard = np.zeros(slots_max, np.int64)
        self._free = list(range(slots_max))[::-1]
        self._feeds = {
            "keys": _by_layer(self._keys),
            "values": _by_layer(self._values),
            "convolution": _by_layer(self._convolution),
            **{f"stem{number}": rows for number, rows in enumerate(self._stem)},
        }

    def open(self) -> Slot:
        """Take a free slot, of which there must be one; its stream has heard nothing."""
        slot = self._free.pop()
        for memory in (self._keys, self._values, self._convolution, *self._stem):
            memory[slot] = 0
        self._heard[slot] = 0
        return slot

    def close(self, slot: Slot) -> None:
        assert slot not in self._free
        self._free.append(slot)

    def step(self, slots: Sequence[Slot], features: Floats) -> Encoded:
        """Hear one more frame of some streams, each at most once.

        Args:
            slots: n of them, at least one.
            features: float32[n, FRAMES_PER_STEP, BANDS].
        """
        assert features.shape == (len(slots), FRAMES_PER_STEP, BANDS)
        rows = np.array(slots, np.int64)
        heard = self._heard[rows]
        log_probs, frame_log_probs, middle, last, *new = self._session.run(
            None, {**self._feeds, "features": features, "slots": rows, "heard": heard}
        )
        keys, values, gated, *stem = new
        for memory, fresh in ((self._keys, keys), (self._values, values)):
            _, layers, heads, left, depth = memory.shape
            memory[rows, :, :, heard % left] = fresh.reshape(-1, layers, heads, depth)
        _, layers, ring, width = self._convolution.shape
        self._convolution[rows, :, heard % ring] = gated.reshape(-1, layers, width)
        for memory, fresh in zip(self._stem, stem, strict=True):
            memory[rows] = fresh
        self._heard[rows] += 1
        return Encoded(log_probs, frame_log_probs, middle, last)


def _by_layer(memory: Floats) -> Floats:
    """Return a view whose rows are the layers of all slots."""
    return memory.reshape(-1, *memory.shape[2:])


def session(graph: bytes, threads: int) -> Any:  # Any: onnxruntime has no types
    """Return an ONNX graph, ready to run on so many cores."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

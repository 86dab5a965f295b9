"""Speak with Kokoro-82M, a synthesiser whose melody and pauses are near to people's.

Its folder holds `model.onnx`, the 8-bit export that kokoro-onnx publishes (Kokoro-82M by hexgrad,
Apache-2.0), `vocabulary.json` and `voices/*.bin`; SOURCES.md says which packages bring them.

espeak-ng says how words sound; what it writes is respelled as Kokoro was taught (misaki, its
letter-to-sound library, documents the letters). A voice is a vector; between two voices lie
others, which nobody has.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import pi
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.espeak import phonemes
from training.pronounced import Sound

RATE_HZ = 24_000
FRAME_SAMPLES = 600
"""What a token lasts is counted in these."""
FRAMES_STEP = 64
"""Lengths are rounded up to these, so that few have to be prepared for."""
TOKENS_MAX = 500
DURATIONS = "/encoder/Clip_output_0"
WORDS, PITCH, LOUDNESS = (
    "/encoder/MatMul_1_output_0", "/encoder/Reshape_output_0", "/encoder/Reshape_1_output_0"
)  # fmt: skip
SOURCE = "/decoder/decoder/generator/Concat_3_output_0"
SPECTRUM = "/decoder/decoder/generator/conv_post/Conv_output_0"
SHAPES: Mapping[str, list[int | str]] = {
    WORDS: [1, 512, "frames"], PITCH: [1, "halves"], LOUDNESS: [1, "halves"],
    SOURCE: [1, 22, "hops"], SPECTRUM: [1, 22, "hops"],
}  # fmt: skip
STEPS = {WORDS: 1, PITCH: 2, LOUDNESS: 2, SOURCE: 120}
"""Of each tensor in a frame."""
SINE_SQUARED = (pi**2, -(pi**4) / 3, 2 * pi**6 / 45, -(pi**8) / 315, 2 * pi**10 / 14_175)
"""Of powers of the square of a part of a period."""
PAUSES = ",;:.?!"
STRESS = "ˈˌ"

SPELLINGS: Mapping[str, tuple[str, str]] = {
    "dʒ": ("ʤ", "JH"), "tʃ": ("ʧ", "CH"), "aɪ": ("I", "AY"), "aʊ": ("W", "AW"), "ɔɪ": ("Y", "OY"),
    "eɪ": ("A", "EY"), "oʊ": ("O", "OW"), "əʊ": ("Q", "OW"), "iə": ("iə", "IY AH"),
    "eə": ("ɛː", "EH R"), "ɪə": ("ɪə", "IH R"), "ʊə": ("ʊə", "UH R"), "ɜː": ("ɜɹ", "ER"),
    "ɚ": ("əɹ", "ER"), "ɚɹ": ("əɹ", "ER"), "əl": ("ᵊl", "AH L"), "n̩": ("ən", "AH N"),
    "ɑː": ("ɑ", "AA"), "ɔː": ("ɔ", "AO"),
    "oː": ("ɔ", "AO"), "iː": ("i", "IY"), "uː": ("u", "UW"), "ɑ": ("ɑ", "AA"), "ɒ": ("ɒ", "AA"),
    "ɔ": ("ɔ", "AO"), "o": ("ɔ", "AO"), "æ": ("æ", "AE"), "a": ("æ", "AE"), "ʌ": ("ʌ", "AH"),
    "ə": ("ə", "AH"), "ɐ": ("ə", "AH"), "ɪ": ("ɪ", "IH"), "ᵻ": ("ᵻ", "IH"), "i": ("i", "IY"),
    "ʊ": ("ʊ", "UH"), "u": ("u", "UW"), "ɛ": ("ɛ", "EH"), "e": ("ɛ", "EH"), "ɜ": ("ɜɹ", "ER"),
    "ɾ": ("T", "T"), "ʔ": ("t", "T"), "x": ("k", "K"), "ɬ": ("l", "L"), "r": ("ɹ", "R"),
    "ɹ": ("ɹ", "R"), "j": ("j", "Y"), "g": ("ɡ", "G"), "ɡ": ("ɡ", "G"), "θ": ("θ", "TH"),
    "ð": ("ð", "DH"), "ʃ": ("ʃ", "SH"), "ʒ": ("ʒ", "ZH"), "ŋ": ("ŋ", "NG"), "h": ("h", "HH"),
    **{letter: (letter, letter.upper()) for letter in "pbtdkfvszmnlw"},
}  # fmt: skip
"""By espeak-ng's letters: Kokoro's, and the phones of CMUdict that they stand for."""
BRITISH: Mapping[str, tuple[str, str]] = {
    "ɜː": ("ɜː", "ER"), "ɑː": ("ɑː", "AA"), "ɔː": ("ɔː", "AO"), "iː": ("iː", "IY"),
    "uː": ("uː", "UW"), "a": ("a", "AE"), "ɐ": ("ɐ", "AH"),
}  # fmt: skip
LONGEST = 2


@dataclass(frozen=True, slots=True)
class Token:
    letters: str
    """As Kokoro writes them, stress in front."""
    phones: str
    """Of CMUdict; "" for a pause or the end of a word."""


def respelled(ipa: str, *, british: bool) -> list[Token]:
    """Return what espeak-ng wrote of a clause, as Kokoro is taught to read it."""
    table = {**SPELLINGS, **BRITISH} if british else SPELLINGS
    tokens: list[Token] = []
    place, stress = 0, ""
    while place < len(ipa):
        letter = ipa[place]
        written = next(
            (ipa[place : place + n] for n in (LONGEST, 1) if ipa[place : place + n] in table), ""
        )
        if letter in STRESS:
            stress = letter
        elif letter.isspace():
            tokens.append(Token(" ", ""))
        elif written:
            letters, phones = table[written]
            tokens.append(Token(stress + letters, phones))
            stress = ""
        place += max(1, len(written))
    return tokens


def tokens_of(text: str, *, british: bool) -> list[Token]:
    """Return a text as Kokoro reads it, its marks for pauses kept."""
    tokens: list[Token] = []
    clause = ""
    for letter in [*text, "."] if text[-1:] not in PAUSES else text:
        if letter not in PAUSES:
            clause += letter
            continue
        if clause.strip():
            tokens += respelled(phonemes(clause, "en" if british else "en-us"), british=british)
        tokens += [Token(letter, ""), Token(" ", "")]
        clause = ""
    return tokens[:-1]


class Kokoro:
    """The synthesiser, on one core.

    What makes the source's pulses is computed in float32, the convolutions after it in what the
    processor has that is quick: in bfloat16 the pulses would lose their pitch.

    Raises:
        FileNotFoundError: FOLDER does not hold the model.
    """

    def __init__(self, folder: Path) -> None:
        import onnx  # these three are not needed where nobody speaks
        import onnxruntime
        import openvino

        self._codes = json.loads((folder / "vocabulary.json").read_text("utf-8"))["vocab"]
        self._voices = {
            path.stem: np.fromfile(path, np.float32).reshape(-1, 1, 256)
            for path in sorted((folder / "voices").glob("*.bin"))
        }
        model = in_floats(onnx.load(folder / "model.onnx"))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._outputs = [*STEPS, DURATIONS]
        self._first, self._last = (
            onnxruntime.InferenceSession(
                part.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
            for part in (part_of(model, (), self._outputs), part_of(model, (SPECTRUM,), ("audio",)))
        )
        core = openvino.Core()
        middle = squares_of_sines(part_of(model, tuple(STEPS), (SPECTRUM,)))
        middle = core.read_model(middle.SerializeToString())
        self._middle = core.compile_model(middle, "CPU", {"INFERENCE_NUM_THREADS": 1})

    @property
    def voices(self) -> list[str]:
        return list(self._voices)

    def speak(
        self, tokens: Sequence[Token], voices: Sequence[tuple[str, float]], speed: float
    ) -> tuple[NDArray[np.float32], tuple[Sound, ...]]:
        """Say it; returns the audio at 24 kHz and where each phone is.

        Args:
            tokens: at most `TOKENS_MAX` letters.
            voices: with the share that each has in the speaker's.
            speed: 2 is twice as fast.
        """
        codes = [[self._codes[letter] for letter in token.letters] for token in tokens]
        flat = [code for letters in codes for code in letters]
        assert len(flat) <= TOKENS_MAX, "a sentence of some breaths"
        style = sum(share * self._voices[name][len(flat)] for name, share in voices)
        feed = {
            "tokens": np.array([[0, *flat, 0]], np.int64),
            "style": np.asarray(style, np.float32),
            "speed": np.array([speed], np.float32),
        }
        found = dict(zip(self._outputs, self._first.run(self._outputs, feed), strict=True))
        frames = found[WORDS].shape[-1]
        missing = -frames % FRAMES_STEP
        padded = {
            name: np.concatenate(
                [found[name], np.repeat(found[name][..., -1:], step * missing, -1)], -1
            )
            for name, step in STEPS.items()
        }
        inputs = {port.any_name: {**padded, **feed}[port.any_name] for port in self._middle.inputs}
        spectrum = self._middle(inputs)[0]
        (audio,) = self._last.run(["audio"], {SPECTRUM: spectrum})
        ends = np.cumsum(found[DURATIONS][0]) * (FRAME_SAMPLES / RATE_HZ)
        edges = np.cumsum([0, *map(len, codes)])
        sounds = tuple(
            Sound(token.phones, float(ends[start]), float(ends[end]))
            for token, start, end in zip(tokens, edges, edges[1:], strict=False)
            if token.phones
        )
        return np.asarray(audio[: frames * FRAME_SAMPLES], np.float32), sounds


@cache
def kokoro(folder: Path) -> Kokoro:
    return Kokoro(folder)


def in_floats(model: Any) -> Any:
    """Return the network without its whole numbers, which are slower here.

    Each product of quantised numbers is followed by what undoes the scales; all of that becomes
    one product with the weights as they were meant.
    """
    import onnx

    graph = model.graph
    made_by = {name: node for node in graph.node for name in node.output}
    weights = {entry.name: entry for entry in graph.initializer}
    users: dict[str, list[Any]] = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)

    def value(name: str) -> NDArray[np.float32]:
        return np.asarray(onnx.numpy_helper.to_array(weights[name]), np.float32)

    products = {}
    for node in graph.node:
        if node.op_type not in ("ConvInteger", "MatMulInteger"):
            continue
        quantised = made_by[node.input[0]]
        (follower,) = users[node.output[0]]
        bias = []
        if follower.op_type == "Add":
            (other,) = (name for name in follower.input if name != node.output[0])
            rounded = made_by[other]
            while rounded.op_type != "Div":
                rounded = made_by[rounded.input[0]]
            bias = [rounded.input[0]]
            (follower,) = users[follower.output[0]]
        (scaled,) = users[follower.output[0]]  # follower is a Cast
        (scales,) = (made_by[name] for name in scaled.input if name != follower.output[0])
        (scale,) = (value(name) for name in scales.input if name != quantised.output[1])
        weight, zero = value(node.input[1]), value(node.input[3])
        if node.op_type == "ConvInteger":
            scale, zero = (v.reshape(-1, *[1] * (weight.ndim - 1)) for v in (scale, zero))
        name = f"{scaled.output[0]} weight"
        graph.initializer.append(onnx.numpy_helper.from_array((weight - zero) * scale, name))
        product = onnx.helper.make_node(
            node.op_type.removesuffix("Integer"), [quantised.input[0], name, *bias], scaled.output
        )
        product.attribute.extend(node.attribute)
        products[scaled.output[0]] = product
    nodes = [products.get(node.output[0], node) for node in graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return model


def squares_of_sines(model: Any) -> Any:
    """Return the network with polynomials for the squares of sines, which took half of its time.

    sin² has the period π; within half of one from zero it is its Taylor series of degree ten, to
    one part in a thousand.
    """
    import onnx

    graph, nodes = model.graph, []
    squares = {node.input[0]: node for node in graph.node if node.op_type == "Pow"}
    constants = dict(enumerate(SINE_SQUARED)) | {"per period": 1 / pi}
    for name, number in constants.items():
        value = np.array(number, np.float32)
        graph.initializer.append(onnx.numpy_helper.from_array(value, f"sine {name}"))
    done = set()
    for node in graph.node:
        if node.op_type == "Sin":
            square = squares[node.output[0]]
            done.add(square.output[0])
            name = node.output[0]

            def add(kind: str, *inputs: str, into: str) -> str:
                nodes.append(onnx.helper.make_node(kind, inputs, [into]))
                return into

            periods = add("Mul", node.input[0], "sine per period", into=f"{name} periods")
            whole = add("Round", periods, into=f"{name} whole")
            rest = add("Sub", periods, whole, into=f"{name} rest")
            power = add("Mul", rest, rest, into=f"{name} power")
            last = f"sine {len(SINE_SQUARED) - 1}"
            for degree in reversed(range(len(SINE_SQUARED) - 1)):
                last = add("Mul", power, last, into=f"{name} times {degree}")
                last = add("Add", last, f"sine {degree}", into=f"{name} plus {degree}")
            add("Mul", power, last, into=square.output[0])
        elif node.output[0] not in done:
            nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    return model


def part_of(model: Any, inputs: Sequence[str], outputs: Sequence[str]) -> Any:
    """Return what of a network leads from some tensors, and what it is fed with, to others."""
    import onnx

    graph = model.graph
    made_by = {name: node for node in graph.node for name in node.output}
    needed: dict[int, Any] = {}
    names, wanted = set(), list(outputs)
    while wanted:
        name = wanted.pop()
        if name in inputs or name not in made_by:
            names.add(name)
        elif id(made_by[name]) not in needed:
            needed[id(made_by[name])] = made_by[name]
            wanted += [entry for entry in made_by[name].input if entry]
    fed = {entry.name: entry for entry in [*graph.input, *graph.output]}

    def described(name: str) -> Any:
        return fed.get(name) or onnx.helper.make_tensor_value_info(
            name, onnx.TensorProto.FLOAT, SHAPES.get(name)
        )

    weights = [entry for entry in graph.initializer if entry.name in names]
    free = sorted(names - {entry.name for entry in weights})
    part = onnx.helper.make_graph(
        in_order([node for node in graph.node if id(node) in needed], {*names}),
        "part", [described(name) for name in free], [described(name) for name in outputs], weights,
    )  # fmt: skip
    return onnx.helper.make_model(
        part, opset_imports=model.opset_import, ir_version=model.ir_version
    )


def in_order(nodes: Sequence[Any], known: set[str]) -> list[Any]:
    """Return nodes so that each comes after what it needs."""
    ordered, left = [], list(nodes)
    while left:
        ready = [node for node in left if all(not name or name in known for name in node.input)]
        assert ready, "a network has no circles"
        for node in ready:
            known.update(node.output)
        ordered += ready
        done = {id(node) for node in ready}
        left = [node for node in left if id(node) not in done]
    return ordered

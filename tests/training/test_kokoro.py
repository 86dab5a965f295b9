"""What Kokoro is given to read, and its network in parts and in floats, on small ones."""

import shutil
from typing import Any

import numpy as np
import pytest

from training.kokoro import Token, in_floats, part_of, respelled, squares_of_sines, tokens_of
from training.phones import PHONES

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
helper, FLOAT = onnx.helper, onnx.TensorProto.FLOAT


def letters(tokens: list[Token]) -> str:
    return "".join(token.letters for token in tokens)


def phones(tokens: list[Token]) -> str:
    return " ".join(token.phones for token in tokens if token.phones)


def test_espeaks_letters_become_those_that_kokoro_was_taught() -> None:
    tokens = respelled("dʒˈuːn tʃˈeɪndʒᵻz", british=False)
    assert letters(tokens) == "ʤˈun ʧˈAnʤᵻz"
    assert phones(tokens) == "JH UW N CH EY N JH IH Z"


def test_the_british_keep_their_long_vowels() -> None:
    assert letters(respelled("fˈɜːst kˈɑː", british=True)) == "fˈɜːst kˈɑː"
    assert letters(respelled("fˈɜːst kˈɑːɹ", british=False)) == "fˈɜɹst kˈɑɹ"


def test_an_er_is_one_phone_whatever_follows() -> None:
    assert phones(respelled("wˈʌndɚɹɪŋ", british=False)) == "W AH N D ER IH NG"


def test_every_phone_is_one_of_the_recognisers() -> None:
    said = respelled(
        "ðə kwˈɪk bɹˈaʊn fˈɑːks dʒˈʌmps ˌoʊvɚ lˈeɪzi dˈɔɡz θˈɪŋk ʒ hˈɔɪ", british=False
    )
    assert {phone for token in said for phone in token.phones.split()} <= set(PHONES)


@pytest.mark.skipif(not shutil.which("espeak-ng"), reason="needs espeak-ng")
def test_marks_for_pauses_stand_between_what_is_said() -> None:
    said = letters(tokens_of("yes, please", british=False))
    assert said == "jˈɛs, plˈiz."


def graph_of(nodes: list[Any], inputs: list[Any], outputs: list[str], weights: list[Any]) -> Any:
    graph = helper.make_graph(
        nodes, "small", inputs, [helper.make_tensor_value_info(o, FLOAT, None) for o in outputs],
        weights,
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def constant(name: str, value: Any) -> Any:
    return onnx.numpy_helper.from_array(np.array(value), name)


def run(model: Any, **feeds: Any) -> list[Any]:
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return list(session.run(None, feeds))


def quantised() -> Any:
    """x[1, 2, n] through a convolution of 8 bits with a bias, as quantising writes it."""
    rng = np.random.default_rng(1)
    weights = [
        constant("w", rng.integers(0, 255, (3, 2, 3)).astype(np.uint8)),
        constant("w zero", np.uint8(128)), constant("w scale", np.float32(0.01)),
        constant("bias", rng.normal(0, 1, 3).astype(np.float32)),
        constant("shape", np.array([1, -1, 1], np.int64)),
    ]  # fmt: skip
    node = helper.make_node
    nodes = [
        node("DynamicQuantizeLinear", ["x"], ["q", "x scale", "x zero"]),
        node(
            "ConvInteger", ["q", "w", "x zero", "w zero"], ["whole"], kernel_shape=[3], pads=[1, 1]
        ),
        node("Mul", ["x scale", "w scale"], ["scales"]),
        node("Div", ["bias", "scales"], ["parts"]),
        node("Floor", ["parts"], ["floor"]),
        node("Cast", ["floor"], ["rounded"], to=onnx.TensorProto.INT32),
        node("Reshape", ["rounded", "shape"], ["placed"]),
        node("Add", ["whole", "placed"], ["sum"]),
        node("Cast", ["sum"], ["float"], to=FLOAT),
        node("Mul", ["float", "scales"], ["y"]),
    ]
    return graph_of(nodes, [helper.make_tensor_value_info("x", FLOAT, [1, 2, "n"])], ["y"], weights)


def test_a_quantised_network_in_floats_says_nearly_the_same() -> None:
    x = np.random.default_rng(2).normal(0, 1, (1, 2, 9)).astype(np.float32)
    (before,) = run(quantised(), x=x)
    model = part_of(in_floats(quantised()), (), ("y",))
    (after,) = run(model, x=x)
    assert {node.op_type for node in model.graph.node} == {"Conv"}
    assert np.abs(before).max() > 1
    assert np.allclose(before, after, atol=0.1)  # of what eight bits round


def test_squares_of_sines_stay_what_they_are() -> None:
    weights = [constant("two", np.float32(2))]
    node = helper.make_node
    nodes = [
        node("Sin", ["x"], ["s"]), node("Pow", ["s", "two"], ["p"]), node("Add", ["x", "p"], ["y"])
    ]  # fmt: skip
    inputs = [helper.make_tensor_value_info("x", FLOAT, ["n"])]
    x = np.linspace(-20, 20, 401).astype(np.float32)
    model = squares_of_sines(graph_of(nodes, inputs, ["y"], weights))
    assert "Sin" not in {node.op_type for node in model.graph.node}
    assert np.allclose(run(model, x=x)[0], x + np.sin(x) ** 2, atol=2e-3)


def test_parts_of_a_network_one_after_another_are_the_network() -> None:
    node = helper.make_node
    nodes = [
        node("Mul", ["x", "k"], ["a"]), node("Exp", ["a"], ["b"]), node("Add", ["b", "x"], ["c"]),
        node("Neg", ["c"], ["y"]),
    ]  # fmt: skip
    inputs = [helper.make_tensor_value_info("x", FLOAT, ["n"])]
    whole = graph_of(nodes, inputs, ["y"], [constant("k", np.float32(0.5))])
    x = np.linspace(-1, 1, 5).astype(np.float32)
    (b,) = run(part_of(whole, (), ("b",)), x=x)
    (y,) = run(part_of(whole, ("b",), ("y",)), x=x, b=b)
    assert np.allclose(y, run(whole, x=x)[0])
    assert [n.op_type for n in part_of(whole, ("b",), ("y",)).graph.node] == ["Add", "Neg"]

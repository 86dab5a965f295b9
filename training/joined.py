"""Join end-of-turn networks into one that says the mean of what they say.

    python -m training.joined ONE.onnx:0.3 TWO.onnx:0.7 --scale 1.4 --shift 0.1

Their weights are laid side by side, so that the graph is that of one network as wide as all of
them. The numbers are how much each counts. What it says, the logarithm of the odds, is then
scaled and shifted, so that it comes true as often as it says. The result goes into the engine's
folder unless --out says otherwise. --deaf names networks that are no longer to be told what the
caller expects, because they do better without.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from training.turn_head import Head, Sight, rescale, save, with_shares
from turnwise.engine.endpoint import EVIDENCE, EXPECTED, FILE
from turnwise.engine.weights import FOLDER

Weights = dict[str, Tensor]

KINDS = ("weight", "bias")
GEMMS = ("into.{}", "recur.{}_ih_l0", "recur.{}_hh_l0", "hidden.{}", "out.{}")
"""The products of `training.turn_head.graph_of`, in its order."""


def read_head(graph: onnx.ModelProto) -> Head:
    """Return the network of a graph that `training.turn_head.graph_of` wrote; it sees all frames.

    Raises:
        ValueError: It is another graph.
    """
    constants = {entry.name: numpy_helper.to_array(entry) for entry in graph.graph.initializer}
    casts = {node.output[0]: node.input[0] for node in graph.graph.node if node.op_type == "Cast"}
    products = [node.input for node in graph.graph.node if node.op_type == "Gemm"]
    if len(products) != len(GEMMS):
        raise ValueError(f"a graph of {len(GEMMS)} products was expected, this has {len(products)}")
    weights: Weights = {}
    for name, (_, weight, bias) in zip(GEMMS, products, strict=True):
        for kind, constant in zip(KINDS, (casts.get(weight, weight), bias), strict=True):
            values = torch.from_numpy(np.array(constants[constant], np.float32).T.copy())
            weights[name.format(kind)] = values
    directions = weights["into.weight"].shape[1] - len(EVIDENCE)
    return head_of(weights, directions)


def head_of(weights: Weights, directions: int) -> Head:
    """Return a network with these weights; what only helps to learn begins anew."""
    width, hidden = weights["hidden.weight"].shape[1] // 2, weights["hidden.weight"].shape[0]
    head = Head(directions, width=width, hidden=hidden)
    head.load_state_dict(head.state_dict() | weights)
    return head.eval()


def joined(heads: Sequence[Head], shares: Sequence[float]) -> Head:
    """Return the network whose answer is the sum of the heads', each times its share."""
    parts = [head.state_dict() for head in heads]
    weights = {
        name: torch.cat([part[name] for part in parts])
        for name in ("into.weight", "into.bias", "hidden.bias")
    }
    for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"):
        gates = zip(*(part[f"recur.{name}"].chunk(3) for part in parts), strict=True)
        beside = torch.block_diag if name.startswith("weight") else _end_to_end
        weights[f"recur.{name}"] = torch.cat([beside(*gate) for gate in gates])
    halves = zip(*(part["hidden.weight"].chunk(2, dim=1) for part in parts), strict=True)
    weights["hidden.weight"] = torch.cat([torch.block_diag(*half) for half in halves], dim=1)
    counted = list(zip(shares, parts, strict=True))
    weights["out.weight"] = torch.cat([share * part["out.weight"] for share, part in counted], 1)
    weights["out.bias"] = sum((share * part["out.bias"] for share, part in counted), torch.zeros(1))
    return head_of(weights, weights["into.weight"].shape[1] - len(EVIDENCE))


def deafen(head: Head) -> None:
    """Take from a network what it makes of the caller's hints; the rest stays as it is."""
    with torch.no_grad():
        head.into.weight[:, -len(EXPECTED) :] = 0


def _end_to_end(*parts: Tensor) -> Tensor:
    return torch.cat(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("graphs", nargs="+", metavar="GRAPH[:SHARE]")
    parser.add_argument(
        "--deaf", nargs="*", default=[], type=Path, metavar="GRAPH", help="hear no hints"
    )
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--shift", type=float, default=0.0)
    parser.add_argument("--out", type=Path, default=FOLDER / FILE)
    options = parser.parse_args()
    graphs, shares = with_shares(options.graphs)
    heads = [read_head(onnx.load(graph)) for graph in graphs]
    for graph, head in zip(graphs, heads, strict=True):
        if graph in options.deaf:
            deafen(head)
    head = joined(heads, shares)
    rescale(head, options.scale, options.shift)
    save(head, Sight.whole(head.into.in_features - len(EVIDENCE)), options.out)


if __name__ == "__main__":
    main()

"""Turn the encoder of the package back into a model that training can go on from.

    python -m training.restore MODEL.pt [--encoder ENCODER.onnx]
    python -m training.train RUN --init MODEL.pt --set YOURS ...

So nobody needs the checkpoint the shipped weights came from: one's own recordings are
enough to fit them to a telephone line, an accent or a vocabulary. What an export leaves out
comes back as near as it can be. Two biases of attention were summed and positions were
worked out for the distances that are looked at: any values with the same sums and products
do. The middle frames' head is not shipped and begins anew from the last frames'; it only
helps to learn.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper
from torch import Tensor, nn

from training.export import ENCODER
from training.model import (
    Attention,
    BandStem,
    Config,
    Convolution,
    FeedForward,
    Layer,
    Recogniser,
    distances,
)
from training.train import save_model

Values = Iterator[NDArray[Any]]
"""The graph's numbers in the order in which training.export writes them."""


def take(values: Values, into: Tensor, scale: float = 1.0) -> None:
    """Raises ValueError if what comes next has not as many numbers."""
    array = next(values)
    if array.size != into.numel():
        raise ValueError(f"expected {tuple(into.shape)}, the graph has {array.shape}")
    with torch.no_grad():
        into.copy_(torch.from_numpy(array.astype(np.float32)).reshape(into.shape) * scale)


def matrix(values: Values, weight: Tensor) -> None:
    """Exports hold the transpose."""
    take(values, weight.T)


def linear(values: Values, module: nn.Linear, scaled: float = 1.0) -> None:
    """A layer that was exported `scaled`: its bias with the scale in it, its matrix before."""
    take(values, module.bias, 1 / scaled)
    matrix(values, module.weight)
    if scaled != 1.0:
        next(values)


def norm(values: Values, module: nn.LayerNorm) -> None:
    take(values, module.weight)
    take(values, module.bias)


def feed_forward(values: Values, module: FeedForward) -> None:
    norm(values, module.norm)
    linear(values, module.up)
    linear(values, module.down, 0.5)


def attention(values: Values, module: Attention, before: nn.LayerNorm, config: Config) -> None:
    heads, width, left = config.heads, config.width, config.left_frames
    depth = width // heads
    scale = depth**-0.5
    matrix(values, module.query.weight)
    next(values)  # the scale
    far = torch.tensor(next(values))  # [heads, depth, distance 0 to left_frames]
    matrix(values, module.key.weight)
    matrix(values, module.value.weight)
    norm(values, before)
    bias = torch.tensor(next(values))
    sizes = [width, width, width, heads * (left + 1)]
    content, key, value, by_distance = bias.split(sizes)
    encodings = distances(left, 0, width).flip(0)
    wanted = far.permute(2, 0, 1).reshape(left + 1, width)
    solved = torch.linalg.lstsq(encodings, wanted, driver="gelsd").solution
    by_distance = by_distance.reshape(heads, left + 1, 1) / scale
    position_bias = torch.linalg.lstsq(far.transpose(1, 2), by_distance, driver="gelsd").solution
    with torch.no_grad():
        module.position.weight.copy_(solved.T)
        module.query.bias.zero_()
        module.key.bias.copy_(key)
        module.value.bias.copy_(value)
        module.content_bias.copy_(content.reshape(heads, depth) / scale)
        module.position_bias.copy_(position_bias[..., 0])
    linear(values, module.out)


def convolution(values: Values, module: Convolution) -> None:
    norm(values, module.norm)
    linear(values, module.into)
    take(values, module.weight)
    take(values, module.bias)
    norm(values, module.inner_norm)
    linear(values, module.out)


def restored(graph: onnx.GraphProto, config: Config) -> Recogniser:
    """The model that a graph of training.export was written from.

    Raises ValueError if the graph is of another shape than the configuration.
    """
    kinds = (TensorProto.FLOAT, TensorProto.FLOAT16)
    values = iter([numpy_helper.to_array(v) for v in graph.initializer if v.data_type in kinds])
    mean, std = next(values).item(), next(values).item()
    if (mean, std) != (config.mean, config.std):
        raise ValueError(f"expected features with mean and deviation {config.mean}, {config.std}")
    model = Recogniser(config)
    if not isinstance(model.stem, BandStem):
        raise ValueError("only a stem of bands can be restored")
    for stage in model.stem.stages:
        assert isinstance(stage, nn.Linear)
        linear(values, stage)
    linear(values, model.stem.out)
    next(values), next(values)  # the mask's two values
    for layer in model.layers:
        assert isinstance(layer, Layer)
        feed_forward(values, layer.first)
        attention(values, layer.attention, layer.attention_norm, config)
        convolution(values, layer.convolution)
        feed_forward(values, layer.second)
        norm(values, layer.norm)
    linear(values, model.ctc)
    linear(values, model.framewise)
    model.middle_ctc.load_state_dict(model.ctc.state_dict())
    return model.eval()


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("model", type=Path, help="where to write it, for training.train --init")
    parser.add_argument("--encoder", type=Path, default=ENCODER, help="the package's by default")
    options = parser.parse_args(arguments)
    model = restored(onnx.load(options.encoder).graph, Config())
    save_model(model, options.model)
    count = sum(parameter.numel() for parameter in model.parameters())
    print(f"{options.model}: {count / 1e6:.1f} million parameters")


if __name__ == "__main__":
    sys.exit(main())

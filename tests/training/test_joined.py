"""End-of-turn networks in one say the mean of what they say."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from training import joined, turn_head  # noqa: E402
from turnwise.engine.endpoint import EVIDENCE, EXPECTED, EndpointNetwork  # noqa: E402

FRAME = 16


def network(head: turn_head.Head, sight: turn_head.Sight) -> EndpointNetwork:
    graph = turn_head.graph_of(head, sight)
    made = EndpointNetwork(graph.SerializeToString(), slots_max=1)
    made.open(0)
    return made


def test_the_joined_network_says_the_mean_of_all() -> None:
    torch.manual_seed(1)
    rng = np.random.default_rng(1)
    sight = turn_head.Sight.of(rng.normal(0, 3, (200, 2 * FRAME)).astype(np.float16))
    one = turn_head.Head(len(sight.centre)).eval()
    two = turn_head.Head(len(sight.centre), width=24, hidden=12).eval()
    three = turn_head.Head(len(sight.centre), width=8).eval()
    heads = (one, two, three)
    read = [joined.read_head(turn_head.graph_of(head, sight)) for head in heads]
    joint = network(joined.joined(read, [0.25, 0.6, 0.15]), turn_head.Sight.whole(2 * FRAME))
    networks = [*(network(head, sight) for head in heads), joint]
    for _ in range(10):
        middle, last = rng.normal(0, 3, (2, 1, FRAME)).astype(np.float32)
        evidence = rng.normal(0, 1, (1, len(EVIDENCE))).astype(np.float32)
        said = [made.step([0], middle, last, evidence)[0] for made in networks]
        mean = 0.25 * said[0] + 0.6 * said[1] + 0.15 * said[2]
        assert said[3] == pytest.approx(mean, abs=0.01)


def test_a_deaf_network_says_the_same_whatever_the_caller_expects() -> None:
    torch.manual_seed(1)
    head = turn_head.Head(4).eval()
    hinted = torch.randn(1, 9, 4 + len(EVIDENCE))
    plain = hinted.clone()
    plain[..., -len(EXPECTED) :] = 0
    before = head(plain)[0]
    assert not torch.equal(head(hinted)[0], before)
    joined.deafen(head)
    assert torch.equal(head(plain)[0], before)
    assert torch.equal(head(hinted)[0], before)


def test_another_graph_is_refused() -> None:
    graph = turn_head.graph_of(
        turn_head.Head(4),
        turn_head.Sight(np.eye(4, dtype=np.float32), np.zeros(4, np.float32)),
    )
    del graph.graph.node[-6:]
    with pytest.raises(ValueError, match="5 products was expected"):
        joined.read_head(graph)

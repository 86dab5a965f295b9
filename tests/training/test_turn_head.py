"""The end-of-turn network: what runs in the engine is what was trained."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from training import turn_head  # noqa: E402
from turnwise.engine.endpoint import EVIDENCE, EndpointNetwork  # noqa: E402

WIDTH, STREAMS, STEPS = 16, 3, 20
NAN = float("nan")


def test_the_graph_answers_frame_by_frame_what_the_network_answers_to_a_scene() -> None:
    torch.manual_seed(1)
    rng = np.random.default_rng(1)
    frames = rng.normal(0, 3, (STREAMS * STEPS, 2 * WIDTH)).astype(np.float16)
    evidence = rng.normal(0, 1, (STREAMS * STEPS, len(EVIDENCE))).astype(np.float32)
    sight = turn_head.Sight.of(frames)
    head = turn_head.Head(len(sight.centre)).eval()
    network = EndpointNetwork(
        turn_head.graph_of(head, sight).SerializeToString(), slots_max=STREAMS
    )
    marks = np.zeros((STREAMS * STEPS, 4), np.float32)
    spans = np.arange(0, STREAMS * STEPS + 1, STEPS)
    scenes = turn_head.Heard(frames, evidence, marks, spans).seen(sight)
    wanted = turn_head.predict(head, scenes).reshape(STREAMS, STEPS)
    slots = list(range(STREAMS))
    for slot in slots:
        network.open(slot)
    for step in range(STEPS):
        rows = np.arange(step, STREAMS * STEPS, STEPS)
        middle, last = np.split(frames[rows].astype(np.float32), 2, axis=1)
        said = network.step(slots, middle.copy(), last.copy(), evidence[rows])
        np.testing.assert_allclose(said, wanted[:, step], atol=0.01)  # fp16 weights


def test_only_marked_silences_count_and_their_beginning_most() -> None:
    silence_s = torch.tensor([NAN, 0.08, 0.4, 0.48, 1.7, 3.5])
    marks = torch.stack([silence_s, *[torch.zeros(6)] * 3], dim=-1)
    assert turn_head.weights_of(marks, 2.0).tolist() == pytest.approx([0, 4, 4, 1, 0.3, 0])
    marks[..., 1] = 1
    assert turn_head.weights_of(marks, 2.0).tolist() == pytest.approx([0, 8, 8, 2, 0.6, 0])


def test_ends_count_so_that_there_are_as_many_as_in_conversation() -> None:
    marks = np.full((9, 4), NAN, np.float32)
    marks[:8, 0] = 0.24
    marks[:8, 1] = [1, 1, 0, 0, 0, 0, 0, 0]
    marks[8, :2] = [0.08, 1]  # nobody knows yet whether this one lasts
    assert turn_head.worth_of_ends(marks) == pytest.approx(3 * 0.7)


def test_areas_are_of_one_frame_of_each_silence() -> None:
    marks = np.full((8, 4), NAN, np.float32)
    marks[:4] = [[0.1, 1, 0, 6], [0.3, 1, 0, 6], [0.1, 0, 0, 0], [0.3, 0, 0, 0]]
    said = np.array([1.0, -1.0, 0.0, 0.0, 5, 5, 5, 5])
    assert turn_head.areas(said, marks)["all"][:2] == [1.0, 0.0]


def test_calibration_makes_it_come_true_as_often_as_it_says() -> None:
    torch.manual_seed(1)
    rng = np.random.default_rng(1)
    count = 4_000
    frames = rng.normal(0, 1, (count, 2)).astype(np.float16)
    marks = np.zeros((count, 4), np.float32)
    marks[:, 0] = 0.2
    marks[:, 1] = rng.random(count) < 400 / 1250
    inputs = np.concatenate([frames, np.zeros((count, len(EVIDENCE)), np.float32)], axis=1)
    scenes = turn_head.Scenes(inputs, marks, np.arange(0, count + 1, 40))
    head = turn_head.Head(2)
    turn_head.calibrate(head, scenes)
    said = 1 / (1 + np.exp(-turn_head.predict(head, scenes)))
    assert said.mean() == pytest.approx(0.7 / 1.7, abs=0.01)


def some_scenes(count: int, length: int, value: float) -> turn_head.Scenes:
    inputs = np.full((count * length, 2), value, np.float32)
    marks = np.zeros((count * length, 4), np.float32)
    return turn_head.Scenes(inputs, marks, np.arange(0, count * length + 1, length))


def test_a_source_gives_its_share_and_every_scene_before_any_again() -> None:
    source = turn_head.Source(some_scenes(10, 3, 0.0), 5 / turn_head.BATCH)
    rng = np.random.default_rng(1)
    drawn = np.concatenate([source.draw(rng) for _ in range(4)])
    assert sorted(drawn[:10]) == sorted(drawn[10:]) == list(range(10))


def test_scenes_of_several_sources_follow_each_other() -> None:
    both = turn_head.together([some_scenes(2, 3, 1.0), some_scenes(1, 4, 2.0)])
    assert both.spans.tolist() == [0, 3, 6, 10]
    assert both.inputs[:6].max() == 1
    assert both.inputs[6:].min() == 2

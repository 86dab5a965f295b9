"""Training goes on from an exported graph where it ended: the model answers the same."""

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from tests.training.test_export import SMALL, features, random_model  # noqa: E402
from training.export import streaming  # noqa: E402
from training.model import Config  # noqa: E402
from training.restore import restored  # noqa: E402

CONFIG = replace(SMALL, width=16)  # fewer distances than channels, as in the real one


def test_a_restored_model_says_what_was_exported() -> None:
    model = random_model(CONFIG)
    again = restored(streaming(model).graph, CONFIG)
    sound = torch.from_numpy(features(2))
    with torch.no_grad():
        before, after = model(sound), again(sound)
        assert torch.allclose(before.log_probs, after.log_probs, atol=1e-3)
        assert torch.allclose(before.middle, after.middle, atol=1e-3)
        assert torch.allclose(model.framewise(before.last), again.framewise(after.last), atol=1e-3)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (replace(CONFIG, layers=2), "expected"),
        (replace(CONFIG, layers=4), "expected"),
        (replace(CONFIG, feed_forward=2), "expected"),
        (replace(CONFIG, mean=1.0), "mean"),
    ],
)
def test_another_shape_is_refused(config: Config, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        restored(streaming(random_model(CONFIG)).graph, config)

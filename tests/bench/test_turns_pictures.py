"""Pictures: one file for each set and each talk that is shown."""

from pathlib import Path

import pytest

pytest.importorskip("matplotlib")

from bench.turns import report_of
from bench.turns_pictures import draw
from tests.bench.test_turns_report import findings


def test_every_set_gets_its_curves_and_some_talks(tmp_path: Path) -> None:
    draw(tmp_path / "pictures", report_of(findings(2)), findings(2))

    names = sorted(path.name for path in (tmp_path / "pictures").iterdir())
    assert names == [
        "frontier-calls.png", "reliability-calls.png", "talk-calls-1.png", "talk-calls-2.png",
        "thresholds.png",
    ]  # fmt: skip

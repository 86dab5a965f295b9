"""What pytest itself is told: slow tests wait to be asked for, golden texts can be rewritten."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Programs that tests start run the tree that the tests stand in, wherever it is installed.
os.environ["PYTHONPATH"] = str(Path(__file__).parent.parent / "src")

settings.register_profile("quick", deadline=None)
settings.register_profile("thorough", deadline=None, max_examples=1_000)
settings.load_profile(os.environ.get("TURNWISE_TEST_PROFILE", "quick"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="run the slow tests too")
    parser.addoption("--bless", action="store_true", help="rewrite the golden conversations")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--all"):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]

"""What pytest itself is told: slow tests wait to be asked for, golden texts can be rewritten."""

import hashlib
import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Programs that tests start run the tree that the tests stand in, wherever it is installed.
os.environ["PYTHONPATH"] = str(Path(__file__).parent.parent / "src")

# Compiled functions are kept by the source they came from: numba itself looks at the time of one
# file, not of those whose functions it took in.
_SOURCES = sorted((Path(__file__).parent.parent / "src/turnwise/engine").glob("*.py"))
_DIGEST = hashlib.sha256(b"".join(path.read_bytes() for path in _SOURCES)).hexdigest()[:16]
os.environ["NUMBA_CACHE_DIR"] = str(Path(tempfile.gettempdir()) / f"turnwise-numba-{_DIGEST}")

UNHURRIED = [HealthCheck.too_slow]  # a busy machine is no fault of an example
settings.register_profile("quick", deadline=None, suppress_health_check=UNHURRIED)
settings.register_profile(
    "thorough", deadline=None, max_examples=1_000, suppress_health_check=UNHURRIED
)
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


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """Undo what a command that a test ran said of this process's logs."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)

"""The pure parts of the playground, tested by node's own runner."""

import shutil
import subprocess
from pathlib import Path

import pytest

NODE = shutil.which("node")
HERE = Path(__file__).parent
PATIENCE_S = 100.0


@pytest.mark.skipif(NODE is None, reason="node is not installed")
@pytest.mark.parametrize("tests", sorted(HERE.glob("*.test.mjs")), ids=lambda path: path.name)
def test_in_node(tests: Path) -> None:
    assert NODE is not None
    done = subprocess.run(
        [NODE, "--test", str(tests)], capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert done.returncode == 0, done.stdout
    assert "# pass 0" not in done.stdout

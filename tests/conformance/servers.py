"""A real server: its own process, on a port that is free."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.conformance.programs import KEY, ROOT

ADDRESS = re.compile(r"127\.0\.0\.1:(\d+)")


@contextmanager
def serving(*options: str) -> Iterator[str]:
    """Run `turnwise serve` with these options; yield where, as ws://HOST:PORT."""
    command = [sys.executable, "-m", "turnwise", "serve", "--port", "0", "--api-key", KEY]
    with subprocess.Popen(
        [*command, *options], stderr=subprocess.PIPE, text=True, cwd=ROOT / "src"
    ) as process:
        try:
            yield f"ws://127.0.0.1:{_port(process)}"
        finally:
            process.terminate()


def _port(process: "subprocess.Popen[str]") -> int:
    """Read on until the server says where it listens."""
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        address = ADDRESS.search(line)
        if address is not None:
            return int(address[1])
    raise AssertionError("".join(said))

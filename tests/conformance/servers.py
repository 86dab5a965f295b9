"""A real server: its own process, on a port that is free."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.conformance.programs import KEY, ROOT

ADDRESS = re.compile(r"ws://127\.0\.0\.1:\d+")


@contextmanager
def serving(*options: str) -> Iterator[str]:
    """Run `turnwise serve` with these options; yield where, as ws://HOST:PORT."""
    with started(*options) as (_, address):
        yield address


@contextmanager
def started(*options: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """The same, with the process itself."""
    command = [sys.executable, "-m", "turnwise", "serve", "--port", "0", "--api-key", KEY]
    command += ["--drain-seconds-max", "1"]
    with subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, text=True, cwd=ROOT / "src"
    ) as process:
        assert process.stdout is not None
        address = ADDRESS.search(process.stdout.readline())
        assert address is not None, "the first line says where it listens"
        try:
            yield process, address[0]
        finally:
            process.terminate()

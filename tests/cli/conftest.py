"""One real server for all tests of the command line, and a place to see what it prints."""

from collections.abc import Iterator

import pytest

from tests.serving import scripted_server
from turnwise.cli.local import LocalServer


@pytest.fixture(scope="session")
def server() -> Iterator[LocalServer]:
    with scripted_server() as running:
        yield running

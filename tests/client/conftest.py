"""One real server for all tests of the client: it is only ever asked, never changed."""

from collections.abc import Iterator

import pytest

from tests.serving import scripted_server
from turnwise.cli.local import LocalServer


@pytest.fixture(scope="session")
def server() -> Iterator[LocalServer]:
    with scripted_server() as running:
        yield running

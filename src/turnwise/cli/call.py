"""Play a source to a server and hand on what it says, until the source ends or Ctrl-C."""

import asyncio
from collections.abc import AsyncIterable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from turnwise.cli.local import LocalServer
from turnwise.client import Message, Options, connect


@dataclass(frozen=True, slots=True)
class Server:
    """Whom to call."""

    url: str | None = None
    """None: start one for as long as it is needed."""
    engine: str | None = None
    """Of the one that is started."""
    api_key: str | None = None


@contextmanager
def reachable(server: Server) -> Iterator[tuple[str, str | None]]:
    """Give URL and key of the server, one of our own within this block if none was named.

    Raises:
        Unreachable: Our own did not start.
    """
    if server.url is not None:
        yield server.url, server.api_key
        return
    with LocalServer(server.engine) as local:
        yield local.url, local.api_key


def call(
    server: Server,
    options: Options,
    source: Iterable[bytes] | AsyncIterable[bytes],
    hear: Callable[[Message], None],
    *,
    realtime: bool = False,
) -> bool:
    """Return whether the source came to its end; False if the user broke it off.

    Raises:
        TurnwiseError: The server, the connection or the source failed.
    """
    with reachable(server) as (url, api_key):
        try:
            asyncio.run(_call(url, api_key, options, source, hear, realtime))
        except KeyboardInterrupt:
            return False
    return True


async def _call(
    url: str,
    api_key: str | None,
    options: Options,
    source: Iterable[bytes] | AsyncIterable[bytes],
    hear: Callable[[Message], None],
    realtime: bool,
) -> None:
    async with connect(url, api_key=api_key, **options) as stream:
        stream.play(source, realtime=realtime)
        async for message in stream.messages():
            hear(message)

"""Play a source to a server and hand on what it says, until the source ends or Ctrl-C."""

import asyncio
from collections.abc import AsyncIterable, Callable, Iterable
from contextlib import nullcontext
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
    with nullcontext() if server.url else LocalServer(server.engine) as local:
        if local is not None:
            server = Server(local.url, api_key=local.api_key)
        assert server.url is not None
        try:
            asyncio.run(_call(server.url, server.api_key, options, source, hear, realtime))
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

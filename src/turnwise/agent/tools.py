"""Functions a model may ask for: what they are, and those that are called over HTTP."""

import asyncio
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException

import msgspec
from msgspec import Struct, field

from turnwise.agent.history import ToolCall
from turnwise.errors import ThoughtFailed

RESULT_BYTES_MAX = 64 << 10  # the model reads all of it
HTTP_S_MAX = 15.0  # the user is waiting


class Endpoint(Struct, frozen=True):
    """Where a function is called: its arguments go there as JSON, the body is its result."""

    url: str
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=dict)


class Tool(Struct, frozen=True):
    name: str
    description: str = ""
    parameters: dict[str, object] = field(default_factory=lambda: {"type": "object"})
    """A JSON schema."""
    endpoint: Endpoint | None = None
    """None: somebody else calls it."""


def read(text: bytes) -> tuple[Tool, ...]:
    """Read functions as their usual JSON, a list of objects.

    Raises:
        ThoughtFailed: It is not that.
    """
    try:
        return tuple(msgspec.json.decode(text, type=list[Tool]))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ThoughtFailed(
            "functions are a JSON list of objects with name, description, parameters and "
            f"endpoint: {error}"
        ) from None


class Caller:
    """Calls functions at their endpoints."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self._endpoints = {tool.name: tool.endpoint for tool in tools}

    async def call(self, call: ToolCall) -> str:
        """Return what the function gives back.

        Raises:
            ThoughtFailed: There is no such function, or it failed.
        """
        endpoint = self._endpoints.get(call.name)
        if endpoint is None:
            raise ThoughtFailed("there is no such function")
        return await asyncio.to_thread(_fetch, endpoint, call.arguments)


def _fetch(endpoint: Endpoint, arguments: str) -> str:
    if not endpoint.url.startswith(("http://", "https://")):
        raise ThoughtFailed("a function's URL begins with http:// or https://")
    method = endpoint.method.upper()
    headers = {"Content-Type": "application/json", **endpoint.headers}
    body = None if method == "GET" else arguments.encode()
    try:
        request = urllib.request.Request(endpoint.url, body, headers, method=method)  # noqa: S310 - checked above
        with urllib.request.urlopen(request, timeout=HTTP_S_MAX) as response:  # noqa: S310
            content: bytes = response.read(RESULT_BYTES_MAX)
    except (OSError, ValueError, HTTPException) as error:
        raise ThoughtFailed(str(error)) from None
    return content.decode(errors="replace")

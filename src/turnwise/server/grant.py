"""Temporary tokens over HTTP: trade a key for one, and ask what a key is (contract section 1.6)."""

import asyncio

import msgspec
from msgspec import Struct
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from turnwise.errors import BadRequest
from turnwise.server.keys import Keys
from turnwise.settings import TOKEN_SECONDS_DEFAULT, TOKEN_SECONDS_MAX
from turnwise.wire.auth import credentials

BODY_BYTES_MAX = 4 << 10  # one number is asked for
BODY_SECONDS_MAX = 10.0


class Ask(Struct, frozen=True):
    ttl_seconds: float | None = None


class Granted(Struct, frozen=True):
    access_token: str
    expires_in: int


class KeyDescription(Struct, frozen=True):
    """What a key may do, by a name that does not reveal it."""

    api_key_id: str
    scopes: list[str]


async def grant(request: Request, keys: Keys) -> Response:
    """POST /v1/auth/grant: trade a key for a token.

    Raises:
        BadCredentials, Forbidden: Whoever asks holds no API key.
        BadRequest: The body is not what it should be.
    """
    keys.check_key(credentials(request.headers.get("authorization"), ()))
    ttl_s = seconds_asked(await body_of(request))
    return reply(Granted(keys.issue(ttl_s), ttl_s))


async def describe(request: Request, keys: Keys) -> Response:
    """GET /v1/auth/token: is this key any good.

    Raises:
        BadCredentials, Forbidden: Whoever asks holds no API key.
    """
    key_id = keys.check_key(credentials(request.headers.get("authorization"), ()))
    return reply(KeyDescription(key_id, ["usage:write"]))


def seconds_asked(body: bytes) -> int:
    """Read how long the token is to live: 1 to 3600 seconds, 30 if not said (14.27).

    Raises:
        BadRequest: No number of seconds in that range.
    """
    if not body.strip():
        return TOKEN_SECONDS_DEFAULT
    try:
        asked = msgspec.json.decode(body, type=Ask)
    except (msgspec.DecodeError, RecursionError):
        raise BadRequest("the body must be JSON with a number in ttl_seconds") from None
    if asked.ttl_seconds is None:
        return TOKEN_SECONDS_DEFAULT
    if not 1 <= asked.ttl_seconds <= TOKEN_SECONDS_MAX:
        raise BadRequest(
            f"ttl_seconds must be from 1 to {TOKEN_SECONDS_MAX}, not {asked.ttl_seconds:g}"
        )
    return int(asked.ttl_seconds)


async def body_of(request: Request) -> bytes:
    """Read a small body from a client that may be slow or may never end.

    Raises:
        BadRequest: It is too large, or does not come.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS_MAX):
            async for part in request.stream():
                body += part
                if len(body) > BODY_BYTES_MAX:
                    raise BadRequest(f"the body must be at most {BODY_BYTES_MAX} bytes")
    except (TimeoutError, ClientDisconnect):
        raise BadRequest("the body did not come") from None
    return bytes(body)


def reply(content: Struct) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")

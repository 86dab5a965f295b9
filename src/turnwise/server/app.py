"""What is served where: streams on /v2/listen and /v1/listen, speech on /v1/speak and /v2/speak,
agents on /v1/agent/converse and /v1/agent/media-streams, the rest over HTTP.
"""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from turnwise.errors import BadRequest, TurnwiseError
from turnwise.server import converse, grant, health, page, speak_request, telephone
from turnwise.server.handshake import (
    Message,
    Receive,
    Scope,
    Send,
    Shared,
    Visitor,
    attend,
    listen,
    refuse,
)
from turnwise.server.ids import uuid7
from turnwise.server.refusal import Problem, body_and_headers, problem_of, status_of
from turnwise.server.speak import speaker
from turnwise.wire.speak_query import Edition

App = Callable[[Scope, Receive, Send], Awaitable[None]]

NOVA_ONLY = BadRequest(  # contract sections 1.1 and 1.5
    "Bad Request: No such model/version combination found. Flux models are served on /v2/listen."
)
SPEAKERS = {edition.value: speaker(edition) for edition in Edition}
AGENTS = {"/v1/agent/converse": converse.serve, "/v1/agent/media-streams": telephone.serve}
NOT_UPGRADED = BadRequest("This is a WebSocket: connect with an upgrade.")
CODES = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}


def build(shared: Shared) -> App:
    """Return the ASGI app."""
    http = Starlette(
        routes=routes(shared),
        exception_handlers={HTTPException: on_http_exception, TurnwiseError: on_error},
    )

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await http(scope, receive, with_request_id(send))
        elif scope["path"] == "/v2/listen":
            await listen(shared, scope, receive, send)
        elif scope["path"] in SPEAKERS:
            await attend(SPEAKERS[scope["path"]], shared, scope, receive, send)
        elif scope["path"] in AGENTS:
            await attend(AGENTS[scope["path"]], shared, scope, receive, send)
        else:
            await receive()  # websocket.connect
            visitor = Visitor.of(scope)
            if scope["path"] == "/v1/listen":
                status, problem = 400, problem_of(NOVA_ONLY, visitor.request_id)
            else:
                status, problem = 404, Problem("NOT_FOUND", "Not Found.", visitor.request_id)
            await refuse(shared, visitor, status, problem, send)

    return app


def routes(shared: Shared) -> list[Route]:
    async def healthz(_: Request) -> Response:
        return health.alive()

    async def readyz(_: Request) -> Response:
        return health.ready(shared.streams, shared.runner.ready)

    async def metrics(_: Request) -> Response:
        return health.scrape(shared.metrics)

    async def auth_grant(request: Request) -> Response:
        return await grant.grant(request, shared.keys)

    async def auth_token(request: Request) -> Response:
        return await grant.describe(request, shared.keys)

    async def nova(_: Request) -> Response:
        raise NOVA_ONLY

    async def not_upgraded(_: Request) -> Response:
        raise NOT_UPGRADED

    async def speak(request: Request) -> Response:
        return await speak_request.answer(shared, request, Edition(request.url.path))

    return [
        *page.routes(),
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", metrics),
        Route("/v1/auth/grant", auth_grant, methods=["POST"]),
        Route("/v1/auth/token", auth_token),
        Route("/v1/listen", nova, methods=["GET", "POST"]),
        Route("/v2/listen", not_upgraded),
        Route("/v1/speak", speak, methods=["POST"]),
        Route("/v2/speak", speak, methods=["POST"]),
        Route("/v1/speak", not_upgraded),
        Route("/v2/speak", not_upgraded),
        *(Route(path, not_upgraded) for path in AGENTS),
    ]


def with_request_id(send: Send) -> Send:
    """Give every response its dg-request-id, unless it has one (contract section 1.4)."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", []))
            if not any(name == b"dg-request-id" for name, _ in headers):
                headers.append((b"dg-request-id", uuid7().encode()))
            message["headers"] = headers
        await send(message)

    return sending


async def on_http_exception(_: Request, error: Exception) -> Response:
    """Say 404 and 405 in the documented shape."""
    assert isinstance(error, HTTPException)
    code = CODES.get(error.status_code, "BAD_REQUEST")
    problem = Problem(code, f"{error.detail}.", uuid7())
    return response(error.status_code, problem, error.headers)


async def on_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, TurnwiseError)
    return response(status_of(error), problem_of(error, uuid7()))


def response(status: int, problem: Problem, more: object = None) -> Response:
    body, headers = body_and_headers(problem)
    answer = Response(body, status)
    answer.raw_headers = headers
    if isinstance(more, dict):
        answer.raw_headers += [(k.lower().encode(), v.encode()) for k, v in more.items()]
    return answer

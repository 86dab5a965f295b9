"""The playground at /: static files, and headers under which they may load nothing else.

Everything is read once and served from memory; a path that was not read does not exist.
"""

import hashlib
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import turnwise
from turnwise.samples.conversation import FOLDER as SAMPLES

FOLDER = Path(turnwise.__file__).parent / "playground"
INDEX = "index.html"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ogg": "audio/ogg",
    "": "text/plain; charset=utf-8",  # licences
}
"""By the name's ending; what ends otherwise is not for browsers."""
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",  # the WebSocket too: same host, same port
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "permissions-policy": "microphone=(self)",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-cache",  # asked for anew each time, and mostly unchanged
}


def routes() -> list[Route]:
    """Return the routes of / and of everything below /playground/."""
    files = {
        path.relative_to(FOLDER).as_posix(): path
        for path in FOLDER.rglob("*")
        if path.is_file() and path.suffix in TYPES
    }
    files |= {f"samples/{path.name}": path for path in SAMPLES.glob("*.ogg")}
    pages = {name: _page(path) for name, path in files.items()}

    async def index(request: Request) -> Response:
        return _answer(request, *pages[INDEX])

    async def file(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in pages:
            raise HTTPException(404)
        return _answer(request, *pages[name])

    return [Route("/", index), Route("/playground/{name:path}", file)]


def _page(path: Path) -> tuple[bytes, str]:
    """Return what a file holds and its media type."""
    body = path.read_bytes()
    if path.name == INDEX:
        body = body.replace(b"{version}", turnwise.__version__.encode())
    return body, TYPES[path.suffix]


def _answer(request: Request, body: bytes, media_type: str) -> Response:
    tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    headers = HEADERS | {"etag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)

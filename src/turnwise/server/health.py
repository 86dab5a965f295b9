"""For whoever runs the server: is it alive, will it take streams, how is it doing."""

from starlette.responses import PlainTextResponse, Response

from turnwise.server.metrics import CONTENT_TYPE, Metrics
from turnwise.server.streams import Streams


def alive() -> Response:
    """GET /healthz."""
    return PlainTextResponse("alive\n")


def ready(streams: Streams, engine_ready: bool) -> Response:
    """GET /readyz: not before the engine is loaded, nor while it is stuck or we are draining."""
    if streams.draining:
        return PlainTextResponse("draining\n", 503)
    if not streams.ready:
        return PlainTextResponse("loading\n", 503)
    if not engine_ready:
        return PlainTextResponse("the engine is stuck\n", 503)
    return PlainTextResponse("ready\n")


def scrape(metrics: Metrics) -> Response:
    """GET /metrics."""
    return Response(metrics.text(), headers={"content-type": CONTENT_TYPE})

"""POST /v1/speak and /v2/speak: a text in, the sound of it back (contract section 7.2)."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import ExitStack

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from turnwise.errors import (
    BadMessage,
    BadPayload,
    BadQuery,
    BadRequest,
    PayloadTooLarge,
    SynthesisFailed,
    UnsupportedMedia,
)
from turnwise.server.grant import BODY_SECONDS_MAX
from turnwise.server.handshake import Shared, Visitor
from turnwise.server.speak import Order, admit, opening
from turnwise.settings import (
    SPEAK_BODY_BYTES_MAX,
    SPEAK_CHARACTERS_MAX,
    Container,
    SpeechFormat,
    SpokenEncoding,
)
from turnwise.speech.clauses import speakable
from turnwise.speech.encode import missing
from turnwise.speech.render import prepare, speech
from turnwise.speech.voices import uuid_of
from turnwise.wire.speak_codec import decode_ask
from turnwise.wire.speak_query import UNSUPPORTED, Edition

logger = logging.getLogger("turnwise.server")

NO_CHARACTERS = "Bad Request: The text holds nothing to pronounce."


async def answer(shared: Shared, request: Request, edition: Edition) -> Response:
    """Serve one request.

    Raises:
        Refused: What it asks for, who asks, or what is to be spoken will not do.
        SynthesisFailed: There was no sound at all.
    """
    visitor = Visitor.of(request.scope)
    raw_query = request.scope["query_string"].decode("latin-1")
    order = admit(shared, visitor, raw_query, edition, streamed=False)
    form = order.settings.form
    lacking = missing(form.encoding)
    if lacking is not None:
        raise BadQuery(UNSUPPORTED + lacking)
    text = await text_of(request)
    with ExitStack() as held:
        held.enter_context(shared.speech.speakers.place())
        logger.info("speech opened", extra={**opening(visitor, order, edition), "over": "http"})
        shared.metrics.count_characters(len(text))
        await asyncio.to_thread(prepare, order.voice, form)
        pieces = speech(order.synthesiser, text, order.voice, order.settings.speed, form)
        first = await anext(pieces, b"")
        return Spoken(first, pieces, held.pop_all(), headers_of(visitor, order, text))


class Spoken(StreamingResponse):
    """Sound as it is made; whoever hangs up ends the making of it."""

    def __init__(
        self,
        first: bytes,
        pieces: AsyncGenerator[bytes],
        held: ExitStack,
        headers: dict[str, str],
    ) -> None:
        async def all_pieces() -> AsyncGenerator[bytes]:
            yield first
            async for piece in pieces:
                yield piece

        super().__init__(all_pieces(), headers=headers)
        self._pieces = pieces
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._held:
            try:
                await super().__call__(scope, receive, send)
            except SynthesisFailed as failure:  # the answer is cut off: it has begun already
                logger.warning("a text could not be said", extra={"why": str(failure)})
            finally:
                await self._pieces.aclose()


def headers_of(visitor: Visitor, order: Order, text: str) -> dict[str, str]:
    name = order.settings.model
    return {
        "content-type": media_type(order.settings.form),
        "dg-model-name": name,
        "dg-model-uuid": uuid_of(name),
        "dg-char-count": str(len(text)),
        "dg-request-id": visitor.request_id,
    }


def media_type(form: SpeechFormat) -> str:
    """Return the Content-Type of a format (contract section 7.2)."""
    if form.container is Container.WAV:
        return "audio/wav"
    match form.encoding:
        case SpokenEncoding.LINEAR16:
            return f"audio/l16;rate={form.sample_rate_hz}"
        case SpokenEncoding.MULAW | SpokenEncoding.ALAW:
            return f"audio/{form.encoding};rate={form.sample_rate_hz}"
        case SpokenEncoding.MP3:
            return "audio/mpeg"
        case SpokenEncoding.OPUS:
            return "audio/ogg;codecs=opus"
        case SpokenEncoding.FLAC | SpokenEncoding.AAC:
            return f"audio/{form.encoding}"


async def text_of(request: Request) -> str:
    """Read what is to be spoken: JSON with `text`, or plain text.

    Raises:
        Refused: The body is of another kind, too large, or holds nothing to speak.
    """
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip()
    if kind not in ("application/json", "text/plain"):
        raise UnsupportedMedia("the body must be application/json or text/plain")
    body = await body_of(request)
    if kind == "text/plain":
        try:
            text = body.decode()
        except UnicodeDecodeError:
            raise BadPayload("the text must be UTF-8") from None
    else:
        try:
            ask = decode_ask(body)
        except BadMessage as error:
            raise BadPayload(f"the body must be JSON with a text: {error}") from None
        if ask.text is None and ask.url is not None:
            raise BadPayload("url is not supported here: send the text itself")
        text = ask.text or ""
    if len(text) > SPEAK_CHARACTERS_MAX:
        raise PayloadTooLarge(
            f"the text has {len(text)} characters, and the limit is {SPEAK_CHARACTERS_MAX}"
        )
    if not speakable(text):
        raise BadRequest(NO_CHARACTERS)
    return text


async def body_of(request: Request) -> bytes:
    """Read a body from a client that may be slow or may never end.

    Raises:
        PayloadTooLarge, BadPayload: It is too large, or does not come.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS_MAX):
            async for part in request.stream():
                body += part
                if len(body) > SPEAK_BODY_BYTES_MAX:
                    raise PayloadTooLarge(f"the body must be at most {SPEAK_BODY_BYTES_MAX} bytes")
    except (TimeoutError, ClientDisconnect):
        raise BadPayload("the body did not come") from None
    return bytes(body)

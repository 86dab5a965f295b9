"""A refusal as an HTTP response: the documented body, and the headers clients look at."""

from msgspec import Struct
from msgspec.json import encode

from turnwise.errors import Overloaded, Refused, TooManyStreams, TurnwiseError

MESSAGES = {
    "TOO_MANY_REQUESTS": "Too many requests. Please try again later",  # contract section 1.5
}

Header = tuple[bytes, bytes]


class Problem(Struct, frozen=True):
    """The body of every refusal (contract section 1.5)."""

    err_code: str
    err_msg: str
    request_id: str


def status_of(error: TurnwiseError) -> int:
    if isinstance(error, Overloaded):
        return TooManyStreams.status
    return error.status if isinstance(error, Refused) else 500


def problem_of(error: TurnwiseError, request_id: str) -> Problem:
    code = type(error).code
    # What broke inside is ours to know; the client hears that something did.
    message = str(error) if isinstance(error, Refused) else "The server cannot go on."
    return Problem(code, MESSAGES.get(code, message), request_id)


def body_and_headers(problem: Problem) -> tuple[bytes, list[Header]]:
    body = encode(problem)
    return body, [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"dg-request-id", problem.request_id.encode()),
        (b"dg-error", header_value(problem.err_msg)),
    ]


def header_value(text: str) -> bytes:
    """Write text that may hold anything as one line of ASCII."""
    return "".join(c if " " <= c <= "~" else ascii(c)[1:-1] for c in text).encode("ascii")

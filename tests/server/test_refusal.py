"""Refusals as HTTP (contract section 1.5)."""

import json

import pytest

from turnwise.errors import (
    BadCredentials,
    BadQuery,
    EngineFailed,
    Forbidden,
    NoSuchModel,
    Overloaded,
    ShuttingDown,
    TooManyStreams,
    TurnwiseError,
)
from turnwise.server.refusal import body_and_headers, problem_of, status_of


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (BadQuery("text"), 400, "INVALID_QUERY_PARAMETER"),
        (BadCredentials("text"), 401, "INVALID_AUTH"),
        (NoSuchModel("text"), 403, "INSUFFICIENT_PERMISSIONS"),
        (Forbidden("text"), 403, "FORBIDDEN"),
        (ShuttingDown("text"), 503, "SERVICE_UNAVAILABLE"),
    ],
)
def test_an_error_has_its_status_and_code_and_says_its_text(
    error: TurnwiseError, status: int, code: str
) -> None:
    problem = problem_of(error, "id")
    assert status_of(error) == status
    assert (problem.err_code, problem.err_msg, problem.request_id) == (code, "text", "id")


@pytest.mark.parametrize("error", [TooManyStreams("all 3 are taken"), Overloaded("no slot")])
def test_too_many_streams_are_refused_in_the_documented_words(error: TurnwiseError) -> None:
    """Contract 1.5."""
    assert status_of(error) == 429
    assert problem_of(error, "id").err_msg == "Too many requests. Please try again later"


def test_what_broke_inside_stays_inside() -> None:
    error = EngineFailed("a path and a name")
    assert status_of(error) == 500
    assert "path" not in problem_of(error, "id").err_msg


def test_the_header_repeats_the_message_whatever_is_in_it() -> None:
    """Contract 1.5: dg-error. A line break in it would be another header."""
    body, headers = body_and_headers(problem_of(BadQuery("naïve\r\nset-cookie: 子"), "id"))
    assert json.loads(body)["err_msg"] == "naïve\r\nset-cookie: 子"
    assert dict(headers)[b"dg-error"] == rb"na\xefve\r\nset-cookie: \u5b50"

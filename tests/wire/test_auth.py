"""Who the client says it is (contract 1.3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnwise.wire.auth import Credentials, credentials


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Token KEY", Credentials("token", "KEY")),
        ("token KEY", Credentials("token", "KEY")),
        ("TOKEN   KEY ", Credentials("token", "KEY")),
        ("Bearer a.b.c", Credentials("bearer", "a.b.c")),
        ("bearer a.b.c", Credentials("bearer", "a.b.c")),
    ],
)
def test_the_header_names_a_scheme_in_any_case(header: str, expected: Credentials) -> None:
    assert credentials(header, []) == expected


@pytest.mark.parametrize(
    "header", [None, "", "Token", "Token ", "Basic dXNlcg==", "KEY", "TokenKEY"]
)
def test_a_header_that_says_nothing_we_know_is_no_credentials(header: str | None) -> None:
    assert credentials(header, []) == Credentials()


@pytest.mark.parametrize(
    ("offered", "expected"),
    [
        (["token", "KEY"], Credentials("token", "KEY", "token")),
        (["Token", "KEY"], Credentials("token", "KEY", "Token")),
        (["bearer", "a.b.c"], Credentials("bearer", "a.b.c", "bearer")),
        (["token, KEY"], Credentials("token", "KEY", "token")),
        (
            ["token", "KEY", "x-deepgram-session-id", "0-1"],
            Credentials("token", "KEY", "token"),
        ),
        (["x-deepgram-session-id", "0-1", "token", "KEY"], Credentials("token", "KEY", "token")),
    ],
)
def test_a_browser_says_it_in_subprotocols(offered: list[str], expected: Credentials) -> None:
    assert credentials(None, offered) == expected


@pytest.mark.parametrize("offered", [["token"], ["token", ""]])
def test_a_scheme_without_a_secret_is_echoed_but_is_no_credentials(offered: list[str]) -> None:
    assert credentials(None, offered) == Credentials(None, None, "token")


def test_subprotocols_we_do_not_know_are_not_echoed() -> None:
    assert credentials("Token KEY", ["chat", "superchat"]) == Credentials("token", "KEY")


def test_the_header_wins_and_the_subprotocol_is_echoed_all_the_same() -> None:
    found = credentials("Bearer JWT", ["token", "KEY"])
    assert found == Credentials("bearer", "JWT", "token")


def test_a_proxys_own_header_does_not_hide_the_subprotocol() -> None:
    assert credentials("Basic x", ["token", "KEY"]) == Credentials("token", "KEY", "token")


def test_a_key_spelled_like_a_scheme_is_a_key() -> None:
    assert credentials(None, ["token", "bearer"]) == Credentials("token", "bearer", "token")


def test_the_secret_is_not_shown() -> None:
    assert "KEY" not in repr(credentials("Token KEY", []))


@given(st.none() | st.text(), st.lists(st.sampled_from(["token", "Bearer", ""]) | st.text()))
def test_a_secret_and_a_scheme_come_together_whatever_was_sent(
    header: str | None, offered: list[str]
) -> None:
    found = credentials(header, offered)
    assert (found.scheme is None) == (found.secret is None)
    assert found.secret != ""

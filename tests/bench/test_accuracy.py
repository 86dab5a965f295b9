"""What is said of word errors beside a peer's."""

from types import SimpleNamespace
from typing import Any

from bench.accuracy import errors_of

FOUND: Any = [SimpleNamespace(recording=SimpleNamespace(voice=voice)) for voice in "abc"]


def results(*errors: int) -> Any:
    return [SimpleNamespace(errors=count, words=5) for count in errors]


def test_a_peer_without_errors_is_shown_and_has_no_ratio() -> None:
    row = errors_of(FOUND, results(1, 0, 2), results(0, 0, 0))
    assert row["wer"] == 0.2
    assert row["plain"] == 0.0
    assert row["plain_interval"] == (0.0, 0.0)
    assert "ratio" not in row


def test_a_peer_that_heard_only_some_is_not_compared() -> None:
    assert "plain" not in errors_of(FOUND, results(1, 0, 2), [*results(1, 1), None])

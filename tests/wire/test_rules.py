"""What the handshake and Configure both demand; their own tests see the texts on the wire."""

import pytest

from turnwise.settings import KEYTERM_TOKENS_MAX, Model, StreamSettings, Thresholds
from turnwise.wire import rules


def test_defaults_have_no_problem() -> None:
    assert rules.problem(StreamSettings(Model.ENGLISH)) is None


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        (StreamSettings(Model.ENGLISH, thresholds=Thresholds(0.5, 0.6)), rules.INVALID_THRESHOLD),
        (StreamSettings(Model.ENGLISH, keyterms=("a\x7f",)), rules.INVALID_KEYTERM),
        (StreamSettings(Model.ENGLISH, keyterms=("a",) * 101), rules.KEYTERM_LIMIT_EXCEEDED),
        (StreamSettings(Model.ENGLISH, language_hints=("en",)), rules.INVALID_LANGUAGE_HINT),
        (StreamSettings(Model.MULTILINGUAL, language_hints=("",)), rules.INVALID_LANGUAGE_HINT),
        (StreamSettings(Model.MULTILINGUAL, language_hints=("zz",)), rules.INVALID_LANGUAGE_HINT),
        (
            StreamSettings(Model.MULTILINGUAL, language_hints=("en",) * 101),
            rules.INVALID_LANGUAGE_HINT,
        ),
    ],
)
def test_each_problem_has_its_code(settings: StreamSettings, code: str) -> None:
    found = rules.problem(settings)
    assert found is not None
    assert found.code == code


@pytest.mark.parametrize(
    "settings",
    [
        StreamSettings(Model.ENGLISH, thresholds=Thresholds(0.6, 0.6)),
        StreamSettings(Model.ENGLISH, keyterms=("a",) * 100),
        StreamSettings(Model.MULTILINGUAL, language_hints=("en",) * 100),
    ],
)
def test_the_most_that_is_allowed_has_no_problem(settings: StreamSettings) -> None:
    assert rules.problem(settings) is None


@pytest.mark.parametrize(
    ("term", "count"),
    [("", 0), ("a", 1), ("San Francisco", 2), ("a" * 10, 1), ("a" * 11, 2), ("a" * 5_000, 500)],
)
def test_a_word_is_a_token_for_every_ten_characters_it_begins(term: str, count: int) -> None:
    assert rules.tokens(term) == count  # contract 1.2 limits tokens, and leaves them undefined


def test_the_most_tokens_are_still_allowed() -> None:
    settings = StreamSettings(Model.ENGLISH, keyterms=("a " * KEYTERM_TOKENS_MAX,))
    assert rules.problem(settings) is None

"""Which words the profanity filter hides (contract 1.2, `profanity_filter`)."""

import pytest

from turnwise.text.profanity import is_profane


@pytest.mark.parametrize(
    "core",
    [
        "shit",
        "Fucking",
        "bullshit",
        "mother-fucker",
        "motherfucker",
        "bitch's",
        "bitches",
        "bitches'",
        "shit-show",
        "BASTARD",
        "dumb-ass",
        "holy-shit",
        "shit\N{RIGHT SINGLE QUOTATION MARK}s",
    ],
)
def test_strong_words_are_found_in_their_forms(core: str) -> None:
    assert is_profane(core)


@pytest.mark.parametrize(
    "core",
    [
        "",
        "Scunthorpe",
        "shiitake",
        "dick",
        "cocktail",
        "damn",
        "assess",
        "class",
        "bastardise",
        "-",
        "bass",
    ],
)
def test_innocent_words_and_mild_ones_are_not(core: str) -> None:
    assert not is_profane(core)

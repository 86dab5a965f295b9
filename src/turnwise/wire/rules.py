"""What the handshake and Configure both demand of a stream's settings (contract 1.2, 3.4)."""

import re
from dataclasses import dataclass

from turnwise.errors import BadQuery
from turnwise.settings import (
    AGENT_SAID_CHARACTERS_MAX,
    KEYTERM_TOKEN_CHARACTERS,
    KEYTERM_TOKENS_MAX,
    KEYTERMS_MAX,
    LANGUAGE_HINTS_MAX,
    LANGUAGES,
    Expecting,
    Model,
    StreamSettings,
    Thresholds,
    shown,
)

# Codes of ConfigureFailure. The first is published; the others follow its form.
INVALID_THRESHOLD = "INVALID_THRESHOLD"
INVALID_KEYTERM = "INVALID_KEYTERM"
KEYTERM_LIMIT_EXCEEDED = "KEYTERM_LIMIT_EXCEEDED"
INVALID_LANGUAGE_HINT = "INVALID_LANGUAGE_HINT"

INVALID_HINT = "INVALID_HINT"

KEYTERM_LIMIT_TEXT = (
    "Keyterm limit exceeded. "
    f"The maximum number of tokens across all keyterms is {KEYTERM_TOKENS_MAX}."
)
LANGUAGE_TAG = re.compile(r"([A-Za-z]{2})(-[A-Za-z0-9]{1,8}){0,8}", re.ASCII)  # BCP 47, in short


@dataclass(frozen=True, slots=True)
class Problem:
    code: str
    text: str


def problem(settings: StreamSettings) -> Problem | None:
    """Say what is wrong with settings whose single values are in range, or None if they will do."""
    return (
        threshold_problem(settings.thresholds)
        or keyterm_problem(settings.keyterms)
        or hint_problem(settings.language_hints, settings.model)
        or agent_problem(settings.hints.agent_said)
    )


def threshold_problem(thresholds: Thresholds) -> Problem | None:
    """Compare the effective pair, whichever of the two was given (contract 14.34)."""
    if thresholds.eager is not None and thresholds.eager > thresholds.eot:
        return Problem(
            INVALID_THRESHOLD,
            "eager_eot_threshold must be less than or equal to eot_threshold",
        )
    return None


def keyterm_problem(keyterms: tuple[str, ...]) -> Problem | None:
    """Check the number of terms, their tokens, and that each is plain text.

    Case, punctuation and a would-be weight (`term:0.15`) are the term's own (contract 14.22).
    """
    if any(not is_plain(term) for term in keyterms):
        return Problem(INVALID_KEYTERM, "keyterm must not hold control characters")
    if len(keyterms) > KEYTERMS_MAX or sum(map(tokens, keyterms)) > KEYTERM_TOKENS_MAX:
        return Problem(KEYTERM_LIMIT_EXCEEDED, KEYTERM_LIMIT_TEXT)
    return None


def tokens(term: str) -> int:
    """Count tokens as we define them: a word is one for every ten characters it begins.

    The service's own tokens are a model's and unpublished. This never counts more than a
    subword vocabulary of the usual kind would by much, and bounds a term without spaces.
    """
    return sum(-(-len(word) // KEYTERM_TOKEN_CHARACTERS) for word in term.split())


def is_plain(text: str) -> bool:
    """Whether it can be shown and sent: no control characters, no halves of a surrogate pair."""
    return not any(c < " " or c == "\x7f" or "\ud800" <= c <= "\udfff" for c in text)


def hint_problem(hints: tuple[str, ...], model: Model) -> Problem | None:
    """Check that hints suit the model and name known languages, regional forms included (14.6)."""
    if hints and model is Model.ENGLISH:
        return _hint(f"language_hint is not supported for model {model}")
    if len(hints) > LANGUAGE_HINTS_MAX:
        return _hint(f"at most {LANGUAGE_HINTS_MAX} language hints may be given, not {len(hints)}")
    for hint in hints:
        if not hint.strip():
            return _hint("language_hint must not be empty")
        tag = LANGUAGE_TAG.fullmatch(hint)
        if tag is None or tag[1].lower() not in LANGUAGES:
            return _hint(
                f"language_hint must be one of {', '.join(LANGUAGES)} or a regional form of one, "
                f"not {shown(hint)}"
            )
    return None


def agent_problem(said: str) -> Problem | None:
    """Check that what the other side said is short enough."""
    if len(said) > AGENT_SAID_CHARACTERS_MAX:
        return Problem(
            INVALID_HINT,
            f"agent_said must be at most {AGENT_SAID_CHARACTERS_MAX} characters, not {len(said)}",
        )
    return None


def expected(text: str) -> Expecting | None:
    """Read what is expected; an empty text is nothing.

    Raises:
        BadQuery: It is none of the words for it.
    """
    if not text:
        return None
    for expecting in Expecting:
        if expecting == text:
            return expecting
    raise BadQuery(f"expecting must be one of {', '.join(Expecting)}, not {shown(text)}")


def _hint(text: str) -> Problem:
    return Problem(INVALID_LANGUAGE_HINT, text)

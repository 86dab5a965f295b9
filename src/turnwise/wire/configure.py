"""Configure: the settings in force, changed by one message, wholly or not at all."""

from dataclasses import replace

from msgspec import UNSET, UnsetType

from turnwise.errors import BadConfigure, BadQuery
from turnwise.settings import (
    EAGER_EOT_THRESHOLD,
    EOT_THRESHOLD,
    EOT_TIMEOUT_MS,
    Hints,
    Knob,
    StreamSettings,
    Thresholds,
)
from turnwise.wire import rules
from turnwise.wire.messages import Configure, NewThresholds


def apply(configure: Configure, settings: StreamSettings) -> StreamSettings:
    """Return the settings that hold from here on (contract 3.4).

    What is left out or null stays. A list replaces the one before, and an empty one clears
    it. The exception: `eager_eot_threshold: null` switches eager events off (14.13).

    Raises:
        BadConfigure: A value is out of range or does not fit the others, those already in
            force included; with the code and text of the ConfigureFailure to send.
    """
    style = settings.style
    if configure.numerals is not None:
        style = replace(style, numerals=configure.numerals)
    if configure.profanity_filter is not None:
        style = replace(style, profanity_filter=configure.profanity_filter)
    changed = replace(
        settings,
        thresholds=_thresholds(configure.thresholds, settings.thresholds),
        style=style,
        keyterms=_keyterms(configure.keyterms, settings.keyterms),
        language_hints=(
            settings.language_hints
            if configure.language_hints is None
            else tuple(configure.language_hints)
        ),
        hints=_hints(configure, settings.hints),
    )
    problem = rules.problem(changed)
    if problem is not None:
        raise BadConfigure(problem.text, problem.code)
    return changed


def _thresholds(new: NewThresholds | None, now: Thresholds) -> Thresholds:
    if new is None:
        return now
    return Thresholds(
        eot=_number(EOT_THRESHOLD, new.eot_threshold, now.eot),
        eager=(
            now.eager
            if new.eager_eot_threshold is UNSET
            else None
            if new.eager_eot_threshold is None
            else _number(EAGER_EOT_THRESHOLD, new.eager_eot_threshold, 0.0)
        ),
        timeout_ms=int(_number(EOT_TIMEOUT_MS, new.eot_timeout_ms, now.timeout_ms)),
    )


def _number(knob: Knob, new: float | str | UnsetType | None, now: float) -> float:
    """Return the new value, which may be a number in a string, or `now` if none is given."""
    if new is None or new is UNSET:
        return now
    try:
        return knob.parse(new if isinstance(new, str) else repr(new))
    except BadQuery as problem:
        raise BadConfigure(str(problem), rules.INVALID_THRESHOLD) from None


def _hints(new: Configure, now: Hints) -> Hints:
    """Return both hints; a new one leaves the other as it is, and an empty one clears its own."""
    try:
        return Hints(
            now.agent_said if new.agent_said is None else new.agent_said,
            now.expecting if new.expecting is None else rules.expected(new.expecting),
        )
    except BadQuery as problem:
        raise BadConfigure(str(problem), rules.INVALID_HINT) from None


def _keyterms(new: list[str] | str | None, now: tuple[str, ...]) -> tuple[str, ...]:
    """Blank terms are no terms, as in the query."""
    if new is None:
        return now
    terms = [new] if isinstance(new, str) else new
    return tuple(term for term in terms if term.strip())

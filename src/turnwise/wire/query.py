"""The connection's URL <-> settings: every parameter of contract section 1.2.

Checked in this order: the URL's size and encoding; names unknown; names given twice;
model missing; each value; values against each other; and, when all else is well, whether
the model is served. So a bad parameter is a 400 even beside a model nobody has.

Where the contract is silent:

- `sample_rate` is required with linear16, linear32, mulaw and alaw only. Opus says its own
  rate, bare or in Ogg, so there it may be left out and changes nothing.
- `sample_rate` without `encoding` is allowed: a container's own header decides.
- A blank `keyterm` is no term and is dropped; a blank `language_hint` is refused, as documented.
- `agent_said` and `expecting` are ours: hints for the end-of-turn network. Empty is no hint.
- One value that holds a Python list of strings, as deepgram-sdk 5.0.0 to 5.3.0 send for
  `keyterm` and `tag`, is that list (section 9.1). So no term can be spelled like one.
"""

import ast
import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import TypeVar
from urllib.parse import parse_qsl, quote, urlencode

from turnwise.errors import BadQuery, NoSuchModel
from turnwise.settings import (
    EAGER_EOT_THRESHOLD,
    EOT_THRESHOLD,
    EOT_TIMEOUT_MS,
    NUMBER,
    SAMPLE_RATES_HZ,
    TAG_CHARACTERS_MAX,
    URL_BYTES_MAX,
    Encoding,
    Hints,
    Model,
    Redact,
    StreamSettings,
    TextStyle,
    Thresholds,
    shown,
)
from turnwise.wire import rules

ONCE = (
    "model",
    "encoding",
    "sample_rate",
    EOT_THRESHOLD.name,
    EAGER_EOT_THRESHOLD.name,
    EOT_TIMEOUT_MS.name,
    "profanity_filter",
    "numerals",
    "redact",
    "mip_opt_out",
    "version",
    "agent_said",
    "expecting",
)
REPEATED = ("keyterm", "language_hint", "tag")
RATED = (Encoding.LINEAR16, Encoding.LINEAR32, Encoding.MULAW, Encoding.ALAW)
"""Encodings whose bytes do not say their sample rate."""

DESERIALIZE = "Failed to deserialize query parameters: "
UNKNOWN_NAMES_MAX = 10  # listed; the message goes into a header
BOOLEANS = {"true": True, "false": False}  # in any case: some clients send `True` (contract 1.2)

# What repr() makes of a list of strings, and nothing else, so that literal_eval cannot fail on it.
_ESCAPE = r"\\(?:[\\'\"nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U00(?:0[0-9a-f]|10)[0-9a-f]{4})"
_SINGLE = rf"'(?:[^'\\\x00-\x1f\x7f]|{_ESCAPE})*'"
_DOUBLE = rf'"(?:[^"\\\x00-\x1f\x7f]|{_ESCAPE})*"'
_STRING = rf"(?:{_SINGLE}|{_DOUBLE})"
PYTHON_LIST = re.compile(rf"\[(?:{_STRING}(?:, {_STRING})*)?\]")

ChoiceT = TypeVar("ChoiceT", bound=StrEnum)


def parse(raw_query: str, served: Collection[Model] = tuple(Model)) -> StreamSettings:
    """Read the part of the URL after `?`.

    Args:
        raw_query: Percent-encoded ASCII, `+` or `%20` for a space; may be empty.
        served: The models this server has.

    Raises:
        BadQuery: Anything but an unknown model.
        NoSuchModel: All is well, but for a model that is not served.
    """
    given = values_by_name(raw_query, {*ONCE, *REPEATED})
    once = only_once(given, ONCE)
    if "model" not in once:
        raise BadQuery(f"{DESERIALIZE}missing field `model`")
    model = next((model for model in Model if model == once["model"]), None)
    _check_ignored(once)
    settings = StreamSettings(
        # Nobody's model is checked as the most capable one, to be refused at the end.
        model=model or Model.MULTILINGUAL,
        encoding=_choice(Encoding, "encoding", once),
        sample_rate_hz=_sample_rate(once.get("sample_rate")),
        thresholds=_thresholds(once),
        style=TextStyle(
            numerals=boolean("numerals", once),
            profanity_filter=boolean("profanity_filter", once),
            redact=_choice(Redact, "redact", once),
        ),
        keyterms=tuple(term for term in _list("keyterm", given) if term.strip()),
        language_hints=_list("language_hint", given),
        tags=_list("tag", given),
        hints=Hints(once.get("agent_said", ""), rules.expected(once.get("expecting", ""))),
    )
    _check_together(settings)
    if model is None or model not in served:
        raise NoSuchModel(
            "Project does not have access to the requested model. "
            f"This server has: {', '.join(sorted(served))}."
        )
    return settings


def build(settings: StreamSettings) -> str:
    """Write the query that parse() reads as these settings; defaults are left out."""
    thresholds, style, default = settings.thresholds, settings.style, Thresholds()
    pairs = [
        ("model", settings.model.value),
        ("encoding", settings.encoding),
        ("sample_rate", settings.sample_rate_hz),
        (EAGER_EOT_THRESHOLD.name, thresholds.eager),
        (EOT_THRESHOLD.name, thresholds.eot if thresholds.eot != default.eot else None),
        (
            EOT_TIMEOUT_MS.name,
            thresholds.timeout_ms if thresholds.timeout_ms != default.timeout_ms else None,
        ),
        ("numerals", "true" if style.numerals else None),
        ("profanity_filter", "true" if style.profanity_filter else None),
        ("redact", style.redact),
        ("agent_said", settings.hints.agent_said or None),
        ("expecting", settings.hints.expecting),
        *(("keyterm", term) for term in settings.keyterms),
        *(("language_hint", hint) for hint in settings.language_hints),
        *(("tag", tag) for tag in settings.tags),
    ]
    return urlencode([pair for pair in pairs if pair[1] is not None], quote_via=quote)


def values_by_name(raw_query: str, known: Collection[str]) -> dict[str, list[str]]:
    """Take a query apart.

    Raises:
        BadQuery: It is too long or no query, or holds names that are not known.
    """
    if len(raw_query) > URL_BYTES_MAX:
        raise BadQuery(f"the query must be at most {URL_BYTES_MAX} bytes, not {len(raw_query)}")
    if not raw_query.isascii():
        raise BadQuery(f"{DESERIALIZE}the query must be percent-encoded")
    try:
        pairs = parse_qsl(raw_query, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise BadQuery(f"{DESERIALIZE}the query must be percent-encoded UTF-8") from None
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        given.setdefault(name, []).append(value)
    unknown = [name for name in given if name not in known]
    if unknown:
        names = ", ".join(shown(name)[1:-1] for name in unknown[:UNKNOWN_NAMES_MAX])
        raise BadQuery(f"Unknown query parameters: {names}")
    return given


def only_once(given: Mapping[str, list[str]], names: Collection[str]) -> dict[str, str]:
    """Pick the names that may come once.

    Raises:
        BadQuery: One came twice.
    """
    for name in names:
        if len(given.get(name, ())) > 1:
            raise BadQuery(f"{DESERIALIZE}duplicate field `{name}`")
    return {name: given[name][0] for name in names if name in given}


def _check_ignored(once: Mapping[str, str]) -> None:
    """Check what is accepted without effect (contract 1.2 and 14.33)."""
    boolean("mip_opt_out", once)
    version = once.get("version", "latest")
    if version != "latest":
        raise BadQuery(f"version must be latest, not {shown(version)}")


def _choice(choices: type[ChoiceT], name: str, once: Mapping[str, str]) -> ChoiceT | None:
    text = once.get(name)
    if text is None:
        return None
    for choice in choices:
        if choice == text:
            return choice
    raise BadQuery(f"{name} must be one of {', '.join(choices)}, not {shown(text)}")


def boolean(name: str, once: Mapping[str, str]) -> bool:
    """Read a truth; what is missing is false.

    Raises:
        BadQuery: It is neither.
    """
    text = once.get(name, "false")
    value = BOOLEANS.get(text.lower())
    if value is None:
        raise BadQuery(f"{name} must be true or false, not {shown(text)}")
    return value


def _sample_rate(text: str | None) -> int | None:
    if text is None:
        return None
    rate_hz = float(text) if NUMBER.fullmatch(text) else 0.0
    if rate_hz not in SAMPLE_RATES_HZ:
        rates = ", ".join(map(str, SAMPLE_RATES_HZ))
        raise BadQuery(f"sample_rate must be one of {rates}, not {shown(text)}")
    return int(rate_hz)


def _thresholds(once: Mapping[str, str]) -> Thresholds:
    default = Thresholds()
    eot = once.get(EOT_THRESHOLD.name)
    eager = once.get(EAGER_EOT_THRESHOLD.name)
    timeout_ms = once.get(EOT_TIMEOUT_MS.name)
    return Thresholds(
        eot=default.eot if eot is None else EOT_THRESHOLD.parse(eot),
        eager=default.eager if eager is None else EAGER_EOT_THRESHOLD.parse(eager),
        timeout_ms=(
            default.timeout_ms if timeout_ms is None else int(EOT_TIMEOUT_MS.parse(timeout_ms))
        ),
    )


def _list(name: str, given: Mapping[str, list[str]]) -> tuple[str, ...]:
    """Return a repeated parameter's values, opening those that hold a Python list."""
    opened: list[str] = []
    for value in given.get(name, ()):
        if PYTHON_LIST.fullmatch(value):
            opened.extend(ast.literal_eval(value))
        else:
            opened.append(value)
    return tuple(opened)


def _check_together(settings: StreamSettings) -> None:
    if settings.encoding in RATED and settings.sample_rate_hz is None:
        raise BadQuery(f"sample_rate is required with encoding={settings.encoding}")
    for tag in settings.tags:
        if len(tag) > TAG_CHARACTERS_MAX or not rules.is_plain(tag):
            raise BadQuery(
                f"tag must be at most {TAG_CHARACTERS_MAX} characters, none of them for control"
            )
    problem = rules.problem(settings)
    if problem is not None:
        raise BadQuery(problem.text)

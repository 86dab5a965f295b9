"""The URL of a request for speech -> settings (contract sections 7.1 to 7.3).

One table says which format goes with which container, rates and bit rates; over a WebSocket
only raw ones go.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from turnwise.errors import BadQuery, BadRequest
from turnwise.settings import (
    NUMBER,
    Container,
    Knob,
    SpeakSettings,
    SpeechFormat,
    SpokenEncoding,
    shown,
)
from turnwise.wire.query import boolean, only_once, values_by_name

DEFAULT_MODEL = "aura-asteria-en"
UNSUPPORTED = "Unsupported audio format: "  # contract section 7.2
SPEED_STEP = 0.05  # contract section 7.3
EXPRESSIVITY = Knob("expressivity", -2, 2, 0, "Taken, without effect here.")


class Edition(Enum):
    """Which of the two paths."""

    FIRST = "/v1/speak"
    SECOND = "/v2/speak"


SPEED: Mapping[Edition, Knob] = {
    Edition.FIRST: Knob("speed", 0.7, 1.5, 1, "Times the voice's natural speed."),
    Edition.SECOND: Knob(
        "speed", 0.5, 1.5, 1, "Times the voice's natural speed, in steps of 0.05."
    ),
}
STREAMED: tuple[str, ...] = (
    "model",
    "encoding",
    "sample_rate",
    "speed",
    "mip_opt_out",
    "container",
)
REQUESTED: tuple[str, ...] = (*STREAMED, "bit_rate", "callback", "callback_method")
ONLY_SECOND = ("expressivity", "priority")


@dataclass(frozen=True, slots=True)
class Allowed:
    """What goes with an encoding; the first of each is the default."""

    containers: tuple[Container, ...]
    rates_hz: tuple[int, ...]
    bit_rates: tuple[int, ...] | range = ()
    bit_rate: int | None = None
    """The default, for encodings that have one."""


_RAW = (Container.WAV, Container.NONE)
_BARE = (Container.NONE,)
FORMATS: Mapping[SpokenEncoding, Allowed] = {
    SpokenEncoding.LINEAR16: Allowed(_RAW, (24_000, 8_000, 16_000, 32_000, 48_000)),
    SpokenEncoding.MULAW: Allowed(_RAW, (8_000, 16_000)),
    SpokenEncoding.ALAW: Allowed(_RAW, (8_000, 16_000)),
    SpokenEncoding.MP3: Allowed(_BARE, (22_050,), (32_000, 48_000), 48_000),
    SpokenEncoding.OPUS: Allowed((Container.OGG,), (48_000,), range(4_000, 650_001), 12_000),
    SpokenEncoding.FLAC: Allowed(_BARE, (22_050, 8_000, 16_000, 32_000, 48_000)),
    SpokenEncoding.AAC: Allowed(_BARE, (22_050,), range(4_000, 192_001), 48_000),
}
ON_A_STREAM = (SpokenEncoding.LINEAR16, SpokenEncoding.MULAW, SpokenEncoding.ALAW)
SECOND_RATE_HZ = 44_100
"""What linear16 may have on /v2/speak besides."""


def parse(raw_query: str, edition: Edition, *, streamed: bool) -> SpeakSettings:
    """Read the part of the URL after `?`.

    Args:
        raw_query: As in wire/query.py.
        edition: The path it came on.
        streamed: Over a WebSocket, not as a request.

    Raises:
        BadQuery: Unknown or doubled parameters, or a value or a format that does not exist.
        BadRequest: A model that belongs to the other path.
    """
    names = STREAMED if streamed else REQUESTED
    if edition is Edition.SECOND:
        names = (*names, *ONLY_SECOND)
    given = values_by_name(raw_query, {*names, "tag"})
    once = only_once(given, names)
    boolean("mip_opt_out", once)
    if once.get("callback"):
        raise BadQuery("callback is not supported here: the answer is the speech")
    if "expressivity" in once:
        EXPRESSIVITY.parse(once["expressivity"])
    return SpeakSettings(
        model=_model(once.get("model"), edition),
        form=_format(once, edition, streamed),
        speed=speed(once.get("speed"), edition),
        tags=tuple(given.get("tag", ())),
    )


def speed(text: str | None, edition: Edition) -> float:
    """Read a speed.

    Raises:
        BadQuery: Out of range, or not in steps where steps are the rule.
    """
    if text is None:
        return 1.0
    value = SPEED[edition].parse(text)
    if edition is Edition.SECOND and not on_step(value):
        raise BadQuery(f"speed must be a multiple of {SPEED_STEP}, not {value:g}")
    return value


def on_step(value: float) -> bool:
    return abs(value / SPEED_STEP - round(value / SPEED_STEP)) < 1e-6


def _model(name: str | None, edition: Edition) -> str:
    if edition is Edition.FIRST:
        return DEFAULT_MODEL if name is None else name
    if name is None:
        raise BadQuery("Failed to deserialize query parameters: missing field `model`")
    if name.startswith("aura-"):
        raise BadRequest(
            "Bad Request: No such model/version combination found. "
            "Aura models are served on /v1/speak."
        )
    return name


def _format(once: Mapping[str, str], edition: Edition, streamed: bool) -> SpeechFormat:
    """Find the format in the table, or say what is not in it."""
    text = once.get("encoding", "linear16" if streamed else "mp3")
    encoding = next((each for each in SpokenEncoding if each == text), None)
    if encoding is None or (streamed and encoding not in ON_A_STREAM):
        names = ", ".join(ON_A_STREAM if streamed else SpokenEncoding)
        raise BadQuery(f"{UNSUPPORTED}encoding must be one of {names}, not {shown(text)}")
    allowed = FORMATS[encoding]
    rates_hz = allowed.rates_hz
    if edition is Edition.SECOND and encoding is SpokenEncoding.LINEAR16:
        rates_hz += (SECOND_RATE_HZ,)
    container = once.get("container")
    containers = _BARE if streamed else allowed.containers
    if container is not None and container not in containers:
        raise BadQuery(
            f"{UNSUPPORTED}container must be {' or '.join(containers)} with {encoding}, "
            f"not {shown(container)}"
        )
    return SpeechFormat(
        encoding,
        containers[0] if container is None else Container(container),
        _whole("sample_rate", once.get("sample_rate"), rates_hz, rates_hz[0], encoding),
        None
        if allowed.bit_rate is None and "bit_rate" not in once
        else _whole(
            "bit_rate", once.get("bit_rate"), allowed.bit_rates, allowed.bit_rate or 0, encoding
        ),
    )


def _whole(
    name: str,
    text: str | None,
    choices: tuple[int, ...] | range,
    default: int,
    encoding: SpokenEncoding,
) -> int:
    if text is None:
        return default
    value = float(text) if NUMBER.fullmatch(text) else None
    if value in choices:
        return int(value or 0)
    raise BadQuery(
        f"{UNSUPPORTED}{name} must be {_listed(choices)} with {encoding}, not {shown(text)}"
    )


def _listed(choices: tuple[int, ...] | range) -> str:
    if isinstance(choices, range):
        return f"from {choices[0]} to {choices[-1]}"
    return " or ".join(map(str, sorted(choices))) or "left out"

"""The options that several commands share, each described once."""

from typing import Annotated

import typer

from turnwise.client import Options
from turnwise.engine.load import NAMES
from turnwise.settings import EAGER_EOT_THRESHOLD, EOT_THRESHOLD, EOT_TIMEOUT_MS, Knob


def _help(knob: Knob) -> str:
    default = "off" if knob.default is None else f"{knob.default:g}"
    return f"{knob.meaning} From {knob.low:g} to {knob.high:g}; {default} unless given."


def known_engine(name: str | None) -> str | None:
    """Refuse an engine that does not exist before anything is started."""
    if name is not None and name not in NAMES:
        raise typer.BadParameter(f"no engine is called {name!r}; there are: {', '.join(NAMES)}")
    return name


Url = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="A running server, such as ws://localhost:8080. Without it one is started for "
        "this command and stopped after it.",
    ),
]
EngineName = Annotated[
    str | None,
    typer.Option("--engine", callback=known_engine, help="Engine of the server that is started."),
]
ApiKey = Annotated[
    str | None,
    typer.Option(envvar="TURNWISE_API_KEY", show_envvar=True, help="Key for the server at --url."),
]
Eot = Annotated[float | None, typer.Option("--eot-threshold", help=_help(EOT_THRESHOLD))]
Eager = Annotated[
    float | None, typer.Option("--eager-eot-threshold", help=_help(EAGER_EOT_THRESHOLD))
]
Timeout = Annotated[int | None, typer.Option("--eot-timeout-ms", help=_help(EOT_TIMEOUT_MS))]
Keyterms = Annotated[
    list[str] | None,
    typer.Option("--keyterm", metavar="TERM", help="A term to listen for; may be repeated."),
]
Numerals = Annotated[bool, typer.Option("--numerals", help="Write numbers as digits.")]
Json = Annotated[
    bool, typer.Option("--json", help="Print the wire's own messages, one JSON object a line.")
]


def device(text: str | None) -> int | str | None:
    """Read a device's number, or part of its name."""
    return int(text) if text and text.isdigit() else text


def stream_options(
    eot: float | None = None,
    eager: float | None = None,
    timeout_ms: int | None = None,
    keyterms: list[str] | None = None,
    numerals: bool = False,
) -> Options:
    """Return what was given, as the client takes it."""
    options = Options(keyterms=keyterms or [], numerals=numerals)
    if eot is not None:
        options["eot_threshold"] = eot
    if eager is not None:
        options["eager_eot_threshold"] = eager
    if timeout_ms is not None:
        options["eot_timeout_ms"] = timeout_ms
    return options

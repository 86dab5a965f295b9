"""Where to call and how: options -> settings, URL, headers, messages; and what a refusal says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TypedDict
from urllib.parse import urlencode, urlsplit, urlunsplit

import msgspec
from msgspec import UNSET

from turnwise.errors import BadQuery, HandshakeRefused
from turnwise.settings import Encoding, Expecting, Model, Redact, StreamSettings
from turnwise.wire.messages import Configure, NewThresholds
from turnwise.wire.query import build, parse

PATH = "/v2/listen"
SCHEMES = {"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}


class Options(TypedDict, total=False):
    """What `connect` takes beside the URL; what is left out is the server's default.

    Ranges and meanings are those of the query's parameters, declared in `settings.py`.
    """

    model: Model | str
    """flux-general-en unless said otherwise."""
    encoding: Encoding | str | None
    """linear16 unless said otherwise; None for WAV, Ogg and WebM, which say it themselves."""
    sample_rate: int | None
    """Hz; 16000 unless said otherwise, or None for a container."""
    eot_threshold: float
    eager_eot_threshold: float
    eot_timeout_ms: int
    keyterms: Iterable[str]
    language_hints: Iterable[str]
    numerals: bool
    profanity_filter: bool
    redact: Redact | str
    tags: Iterable[str]
    agent_said: str
    """What the other side said last, for a better guess at the end of the next turn."""
    expecting: Expecting | str
    """What the next turn will hold."""


class Changes(TypedDict, total=False):
    """What `configure` takes; what is left out stays as it is. A list replaces the one before."""

    eot_threshold: float
    eager_eot_threshold: float | None
    """None switches eager events off."""
    eot_timeout_ms: int
    keyterms: Iterable[str]
    language_hints: Iterable[str]
    numerals: bool
    profanity_filter: bool
    agent_said: str
    """What the other side has just said; empty clears it."""
    expecting: Expecting | str
    """What the next turn will hold; empty clears it."""


LISTS = {"keyterms": "keyterm", "language_hints": "language_hint", "tags": "tag"}
"""Options that are repeated parameters on the wire, and what they are called there."""
NO_CHANGE = NewThresholds()


@dataclass(frozen=True, slots=True)
class Address:
    """A server, and the credentials to show it."""

    url: str
    """Without a query."""
    headers: Mapping[str, str]

    def with_query(self, settings: StreamSettings) -> str:
        return f"{self.url}?{build(settings)}"

    @property
    def local(self) -> bool:
        """Whether the server is on this machine, where no proxy leads."""
        host = urlsplit(self.url).hostname or ""
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost" or host.endswith(".localhost")


def settings_of(options: Options) -> StreamSettings:
    """Read the options as the server will read them.

    Raises:
        BadQuery: A value is of the wrong kind or out of range, or two do not fit.
        NoSuchModel: No server has that model.
    """
    given: dict[str, object] = {"model": Model.ENGLISH, "encoding": Encoding.LINEAR16}
    given.update(options)
    if given["encoding"] is not None and "sample_rate" not in given:
        given["sample_rate"] = 16_000
    pairs: list[tuple[str, str]] = []
    for name, value in given.items():
        if value is None:
            continue
        if name in LISTS:
            assert not isinstance(value, str), f"{name} is a list"
            assert isinstance(value, Iterable), f"{name} is a list"
            pairs += [(LISTS[name], str(each)) for each in value]
        else:
            pairs.append((name, str(value)))
    return parse(urlencode(pairs))


def change_of(changes: Changes) -> Configure:
    """Write changes as the message that asks for them."""
    thresholds = NewThresholds(
        changes.get("eot_threshold", UNSET),
        changes.get("eager_eot_threshold", UNSET),
        changes.get("eot_timeout_ms", UNSET),
    )
    return Configure(
        None if thresholds == NO_CHANGE else thresholds,
        list(changes["keyterms"]) if "keyterms" in changes else None,
        list(changes["language_hints"]) if "language_hints" in changes else None,
        changes.get("numerals"),
        changes.get("profanity_filter"),
        changes.get("agent_said"),
        changes.get("expecting"),
    )


def address(url: str, api_key: str | None, token: str | None) -> Address:
    """Complete a server's URL and write its credentials as headers.

    Args:
        url: ws, wss, http or https; without a path, that of the recogniser is meant.
        api_key: Sent as `Authorization: Token`.
        token: A temporary one; sent as `Authorization: Bearer`, instead of the key.

    Raises:
        BadQuery: The URL is of another kind, or has a query of its own.
    """
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES or not parts.netloc:
        raise BadQuery(f"a server's URL begins with ws:// or wss://, unlike {url[:80]!r}")
    if parts.query:
        raise BadQuery("settings are arguments of connect(), not part of the URL")
    path = PATH if parts.path in ("", "/") else parts.path
    headers = {}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    elif api_key is not None:
        headers["Authorization"] = f"Token {api_key}"
    return Address(urlunsplit((SCHEMES[parts.scheme], parts.netloc, path, "", "")), headers)


class _Refusal(msgspec.Struct):
    err_code: str = ""
    err_msg: str = ""


def refusal(status: int, dg_error: str | None, body: bytes | bytearray) -> HandshakeRefused:
    """Read the answer to a handshake that was not accepted (contract section 1.5).

    Args:
        status: HTTP's.
        dg_error: The header that repeats the message, if there was one.
        body: JSON if a recogniser refused; anything if it was a proxy or another program.
    """
    try:
        said = msgspec.json.decode(body, type=_Refusal)
    except (msgspec.DecodeError, UnicodeDecodeError):
        said = _Refusal()
    return HandshakeRefused(
        status, said.err_code or "UNKNOWN", said.err_msg or dg_error or "no reason given"
    )


def is_temporary(refused: HandshakeRefused) -> bool:
    """Whether the same handshake may be accepted a little later."""
    return refused.status == 429 or refused.status >= 500

"""Every message of /v2/listen, one type each, in the order a conversation meets them.

Names, units and optional fields are the wire's own: contract sections 3, 4 and 11.
Seconds are absolute, from the start of the stream.
"""

from enum import StrEnum

from msgspec import UNSET, Struct, UnsetType


class EventName(StrEnum):
    UPDATE = "Update"
    START_OF_TURN = "StartOfTurn"
    EAGER_END_OF_TURN = "EagerEndOfTurn"
    TURN_RESUMED = "TurnResumed"
    END_OF_TURN = "EndOfTurn"


# What the server says.


class Connected(Struct, frozen=True, tag="Connected", tag_field="type"):
    request_id: str
    sequence_id: int


class SpokenWord(Struct, frozen=True, omit_defaults=True):
    word: str
    confidence: float
    start: float | UnsetType = UNSET
    end: float | UnsetType = UNSET


class TurnInfo(Struct, frozen=True, tag="TurnInfo", tag_field="type", omit_defaults=True):
    request_id: str
    event: EventName
    turn_index: int
    audio_window_start: float
    audio_window_end: float
    transcript: str
    words: list[SpokenWord]
    end_of_turn_confidence: float
    sequence_id: int
    languages: list[str] | UnsetType = UNSET
    languages_hinted: list[str] | UnsetType = UNSET
    trigger: str | UnsetType = UNSET
    """`model`, `timeout` or `manual`, and perhaps others one day; on EndOfTurn only."""


class ActiveThresholds(Struct, frozen=True, omit_defaults=True):
    """The thresholds in force; eager_eot_threshold is missing while eager events are off."""

    eot_threshold: float | UnsetType = UNSET
    eot_timeout_ms: int | UnsetType = UNSET
    eager_eot_threshold: float | UnsetType | None = UNSET


class ConfigureSuccess(
    Struct, frozen=True, tag="ConfigureSuccess", tag_field="type", omit_defaults=True
):
    """The whole active configuration, not only what was sent."""

    request_id: str
    sequence_id: int
    thresholds: ActiveThresholds
    keyterms: list[str]
    language_hints: list[str] | UnsetType = UNSET
    numerals: bool | UnsetType = UNSET
    agent_said: str | UnsetType = UNSET
    """Ours, like `expecting`: only clients that gave one see it."""
    expecting: str | UnsetType = UNSET


class ConfigureFailure(
    Struct, frozen=True, tag="ConfigureFailure", tag_field="type", omit_defaults=True
):
    """Nothing changed; the stream goes on as it was."""

    request_id: str
    sequence_id: int
    code: str | UnsetType = UNSET
    description: str | UnsetType = UNSET


class Warning(Struct, frozen=True, tag="Warning", tag_field="type"):  # noqa: A001 - the wire's name
    request_id: str
    sequence_id: int
    code: str
    description: str


class Error(Struct, frozen=True, tag="Error", tag_field="type"):
    """The stream ends. No request_id: strict old clients refuse one (contract 4.7)."""

    sequence_id: int
    code: str
    description: str


ServerMessage = Connected | TurnInfo | ConfigureSuccess | ConfigureFailure | Warning | Error


# What the client says.


class CloseStream(Struct, frozen=True, tag="CloseStream", tag_field="type"):
    """No more audio comes. The open turn is not ended (contract 3.2)."""


class ForceEndTurn(Struct, frozen=True, tag="ForceEndTurn", tag_field="type"):
    """The turn is over because the client says so (contract 3.3)."""


class NewThresholds(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is left out stays; null stays too, but switches eager events off (contract 14.13)."""

    eot_threshold: float | str | UnsetType | None = UNSET
    eager_eot_threshold: float | str | UnsetType | None = UNSET
    eot_timeout_ms: int | float | str | UnsetType | None = UNSET


class Configure(
    Struct,
    frozen=True,
    tag="Configure",
    tag_field="type",
    forbid_unknown_fields=True,
    omit_defaults=True,
):
    """Change what is given, in order with the audio (contract 3.4)."""

    thresholds: NewThresholds | None = None
    keyterms: list[str] | str | None = None
    language_hints: list[str] | None = None
    numerals: bool | None = None
    profanity_filter: bool | None = None
    agent_said: str | None = None
    """Ours, like `expecting`; an empty string clears either."""
    expecting: str | None = None


ClientMessage = CloseStream | ForceEndTurn | Configure

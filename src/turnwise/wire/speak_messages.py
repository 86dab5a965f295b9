"""Every message of /v1/speak and /v2/speak, in the order a conversation meets them.

Names, units and optional fields are the wire's own: contract sections 7.1 and 7.3. Speech
itself travels as binary messages without a header.
"""

from msgspec import UNSET, Struct, UnsetType

# What the client says.


class Speak(Struct, frozen=True, tag="Speak", tag_field="type"):
    """Text to be spoken after all that came before."""

    text: str


class Flush(Struct, frozen=True, tag="Flush", tag_field="type"):
    """Speak what is there. On /v2/speak it ends the turn, too."""


class Clear(Struct, frozen=True, tag="Clear", tag_field="type"):
    """Forget what was not spoken yet. /v1/speak only."""


class Close(Struct, frozen=True, tag="Close", tag_field="type"):
    """No more text comes: speak what is there, then close."""


class PlaybackOffset(Struct, frozen=True):
    type: str
    """`time_ms` and nothing else."""
    value: int
    """Milliseconds of the session's audio that were played."""


class Interrupt(Struct, frozen=True, tag="Interrupt", tag_field="type", omit_defaults=True):
    """The user speaks over it: say no more. /v2/speak only."""

    playback_offset: PlaybackOffset | None = None


class Configure(Struct, frozen=True, tag="Configure", tag_field="type", omit_defaults=True):
    """From here on. /v2/speak only."""

    speed: float | None = None


FirstMessage = Speak | Flush | Clear | Close
"""What a client says on /v1/speak."""
SecondMessage = Speak | Flush | Interrupt | Configure | Close
"""What a client says on /v2/speak."""


# What the server says on /v1/speak.


class Metadata(Struct, frozen=True, tag="Metadata", tag_field="type"):
    request_id: str
    model_name: str
    model_version: str
    model_uuid: str


class SequenceFlushed(Struct, frozen=True, tag="Flushed", tag_field="type"):
    """All audio of a flush was sent."""

    sequence_id: int


class Cleared(Struct, frozen=True, tag="Cleared", tag_field="type"):
    sequence_id: int


class FirstWarning(Struct, frozen=True, tag="Warning", tag_field="type"):
    """deepgram-sdk 5 knows the last two names, later ones the first two."""

    code: str
    description: str
    warn_code: str
    warn_msg: str


# What the server says on /v2/speak.


class Connected(Struct, frozen=True, tag="Connected", tag_field="type"):
    request_id: str
    model_name: str
    model_version: str
    model_uuids: list[str]


class SpeechStarted(Struct, frozen=True, tag="SpeechStarted", tag_field="type"):
    speech_id: str


class SpeechFlushed(Struct, frozen=True, tag="Flushed", tag_field="type"):
    speech_id: str


class ControlsApplied(Struct, frozen=True):
    pronunciations_applied: int = 0
    pronunciation_warnings: int = 0


class TurnFigures(Struct, frozen=True):
    speech_id: str
    audio_duration_ms: int
    input_character_count: int
    billable_character_count: int
    controls_applied: ControlsApplied = ControlsApplied()


class SpeechMetadata(TurnFigures, frozen=True, tag="SpeechMetadata", tag_field="type"):
    """The turn's last message."""


class SpeechInterrupted(
    Struct, frozen=True, tag="SpeechInterrupted", tag_field="type", omit_defaults=True
):
    audio_played_ms: int
    metadata: TurnFigures
    text_spoken: str | UnsetType = UNSET
    text_remaining: str | UnsetType = UNSET


class Applied(Struct, frozen=True, omit_defaults=True):
    """What is in force; a field is missing until it was set."""

    speed: float | UnsetType = UNSET


class ConfigureSuccess(Struct, frozen=True, tag="ConfigureSuccess", tag_field="type"):
    applied: Applied


class ConfigureFailure(
    Struct, frozen=True, tag="ConfigureFailure", tag_field="type", omit_defaults=True
):
    code: str
    description: str
    field: str | UnsetType = UNSET
    value: float | UnsetType = UNSET


class SessionMetadata(Struct, frozen=True, tag="SessionMetadata", tag_field="type"):
    total_audio_duration_ms: int
    total_input_character_count: int
    total_billable_character_count: int


class SecondWarning(Struct, frozen=True, tag="Warning", tag_field="type"):
    code: str
    description: str


class SpeakError(Struct, frozen=True, tag="Error", tag_field="type"):
    """The connection ends."""

    code: str
    description: str


ServerMessage = (
    Metadata
    | SequenceFlushed
    | Cleared
    | FirstWarning
    | Connected
    | SpeechStarted
    | SpeechFlushed
    | SpeechMetadata
    | SpeechInterrupted
    | ConfigureSuccess
    | ConfigureFailure
    | SessionMetadata
    | SecondWarning
    | SpeakError
)


# What POST /v1/speak takes.


class Ask(Struct, frozen=True):
    text: str | None = None
    url: str | None = None

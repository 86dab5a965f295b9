"""Every knob once: its wire name, range, default and meaning; and every limit, with its reason.

The query string, the Configure message, the command line and the documentation's tables
all read these declarations (contract section 1.2).
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from turnwise.errors import BadQuery

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|nan|inf", re.ASCII)
"""What counts as a number in a query; float() would also take `1_0`, ` 1 ` and other digits."""
SHOWN_CHARACTERS_MAX = 40
"""Of a value that is refused: enough to know it again in a header or a log."""


def shown(text: str) -> str:
    """Quote a client's own words so that they are short and safe in an HTTP header."""
    return ascii(text[:SHOWN_CHARACTERS_MAX])


@dataclass(frozen=True, slots=True)
class Knob:
    name: str
    low: float
    high: float
    default: float | None
    meaning: str
    whole: bool = False
    """Takes whole numbers only."""

    def parse(self, text: str) -> float:
        """Read a query string's value; `0.70`, `.7` and `1` are all numbers there.

        Raises:
            BadQuery: Not a number, or out of range.
        """
        if not NUMBER.fullmatch(text):
            raise BadQuery(f"{self.name} must be a number, not {shown(text)}")
        value = float(text)
        problem = self.problem(value)
        if problem is not None:
            raise BadQuery(problem)
        return value

    def problem(self, value: float) -> str | None:
        """Say what is wrong with a value, or None if it will do."""
        if not self.low <= value <= self.high:  # refuses NaN too
            return f"{self.name} must be from {self.low:g} to {self.high:g}, not {value:g}"
        if self.whole and value != int(value):
            return f"{self.name} must be a whole number, not {value:g}"
        return None


# Ranges: contract section 14.3, the newer and wider ones.
EOT_THRESHOLD = Knob(
    "eot_threshold",
    0.5,
    1.0,
    0.7,
    "Confidence that ends a turn. Higher waits longer; 1.0 leaves it to the time-out and to you.",
)
EAGER_EOT_THRESHOLD = Knob(
    "eager_eot_threshold",
    0.3,
    0.9,
    None,
    "Confidence that announces a likely end. Off if unset; at most eot_threshold.",
)
EOT_TIMEOUT_MS = Knob(
    "eot_timeout_ms",
    500,
    60_000,
    5_000,
    "Silence after speech that ends a turn whatever the confidence.",
    whole=True,
)


class Model(StrEnum):
    ENGLISH = "flux-general-en"
    MULTILINGUAL = "flux-general-multi"


class Encoding(StrEnum):
    LINEAR16 = "linear16"
    LINEAR32 = "linear32"
    MULAW = "mulaw"
    ALAW = "alaw"
    OPUS = "opus"
    OGG_OPUS = "ogg-opus"


class Redact(StrEnum):
    NUMBERS = "numbers"
    AGGRESSIVE_NUMBERS = "aggressive_numbers"


class Expecting(StrEnum):
    """What a caller may say the next turn will hold."""

    DIGITS = "digits"
    ADDRESS = "address"
    SPELLING = "spelling"
    YES_NO = "yes-no"


SAMPLE_RATES_HZ = (8_000, 16_000, 24_000, 44_100, 48_000)
LANGUAGES = ("en", "es", "fr", "de", "hi", "ru", "pt", "ja", "it", "nl")
"""Base languages that may be hinted (contract section 1.2)."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a turn ends. Valid by construction of whoever makes one: query or Configure."""

    eot: float = 0.7
    eager: float | None = None
    timeout_ms: int = 5_000


@dataclass(frozen=True, slots=True)
class TextStyle:
    """How recognised words are shown."""

    numerals: bool = False
    profanity_filter: bool = False
    redact: Redact | None = None


@dataclass(frozen=True, slots=True)
class Hints:
    """What a caller knows of the next turn; none of it is needed."""

    agent_said: str = ""
    """What the other side said last, or its end."""
    expecting: Expecting | None = None
    """Goes before what can be guessed from agent_said."""


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """Everything one connection's URL says, and what Configure may change later."""

    model: Model
    encoding: Encoding | None = None
    """None: a container, recognised from its first bytes."""
    sample_rate_hz: int | None = None
    thresholds: Thresholds = Thresholds()
    style: TextStyle = TextStyle()
    keyterms: tuple[str, ...] = ()
    language_hints: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    hints: Hints = Hints()


class SpokenEncoding(StrEnum):
    """How speech is sent (contract section 7.2); a WebSocket carries the first three."""

    LINEAR16 = "linear16"
    MULAW = "mulaw"
    ALAW = "alaw"
    MP3 = "mp3"
    OPUS = "opus"
    FLAC = "flac"
    AAC = "aac"


class Container(StrEnum):
    NONE = "none"
    WAV = "wav"
    OGG = "ogg"


@dataclass(frozen=True, slots=True)
class SpeechFormat:
    """What the bytes of speech are. Valid by construction of wire/speak_query.py."""

    encoding: SpokenEncoding = SpokenEncoding.LINEAR16
    container: Container = Container.NONE
    sample_rate_hz: int = 24_000
    bit_rate: int | None = None
    """Bits a second, of lossy encodings."""


@dataclass(frozen=True, slots=True)
class SpeakSettings:
    """Everything the URL of a request for speech says."""

    model: str
    form: SpeechFormat = SpeechFormat()
    speed: float = 1.0
    tags: tuple[str, ...] = ()


# Limits of one stream.
KEYTERMS_MAX = 100  # contract section 1.2
KEYTERM_TOKENS_MAX = 500  # contract section 1.2, over all terms
KEYTERM_TOKEN_CHARACTERS = 10  # a longer word is several tokens; few English words are longer
LANGUAGE_HINTS_MAX = 100  # each comes back in every TurnInfo
TAG_CHARACTERS_MAX = 128  # contract section 1.2
AGENT_SAID_CHARACTERS_MAX = 2_000  # its last sentence counts; the URL has to hold it
TEXT_MESSAGE_BYTES_MAX = 1 << 20  # contract section 14.29
BINARY_MESSAGE_BYTES_MAX = 16 << 20  # contract section 14.29
URL_BYTES_MAX = 32 << 10  # 100 keyterms of 100 characters, percent-encoded, fit
CONTAINER_HEADER_BYTES_MAX = 1 << 20  # no real container takes longer to its audio
DECODE_SLICE_BYTES = 4 << 10  # decoded at a time, so that one message cannot become gigabytes
UPDATE_FRAMES = 3  # an Update every 240 ms of audio (contract section 5.1)
IDLE_SECONDS_MAX = 60.0  # without any frame, ping and pong included (contract section 3.5)
STALL_MS_MIN = 1_000  # less may be a burst still to come: an Ogg page holds up to 1 s
SEND_SECONDS_MAX = 30.0  # a client that reads nothing for so long is gone
DRAIN_SECONDS_MAX = 600.0  # how long open streams may go on after SIGTERM, unless told otherwise
STEP_SECONDS_MAX = 20.0  # an engine that takes longer for one frame is dead
OPEN_SECONDS_MAX = 30.0  # an engine that takes longer to open a stream is dead
TOKEN_SECONDS_DEFAULT = 30  # of a temporary token (contract section 1.6)
TOKEN_SECONDS_MAX = 3_600

# Limits of speech.
SPEAK_CHARACTERS_MAX = 2_000  # of one message or request (contract sections 7.1 and 7.2)
SPEAK_CHARACTERS_A_MINUTE = 2_400  # contract section 7.1
FLUSHES_A_MINUTE = 20  # contract section 7.1
SPEAK_SECONDS_MAX = 3_600.0  # of one connection (contract sections 7.1 and 7.3)
SPEAK_BODY_BYTES_MAX = 2 << 20  # contract section 7.2
TURN_CHARACTERS_MAX = 100_000  # of one turn of /v2/speak: two hours of speech
TURNS_KEPT_MAX = 100  # of /v2/speak: turns sent but perhaps not yet heard
TURNS_WAITING_MAX = 100  # flushed, and waiting for the ones before
SPEECH_STREAMS_MAX = 100  # at once, unless told otherwise; a voice takes a hundredth of a core

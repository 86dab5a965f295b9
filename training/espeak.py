"""Speak with espeak-ng's library, which tells when each sound begins; its program does not.

Only one thread of a process may use it.
"""

import ctypes
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

AUDIO_OUTPUT_RETRIEVAL = 1
INITIALISE_PHONEME_EVENTS = 1
PARAMETER_RATE, PARAMETER_PITCH = 1, 3
POSITION_CHARACTER = 1
PHONEMES_IPA = 2
CHARACTERS_UTF8 = 1
EVENT_LIST_END, EVENT_PHONEME = 0, 7


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position_ms", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("string", ctypes.c_char * 8),
    )


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


@dataclass(frozen=True, slots=True)
class Spoken:
    samples: npt.NDArray[np.int16]
    rate_hz: int
    sounds: tuple[tuple[str, float], ...]
    """Name, as espeak-ng writes it, and start in seconds; pauses are named "_" and "_:"."""


@cache
def _library() -> tuple[ctypes.CDLL, int]:
    """Load and start the library. Raises OSError if it is not installed."""
    library = ctypes.CDLL("libespeak-ng.so.1")
    rate_hz = library.espeak_Initialize(AUDIO_OUTPUT_RETRIEVAL, 0, None, INITIALISE_PHONEME_EVENTS)
    assert rate_hz > 0, "espeak-ng did not start"
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    return library, rate_hz


def phonemes(text: str, voice: str) -> str:
    """Return how espeak-ng would say a text, in its International Phonetic Alphabet.

    Raises:
        OSError: the library is not installed.
        ValueError: there is no such voice.
    """
    library, _ = _library()
    _use(library, voice)
    rest = ctypes.c_char_p(text.encode())
    clauses = []
    while rest.value is not None:
        said = library.espeak_TextToPhonemes(ctypes.byref(rest), CHARACTERS_UTF8, PHONEMES_IPA)
        clauses.append(said.decode())
    return " ".join(clauses)


def speak(text: str, voice: str, pitch: int, words_per_minute: int) -> Spoken:
    """Speak a text.

    Args:
        text: what to say.
        voice: accent and variant, "en-us+f2".
        pitch: 0 to 99; 50 is the voice's own.
        words_per_minute: 80 to 450.

    Raises:
        OSError: the library is not installed.
        ValueError: there is no such voice.
    """
    library, rate_hz = _library()
    pieces: list[npt.NDArray[np.int16]] = []
    sounds: list[tuple[str, float]] = []

    def receive(
        samples: ctypes.Array[ctypes.c_short], count: int, events: ctypes.Array[_Event]
    ) -> int:
        if samples and count:
            pieces.append(np.ctypeslib.as_array(samples, (count,)).astype(np.int16))
        place = 0
        while events[place].type != EVENT_LIST_END:
            event = events[place]
            if event.type == EVENT_PHONEME:
                sounds.append((event.string.decode(), event.audio_position_ms / 1000))
            place += 1
        return 0

    callback = _Callback(receive)
    library.espeak_SetSynthCallback(callback)
    _use(library, voice)
    library.espeak_SetParameter(PARAMETER_RATE, words_per_minute, 0)
    library.espeak_SetParameter(PARAMETER_PITCH, pitch, 0)
    data = text.encode() + b"\0"
    library.espeak_Synth(data, len(data), 0, POSITION_CHARACTER, 0, CHARACTERS_UTF8, None, None)
    library.espeak_Synchronize()
    return Spoken(np.concatenate([np.zeros(0, np.int16), *pieces]), rate_hz, tuple(sounds))


def _use(library: ctypes.CDLL, voice: str) -> None:
    if library.espeak_SetVoiceByName(voice.encode()) != 0:
        raise ValueError(f"espeak-ng has no voice {voice!r}")

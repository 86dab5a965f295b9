"""The names clients ask for, and which local voice answers to each.

A name is `aura-NAME-LANGUAGE`, `aura-2-NAME-LANGUAGE` or `flux-NAME-LANGUAGE` (contract
sections 7.1 and 7.3), or an engine's own name of a voice. What NAME sounds like is in
CHARACTERS; a name that is not there is spoken by the first voice of the language, so that a
voice published tomorrow still speaks.
"""

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from turnwise.errors import BadRequest
from turnwise.settings import shown
from turnwise.speech.interface import Voice

NO_SUCH_VOICE = "Bad Request: No such model/version combination found."  # contract section 7.2
NAME = re.compile(r"(aura-2|aura|flux)-([a-z]{2,20})-([a-z]{2})")
LANGUAGES = ("en", "es", "de", "nl", "fr", "it", "ja")
VERSION = "2026-01-01.0"
"""What the wire calls the version of a voice: that of this table."""
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "voices.turnwise")
FLUX = ("alexis", "haley", "kit")
"""Voices of /v2/speak that are known by name."""


@dataclass(frozen=True, slots=True)
class Character:
    feminine: bool
    accent: str = "en-US"


_F, _M = Character(True), Character(False)
_BRITISH_F, _BRITISH_M = Character(True, "en-GB"), Character(False, "en-GB")
_AUSTRALIAN_F, _AUSTRALIAN_M = Character(True, "en-AU"), Character(False, "en-AU")
_FEMININE = (
    "amalthea andromeda asteria aurora callista cora cordelia delia electra harmonia helena hera "
    "iris janus juno luna minerva ophelia phoebe selene stella thalia vesta alexis haley kit"
)
_MASCULINE = (
    "apollo arcas aries atlas hermes jupiter mars neptune odysseus orion orpheus perseus pluto "
    "saturn zeus"
)
CHARACTERS: Mapping[str, Character] = {
    **dict.fromkeys(_FEMININE.split(), _F),
    **dict.fromkeys(_MASCULINE.split(), _M),
    **dict.fromkeys(("athena", "pandora"), _BRITISH_F),
    **dict.fromkeys(("draco", "helios"), _BRITISH_M),
    "angus": Character(False, "en-IE"),
    "theia": _AUSTRALIAN_F,
    "hyperion": _AUSTRALIAN_M,
}


def choose(name: str, voices: Sequence[Voice]) -> Voice:
    """Return the voice that answers to a name.

    Args:
        name: As a client asks for it, or an engine's own.
        voices: Those of the engine, best first.

    Raises:
        BadRequest: No name of a voice, or in a language that no voice here speaks.
    """
    for voice in voices:
        if voice.name == name:
            return voice
    parts = NAME.fullmatch(name)
    if parts is None or parts[3] not in LANGUAGES:
        raise BadRequest(f"{NO_SUCH_VOICE} {shown(name)} is no name of a voice.")
    speaking = [voice for voice in voices if voice.language.partition("-")[0] == parts[3]]
    if not speaking:
        raise BadRequest(f"{NO_SUCH_VOICE} No voice here speaks {parts[3]!r}.")
    character = CHARACTERS.get(parts[2])
    return (
        speaking[0] if character is None else max(speaking, key=lambda v: _likeness(v, character))
    )


def uuid_of(name: str) -> str:
    """Return a voice's id on the wire: always the same for the same name."""
    return str(uuid.uuid5(NAMESPACE, name))


def _likeness(voice: Voice, character: Character) -> int:
    """Count what a voice and a character have in common; a man is no woman with an accent."""
    same = voice.feminine is not None and voice.feminine == character.feminine
    return 2 * same + (voice.language == character.accent)

"""Voices: every published name is answered, by the voice most like it."""

import pytest

from turnwise.errors import BadRequest
from turnwise.speech.interface import Voice
from turnwise.speech.program import espeak, flite
from turnwise.speech.voices import CHARACTERS, choose, uuid_of

FLITE = flite("flite").voices
ESPEAK = espeak("espeak-ng").voices


@pytest.mark.parametrize(
    ("name", "voice"),
    [
        ("aura-2-phoebe-en", "slt"),
        ("aura-asteria-en", "slt"),
        ("aura-2-apollo-en", "rms"),
        ("aura-helios-en", "awb"),
        ("flux-haley-en", "slt"),
        ("aura-2-somebodynew-en", "slt"),
        ("kal16", "kal16"),
    ],
)
def test_a_name_is_answered_by_the_voice_most_like_it(name: str, voice: str) -> None:
    assert choose(name, FLITE).name == voice


@pytest.mark.parametrize("name", CHARACTERS)
def test_a_man_is_never_answered_by_a_woman(name: str) -> None:
    for voices in (FLITE, ESPEAK):
        assert choose(f"aura-2-{name}-en", voices).feminine == CHARACTERS[name].feminine


def test_other_languages_need_a_voice_that_speaks_them() -> None:
    assert choose("aura-2-sirio-es", ESPEAK).language == "es"
    with pytest.raises(BadRequest, match="No voice here speaks 'es'"):
        choose("aura-2-sirio-es", FLITE)


@pytest.mark.parametrize("name", ["", "nova-3", "aura-2-phoebe", "aura-2-phoebe-xx", "aura-3-a-en"])
def test_what_is_no_voice_is_refused_in_the_documented_words(name: str) -> None:
    with pytest.raises(
        BadRequest, match=r"^Bad Request: No such model/version combination found\."
    ):
        choose(name, FLITE)


def test_a_voice_of_unknown_sound_will_do() -> None:
    only = Voice("alan", "en-GB", 22_050)
    assert choose("aura-2-phoebe-en", (only,)) is only


def test_a_name_has_one_id_for_ever() -> None:
    assert uuid_of("aura-2-phoebe-en") == "63f6b77f-4a94-546d-9fa6-96abb54093c6"

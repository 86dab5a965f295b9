"""The programs themselves, where they are installed."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from training.augment import SAMPLE_RATE_HZ, Wave
from training.phones import PHONES
from training.pronounced import phones_of
from training.synthesisers import ACCENTS, VARIANTS, VOICES, Speaker, mixture, say, speaker

FESTIVAL_VOICES = {path.name for path in Path("/usr/share/festival/voices").glob("*/*")}
INSTALLED = [
    name
    for name, voice in VOICES.items()
    if shutil.which(voice.program)
    and (voice.program != "festival" or voice.name in FESTIVAL_VOICES)
]


def plain(name: str, **changes: float) -> Speaker:
    variant = VOICES[name].name or "en-us+m1"
    return Speaker(
        VOICES[name], variant, **({"tract": 1.0, "pitch": 1.0, "stretch": 1.0} | changes)
    )


def said(who: Speaker) -> Wave:
    return say(who, ["call five one two, please."])[0].samples


def spectral_centre_hz(samples: Wave) -> float:
    power = np.abs(np.fft.rfft(samples)) ** 2
    hz = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE_HZ)
    return float((power * hz).sum() / power.sum())


def test_speakers_of_a_voice_differ_and_are_named_by_what_differs() -> None:
    rng = np.random.default_rng(1)
    names = {speaker(VOICES["flite-slt"], rng).name for _ in range(20)}
    assert len(names) == 20
    assert plain("flite-slt", tract=1.05, stretch=0.8).name == "slt-105-100-080"


def test_kokoros_speakers_aremixtures_most_of_them_of_english_voices() -> None:
    rng = np.random.default_rng(1)
    names = ["af_sky", "am_adam", "bf_emma", "jm_kumo"]
    drawn = [mixture(names, rng).split("+") for _ in range(400)]
    firsts = [first for first, _, _ in drawn]
    assert 0.03 < firsts.count("jm_kumo") / 400 < 0.1
    assert all(second[0] == first[0] for first, second, _ in drawn if first[0] in "ab")
    assert {int(percents) for _, _, percents in drawn} <= set(range(51))


def test_espeak_speakers_have_an_accent_and_a_variant() -> None:
    accent, variant = speaker(VOICES["espeak"], np.random.default_rng(1)).variant.split("+")
    assert accent in ACCENTS
    assert variant in VARIANTS


@pytest.mark.parametrize("name", INSTALLED)
def test_each_voice_says_the_words_at_16_khz(name: str) -> None:
    texts = ["call five one two, please.", "w h."]
    utterances = say(plain(name), texts)
    phones = [
        [PHONES[phone.code] for phone in phones_of(one.sounds, VOICES[name].program)]
        for one in utterances
    ]
    assert " ".join(phones[0]) == "K AO L F AY V W AH N T UW P L IY Z"
    assert phones[1][-2:] == ["EY", "CH"]
    assert all(1.0 < len(one.samples) / SAMPLE_RATE_HZ < 5.0 for one in utterances[:1])


@pytest.mark.parametrize("name", INSTALLED)
def test_a_longer_stretch_takes_longer(name: str) -> None:
    assert len(said(plain(name, stretch=1.25))) > 1.1 * len(said(plain(name, stretch=0.85)))


@pytest.mark.parametrize("name", INSTALLED)
def test_a_shorter_tract_sounds_higher_but_takes_as_long(name: str) -> None:
    high, low = said(plain(name, tract=1.16)), said(plain(name, tract=0.88))
    assert len(high) == pytest.approx(len(low), rel=0.12)
    assert spectral_centre_hz(high) > spectral_centre_hz(low)


@pytest.mark.parametrize("name", INSTALLED)
@pytest.mark.parametrize("tract", [0.9, 1.15])
def test_sounds_lie_where_the_audio_is_loud(name: str, tract: float) -> None:
    one = say(plain(name, tract=tract), ["pope, please."])[0]
    loud = np.abs(one.samples) > 0.05 * np.abs(one.samples).max()
    inside = np.zeros(len(loud), bool)
    for sound in one.sounds:
        inside[int(sound.start_s * SAMPLE_RATE_HZ) : int(sound.end_s * SAMPLE_RATE_HZ)] = True
    assert np.mean(inside[loud]) > 0.9
    assert np.mean(inside) < 0.95

"""The voice tracker: speech is a voice, and nothing else is for long."""

from itertools import pairwise

import numpy as np
import pytest

from tests import voices
from turnwise.engine.voice import VoiceTracker, Voicing
from turnwise.samples.conversation import turns
from turnwise.units import Frame, samples_from_ms, seconds


def track(frames: list[Frame]) -> list[Voicing]:
    tracker = VoiceTracker()
    return [tracker.push(frame) for frame in frames]


def test_a_voice_ends_where_the_speaker_stops() -> None:
    heard = track(voices.speech(0, 20))
    ends = [now.voice_until for now, then in pairwise(heard) if now.voice_until != then.voice_until]
    for turn in turns()[:4]:
        nearest_s = min(abs(seconds(end) - turn.end_s) for end in ends if end is not None)
        assert nearest_s < 0.12


@pytest.mark.parametrize(
    "frames",
    [
        voices.silence(3),
        voices.noise(3),
        voices.noise(3, level=0.001),
        voices.silence(3) + voices.noise(3, level=0.1),
    ],
    ids=["silence", "loud hiss", "faint hiss", "a fan switched on"],
)
def test_what_has_no_pitch_is_no_voice(frames: list[Frame]) -> None:
    assert track(frames)[-1].voice_until is None


def test_a_click_is_no_voice() -> None:
    click = voices.silence(1)
    click[5][200:500] = 0.5
    assert track(click)[-1].voice_until is None


def test_a_beep_too_short_for_a_syllable_is_no_voice() -> None:
    beep = voices.silence(1)
    beep[5][300:700] = voices.tone(0.08)[0][:400]
    assert track(beep)[-1].voice_until is None


def test_a_steady_tone_becomes_part_of_the_floor() -> None:
    heard = track(voices.silence(1) + voices.tone(6))
    assert heard[-1].voice_until is not None
    assert heard[-1].voice_until <= samples_from_ms(1_000 + 3_000)


def test_a_voice_is_heard_over_noise() -> None:
    speech = [s + n for s, n in zip(voices.speech(0, 5), voices.noise(5, 0.005), strict=True)]
    assert track(speech)[-1].voice_until == pytest.approx(samples_from_ms(3_690), abs=4_000)


def test_a_vowel_from_the_first_sample_on_is_a_voice() -> None:
    vowel = track(voices.tone(0.4, pitch_hz=150))
    assert vowel[-1].voice_until is not None


def test_a_voice_has_its_pitch() -> None:
    pitches = [v.pitch_hz for v in track(voices.silence(1) + voices.tone(1, pitch_hz=200))]
    found = [pitch for pitch in pitches if pitch is not None]
    assert found
    assert np.median(found) == pytest.approx(200, rel=0.03)


def fainter(frames: list[Frame], by_db: float) -> list[Frame]:
    return [frame * np.float32(10 ** (-by_db / 20)) for frame in frames]


def test_the_agents_own_voice_far_off_is_no_voice() -> None:
    hiss = voices.noise(20, 10 ** (-60 / 20))
    echo = [e + n for e, n in zip(fainter(voices.speech(0, 20), 25), hiss, strict=True)]
    assert track(echo)[-1].voice_until is None


def test_a_faint_speaker_is_heard_on_once_they_have_been_heard() -> None:
    faint = fainter(voices.speech(0, 4), 12)
    heard = track(faint + fainter(faint, 10))
    assert heard[-1].voice_until is not None
    assert heard[-1].voice_until > samples_from_ms(5_000)


def test_the_same_audio_gives_the_same_bits() -> None:
    first, second = track(voices.speech(0, 4)), track(voices.speech(0, 4))
    for one, other in zip(first, second, strict=True):
        assert np.array_equal(one.over_floor_db, other.over_floor_db)
        assert (one.voice_until, one.pitch_hz) == (other.voice_until, other.pitch_hz)


def test_positions_are_of_the_whole_stream() -> None:
    heard = track(voices.silence(2))
    assert [v.heard_until for v in heard] == [samples_from_ms(80 * (n + 1)) for n in range(25)]

"""Resampling: faithful to the signal, late by little, and the same bits however it was cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.audio.writing import tone
from turnwise.audio import resample
from turnwise.audio.resample import RATE_HZ_MAX, RATE_HZ_MIN, TILE, Resampler, filter_for
from turnwise.errors import BadAudio
from turnwise.settings import SAMPLE_RATES_HZ
from turnwise.units import SAMPLE_RATE_HZ, Audio

RATES_HZ = [rate for rate in SAMPLE_RATES_HZ if rate != SAMPLE_RATE_HZ]
OTHER_RATES_HZ = [11_025, 12_000, 22_050, 32_000]
SETTLED = 800  # samples, 50 ms: the filter is full


def resampled(hz: float, rate_hz: int, level: float = 0.5) -> Audio:
    return Resampler(rate_hz).push(tone(hz, rate_hz, level=level).astype(np.float32))


def fitted(samples: Audio, hz: float) -> tuple[float, float, float]:
    """The tone in samples: its level, its delay in ms, and what else there is, in dB below."""
    at = np.arange(SETTLED, len(samples)) / SAMPLE_RATE_HZ
    waves = np.stack([np.sin(2 * np.pi * hz * at), np.cos(2 * np.pi * hz * at)], axis=1)
    heard = samples[SETTLED:].astype(np.float64)
    (sine, cosine), *_ = np.linalg.lstsq(waves, heard, rcond=None)
    rest = heard - waves @ [sine, cosine]
    noise_db = 10 * np.log10(np.mean(heard**2) / np.mean(rest**2))
    return np.hypot(sine, cosine), np.arctan2(-cosine, sine) / (2 * np.pi * hz) * 1000, noise_db


@pytest.mark.parametrize("rate_hz", RATES_HZ + OTHER_RATES_HZ)
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_the_bits_do_not_depend_on_how_the_stream_was_cut(
    rate_hz: int, data: st.DataObject
) -> None:
    seed = data.draw(st.integers(0, 1 << 32))
    stream = np.random.default_rng(seed).uniform(-1, 1, 3_000).astype(np.float32)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=20).map(sorted))
    whole = Resampler(rate_hz).push(stream)
    resampler = Resampler(rate_hz)
    pieces = [resampler.push(piece) for piece in np.split(stream, cuts)]
    assert np.concatenate(pieces).tobytes() == whole.tobytes()


@pytest.mark.parametrize("rate_hz", RATES_HZ + OTHER_RATES_HZ)
def test_the_bits_are_the_same_sample_by_sample(rate_hz: int) -> None:
    stream = np.random.default_rng(2).uniform(-1, 1, 1_000).astype(np.float32)
    resampler = Resampler(rate_hz)
    pieces = [resampler.push(stream[at : at + 1]) for at in range(len(stream))]
    assert np.concatenate(pieces).tobytes() == Resampler(rate_hz).push(stream).tobytes()


def test_silence_of_either_sign_is_the_same_silence() -> None:
    below_zero = np.full(100, -0.0, np.float32)
    resampler = Resampler(8_000)
    pieces = np.concatenate([resampler.push(below_zero[:33]), resampler.push(below_zero[33:])])
    assert pieces.tobytes() == bytes(4 * 200)


@pytest.mark.parametrize("rate_hz", RATES_HZ + OTHER_RATES_HZ)
def test_eighty_milliseconds_in_are_one_frame_out(rate_hz: int) -> None:
    resampler = Resampler(rate_hz)
    counts = [len(resampler.push(np.zeros(rate_hz * 80 // 1000, np.float32))) for _ in range(5)]
    assert counts == [1_280] * 5


@pytest.mark.parametrize(
    ("rate_hz", "delay_ms"), [(8_000, 2.5), (24_000, 1.5), (44_100, 1.5), (48_000, 1.5)]
)
def test_the_delay_is_what_the_module_says_and_below_three_milliseconds(
    rate_hz: int, delay_ms: float
) -> None:
    _, measured_ms, _ = fitted(resampled(100, rate_hz), 100)
    assert measured_ms == pytest.approx(delay_ms, abs=0.01)


@pytest.mark.parametrize("rate_hz", RATES_HZ + OTHER_RATES_HZ)
@pytest.mark.parametrize("hz", [100, 1_000, 2_000, 3_400, 5_000, 7_000])
def test_speech_passes_unchanged_and_without_images(rate_hz: int, hz: int) -> None:
    hz = min(hz, 3_400) if rate_hz < SAMPLE_RATE_HZ else hz
    level, _, noise_db = fitted(resampled(hz, rate_hz), hz)
    assert abs(20 * np.log10(level / 0.5)) < 0.02
    assert noise_db > 85


@pytest.mark.parametrize("rate_hz", RATES_HZ + OTHER_RATES_HZ)
def test_a_tone_stands_ninety_decibels_above_the_noise(rate_hz: int) -> None:
    _, _, noise_db = fitted(resampled(1_000, rate_hz), 1_000)
    assert noise_db > 90


@pytest.mark.parametrize("rate_hz", [24_000, 44_100, 48_000])
@pytest.mark.parametrize("hz", [9_000, 9_700, 10_500, 11_900, 15_000, 17_000, 21_000])
def test_what_would_fold_into_speech_is_gone(rate_hz: int, hz: int) -> None:
    hz = min(hz, rate_hz // 2 - 50)
    left = resampled(hz, rate_hz)[SETTLED:]
    assert 20 * np.log10(np.sqrt(np.mean(left**2)) / np.sqrt(0.125)) < -85


def test_an_overshoot_is_clipped() -> None:
    square = np.sign(tone(500, 48_000)).astype(np.float32)
    samples = Resampler(48_000).push(square)
    assert samples.max() == 1
    assert samples.min() == -1


@pytest.mark.parametrize("rate_hz", [0, RATE_HZ_MIN - 1, RATE_HZ_MAX + 1, 192_000])
def test_a_rate_out_of_range_is_bad_audio(rate_hz: int) -> None:
    with pytest.raises(BadAudio, match="from 8000 to 48000 Hz, not"):
        Resampler(rate_hz)


def test_a_rate_in_no_workable_ratio_is_bad_audio() -> None:
    with pytest.raises(BadAudio, match="8001 Hz is not supported"):
        Resampler(8_001)


@pytest.mark.parametrize("rate_hz", [8_000, 8_025, 11_025, 37_800, 44_100, 47_975])
def test_coefficients_are_bounded_and_made_of_small_products(rate_hz: int) -> None:
    weights = filter_for(rate_hz).weights
    assert weights.nbytes < 1_500_000
    assert weights.shape[1] * TILE < 9_216  # fewer than OpenBLAS gives a second thread to


def test_what_is_below_the_last_bit_of_a_sample_is_silence() -> None:
    assert Resampler(8_000).push(np.full(100, 2.0**-26, np.float32)).tobytes() == bytes(4 * 200)


def test_state_stays_bounded_however_long_the_stream_is() -> None:
    resampler = Resampler(44_100)
    for _ in range(100):
        resampler.push(np.zeros(1_001, np.float32))
    held = sum(value.nbytes for value in vars(resampler).values() if isinstance(value, np.ndarray))
    plan = filter_for(44_100)
    assert held <= 8 * (plan.taps + plan.block_in)


def test_sums_are_exact_so_their_order_cannot_matter() -> None:
    weights = filter_for(44_100).weights * float(1 << 48)
    assert np.array_equal(weights, np.rint(weights))
    assert np.abs(weights).sum(axis=1).max() * (1 << resample.SAMPLE_BITS) < 1 << 53


@pytest.mark.parametrize("rate_hz", [16_000, 22_050])
@pytest.mark.parametrize("to_hz", [8_000, 24_000, 44_100, 48_000])
def test_a_voice_at_another_rate_sounds_the_same(rate_hz: int, to_hz: int) -> None:
    pitch_hz, seconds = 1_000, 1
    tone = np.sin(2 * np.pi * pitch_hz * np.arange(rate_hz * seconds) / rate_hz)
    resampled = Resampler(rate_hz, to_hz).push((tone / 2).astype(np.float32))
    assert len(resampled) == to_hz * seconds
    settled = resampled[to_hz // 100 :].astype(np.float64)
    phase = 2 * np.pi * pitch_hz * np.arange(len(settled)) / to_hz
    basis = np.stack([np.sin(phase), np.cos(phase)], axis=1)
    weights, *_ = np.linalg.lstsq(basis, settled)
    noise = settled - basis @ weights
    assert np.hypot(*weights) == pytest.approx(0.5, rel=0.003)
    assert 20 * np.log10(0.5 / np.sqrt(2) / np.sqrt(np.mean(noise**2))) > 80

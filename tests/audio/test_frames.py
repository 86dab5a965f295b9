"""Frames: whole, in order, and the same however the audio was cut."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from turnwise.audio.frames import Framer
from turnwise.units import FRAME_SAMPLES

AUDIO = np.arange(3 * FRAME_SAMPLES + 7, dtype=np.float32)


@given(cuts=st.lists(st.integers(0, len(AUDIO))).map(sorted))
def test_frames_do_not_depend_on_how_the_audio_was_cut(cuts: list[int]) -> None:
    framer = Framer()
    actual = [frame for piece in np.split(AUDIO, cuts) for frame in framer.push(piece)]
    assert np.array_equal(actual, AUDIO[: 3 * FRAME_SAMPLES].reshape(3, FRAME_SAMPLES))


def test_samples_short_of_a_frame_wait() -> None:
    assert Framer().push(AUDIO[: FRAME_SAMPLES - 1]) == []


def test_a_frame_given_out_is_not_written_again() -> None:
    framer = Framer()
    [first] = framer.push(AUDIO[: FRAME_SAMPLES + 1])
    kept = first.copy()
    framer.push(AUDIO[: 2 * FRAME_SAMPLES])
    assert np.array_equal(first, kept)


def test_exactly_one_frame_passes_without_a_copy() -> None:
    samples = AUDIO[:FRAME_SAMPLES]
    [frame] = Framer().push(samples)
    assert frame is samples

"""Room tone: as long as asked, as loud as the room, without seams."""

import numpy as np

from bench.recordings import room_tone

ROOM = np.random.default_rng(0).normal(0, 0.01, 16_000).astype(np.float32)


def test_room_tone_is_as_long_and_as_loud_as_the_room() -> None:
    tone = room_tone([ROOM[:8_000], ROOM[9_000:]], 50_000)
    level = tone.reshape(-1, 1_000).std(axis=1)

    assert tone.shape == (50_000,)
    assert tone.dtype == np.float32
    assert (np.abs(level / 0.01 - 1) < 0.2).all()


def test_a_click_in_the_room_is_not_heard_again() -> None:
    clicked = ROOM.copy()
    clicked[5_000:5_050] = 0.9

    assert np.abs(room_tone([clicked], 50_000)).max() < 0.1


def test_a_short_piece_gives_shorter_grains_and_none_gives_silence() -> None:
    assert room_tone([ROOM[:400]], 3_000).std() > 0.005
    assert not room_tone([ROOM[:100]], 3_000).any()
    assert not room_tone([], 10).any()

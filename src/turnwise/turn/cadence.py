"""When an Update is due: time passed, in audio heard, and nothing else was said."""

from turnwise.settings import UPDATE_FRAMES
from turnwise.units import FRAME_SAMPLES, Samples

UPDATE_EVERY = Samples(UPDATE_FRAMES * FRAME_SAMPLES)


def update_is_due(heard_until: Samples, said_until: Samples) -> bool:
    """Whether 240 ms of audio were heard since anything was said of them (rule R1)."""
    return heard_until - said_until >= UPDATE_EVERY

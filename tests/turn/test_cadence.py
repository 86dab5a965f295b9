"""An Update is due after 240 ms of audio in which nothing was said (contract rule R1)."""

from turnwise.turn.cadence import UPDATE_EVERY, update_is_due
from turnwise.units import Samples, samples_from_ms


def test_an_update_is_due_after_240_ms_of_audio() -> None:
    assert samples_from_ms(240) == UPDATE_EVERY
    assert update_is_due(Samples(UPDATE_EVERY), Samples(0))


def test_no_update_is_due_before() -> None:
    assert not update_is_due(Samples(UPDATE_EVERY - 1), Samples(0))


def test_the_count_starts_at_whatever_was_said_last() -> None:
    assert not update_is_due(Samples(3 * UPDATE_EVERY), Samples(2 * UPDATE_EVERY + 1))

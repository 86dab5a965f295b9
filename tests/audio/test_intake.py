"""Bytes that wait until enough of them have come."""

from turnwise.audio.intake import Intake


def holding(data: bytes) -> Intake:
    intake = Intake()
    intake.add(data)
    return intake


def test_nothing_is_taken_until_all_of_it_is_here() -> None:
    intake = holding(b"abc")
    assert intake.take(4) is None
    intake.add(b"de")
    assert intake.take(4) == b"abcd"
    assert intake.take_all() == b"e"
    assert len(intake) == 0


def test_looking_keeps_what_is_seen() -> None:
    intake = holding(b"abc")
    assert (intake.look(2), intake.look(4), intake.peek(4)) == (b"ab", None, b"abc")
    assert len(intake) == 3


def test_what_is_skipped_may_still_be_to_come() -> None:
    intake = holding(b"abc")
    intake.skip(5)
    assert len(intake) == 0
    assert intake.look(0) is None
    intake.add(b"d")
    intake.add(b"efg")
    assert intake.take(2) == b"fg"


def test_a_long_skip_holds_nothing() -> None:
    intake = holding(b"abc")
    intake.skip(1 << 60)
    intake.add(bytes(1000))
    assert len(intake) == 0

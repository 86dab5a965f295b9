"""A short run of the audio fuzzer; the long one is `python -m fuzz.audio`."""

import pytest

from fuzz.audio import HELD_BYTES_MAX, fuzz, held_bytes, targets
from tests.audio.hearing import hear
from turnwise.audio.decode import Decoder
from turnwise.audio.ogg import OggReader


def test_broken_audio_is_heard_or_refused_and_nothing_else() -> None:
    report = fuzz(inputs=3_000, seed=20_261)
    assert report.heard > 500
    assert report.refused > 500
    assert 0 < report.held_bytes_max <= HELD_BYTES_MAX


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_150_000_broken_inputs_are_heard_or_refused_and_nothing_else() -> None:
    report = fuzz(inputs=150_000, seed=20_262)
    assert report.inputs == 150_000
    assert 0 < report.held_bytes_max <= HELD_BYTES_MAX


def test_the_same_seed_tries_the_same_inputs() -> None:
    first, second = fuzz(200, seed=5), fuzz(200, seed=5)
    assert (first.heard, first.refused) == (second.heard, second.refused)


def test_every_seed_stream_is_valid() -> None:
    for target in targets():
        for messages in target.streams:
            assert hear(Decoder(target.encoding, target.sample_rate_hz), messages).error is None


def test_what_a_parser_holds_is_weighed() -> None:
    reader = OggReader()
    list(reader.push(b"OggS" + bytes(10)))
    assert held_bytes(reader) == 14

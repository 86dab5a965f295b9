"""Marks: what counts, when to ask, who is kin, and the two layouts."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.recordings import Pad, Recording, Silence, audio_of
from bench.turns_marks import (
    END_S,
    LOOK_S_MAX,
    from_rows,
    grid,
    kin,
    read_eot_bench,
    scored,
    stretched,
    turn_starts,
)
from turnwise.units import SAMPLE_RATE_HZ

ROW = {
    "id": "en-7",
    "language": "en",
    "duration": 4.0,
    "audio": {"bytes": b"sound", "path": None},
    "silence_spans": [
        {"start": 0.5, "end": 0.55},
        {"start": 1.0, "end": 1.4},
        {"start": 3.0, "end": 4.0},
    ],
    "words": [{"word": " so", "start": 0.1, "end": 0.4}, {"word": "yes", "start": 2, "end": 3}],
}


def recording(
    name: str, speaker: str | list[str] | None = None, conversation: str = ""
) -> Recording:
    return Recording(name, 4.0, speaker=speaker, conversation=conversation)


def test_a_silence_is_asked_every_tenth_of_a_second_from_its_start_to_its_end() -> None:
    moments = grid(Silence(1.1, 1.4, "hold"))

    assert moments == pytest.approx([1.1, 1.2, 1.3, 1.4])


def test_a_long_silence_is_not_asked_for_ever() -> None:
    moments = grid(Silence(2.0, 60.0, "end"))

    assert moments[-1] == pytest.approx(2.0 + LOOK_S_MAX)


@given(start=st.floats(0, 1000), length=st.floats(0.1, 20))
def test_no_silence_is_asked_after_it_is_over(start: float, length: float) -> None:
    moments = grid(Silence(start, start + length, "hold"))

    assert moments[-1] <= start + length + 1e-5
    assert start + length - moments[-1] < 0.1 + 1e-5 or len(moments) == 51


def test_silences_that_are_short_or_unclear_do_not_count() -> None:
    silences = [Silence(0, 0.09, "hold"), Silence(1, 2, "unclear"), Silence(3.0, 3.1, "hold")]

    assert scored(Recording("a", 4.0, silences=silences)) == silences[2:]


def test_a_turn_begins_where_the_end_before_it_was_over() -> None:
    silences = [Silence(1, 2, "hold"), Silence(3, 5, "end"), Silence(6, 7, "hold")]

    assert turn_starts(silences) == [0.0, 0.0, 5.0]


def test_a_last_end_goes_on_past_the_time_out_in_the_rooms_tone() -> None:
    silences = [Silence(1.0, 1.5, "hold"), Silence(3.0, 4.0, "end")]
    longer = stretched(Recording("a", 4.0, silences=silences, pad=Pad(0.5, [(3.2, 3.9)])))

    assert longer.silences[-1] == Silence(3.0, 3.0 + END_S, "end")
    assert longer.duration == 3.0 + END_S
    assert longer.pad == Pad(END_S - 1.0, [(3.2, 3.9)])


def test_without_a_tone_the_end_itself_is_one() -> None:
    longer = stretched(Recording("a", 4.0, silences=[Silence(3.0, 4.0, "end")]))

    assert longer.pad is not None
    assert longer.pad.tone == [(3.1, 4.0)]


def test_an_end_inside_a_recording_stays_as_it_is() -> None:
    silences = [Silence(1.0, 2.0, "end"), Silence(3.0, 4.0, "hold")]

    assert stretched(Recording("a", 5.0, silences=silences)).silences == silences


def test_who_shares_a_speaker_or_a_conversation_is_kin() -> None:
    families = kin(
        [
            recording("a", ["ann", "bob"], "monday"),
            recording("b", "cem", "tuesday"),
            recording("c", "dee", "monday"),
            recording("d", ["bob", "eve"]),
            recording("e"),
            recording("f"),
        ]
    )

    same = [families.index(family) for family in families]
    assert same == [0, 1, 0, 0, 4, 5]


def test_a_row_of_eot_bench_is_a_turn_whose_last_silence_is_its_end() -> None:
    (turn,) = from_rows([ROW], Path("folder"))

    assert [(s.start, s.end, s.kind) for s in turn.silences] == [
        (0.5, 0.55, "hold"),
        (1.0, 1.4, "hold"),
        (3.0, 4.0, "end"),
    ]
    assert (turn.file, turn.set, turn.duration) == ("en-7", "eot-bench en", 4.0)
    assert (turn.transcript, turn.sound) == ("so yes", b"sound")


def test_a_row_may_name_a_file_instead_of_holding_the_sound() -> None:
    (turn,) = from_rows([ROW | {"audio": {"bytes": None, "path": "a.wav"}}], Path("folder"))

    assert turn.path == Path("folder/a.wav")
    assert turn.sound == b""


def test_the_parquet_files_of_eot_bench_are_read_with_their_sound(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    soundfile = pytest.importorskip("soundfile")
    sound = np.linspace(-0.5, 0.5, SAMPLE_RATE_HZ).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", sound, SAMPLE_RATE_HZ, subtype="FLOAT")
    audio = {"bytes": (tmp_path / "a.wav").read_bytes(), "path": "a.wav"}
    (tmp_path / "en").mkdir()
    table = pyarrow.Table.from_pylist([ROW | {"audio": audio}])
    parquet.write_table(table, tmp_path / "en" / "validation-00000-of-00001.parquet")

    (turn,) = read_eot_bench(tmp_path)

    assert turn.file == "en-7"
    assert np.array_equal(audio_of(turn), sound)

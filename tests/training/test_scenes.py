"""Scenes: what is marked as silence is silent, and what is marked as an end is one."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("torch")

from training import calls, scenes
from training.augment import Wave
from training.data import SAMPLE_RATE
from training.scene_frames import SORTS, marks_of
from turnwise.engine.completeness import Completeness

RATE = SAMPLE_RATE


def clip(
    seed: int = 0, *, text: str = "", source: str = "made up", style: str = "read"
) -> scenes.Clip:
    """Return four words of noise in a quiet room, with a pause of 0.3 s after the second."""
    rng = np.random.default_rng(seed)
    samples = rng.normal(0, 1e-3, 3 * RATE).astype(np.float32)
    words = [(0.5, 0.8), (0.8, 1.1), (1.4, 1.8), (1.8, 2.3)]
    for start, end in words:
        samples[int(start * RATE) : int(end * RATE)] += rng.normal(
            0, 0.2, int(end * RATE) - int(start * RATE)
        )
    found = {
        "words": [1, 1, 1, 1],
        "starts": [round(100 * start) for start, _ in words],
        "ends": [round(100 * end) for _, end in words],
    }
    about = {"speaker": "ann", "style": style, "transcript": text or "i want the usual"}
    made = scenes.clip_of(samples, found, {**about, "source": source}, Completeness.load())
    assert made is not None
    return made


def test_a_pause_in_a_turn_of_a_dialogue_is_a_hold_whatever_the_words() -> None:
    closed = "go home we can"
    assert clip(text=closed).open_pauses == (False,)
    assert clip(text=closed, style="synthetic turn").open_pauses == (True,)


def level(samples: Wave) -> float:
    return float(np.sqrt(np.mean(np.square(samples))))


def test_a_clip_knows_its_speech_its_pause_and_its_room() -> None:
    made = clip()
    assert made.first / RATE == pytest.approx(0.5, abs=0.03)
    assert made.last / RATE == pytest.approx(2.3, abs=0.03)
    [(start, end)] = made.pauses
    assert (start / RATE, end / RATE) == pytest.approx((1.1, 1.4), abs=0.03)
    assert level(made.tone) < 2e-3


def wordless(samples: Wave) -> scenes.Clip:
    made = scenes.wordless_clip(samples, "ann")
    assert made is not None
    return made


def test_a_sentence_without_words_is_known_by_its_sound() -> None:
    made, told = wordless(clip().samples), clip()
    assert (made.first, made.last) == pytest.approx((told.first, told.last), abs=480)
    assert [end - start for start, end in made.pauses] == pytest.approx([0.3 * RATE], abs=480)
    assert made.closed
    assert made.open_pauses == (True,)


def test_a_breath_after_a_sentence_without_words_is_none_of_it() -> None:
    samples = clip().samples.copy()
    samples[int(2.6 * RATE) : int(2.7 * RATE)] *= 15  # of the room's hiss
    assert wordless(samples).last / RATE == pytest.approx(2.3, abs=0.03)


def test_a_sentence_without_words_that_may_be_cut_off_is_left_out() -> None:
    samples = clip().samples
    assert scenes.wordless_clip(samples[: int(2.35 * RATE)], "ann") is None
    assert scenes.wordless_clip(0.001 * samples, "ann") is None


def test_a_sentence_without_words_is_broken_off_at_a_pause() -> None:
    made = wordless(clip().samples)
    strip = scenes.Strip()
    assert scenes.add_clip(strip, made, np.random.default_rng(1), broken=True)
    assert [mark.sort for mark in strip.silences] == ["broken off"]
    assert strip.silences[0].start == pytest.approx(made.pauses[0][0] - made.first)


def test_a_set_of_words_must_be_aligned_first_one_without_words_need_not(tmp_path: Path) -> None:
    samples = (clip().samples * 32_767).astype(np.int16)
    np.save(tmp_path / "audio.npy", samples)
    row = {"start": 0, "length": len(samples), "speaker": "ann", "style": "read", "source": "a"}
    index = tmp_path / "utterances.jsonl"
    index.write_text(json.dumps({**row, "transcript": ""}))
    assert len(list(scenes.clips_of(tmp_path, Completeness.load()))) == 1
    index.write_text(json.dumps({**row, "transcript": "yes please"}))
    with pytest.raises(FileNotFoundError, match=r"training\.align"):
        list(scenes.clips_of(tmp_path, Completeness.load()))


def test_marked_silences_are_silent_and_the_rest_is_not() -> None:
    for seed in range(8):
        strip = scenes.Strip()
        rng = np.random.default_rng(seed)
        scenes.add_turn(strip, [clip(), clip(1)], rng, answered=bool(seed % 2))
        samples = np.concatenate(strip.pieces)
        assert len(samples) == strip.length
        silent = np.zeros(len(samples), bool)
        for mark in strip.silences:
            silent[mark.start : mark.end] = True
            assert level(samples[mark.start + 160 : mark.end - 160]) < 0.01
        assert level(samples[~silent]) > 0.1


def test_a_turn_has_one_end_at_its_end_unless_it_is_broken_off() -> None:
    kinds = []
    for seed in range(30):
        strip = scenes.Strip()
        scenes.add_turn(strip, [clip()], np.random.default_rng(seed), answered=False)
        kinds.append([mark.kind for mark in strip.silences])
        assert {mark.sort for mark in strip.silences} <= set(SORTS)
        assert strip.silences[-1].end == strip.length
    assert all(kind == "hold" for found in kinds for kind in found[:-1])
    lasts = [found[-1] for found in kinds]
    assert "end" in lasts
    assert "hold" in lasts


def test_an_audiobook_that_stops_in_the_middle_of_a_sentence_has_no_clear_end() -> None:
    assert clip(text="and it was the", source="somebody").closed
    assert not clip(text="and it was the", source="LibriSpeech").closed


def test_a_drawl_lasts_longer_at_the_same_pitch() -> None:
    tone = np.sin(2 * np.pi * 150 * np.arange(4_000) / RATE).astype(np.float32)
    drawn = scenes.drawl(tone, 2.0)
    assert len(drawn) == pytest.approx(8_000, rel=0.05)
    spectrum = np.abs(np.fft.rfft(drawn[1_000:7_000]))
    assert np.argmax(spectrum) * RATE / 6_000 == pytest.approx(150, abs=5)


def test_frames_know_how_long_the_silence_lasted_and_what_follows() -> None:
    silences = [{"start": 1280, "end": 3 * 1280, "kind": "end", "sort": "quiet"}]
    marks = marks_of(4, silences)
    np.testing.assert_allclose(marks[:, 0], [np.nan, 0.08, 0.16, np.nan])
    assert marks[1:3, 1].tolist() == [1, 1]
    np.testing.assert_allclose(marks[:, 2], [0, 0.08, 0, 0], atol=1e-6)
    assert marks[1, 3] == SORTS.index("quiet")


def called(folder: Path) -> calls.Call:
    """Return a call: somebody stops at 2 s, the other goes on at 3 s, pauses at 5 s for 0.5 s."""
    samples = np.full(20 * RATE, 0.1, np.float32)
    marks = [(2.0, 3.0, "end"), (5.0, 5.5, "hold"), (8.0, 9.0, "end"), (12.0, 13.0, "unclear")]
    for start, end, _ in marks:
        samples[int(start * RATE) : int(end * RATE)] = 0
    soundfile.write(folder / "call.wav", samples, RATE)
    silences = [{"start": start, "end": end, "kind": kind} for start, end, kind in marks]
    (folder / "turns.jsonl").write_text(json.dumps({"file": "call.wav", "silences": silences}))
    (call,) = calls.calls_of(folder / "turns.jsonl")
    return call


def test_a_piece_of_a_call_begins_with_a_turn_and_keeps_its_marks(tmp_path: Path) -> None:
    call = called(tmp_path)
    assert call.beginnings() == [0, 3 * RATE, 9 * RATE]
    samples, silences, turns = call.piece(3 * RATE, 4 * RATE)
    assert len(samples) == (9 - 2.5) * RATE
    assert [(mark.start / RATE, mark.end / RATE, mark.kind) for mark in silences] == [
        (2.5, 3.0, "hold"),
        (5.5, 6.5, "end"),
    ]
    assert [turn / RATE for turn in turns] == [0.5, 6.5]
    for mark in silences:
        assert level(samples[mark.start : mark.end]) == 0
        assert mark.sort in SORTS


def test_calls_without_marks_are_refused(tmp_path: Path) -> None:
    (tmp_path / "calls.jsonl").write_text(json.dumps({"file": "a.wav", "transcript": "hello"}))
    with pytest.raises(ValueError, match=r"a\.wav has no silences"):
        calls.calls_of(tmp_path / "calls.jsonl")


def test_pieces_of_a_call_begin_with_turns_and_do_not_overlap(tmp_path: Path) -> None:
    pieces = list(called(tmp_path).pieces(4 * RATE))
    assert [len(samples) / RATE for samples, _, _ in pieces] == [5.5, 4.5]
    kinds = [[mark.kind for mark in silences] for _, silences, _ in pieces]
    assert kinds == [["end", "hold"], ["unclear"]]


def test_a_scene_of_a_call_is_as_long_as_its_marks_say(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    made = list(scenes.scenes_of_calls([called(tmp_path)], [], rng))
    assert made
    for samples, strip in made:
        assert len(samples) == strip.length
        assert all(mark.end <= strip.length for mark in strip.silences)


def test_scenes_that_come_to_an_end_are_all_written(tmp_path: Path) -> None:
    made = scenes.scenes_of_calls([called(tmp_path)], [], np.random.default_rng(1))
    counts = scenes.write(tmp_path / "scenes", made, float("inf"))
    assert counts == {"answered": 2, "pause": 1, "unclear": 1}
    assert len((tmp_path / "scenes" / "utterances.jsonl").read_text().splitlines()) >= 1

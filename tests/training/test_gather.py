"""Manifests from checkouts: small made-up trees in the forms that the sources have."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

pytest.importorskip("scipy")
from training import gather
from training.gather import SOURCES, Background, write_background, write_manifest
from training.manifests import SHARE_ALIKE, manifest_rows

RATE = 16_000


def sound(path: Path, seconds: float = 0.5) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    tone = np.full(int(seconds * RATE), 1000, np.int16)
    soundfile.write(path, tone, RATE)
    return path


def text(path: Path, words: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(words, encoding="utf-8")


def rows(name: str, folder: Path) -> list[dict[str, Any]]:
    write_manifest(SOURCES[name], folder / name)
    return list(manifest_rows(folder / name / "manifest.jsonl"))


def said(name: str, folder: Path) -> list[tuple[str, str, str | None]]:
    return [(row["file"], row["transcript"], row["speaker"]) for row in rows(name, folder)]


def test_a_row_says_where_a_recording_is_from_and_how_long_it_is(tmp_path: Path) -> None:
    sound(tmp_path / "kathleen/data/a_1.wav", 0.5)
    text(tmp_path / "kathleen/data/a_1.txt", "Good morning.\n")
    sound(tmp_path / "kathleen/data/a_2.wav")  # without words
    assert rows("kathleen", tmp_path) == [
        {
            "file": "data/a_1.wav",
            "transcript": "Good morning.",
            "duration": 0.5,
            "speaker": "kathleen",
            "style": "read",
            "source": "rhasspy/dataset-voice-kathleen:data/a_1.wav",
            "license": "CC0",
        }
    ]


def test_what_cannot_be_decoded_is_left_out(tmp_path: Path) -> None:
    sound(tmp_path / "wake_words/audio/smart mirror/1.wav")
    text(tmp_path / "wake_words/audio/smart mirror/2.wav", "not audio")
    whole = sound(tmp_path / "wake_words/audio/alexa/3.flac", 2.0).read_bytes()
    (tmp_path / "wake_words/audio/alexa/3.flac").write_bytes(whole[: len(whole) // 2])
    assert said("wake_words", tmp_path) == [("audio/smart mirror/1.wav", "smart mirror", None)]


def test_librispeech_has_a_line_of_a_chapter_for_each_file(tmp_path: Path) -> None:
    chapter = tmp_path / "librispeech_5h/LibriSpeech/train-clean-5/19/198"
    sound(chapter / "19-198-0000.flac")
    text(chapter / "19-198.trans.txt", "19-198-0000 NORTHANGER ABBEY\n19-198-0001 NOT HERE\n")
    file = "LibriSpeech/train-clean-5/19/198/19-198-0000.flac"
    assert said("librispeech_5h", tmp_path) == [(file, "NORTHANGER ABBEY", "ls-19")]


def test_librispeech_without_words_finds_them_by_name(tmp_path: Path) -> None:
    sound(tmp_path / "librispeech_9/clean/322-1-0000.flac")
    sound(tmp_path / "librispeech_9/clean/999-1-0000.flac")  # of another part: words unknown
    line = "data/LibriSpeech/train-clean-100/322/1/322-1-0000.flac\t<↑> ▁AN ▁EX P RESS ION\n"
    text(tmp_path / "librispeech_words/spin/one.query.txt.spin", line)
    assert said("librispeech_9", tmp_path) == [
        ("clean/322-1-0000.flac", "AN EXPRESSION", "ls-322"),
    ]


def test_an4_names_its_recordings_behind_their_words(tmp_path: Path) -> None:
    sound(tmp_path / "an4/wav/an4_clstk/fash/an255-fash-b.wav")
    sound(tmp_path / "an4/wav/an4_clstk/fash/an9-fash-b.wav")  # without words
    lines = "<s> U M SIX </s> (an255-fash-b)\n<s> GO </s> (an253-fash-b)\n"
    text(tmp_path / "an4/etc/an4_train.transcription", lines)
    file = "wav/an4_clstk/fash/an255-fash-b.wav"
    assert said("an4", tmp_path) == [(file, "U M SIX", "an4-fash")]


@pytest.mark.parametrize(("word", "kept"), [("were", True), ("<unk>", False)])
def test_textgrids_give_words_unless_one_is_unknown(tmp_path: Path, word: str, kept: bool) -> None:
    sound(tmp_path / "librispeech_4/s/audio/40/15/40-15-0000.flac")
    words = f'name = "words"\ntext = ""\ntext = "we"\ntext = "{word}"\n'
    phones = 'name = "phones"\ntext = "W"\n'
    text(tmp_path / "librispeech_4/s/alignment/40/15/40-15-0000.TextGrid", words + phones)
    expected = [("s/audio/40/15/40-15-0000.flac", "we were", "ls-40")]
    assert said("librispeech_4", tmp_path) == (expected if kept else [])


def test_common_voice_keeps_what_more_people_heard_right_than_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = "filename,text,up_votes,down_votes,age\n"
    for name, votes in (("good", "2,1"), ("even", "1,1"), ("bad", "0,1")):
        sound(tmp_path / f"common_voice/asr/cv-valid-dev/{name}.flac")
        table += f'cv-valid-dev/{name}.flac,"well, {name}",{votes},\n'
    table += "cv-valid-dev/gone.flac,not here,2,0,\n"
    text(tmp_path / "common_voice/asr/cv-valid-dev.csv", table)
    assert said("common_voice", tmp_path) == [
        ("asr/cv-valid-dev/good.flac", "well, good", None),
    ]
    assert capsys.readouterr().err == ""  # of a table with half its recordings nothing is said


def test_common_voice_names_the_speaker_where_it_knows(tmp_path: Path) -> None:
    corpus = "common_voice_delta18/cv-corpus-18.0-delta/en"
    sound(tmp_path / f"{corpus}/validated_clips/a.flac")
    row = '0123456789abcdefffff\ta.flac\tShe said "no.\n'
    gone = "0123456789abcdefffff\tgone.flac\tNot here.\n"
    text(tmp_path / f"{corpus}/validated.tsv", "client_id\tpath\tsentence\n" + row + gone)
    file = "cv-corpus-18.0-delta/en/validated_clips/a.flac"
    assert said("common_voice_delta18", tmp_path) == [
        (file, 'She said "no.', "cv-0123456789abcdef"),
    ]


def test_recordings_without_words_are_of_one_speaker_while_their_numbers_follow(
    tmp_path: Path,
) -> None:
    data = tmp_path / "common_voice_unread/dataset"
    for number in (100, 104, 123, 150):
        sound(data / f"clips/common_voice_en_{number}.mp3")
    text(data / "invalidated.tsv", "client_id\tpath\nann\tcommon_voice_en_104.mp3\n")
    assert said("common_voice_unread", tmp_path) == [
        ("dataset/clips/common_voice_en_100.mp3", "", "cv-sitting-100"),
        ("dataset/clips/common_voice_en_123.mp3", "", "cv-sitting-100"),
        ("dataset/clips/common_voice_en_150.mp3", "", "cv-sitting-150"),
    ]


def test_a_sample_of_common_voice_has_its_table_with_commas(tmp_path: Path) -> None:
    sound(tmp_path / "common_voice_61/data/a.wav")
    table = 'client_id,path,sentence\n0123456789abcdefffff,a.wav,"She said, ""no""."\n'
    text(tmp_path / "common_voice_61/validated.csv", table)
    assert said("common_voice_61", tmp_path) == [
        ("data/a.wav", 'She said, "no".', "cv-0123456789abcdef"),
    ]


def test_vctk_keeps_words_in_a_tree_of_their_own(tmp_path: Path) -> None:
    sound(tmp_path / "vctk_3/data/VCTK-Corpus/wav48/p225/p225_001.wav")
    text(tmp_path / "vctk_3/data/VCTK-Corpus/txt/p225/p225_001.txt", "Please call Stella.\n")
    file = "data/VCTK-Corpus/wav48/p225/p225_001.wav"
    assert said("vctk_3", tmp_path) == [(file, "Please call Stella.", "vctk-p225")]


def test_vctk_without_words_finds_them_by_name(tmp_path: Path) -> None:
    sound(tmp_path / "vctk_4/wavs/p225/p225_003.wav")
    sound(tmp_path / "vctk_4/wavs/p225/p225_004.wav")  # words unknown
    lines = "DUMMY2/p225/p225_003.wav|12|Six spoons, and five slabs.\n"
    text(tmp_path / "vctk_words/filelists/vctk_audio_sid_text_val_filelist.txt", lines)
    file = "wavs/p225/p225_003.wav"
    assert said("vctk_4", tmp_path) == [(file, "Six spoons, and five slabs.", "vctk-p225")]


def test_speech_commands_name_the_word_by_folder_and_the_speaker_by_file(tmp_path: Path) -> None:
    sound(tmp_path / "speech_commands_4/yes/00f0204f_nohash_1.wav")
    assert said("speech_commands_4", tmp_path) == [
        ("yes/00f0204f_nohash_1.wav", "yes", "commands-00f0204f"),
    ]


def test_grid_spells_its_sentence_in_six_letters(tmp_path: Path) -> None:
    for stem in ("bbaf2n", "swwzzp", "aa00"):  # the last is no sentence
        sound(tmp_path / f"grid_s1/data/s1/{stem}.flac")
        text(tmp_path / f"grid_s1/data/s1/{stem}.mpg", "")
    assert said("grid_s1", tmp_path) == [
        ("data/s1/bbaf2n.flac", "bin blue at f two now", "grid-s1"),
        ("data/s1/swwzzp.flac", "set white with z zero please", "grid-s1"),
    ]


def test_short_noises_of_a_folder_are_joined_and_rooms_kept_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Background("a/b", "CC0", noises=("*/*.wav",), rooms=("rooms/*.flac",))
    monkeypatch.setitem(gather.BACKGROUNDS, "made_up", source)
    sound(tmp_path / "made_up/bark/1.wav", 1.0)
    sound(tmp_path / "made_up/bark/2.wav", 2.0)
    sound(tmp_path / "made_up/rain/rain.wav", 11.0)
    sound(tmp_path / "made_up/rooms/hall.flac", 0.25)
    assert write_background("made_up", tmp_path, tmp_path / "noise") == pytest.approx(14.0)
    lengths = {
        path.relative_to(tmp_path / "noise").as_posix(): soundfile.info(path).duration
        for path in (tmp_path / "noise").rglob("*.wav")
    }
    assert lengths == {
        "made_up-bark.wav": 3.0,
        "made_up-rain.wav": 11.0,
        "rooms/made_up-hall.wav": 0.25,
    }


def test_the_command_skips_what_is_not_there_and_knows_no_other_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sound(tmp_path / "vctk_3/wav48/p225/p225_001.wav")
    text(tmp_path / "vctk_3/txt/p225/p225_001.txt", "Yes.")
    gather.main([str(tmp_path)])
    output = capsys.readouterr()
    assert output.out == "vctk_3: 1 recordings, 0.00 h\n"
    assert "kathleen: no checkout" in output.err
    with pytest.raises(SystemExit):
        gather.main([str(tmp_path), "librispeach"])
    assert "no such source" in capsys.readouterr().err


def test_every_source_may_be_trained_on_and_is_documented() -> None:
    page = (Path(gather.__file__).parent / "SOURCES.md").read_text(encoding="utf-8")
    known = [(each.repository, each.license) for each in SOURCES.values()]
    known += [(each.repository, each.license) for each in gather.BACKGROUNDS.values()]
    for repository, licence in known:
        assert not any(mark in licence for mark in SHARE_ALIKE)
        assert repository in page

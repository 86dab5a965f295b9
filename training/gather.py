"""Manifests of public recordings, from checkouts of the repositories that hold them.

    python -m training.gather FOLDER [NAME...]

FOLDER/NAME is a checkout of that source's repository (SOURCES.md names them). Of speech this
writes FOLDER/NAME/manifest.jsonl, which training.data reads; of recordings without speech,
FOLDER/noise/NAME-*.wav, the folder that training.train takes as --noise. Sources whose
checkout is missing are skipped.
"""

import argparse
import csv
import itertools
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from training.data import SAMPLE_RATE, decode

CC_BY = "CC BY 4.0"
CC0 = "CC0"

LONG_NOISE_S = 10.0

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

Said = tuple[Path, str, str | None]
"""A recording, what is said in it ("": nobody knows), and by whom, if that is known."""


@dataclass(frozen=True, slots=True)
class Source:
    """A repository's recordings.

    Attributes:
        repository: "owner/name" on GitHub.
        license: What the recordings may be used under.
        style: How it is spoken.
        said: Reads the checkout.
    """

    repository: str
    license: str
    style: str
    said: Callable[[Path], Iterator[Said]]


def librispeech(root: Path) -> Iterator[Said]:
    """`SPEAKER-CHAPTER.trans.txt` beside the audio of its lines: "ID WORDS"."""
    for transcript in sorted(root.rglob("*.trans.txt")):
        for line in transcript.read_text(encoding="utf-8").splitlines():
            name, _, words = line.partition(" ")
            for suffix in (".flac", ".wav", ".mp3"):
                audio = transcript.parent / (name + suffix)
                if audio.exists():
                    yield audio, words, "ls-" + name.split("-")[0]
                    break


def librispeech_by_name(root: Path) -> Iterator[Said]:
    """LibriSpeech files alone; their words are in the checkout `librispeech_words` beside.

    Its lines are "PATH<tab>PIECES", the pieces of words parted by spaces, words begun by "▁".
    """
    words = {}
    for path in sorted((root.parent / "librispeech_words").rglob("*.query.txt.spin")):
        for line in path.read_text(encoding="utf-8").splitlines():
            audio, _, pieces = line.partition("\t")
            text = pieces.replace("<↑>", "").replace(" ", "").replace("▁", " ")
            words[Path(audio).stem] = text.strip()
    for audio_path in sorted(root.rglob("*-*-*.flac")):
        if audio_path.stem in words:
            speaker = "ls-" + audio_path.stem.split("-")[0]
            yield audio_path, words[audio_path.stem], speaker


def textgrids(root: Path) -> Iterator[Said]:
    """`audio/SPEAKER/CHAPTER/ID.flac`, its words in the TextGrid of the same name."""
    for audio in sorted(root.rglob("audio/*/*/*.flac")):
        aligned = audio.parents[3] / "alignment" / audio.relative_to(audio.parents[2])
        grid = aligned.with_suffix(".TextGrid")
        if grid.exists():
            words, _, _ = grid.read_text(encoding="utf-8").partition('name = "phones"')
            text = " ".join(filter(None, re.findall(r'text = "(.*)"', words)))
            if "<unk>" not in text:  # the aligner's word for one it does not know
                yield audio, text, "ls-" + audio.stem.split("-")[0]


def text_beside(pattern: str, speaker: str) -> Callable[[Path], Iterator[Said]]:
    """One speaker's recordings, each with a .txt of the same name."""

    def said(root: Path) -> Iterator[Said]:
        for audio in sorted(root.glob(pattern)):
            text = audio.with_suffix(".txt")
            if text.exists():
                yield audio, text.read_text(encoding="utf-8").strip(), speaker

    return said


def folder_says(
    pattern: str,
    speaker: Callable[[Path], str | None],
    words: Callable[[str], str | None] = lambda name: name,
) -> Callable[[Path], Iterator[Said]]:
    """The folder's name is what is said; `words` turns it into words, or None to leave it out."""

    def said(root: Path) -> Iterator[Said]:
        for audio in sorted(root.glob(pattern)):
            text = words(audio.parent.name)
            if text is not None:
                yield audio, text, speaker(audio)

    return said


def common_voice(root: Path) -> Iterator[Said]:
    """A table with `filename`, `text` and votes; what more people heard wrong than right is out."""
    for table in sorted(root.rglob("cv-*.csv")):
        with table.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                audio = table.parent / row["filename"]
                if int(row["up_votes"]) > int(row["down_votes"]) and audio.exists():
                    yield audio, row["text"], None


RELEASE_FOLDERS = ("clips", "validated_clips", "data")


def common_voice_release(root: Path) -> Iterator[Said]:
    """`validated.tsv` of a release, its recordings in one of RELEASE_FOLDERS beside.

    A sample of one may have its table as `validated.csv`.
    """
    for table in sorted(root.rglob("validated.[ct]sv")):
        for row in rows_of_release(table):
            for folder in RELEASE_FOLDERS:
                audio = table.parent / folder / row["path"]
                if audio.exists():
                    yield audio, row["sentence"], "cv-" + row["client_id"][:16]


def rows_of_release(table: Path) -> Iterator[dict[str, str]]:
    tabs = table.suffix == ".tsv"
    with table.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(
            lines,
            delimiter="\t" if tabs else ",",
            quoting=csv.QUOTE_NONE if tabs else csv.QUOTE_MINIMAL,
        )


def vctk(root: Path) -> Iterator[Said]:
    """`wav48/SPEAKER/NAME.wav`, its words in `txt/SPEAKER/NAME.txt`."""
    for audio in sorted(root.rglob("wav48/*/*.wav")):
        corpus, speaker = audio.parents[2], audio.parent.name
        text = corpus / "txt" / speaker / f"{audio.stem}.txt"
        if text.exists():
            yield audio, text.read_text(encoding="utf-8").strip(), f"vctk-{speaker}"


def vctk_by_name(pattern: str) -> Callable[[Path], Iterator[Said]]:
    """VCTK files alone; their words are in the checkout `vctk_words` beside.

    Its lines are "FOLDER/SPEAKER/NAME.wav|NUMBER|WORDS".
    """

    def said(root: Path) -> Iterator[Said]:
        words = {}
        for path in sorted((root.parent / "vctk_words").rglob("vctk_audio_sid_text_*.txt")):
            for line in path.read_text(encoding="utf-8").splitlines():
                audio, _, text = line.split("|", 2)
                words[Path(audio).stem] = text
        for found in sorted(root.glob(pattern)):
            if found.stem in words:
                yield found, words[found.stem], "vctk-" + found.stem.split("_")[0]

    return said


DICTATED = "spelled words, numbers, addresses, commands"
"""A style: which of them a recording is, only its words tell."""


def an4(root: Path) -> Iterator[Said]:
    """`wav/PART/SPEAKER/ID.wav`; their words in `etc/an4_train.transcription`.

    Its lines are "<s> WORDS </s> (ID)". The corpus's own test part is left out.
    """
    words = {}
    for line in (root / "etc/an4_train.transcription").read_text(encoding="utf-8").splitlines():
        text, _, name = line.rpartition("(")
        words[name.strip(") ")] = text.replace("<s>", "").replace("</s>", "").strip()
    for audio in sorted(root.glob("wav/an4_clstk/*/*.wav")):
        if audio.stem in words:
            yield audio, words[audio.stem], f"an4-{audio.parent.name}"


GRID_WORDS = (
    {"b": "bin", "l": "lay", "p": "place", "s": "set"},
    {"b": "blue", "g": "green", "r": "red", "w": "white"},
    {"a": "at", "b": "by", "i": "in", "w": "with"},
    {letter: letter for letter in "abcdefghijklmnopqrstuvxyz"},
    {"z": "zero"} | dict(zip("123456789", DIGITS[1:], strict=True)),
    {"a": "again", "n": "now", "p": "please", "s": "soon"},
)


def grid(root: Path) -> Iterator[Said]:
    """`SPEAKER/NAME.mpg`: the six letters of the name are the six words; sound by ffmpeg."""
    for video in sorted(root.rglob("s*/*.mpg")):
        if re.fullmatch(r"[blps][bgrw][abiw][a-vx-z][1-9z][anps]", video.stem):
            words = " ".join(names[key] for names, key in zip(GRID_WORDS, video.stem, strict=True))
            yield sound_of(video), words, f"grid-{video.parent.name}"


def sound_of(video: Path) -> Path:
    """The sound beside the video, extracted unless that has been done."""
    sound = video.with_suffix(".flac")
    if not sound.exists():
        quiet = ["ffmpeg", "-nostdin", "-loglevel", "error", "-vn", "-i", str(video)]
        subprocess.run([*quiet, "-ac", "1", "-ar", "16000", str(sound)], check=True)
    return sound


SITTING = 20
"""Numbers that others took meanwhile."""


def common_voice_unread(root: Path) -> Iterator[Said]:
    """Recordings of a release of which no table at hand says the words, nor who speaks.

    Who records for Common Voice reads several sentences in a row: of neighbours whose numbers
    differ by less than SITTING, nine of ten are by one person (those that tables do name).
    """
    tables = root.rglob("*validated.tsv")
    told = {row["path"] for table in tables for row in rows_of_release(table)}
    number = re.compile(r"(\d+)$")
    clips = {int(number.findall(p.stem)[0]): p for p in root.rglob("clips/common_voice_*.mp3")}
    before, sitting = -SITTING, 0
    for place in sorted(clips):
        sitting = sitting if place - before < SITTING else place
        before = place
        if clips[place].name not in told:
            yield clips[place], "", f"cv-sitting-{sitting}"


def nobody(audio: Path) -> None:
    """Where the source does not say who speaks."""


COMMON_VOICE = f"{CC0} (Common Voice)"
TRAIN_CLEAN_100 = f"{CC_BY} (LibriSpeech train-clean-100)"
SPEECH_COMMANDS = f"{CC_BY} (Speech Commands)"
VCTK = f"{CC_BY} (VCTK)"

speech_commands = folder_says(
    "**/*_nohash_*.wav", lambda audio: "commands-" + audio.stem.split("_")[0]
)

SOURCES = {
    "librispeech_5h": Source("zhangrui0712/Voice-Age", TRAIN_CLEAN_100, "read", librispeech),
    "librispeech_3": Source(
        "philipperemy/deep-speaker", TRAIN_CLEAN_100, "read", librispeech_by_name
    ),
    "librispeech_4": Source(
        "Jenny-Smolensky/LibriSpeechFilesParser",
        TRAIN_CLEAN_100,
        "read",
        textgrids,
    ),
    "librispeech_9": Source(
        "speech-denoising/id-segan",
        TRAIN_CLEAN_100,
        "read",
        librispeech_by_name,
    ),
    "common_voice": Source("hys89/myrepo", COMMON_VOICE, "read", common_voice),
    "common_voice_13": Source("korliu/whisper", COMMON_VOICE, "read", common_voice_release),
    "common_voice_unread": Source("korliu/whisper", COMMON_VOICE, "read", common_voice_unread),
    "common_voice_6": Source(
        "omnilingo/rsample-100-cv-corpus-6.1-2020-12-11", COMMON_VOICE, "read", common_voice_release
    ),
    "common_voice_61": Source(
        "rigved/rit-engl-682-spring-2021-project", COMMON_VOICE, "read", common_voice_release
    ),
    "common_voice_first": Source(
        "puri-gagan/speechdataset", COMMON_VOICE, "read", common_voice_release
    ),
    "common_voice_delta18": Source("shubhra-cv/18", COMMON_VOICE, "read", common_voice_release),
    "common_voice_delta19": Source("shubhra-cv/19", COMMON_VOICE, "read", common_voice_release),
    "common_voice_delta20": Source("shubhra-cv/17", COMMON_VOICE, "read", common_voice_release),
    "an4": Source(
        "cmusphinx/an4",
        "AN4 licence: any purpose, with its notice (BSD)",
        DICTATED,
        an4,
    ),
    "vctk_p239": Source("avgaydashenko/speech-recognition-hw", VCTK, "read", vctk),
    "vctk_3": Source("LounesAl/WaveNet", VCTK, "read", vctk),
    "vctk_4": Source("auspicious3000/autovc", VCTK, "read", vctk_by_name("wavs/*/*.wav")),
    "voicebank_noisy": Source(
        "danielbraithwt/Speech-Enhancement-with-Variance-Constrained-Autoencoders",
        f"{CC_BY} (VoiceBank with noises)",
        "read, in noise",
        vctk_by_name("_data/noisy_testset_wav_16k/*.wav"),
    ),
    "grid_s1": Source(
        "SAGAR0097/LIP-READING-USING-DEEP-LEARNING-",
        f"{CC_BY} (GRID)",
        "commands with a letter and a digit",
        grid,
    ),
    "speech_commands_4": Source(
        "isxrh/Isolated-Speech-Recongnition", SPEECH_COMMANDS, "isolated words", speech_commands
    ),
    "speech_commands_3": Source(
        "manashmandal/DeadSimpleSpeechRecognizer",
        SPEECH_COMMANDS,
        "isolated words",
        speech_commands,
    ),
    "kathleen": Source(
        "rhasspy/dataset-voice-kathleen", CC0, "read", text_beside("data/*.wav", "kathleen")
    ),
    "wake_words": Source(
        "Picovoice/wake-word-benchmark",
        "Apache-2.0 (repository licence)",
        "isolated words",
        folder_says("audio/*/*.*", nobody),
    ),
}


@dataclass(frozen=True, slots=True)
class Background:
    """A repository's recordings without speech: names of files as globs, rooms apart."""

    repository: str
    license: str
    noises: tuple[str, ...] = ()
    rooms: tuple[str, ...] = ()


BLANKET = ("birds", "boat", "city", "coffee-shop", "fireplace", "rain", "storm", "summer-night")
BLANKET += ("train", "waves", "wind")  # pink and white noise are under a share-alike licence

BACKGROUNDS = {
    "blanket": Background(
        "rafaelmardojai/blanket",
        "CC0, public domain or CC BY, by file (its SOUNDS_LICENSING.md)",
        noises=tuple(f"data/resources/sounds/{name}.ogg" for name in BLANKET),
    ),
    "esc10": Background("karolpiczak/ESC-10", "CC BY 3.0", noises=("0*/*.ogg",)),
    "wids": Background(
        "chaeyoung-lee/wids_tutorial",
        f"{CC_BY} (Speech Commands)",
        noises=("data/_background_noise_/*.wav",),
    ),
    "speechbrain": Background(
        "speechbrain/speechbrain",
        "Apache-2.0 (repository licence)",
        noises=("tests/samples/noise/*.wav",),
        rooms=("tests/samples/RIRs/*.wav",),
    ),
    "audiomentations": Background(
        "iver56/audiomentations",
        "MIT (repository licence)",
        noises=("demo/perfect-alley1.ogg", "demo/background_noises/*.ogg"),
        rooms=("demo/ir/*.wav",),
    ),
    "lhotse": Background(
        "lhotse-speech/lhotse",
        "Apache-2.0 (repository licence)",
        rooms=("test/fixtures/rir/*.wav",),
    ),
    "spatial": Background(
        "spatialaudio/selected-topics-in-audio-signal-processing-exercises",
        CC0,
        rooms=("data/rir_clap.wav",),
    ),
}


def write_background(name: str, folder: Path, out: Path) -> float:
    """Write one checkout's noises to `out` and its rooms to `out`/rooms, as 16 kHz mono WAV.

    Short noises of one folder are joined, so that a hundred clips of barking are no likelier
    to be heard than one long recording of rain.

    Returns:
        Seconds of noise.
    """
    background = BACKGROUNDS[name]
    (out / "rooms").mkdir(parents=True, exist_ok=True)
    for pattern in background.rooms:
        for path in sorted((folder / name).glob(pattern)):
            room = np.trim_zeros(decode(path))
            soundfile.write(out / "rooms" / f"{name}-{path.stem}.wav", room, SAMPLE_RATE)
    noises: dict[str, list[npt.NDArray[np.int16]]] = {}
    for pattern in background.noises:
        for path in sorted((folder / name).glob(pattern)):
            samples = np.trim_zeros(decode(path))
            long = len(samples) >= LONG_NOISE_S * SAMPLE_RATE
            noises.setdefault(path.stem if long else path.parent.name, []).append(samples)
    for stem, parts in noises.items():
        soundfile.write(out / f"{name}-{stem}.wav", np.concatenate(parts), SAMPLE_RATE)
    return sum(map(len, itertools.chain(*noises.values()))) / SAMPLE_RATE


def write_manifest(source: Source, checkout: Path) -> tuple[int, float]:
    """Write the checkout's manifest; returns how many recordings and how many hours."""
    count, seconds = 0, 0.0
    with (checkout / "manifest.jsonl").open("w", encoding="utf-8") as manifest:
        for audio, transcript, speaker in source.said(checkout):
            try:
                samples, rate = soundfile.read(audio, dtype="int16")  # a header can promise more
            except soundfile.LibsndfileError:
                print(f"{audio}: not readable as audio, left out", file=sys.stderr)
                continue
            duration = len(samples) / rate
            file = audio.relative_to(checkout).as_posix()
            row = {
                "file": file,
                "transcript": transcript,
                "duration": round(duration, 3),
                "speaker": speaker,
                "style": source.style,
                "source": f"{source.repository}:{file}",
                "license": source.license,
            }
            manifest.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
            seconds += duration
    return count, seconds / 3600


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME", help="all, if none is given")
    options = parser.parse_args(arguments)
    for name in options.names or [*SOURCES, *BACKGROUNDS]:
        if name not in SOURCES and name not in BACKGROUNDS:
            known = ", ".join([*SOURCES, *BACKGROUNDS])
            parser.error(f"{name}: no such source; there are {known}")
        if not (options.folder / name).is_dir():
            print(f"{name}: no checkout in {options.folder}, skipped", file=sys.stderr)
        elif name in SOURCES:
            count, hours = write_manifest(SOURCES[name], options.folder / name)
            print(f"{name}: {count} recordings, {hours:.2f} h")
        else:
            seconds = write_background(name, options.folder, options.folder / "noise")
            print(f"{name}: {seconds / 60:.1f} min of noise")


if __name__ == "__main__":
    main()

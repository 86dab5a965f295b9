"""Speech synthesisers under one roof: Debian's flite, festival and espeak-ng, and Kokoro.

A *voice* is what a package brings; a *speaker* is a voice at one length of vocal tract, one
pitch and one pace, and counts as a person of their own. The tract is changed by playing
faster or slower (higher factor, shorter tract) while the synthesiser is told to speak that
much slower or faster and lower or higher, so that pitch and pace stay as wanted.
"""

import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from training.augment import SAMPLE_RATE_HZ, Random, Wave, speed
from training.espeak import speak
from training.kokoro import RATE_HZ as KOKORO_RATE_HZ
from training.kokoro import kokoro, tokens_of
from training.pronounced import Sound

CMU = "CMU/Edinburgh free licence (BSD-like)"
SAY_TIMEOUT_S = 600  # festival takes one; a starved machine more


@dataclass(frozen=True, slots=True)
class Voice:
    program: str
    """flite, festival, espeak-ng or kokoro."""
    name: str
    """The program's own name of it; "" where a speaker's variant says it all."""
    pitch_hz: float
    """As the program has it; 0 if the program cannot change it but by the tract."""
    share: float
    """Of all the audio; the shares are relative."""
    licence: str
    mismatch_max: float = 0.12
    """Of what it says with the lexicon: a third of one wrong word in a short sentence."""
    speakers: int = 40
    files: Path = Path()
    """Where the program's model is."""


ACCENTS = ("en-us", "en-us", "en-us", "en", "en-gb-scotland", "en-029", "en-gb-x-rp")
VARIANTS = ("m1", "m2", "m3", "m4", "m5", "m6", "m7", "f1", "f2", "f3", "f4", "f5")

VOICES: Mapping[str, Voice] = {
    "flite-slt": Voice("flite", "slt", 168.0, 5.0, CMU),
    "flite-rms": Voice("flite", "rms", 0.0, 5.0, CMU),
    "flite-awb": Voice("flite", "awb", 124.0, 4.0, CMU),
    "flite-kal": Voice("flite", "kal16", 95.0, 3.0, CMU),
    "festival-ked": Voice("festival", "ked_diphone", 105.0, 2.5, CMU),
    "festival-slt": Voice("festival", "cmu_us_slt_arctic_hts", 0.0, 3.0, CMU),
    "espeak": Voice("espeak-ng", "", 110.0, 5.5, "GPL-3.0 program; its output is not covered", 0.4),
}
"""Recorded people weigh more than espeak-ng's formants; kal and ked are diphones of the 1990s.

espeak-ng may differ more from the lexicon: most of its accents say no R after vowels."""


def kokoro_voice(files: Path) -> Voice:
    """Return all of Kokoro's voices as one, of which speakers are mixtures."""
    licence = "Apache-2.0 (Kokoro-82M by hexgrad)"
    return Voice("kokoro", "", 0.0, 28.0, licence, 0.4, speakers=400, files=files)


ENGLISH = "ab"
"""First letters of Kokoro's American and British voices; the others have accents."""
ENGLISH_SHARE = 0.85
MIX_RANGE = (0.0, 0.5)

TRACT_RANGE = (0.88, 1.16)
PITCH_RANGE = (0.8, 1.35)
STRETCH_RANGE = (0.75, 1.25)  # of the durations; a quick talker to a careful one


@dataclass(frozen=True, slots=True)
class Speaker:
    voice: Voice
    variant: str
    """espeak-ng's accent and variant, "en-us+f2"; Kokoro's two voices and the percents of the
    second, "af_sky+bm_lewis+31"; else the voice's name."""
    tract: float
    """The factor by which formants are raised."""
    pitch: float
    """The factor by which pitch is raised, with the tract's part in it."""
    stretch: float
    """The factor by which sounds last longer."""

    @property
    def name(self) -> str:
        tuned = (self.tract, self.pitch, self.stretch)
        return "-".join([self.variant, *(f"{round(100 * factor):03d}" for factor in tuned)])


@dataclass(frozen=True, slots=True)
class Utterance:
    samples: Wave
    sounds: tuple[Sound, ...]
    """What was said, as the program itself names its sounds; pauses left out."""


def speaker(voice: Voice, rng: Random) -> Speaker:
    """Draw one of a voice's speakers."""
    variant = voice.name
    if voice.program == "espeak-ng":
        variant = f"{rng.choice(ACCENTS)}+{rng.choice(VARIANTS)}"
    if voice.program == "kokoro":
        variant = mixture(kokoro(voice.files).voices, rng)
    tract = round(float(rng.uniform(*TRACT_RANGE)), 2)
    pitch = round(float(rng.uniform(*PITCH_RANGE)), 2) if voice.pitch_hz else tract
    return Speaker(voice, variant, tract, pitch, round(float(rng.uniform(*STRETCH_RANGE)), 2))


def mixture(names: Sequence[str], rng: Random) -> str:
    """Draw two voices and their shares; most often both have English as their own."""
    english = [name for name in names if name[0] in ENGLISH]
    first = rng.choice(english if rng.random() < ENGLISH_SHARE else names)
    second = rng.choice([name for name in english if name[0] == first[0]] or english)
    return f"{first}+{second}+{round(100 * rng.uniform(*MIX_RANGE)):02d}"


def say(who: Speaker, texts: Sequence[str]) -> list[Utterance]:
    """Speak each text.

    Raises:
        subprocess.CalledProcessError: the program failed.
        OSError: it is not installed.
    """
    with tempfile.TemporaryDirectory() as folder:
        return SAYERS[who.voice.program](who, texts, Path(folder))


def _flite(who: Speaker, texts: Sequence[str], folder: Path) -> list[Utterance]:
    settings = ["--setf", f"duration_stretch={who.stretch * who.tract:.3f}"]
    if who.voice.pitch_hz:
        pitch_hz = who.voice.pitch_hz * who.pitch / who.tract
        settings += ["--setf", f"int_f0_target_mean={pitch_hz:.1f}"]
    spoken = []
    for text in texts:
        file = folder / "said.wav"
        printed = _run("flite", "-voice", who.variant, *settings, "-psdur", "-t", text, str(file))
        spoken.append(Utterance(_heard(file, who), _segments(printed, who)))
    return spoken


FESTIVAL = """
(voice_{voice})
(Parameter.set 'Duration_Stretch {stretch:.3f})
(if (boundp 'hts_engine_params)
    (set! hts_engine_params (append hts_engine_params '(("-r" {rate:.3f})))))
(set! int_lr_params
    '((target_f0_mean {pitch_hz:.1f}) (target_f0_std 16) (model_f0_mean 170) (model_f0_std 34)))
(define (say text file)
    (set! said (utt.synth (eval (list 'Utterance 'Text text))))
    (utt.save.wave said file 'riff)
    (mapcar (lambda (segment) (format t "%s:%f " (item.name segment) (item.feat segment 'end)))
        (utt.relation.items said 'Segment))
    (format t "\\n"))
"""
"""The HTS voice heeds a rate (its inverse is the stretch), the diphone voices the rest."""


def _festival(who: Speaker, texts: Sequence[str], folder: Path) -> list[Utterance]:
    stretch = who.stretch * who.tract
    pitch_hz = (who.voice.pitch_hz or 100.0) * who.pitch / who.tract
    script = FESTIVAL.format(
        voice=who.variant, stretch=stretch, rate=1 / stretch, pitch_hz=pitch_hz
    )
    files = [folder / f"{number}.wav" for number in range(len(texts))]
    script += "".join(f'(say "{text}" "{file}")\n' for text, file in zip(texts, files, strict=True))
    (folder / "say.scm").write_text(script)
    lines = _run("festival", "--batch", str(folder / "say.scm")).splitlines()
    return [
        Utterance(_heard(file, who), _segments(line, who))
        for file, line in zip(files, lines, strict=True)
    ]


def _espeak(who: Speaker, texts: Sequence[str], folder: Path) -> list[Utterance]:
    height = 50 + 50 * np.log2(who.pitch / who.tract)
    words_per_minute = 165 / (who.stretch * who.tract)
    spoken = []
    for text in texts:
        said = speak(text, who.variant, int(np.clip(height, 0, 99)), int(words_per_minute))
        samples = speed(
            np.float32(1 / 32_768) * said.samples, said.rate_hz / SAMPLE_RATE_HZ * who.tract
        )
        starts_s = [start_s / who.tract for _, start_s in said.sounds]
        ends_s = [*starts_s[1:], len(samples) / SAMPLE_RATE_HZ]
        names = [name.strip("',;%=|!") for name, _ in said.sounds]
        sounds = map(Sound, names, starts_s, ends_s)
        spoken.append(Utterance(samples, tuple(s for s in sounds if s.name not in PAUSES)))
    return spoken


def _kokoro(who: Speaker, texts: Sequence[str], folder: Path) -> list[Utterance]:
    program = kokoro(who.voice.files)
    first, second, percents = who.variant.split("+")
    share = int(percents) / 100
    voices = ((first, 1 - share), (second, share))
    spoken = []
    for text in texts:
        tokens = tokens_of(text, british=first.startswith("b"))
        samples, sounds = program.speak(tokens, voices, 1 / (who.stretch * who.tract))
        spoken.append(
            Utterance(
                speed(samples, KOKORO_RATE_HZ / SAMPLE_RATE_HZ * who.tract),
                tuple(
                    Sound(sound.name, sound.start_s / who.tract, sound.end_s / who.tract)
                    for sound in sounds
                ),
            )
        )
    return spoken


PAUSES = frozenset(("", "_", "_:", "pau", "#", "h#", "brth", "sil", "ssil"))
SAYERS = {"flite": _flite, "festival": _festival, "espeak-ng": _espeak, "kokoro": _kokoro}


def _run(*command: str) -> str:
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=SAY_TIMEOUT_S
    )
    return done.stdout


def _heard(file: Path, who: Speaker) -> Wave:
    """Read what was said, at 16 kHz and with the speaker's length of tract."""
    samples, rate_hz = soundfile.read(file, dtype="float32")
    assert samples.ndim == 1, "synthesisers speak into one channel"
    return speed(samples, rate_hz / SAMPLE_RATE_HZ * who.tract)


def _segments(printed: str, who: Speaker) -> tuple[Sound, ...]:
    """Read "name:end name:end", ends in seconds before the change of tract."""
    parts = [entry.rsplit(":", 1) for entry in printed.split()]
    ends_s = [float(end) / who.tract for _, end in parts]
    sounds = map(Sound, [name for name, _ in parts], [0.0, *ends_s], ends_s)
    return tuple(sound for sound in sounds if sound.name not in PAUSES)

"""Make labelled speech with the synthesisers of Debian, as much of it as asked for.

    python -m training.synthesis OUT --hours 6 \\
        --sentences TEXT_FOLDER "CC0" --avoid evaluation/manifest.jsonl

Half of it is what books lack (digits, telephone numbers, addresses, names spelled out, dates,
orders), half sentences from the texts given, of dialogues whole turns; a third of these hesitate.
Each voice becomes a prepared set of its own under OUT, with the times of all phones: see
`training.data` and `training.bootstrap`.

It needs Debian's packages flite, espeak-ng, festival, festvox-kdlpc16k and festvox-us-slt-hts,
or those of the voices asked for; with --kokoro FOLDER, Kokoro speaks, too. A run that was stopped
goes on where it stopped, and the same seed and texts give the same audio, Kokoro's on one machine.
What a program says otherwise than the lexicon writes it is left out.
"""

import argparse
import json
import re
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from typing import NamedTuple

import numpy as np

from training import augment, sayings
from training.phrases import sentences
from training.pronounced import Alignment, Lexicon, align, phones_of
from training.sayings import Saying
from training.store import Recording, Store
from training.synthesisers import VOICES, Voice, kokoro_voice, say, speaker

KIND_WEIGHTS: Mapping[str, float] = {
    "digits": 12, "phone": 20, "address": 22, "spelled": 20, "code": 6, "email": 5, "date": 5,
    "time": 4, "price": 3, "order": 3, "command": 8, "reply": 5, "everyday": 4, "filler": 3,
}  # fmt: skip
"""Of the made-up half."""

SENTENCES_MAX = 10_000  # of each text: several times what six hours need
HESITATES = 0.35
BATCH_UTTERANCES = 12
UTTERANCE_RANGE_S = (0.4, 20.0)
EDGE_RANGE_S = (0.1, 0.4)
PAUSE_RANGE_S = (0.08, 0.7)
PAUSE_MIN_S = 0.12  # shorter silences are closures of stops
FLOOR_RANGE_DB = (35.0, 65.0)  # speech over the noise floor: no microphone is without
BLOCK_SAMPLES = 160


class Span(NamedTuple):
    """A stretch of the raw audio that was kept, in blocks of 10 ms."""

    start: int
    end: int
    new_start: int


@dataclass(frozen=True, slots=True)
class Material:
    written: Sequence[Sequence[Saying]]
    """The sentences of each text."""
    lexicon: Lexicon


def drawn(material: Material, batch: int, rng: augment.Random) -> list[Saying]:
    """Draw the sayings of a batch: made-up ones in even batches, written ones in odd ones."""
    chance = Random(int(rng.integers(2**62)))
    texts = [text for text in material.written if text]
    if batch % 2 and texts:
        chosen = [chance.choice(chance.choice(texts)) for _ in range(BATCH_UTTERANCES)]
        return [
            sayings.hesitating(saying, chance) if chance.random() < HESITATES else saying
            for saying in chosen
        ]
    return [_made_up(chance) for _ in range(BATCH_UTTERANCES)]


def _made_up(chance: Random) -> Saying:
    kind = chance.choices(list(KIND_WEIGHTS), list(KIND_WEIGHTS.values()))[0]
    words = tuple(sentences(kind, 1, chance.randrange(2**62))[0].replace("-", " ").split())
    return Saying(words, sayings.with_pauses(words, kind, chance), kind, "made up")


def spoken_batch(voice: Voice, batch: int, seed: int, material: Material) -> list[Recording]:
    """Return the recordings of a batch, all by one speaker."""
    who = speaker(
        voice, np.random.default_rng([seed, batch // 2 % voice.speakers, *voice.name.encode()])
    )
    rng = np.random.default_rng([seed, batch, 1, *voice.name.encode()])
    chosen = [
        saying
        for saying in drawn(material, batch, rng)
        if all(word in material.lexicon for word in saying.words)
    ]
    texts = [sayings.text_for(saying, voice.program) for saying in chosen]
    kept = []
    for saying, said in zip(chosen, say(who, texts), strict=True):
        heard = phones_of(said.sounds, voice.program)
        samples, kept_spans = finished(said.samples, rng)
        seconds = len(samples) / augment.SAMPLE_RATE_HZ
        if not heard or not UTTERANCE_RANGE_S[0] <= seconds <= UTTERANCE_RANGE_S[1]:
            continue
        alignment = align(saying.words, heard, material.lexicon)
        if alignment.mismatch <= voice.mismatch_max:
            about = {
                "transcript": saying.transcript,
                "speaker": who.name,
                "style": f"synthetic {saying.kind}",
                "source": "synthetic",
                "license": f"voice: {voice.licence}; text: {saying.licence}",
            }
            kept.append(Recording(samples, about, found(alignment, kept_spans)))
    return kept


def found(alignment: Alignment, kept_spans: Sequence[Span]) -> dict[str, list[int]]:
    """Return phones and times, in 10 ms, as `training.bootstrap` writes them."""
    return {
        "phones": [phone.code for phone in alignment.phones],
        "starts": [moved(phone.start_s, kept_spans) for phone in alignment.phones],
        "ends": [moved(phone.end_s, kept_spans) for phone in alignment.phones],
        "words": list(alignment.phone_counts),
    }


def moved(moment_s: float, kept_spans: Sequence[Span]) -> int:
    """Return where a moment of the raw audio is in the finished one, in 10 ms."""
    block = moment_s * augment.SAMPLE_RATE_HZ / BLOCK_SAMPLES
    span = max((s for s in kept_spans if s.start <= block), default=kept_spans[0])
    return round(span.new_start + min(max(block - span.start, 0), span.end - span.start))


def finished(samples: augment.Wave, rng: augment.Random) -> tuple[augment.Wave, list[Span]]:
    """Trim the ends, draw new lengths for the pauses, and lay a noise floor under it all.

    Returns:
        The audio, and what of the raw audio it holds; nothing of either if nobody speaks.
    """
    spoken = _speech_blocks(samples)
    if not spoken.any():
        return samples[:0], []
    first, last = int(spoken.argmax()), len(spoken) - int(spoken[::-1].argmax())
    pauses = _pauses(spoken[:last], first)
    starts = [first, *(end for _, end in pauses)]
    ends = [*(start for start, _ in pauses), last]
    pieces, spans, position = [], [], 0
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        silence = _silence(rng.uniform(*(PAUSE_RANGE_S if number else EDGE_RANGE_S)))
        spans.append(Span(start, end, (position + len(silence)) // BLOCK_SAMPLES))
        pieces += [silence, samples[start * BLOCK_SAMPLES : end * BLOCK_SAMPLES]]
        position += len(pieces[-2]) + len(pieces[-1])
    whole = np.concatenate([*pieces, _silence(rng.uniform(*EDGE_RANGE_S))])
    floor = augment.coloured(len(whole), rng.uniform(0.3, 1.5), rng)
    noisy = augment.add_noise(whole, floor, rng.uniform(*FLOOR_RANGE_DB))
    return augment.at_peak(noisy, rng.uniform(-12.0, -1.0)), spans


def _speech_blocks(samples: augment.Wave) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return for each 10 ms whether it or a neighbour is louder than 45 dB below speech."""
    count = len(samples) // BLOCK_SAMPLES
    blocks = samples[: count * BLOCK_SAMPLES].reshape(-1, BLOCK_SAMPLES)
    loud = np.sqrt(np.mean(np.square(blocks), axis=1)) > augment.speech_level(samples) * 0.0056
    widened = np.convolve(loud, np.ones(5), "same")[:count] if count else loud
    return np.asarray(widened > 0)


def _pauses(
    spoken: np.ndarray[tuple[int], np.dtype[np.bool_]], first: int
) -> list[tuple[int, int]]:
    """Return where the pauses start and end, in blocks, after the first spoken one."""
    edges = np.flatnonzero(np.diff(spoken[first:].astype(np.int8))) + 1 + first
    silent = [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    shortest = PAUSE_MIN_S * augment.SAMPLE_RATE_HZ / BLOCK_SAMPLES
    return [(start, end) for start, end in silent if end - start >= shortest]


def _silence(seconds: float) -> augment.Wave:
    blocks = round(seconds * augment.SAMPLE_RATE_HZ / BLOCK_SAMPLES)
    return np.zeros(blocks * BLOCK_SAMPLES, np.float32)


def read_material(
    texts: Sequence[tuple[str, str]], avoid: Sequence[Path], lexicon: Lexicon
) -> Material:
    """Read the sentences; nothing that the manifests to avoid contain, nothing unpronounceable."""
    avoided: set[tuple[str, ...]] = set()
    for manifest in avoid:
        for line in manifest.read_text("utf-8").splitlines():
            avoided.update(sayings.runs(sayings.plain_words(json.loads(line)["transcript"] or "")))
    written = [
        list(islice(sayings.written_sayings(Path(path), licence, lexicon, avoided), SENTENCES_MAX))
        for path, licence in texts
    ]
    return Material(written, lexicon)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training.synthesis", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("out", type=Path, help="folder for the voices' folders")
    parser.add_argument("--hours", type=float, default=6.0, help="of audio in all (default 6)")
    parser.add_argument("--seed", type=int, default=1, help="same seed, same audio (default 1)")
    parser.add_argument(
        "--sentences", nargs=2, action="append", default=[], metavar=("PATH", "LICENCE"),
        help="a text, a folder of texts, or dialogues in .jsonl.gz; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--avoid", type=Path, action="append", default=[], metavar="MANIFEST",
        help="evaluation manifest: no five words in a row of its transcripts are said",
    )  # fmt: skip
    parser.add_argument(
        "--kokoro", type=Path, metavar="FOLDER", help="where Kokoro's model is (training/kokoro.py)"
    )
    parser.add_argument(
        "--voices", help=f"of {', '.join(VOICES)} and, with --kokoro, kokoro (default: all)"
    )
    return parser.parse_args()


def main() -> None:
    from training.lexicon import Lexicon as Pronunciations  # reads all of CMUdict

    options = arguments()
    material = read_material(options.sentences, options.avoid, Pronunciations().words)
    print("sentences:", [len(text) for text in material.written], file=sys.stderr)
    voices = dict(VOICES)
    if options.kokoro:
        voices["kokoro"] = kokoro_voice(options.kokoro)
    share_total = sum(voice.share for voice in voices.values())
    names = re.split(r"[, ]+", options.voices) if options.voices else list(voices)
    stores = {name: Store(options.out / name) for name in names}
    began, seconds_before = time.monotonic(), sum(store.seconds for store in stores.values())
    wanted_s = {name: options.hours * 3_600 * voices[name].share / share_total for name in stores}
    while True:
        name = min(stores, key=lambda name: stores[name].seconds / wanted_s[name])
        if stores[name].seconds >= wanted_s[name]:
            break
        store = stores[name]
        store.append(spoken_batch(voices[name], store.batches, options.seed, material))
        made_s = sum(store.seconds for store in stores.values())
        rate = (made_s - seconds_before) / (time.monotonic() - began)
        left_s = (sum(wanted_s.values()) - made_s) / max(rate, 1e-3)
        print(
            f"\r{made_s / 3_600:.3f} h, {rate:.0f} x real time, {max(left_s, 0) / 60:.0f} min left",
            end="", file=sys.stderr, flush=True,
        )  # fmt: skip
    print(file=sys.stderr)


if __name__ == "__main__":
    main()

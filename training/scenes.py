"""Scenes: turns with pauses inside and what follows them, with every silence marked.

Most recordings that may be trained on are one sentence read aloud, so what a call is made of is
put together from them: one to three sentences of a speaker are a turn, with a pause between
them; pauses inside sentences get other lengths; sentences are cut at words in running speech,
a third of them drawn out there as people do who search for a word, and go on after a while or
never; another speaker answers, or nobody does. Silence is the clip's own room tone, for holds and
for ends alike, so that no seam tells one from the other. The whole is then moved to another room,
beside other noises or a far talker, and often onto a telephone line.

Recordings whose words nobody knows serve, too (`training.data --wordless`): each is a sentence,
its silences are pauses, and it is cut nowhere else.

Turns of dialogues, spoken by a synthesiser, are whole: every pause in one is a hold.

Audiobooks are cut into recordings at any pause, so that their ends are like their pauses: one that
the words do not close is unclear, as is a pause after words that may well be all.

    python -m training.scenes OUT --set FOLDER[:WEIGHT] ... --noise NOISE --hours 8

OUT is a prepared set (see `training.data`) whose utterances.jsonl also holds for each scene
`silences` (start, end, kind: "hold", "end" or "unclear", sort: how it was made) and `turns` (of
each its start and what a caller who asked for it would expect).
Held-out speakers make scenes of their own, `--held-out` of the hours.

    python -m training.scenes OUT --calls MANIFEST...

makes them of recorded conversations instead (training/calls.py), each cut into pieces that are
moved to other rooms and lines in the same way; one in five is held out.
"""

import argparse
import itertools
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from training.augment import (
    PROBABILITIES,
    Random,
    Wave,
    add_noise,
    at_peak,
    augment,
    reverberate,
    room,
)
from training.batches import is_validation, place
from training.calls import UNCLEAR, Call, Silence, calls_of
from training.completeness import EXPECTED_KINDS
from training.data import SAMPLE_RATE, decode, load, scaled
from training.gather import DICTATED
from training.sayings import TURN
from training.store import Recording, Store
from turnwise.engine.completeness import FILE, Completeness, Expected
from turnwise.engine.weights import FOLDER

BLOCK = 160  # 10 ms, as alignments count
SILENCE_MIN_S = 0.1
BURST_MIN_S = 0.06
ACTIVE_SHARE = 0.3
"""A block is active this far up from the noise floor to the speech level, in dB."""
CONTRAST_DB = 20.0
"""Speech over noise, where no words say what is speech."""
FAINT_DB, SHORT_BLOCKS, FAINT_SHORT_DB = 20.0, 12, 10.0
SPOKEN_BLOCKS, TAIL_BLOCKS = 25, 10
TONE_MARGIN_S = 0.05
TONE_MIN_S = 0.15
GRAIN_S = (0.1, 0.2)
FADE_S = 0.02

PASSAGES = ("audiobook", "libri")
"""In the style or source of recordings that end anywhere."""
HOLD_S, HOLD_SPREAD, HOLD_RANGE_S = 0.33, 0.8, (0.12, 4.0)
"""Median and spread (of the logarithm) of how long a speaker pauses: one pause in five outlasts
0.6 s, as in calls (what silence alone scores on LiveKit's eot-bench)."""
ANSWER_S, ANSWER_SPREAD, ANSWER_RANGE_S = 0.45, 0.8, (0.12, 3.0)
QUIET_END_S = (1.2, 3.0)
ANSWERED = 0.5
"""Of ends: somebody else speaks next on the same channel."""
CLIPS = (0.7, 0.22, 0.08)
"""How often a turn is one, two or three sentences."""
CUTS_PER_CLIP = 0.7
DRAWN_OUT = 0.35
BROKEN_OFF = 0.12
"""Of turns: cut off in the middle and nothing more comes."""
PAUSE_STAYS = 0.4
DRAWL = (1.4, 2.4)
DRAWL_S = 0.18
CLOSED, OPEN = -1.0, 0.5
"""Log-odds of the words: an audiobook's recording ends a turn from the first on, and a pause in
anything read is a hold up to the second."""
EXPECTED: dict[str, Expected | None] = {
    **EXPECTED_KINDS,
    "reply": Expected.YES_NO,
    DICTATED: None,
}
"""By the kind of a made-up sentence, or by style; everything else answers an open question."""
SCENE_S = 14.0
CALLS_HELD_OUT = 0.2
CALL_S_MAX = 40.0
"""A piece of a conversation that goes on for longer, until a turn ends, is left out."""
FAR_TALKER = 0.25
FAR_SNR_DB = (-2.0, 20.0)
LINES: dict[str, float] = {**PROBABILITIES, "speed": 0.0, "telephone": 0.4, "noise": 0.45}
BATCH = 16
HELD_OUT = {"held-out": True, "train": False}


@dataclass(frozen=True, slots=True)
class Clip:
    """A sentence, what parts it, and the sound of its room."""

    samples: Wave
    words: tuple[tuple[int, int], ...]
    """Where each word is, in samples."""
    pauses: tuple[tuple[int, int], ...]
    """Silences between words, in samples."""
    first: int
    last: int
    """Of the speech."""
    tone: Wave
    speaker: str
    open_pauses: tuple[bool, ...]
    """Of each pause: whether the words before it are surely not all."""
    closed: bool
    """Whether the speaker is surely done at the end."""
    expected: Expected | None = None
    """What a caller who asked for it would say is expected."""


def clip_of(
    samples: Wave, found: dict[str, Any], about: dict[str, Any], judge: Completeness
) -> Clip | None:
    """Return a recording as a clip; None where there is no room tone to be had."""
    edges = np.cumsum([0, *found["words"]])
    starts, ends = np.array(found["starts"]) * BLOCK, np.array(found["ends"]) * BLOCK
    if not len(starts) or not all(found["words"]):
        return None
    words = [(int(starts[a]), int(ends[b - 1])) for a, b in itertools.pairwise(edges)]
    level = levels_db(samples)
    active = active_blocks(level)
    inside = np.zeros(len(active), bool)
    for start, end in words:
        inside[start // BLOCK : -(-end // BLOCK)] = True
    near = slice(max(0, words[0][0] // BLOCK - 8), words[-1][1] // BLOCK + 12)
    spoken = np.flatnonzero(active[near]) + near.start
    if not len(spoken):
        return None
    first, last = int(spoken[0]), int(spoken[-1]) + 1
    middles = [(a[1] + b[0]) // 2 // BLOCK for a, b in itertools.pairwise(words)]
    pauses = [
        (start * BLOCK, end * BLOCK)
        for start, end in runs(~active[first:last], first)
        if (end - start) * BLOCK >= SILENCE_MIN_S * SAMPLE_RATE
        and any(start - 8 <= middle <= end + 8 for middle in middles)
    ]
    tone = room_tone(samples, ~(active | inside))
    if tone is None:
        return None
    texts = about["transcript"].split()
    is_turn = style_of(about) == TURN
    before = [sum(word[1] <= (start + end) / 2 for word in words) for start, end in pauses]
    whole = all(mark not in f"{about['style']} {about['source']}".lower() for mark in PASSAGES)
    return Clip(
        samples, tuple(words), tuple(pauses), first * BLOCK, last * BLOCK, tone,
        str(about["speaker"]),
        tuple(is_turn or judge.log_odds(texts[:count]) < OPEN for count in before),
        whole or judge.log_odds(texts) > CLOSED,
        EXPECTED.get(style_of(about), Expected.OPEN),
    )  # fmt: skip


def style_of(about: dict[str, Any]) -> str:
    """Return how it is spoken, of what is synthetic the kind of what is said."""
    return str(about["style"]).removeprefix("synthetic ")


def wordless_clip(samples: Wave, speaker: str) -> Clip | None:
    """Return a sentence of which only the sound is known; None where that is not clear.

    Faint runs of blocks are breaths, clicks or somebody else, and not speech.
    """
    level = levels_db(samples)
    floor, loud = np.quantile(level, [0.05, 0.95])
    if loud - floor < CONTRAST_DB:
        return None
    active = smoothed(level > floor + ACTIVE_SHARE * (loud - floor))
    drop_faint(active, level, loud - FAINT_DB, short_db=loud - FAINT_SHORT_DB)
    spoken = runs(active, 0)
    tone = room_tone(samples, ~active)
    if not spoken or tone is None:
        return None
    first, last = spoken[0][0], spoken[-1][1]
    if last - first < SPOKEN_BLOCKS or len(active) - last < TAIL_BLOCKS:
        return None  # too little is said, or what was last said is cut off
    gaps = runs(~active[first:last], first)
    return Clip(
        samples, (), tuple((start * BLOCK, end * BLOCK) for start, end in gaps),
        first * BLOCK, last * BLOCK, tone, speaker, (True,) * len(gaps), closed=True, expected=None,
    )  # fmt: skip


def levels_db(samples: Wave) -> NDArray[np.float32]:
    count = len(samples) // BLOCK
    blocks = samples[: count * BLOCK].reshape(-1, BLOCK)
    return np.asarray(10 * np.log10(np.mean(np.square(blocks), axis=1) + 1e-9), np.float32)


def active_blocks(level_db: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which blocks hold speech: gaps under 0.1 s closed, bursts under 0.06 s dropped."""
    floor, loud = np.quantile(level_db, [0.05, 0.9])
    return smoothed(level_db > floor + ACTIVE_SHARE * max(loud - floor, 15.0))


def smoothed(active: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Close gaps that are no silence and drop bursts that are no speech, in place."""
    for start, end in runs(~active, 0):
        if start > 0 and end < len(active) and end - start < SILENCE_MIN_S * 100:
            active[start:end] = True
    for start, end in runs(active, 0):
        if end - start < BURST_MIN_S * 100:
            active[start:end] = False
    return active


def drop_faint(
    active: NDArray[np.bool_], level_db: NDArray[np.float32], lowest_db: float, *, short_db: float
) -> None:
    """Drop runs that are nowhere as loud as that, in place; short ones as loud as `short_db`."""
    for start, end in runs(active, 0):
        needed_db = max(lowest_db, short_db) if end - start < SHORT_BLOCKS else lowest_db
        if level_db[start:end].max() < needed_db:
            active[start:end] = False


def runs(flags: NDArray[np.bool_], offset: int) -> list[tuple[int, int]]:
    """Return where flags are set, as start and end, counted from the offset."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(a) + offset, int(b) + offset) for a, b in edges.reshape(-1, 2)]


def room_tone(samples: Wave, quiet: NDArray[np.bool_]) -> Wave | None:
    """Return the clip's quiet parts one after another; None if there is too little of them."""
    margin = round(TONE_MARGIN_S * 100)
    pieces = [
        samples[(start + margin) * BLOCK : (end - margin) * BLOCK]
        for start, end in runs(quiet, 0)
        if end - start > 2 * margin + 2
    ]
    tone = np.concatenate(pieces) if pieces else samples[:0]
    return tone if len(tone) >= TONE_MIN_S * SAMPLE_RATE else None


def silence(tone: Wave, count: int, rng: Random) -> Wave:
    """Return so many samples of room tone: grains from anywhere in it, faded into each other."""
    fade = int(FADE_S * SAMPLE_RATE)
    out = np.zeros(count + 2 * fade, np.float32)
    position = 0
    while position < count:
        grain = min(int(rng.uniform(*GRAIN_S) * SAMPLE_RATE), len(tone))
        start = int(rng.integers(len(tone) - grain + 1))
        piece = tone[start : start + grain] * faded(grain, fade)
        end = min(position + grain, len(out))
        out[position:end] += piece[: end - position]
        position += grain - fade
    return out[:count]


def faded(count: int, fade: int) -> Wave:
    """Return a window whose powers add up to one where two of them overlap by `fade`."""
    window = np.ones(count, np.float32)
    slope = np.sin(np.linspace(0, np.pi / 2, min(fade, count // 2), dtype=np.float32))
    window[: len(slope)] = slope
    window[count - len(slope) :] = slope[::-1]
    return window


def drawl(samples: Wave, factor: float) -> Wave:
    """Return the sound so much longer at the same pitch.

    Grains of 40 ms, each moved to where it fits best to the one before (WSOLA, Verhelst and
    Roelands, 1993).
    """
    grain, hop, reach = 640, 320, 160
    if len(samples) < grain + 2 * reach:
        return samples
    window = np.hanning(grain + 1)[:grain].astype(np.float32)
    wanted = int(len(samples) * factor)
    out = np.zeros(wanted + grain, np.float32)
    weight = np.full(wanted + grain, 1e-3, np.float32)
    at = 0
    for position in range(0, wanted, hop):
        aim = int(position / factor)
        if position:
            like = samples[at + hop : at + hop + grain]
            low = max(0, min(aim - reach, len(samples) - grain))
            high = min(aim + reach, len(samples) - grain)
            if len(like) == grain and high > low:
                near = np.lib.stride_tricks.sliding_window_view(samples[low : high + grain], grain)
                at = low + int(np.argmax(near[::8] @ like)) * 8
            else:
                at = low
        out[position : position + grain] += samples[at : at + grain] * window
        weight[position : position + grain] += window
    return np.asarray((out / np.maximum(weight, 0.05))[:wanted], np.float32)


class Strip:
    """A scene that grows at its end."""

    def __init__(self) -> None:
        self.pieces: list[Wave] = []
        self.length = 0
        self.silences: list[Silence] = []
        self.turns: list[tuple[int, Expected | None]] = []
        """Where each begins, and what was expected."""

    def speech(self, samples: Wave) -> None:
        """Add sound; its edges are faded a little."""
        self.pieces.append(samples * faded(len(samples), 80))
        self.length += len(samples)

    def quiet(self, samples: Wave, kind: str, sort: str) -> None:
        self.pieces.append(samples)
        self.silences.append(Silence(self.length, self.length + len(samples), kind, sort))
        self.length += len(samples)


def drawn(median_s: float, spread: float, within_s: tuple[float, float], rng: Random) -> int:
    length_s = median_s * float(np.exp(spread * rng.standard_normal()))
    return int(np.clip(length_s, *within_s) * SAMPLE_RATE)


def hold(rng: Random) -> int:
    return drawn(HOLD_S, HOLD_SPREAD, HOLD_RANGE_S, rng)


def cuts_of(clip: Clip, rng: Random) -> list[int]:
    """Return where to cut a sentence in running speech, between two words."""
    level = levels_db(clip.samples)
    places = []
    for a, b in zip(clip.words[:-1], clip.words[1:], strict=True):
        middle = (a[1] + b[0]) // 2
        is_apart = all(middle < start - 1600 or middle > end + 1600 for start, end in clip.pauses)
        if is_apart and middle - clip.first > 3200 and clip.last - middle > 3200:
            low = max(0, middle // BLOCK - 5)
            places.append((low + int(np.argmin(level[low : low + 10]))) * BLOCK)
    wanted = min(int(rng.poisson(CUTS_PER_CLIP)), len(places))
    return sorted(int(p) for p in rng.choice(places, wanted, replace=False)) if wanted else []


def add_clip(strip: Strip, clip: Clip, rng: Random, *, broken: bool) -> bool:
    """Add a sentence with its pauses; returns whether it was broken off before its end."""
    cuts = cuts_of(clip, rng)
    places = cuts[-1:] or [start for start, _ in clip.pauses if not clip.words]
    broken = broken and bool(places)
    pauses = zip(clip.pauses, clip.open_pauses, strict=True)
    stops = sorted(
        [(start, end, "pause" if is_open else UNCLEAR) for (start, end), is_open in pauses]
        + [(cut, cut, "cut") for cut in cuts]
    )
    if broken:
        last_cut = int(rng.choice(places))
        stops = [stop for stop in stops if stop[0] <= last_cut]
    at = clip.first
    for start, end, sort in stops:
        if start < at:
            continue
        piece = clip.samples[at:start]
        if sort == "cut" and rng.random() < DRAWN_OUT:
            sort = "drawl"
            tail = int(DRAWL_S * SAMPLE_RATE)
            if len(piece) > 2 * tail:
                strip.speech(piece[:-tail])
                piece = drawl(piece[-tail:], rng.uniform(*DRAWL))
        strip.speech(piece)
        if broken and start == last_cut:
            strip.quiet(silence(clip.tone, hold(rng), rng), "hold", "broken off")
            return True
        kind = UNCLEAR if sort == UNCLEAR else "hold"
        if end > start and rng.random() < PAUSE_STAYS:
            strip.quiet(clip.samples[start:end], kind, sort)
        else:
            strip.quiet(retimed(clip, start, end, hold(rng), rng), kind, sort)
        at = end
    strip.speech(clip.samples[at : clip.last])
    return False


def retimed(clip: Clip, start: int, end: int, count: int, rng: Random) -> Wave:
    """Return a silence of another length: its own beginning and end, and room tone between."""
    lead = min(int(rng.uniform(0.0, 0.1) * SAMPLE_RATE), (end - start) // 2, count // 2)
    tail = min(800, (end - start) // 2, count // 2)
    middle = silence(clip.tone, count - lead - tail, rng)
    return np.concatenate(
        [clip.samples[start : start + lead], middle, clip.samples[end - tail : end]]
    )


def add_turn(strip: Strip, clips: Sequence[Clip], rng: Random, *, answered: bool) -> None:
    """Add what one speaker says, and the silence after it."""
    strip.turns.append((strip.length, clips[0].expected))
    broken = rng.random() < BROKEN_OFF
    for number, clip in enumerate(clips):
        if number:
            tone = clips[number - 1].tone
            strip.quiet(silence(tone, hold(rng), rng), "hold", "joined")
        is_last = number == len(clips) - 1
        if add_clip(strip, clip, rng, broken=broken and is_last) and is_last:
            return
    clip = clips[-1]
    natural = clip.samples[clip.last : clip.last + int(rng.uniform(0, 0.1) * SAMPLE_RATE)]
    if answered:
        count = drawn(ANSWER_S, ANSWER_SPREAD, ANSWER_RANGE_S, rng)
    else:
        count = int(rng.uniform(*QUIET_END_S) * SAMPLE_RATE)
    natural = natural[:count]
    rest = silence(clip.tone, count - len(natural), rng)
    kind = "end" if clip.closed else UNCLEAR
    strip.quiet(np.concatenate([natural, rest]), kind, "answered" if answered else "quiet")


class People:
    """Who speaks in scenes: clips by speaker, speakers drawn by the weights of their sets."""

    def __init__(self, sets: Sequence[tuple[list[Clip], float]], rng: Random) -> None:
        self._rng = rng
        self._sets = []
        for clips, weight in sets:
            by_speaker: dict[str, list[Clip]] = {}
            for number, clip in enumerate(clips):  # where nobody knows, each may be another
                name = clip.speaker if clip.speaker != "None" else f"unknown {number}"
                by_speaker.setdefault(name, []).append(clip)
            if by_speaker:
                self._sets.append((list(by_speaker.values()), weight))
        weights = np.array([weight for _, weight in self._sets])
        self._shares = weights / weights.sum()

    def turn(self) -> list[Clip]:
        """Draw a speaker and what they say in a turn."""
        groups = self._sets[self._rng.choice(len(self._sets), p=self._shares)][0]
        sizes = np.sqrt([len(group) for group in groups])
        group = groups[self._rng.choice(len(groups), p=sizes / sizes.sum())]
        wanted = min(len(group), 1 + int(self._rng.choice(len(CLIPS), p=CLIPS)))
        return [group[i] for i in self._rng.integers(0, len(group), wanted)]


def scene(people: People, noises: Sequence[Wave], rng: Random) -> tuple[Wave, Strip]:
    """Return a scene as it sounds, and its marks."""
    strip = Strip()
    strip.quiet(np.zeros(0, np.float32), "lead", "lead")
    while strip.length < SCENE_S * SAMPLE_RATE:
        clips = people.turn()
        level = 10 ** (rng.uniform(-8, 0) / 20) / max(float(np.abs(c.samples).max()) for c in clips)
        if strip.length == 0:
            lead = silence(clips[0].tone, int(rng.uniform(0.2, 1.0) * SAMPLE_RATE), rng)
            strip.quiet(lead * np.float32(level), "lead", "lead")
        before = len(strip.pieces)
        answered = rng.random() < ANSWERED and strip.length < SCENE_S * SAMPLE_RATE / 2
        add_turn(strip, clips, rng, answered=answered)
        for number in range(before, len(strip.pieces)):
            strip.pieces[number] = strip.pieces[number] * np.float32(level)
        if not answered:
            break
    samples = np.concatenate(strip.pieces).astype(np.float32)
    if rng.random() < FAR_TALKER:
        far = np.concatenate([clip.samples for clip in people.turn()])
        far = reverberate(np.resize(np.pad(far, (0, 16_000)), len(samples)), room(rng))
        samples = add_noise(samples, far, rng.uniform(*FAR_SNR_DB))
    samples = augment(at_peak(samples, -3.0), rng, noises=noises, probabilities=LINES)
    return samples, strip


def scenes_of_calls(
    calls: Sequence[Call], noises: Sequence[Wave], rng: Random
) -> Iterator[tuple[Wave, Strip]]:
    """Return the pieces of conversations as they sound elsewhere, in any order, and their marks."""
    length = int(SCENE_S * SAMPLE_RATE)
    found = [piece for call in calls for piece in call.pieces(length)]
    for number in rng.permutation(len(found)):
        samples, silences, turns = found[number]
        if len(samples) > CALL_S_MAX * SAMPLE_RATE:
            continue
        strip = Strip()
        strip.speech(samples)
        strip.silences = silences
        strip.turns = [(start, None) for start in turns]
        yield augment(at_peak(samples, -3.0), rng, noises=noises, probabilities=LINES), strip


def clips_of(folder: Path, judge: Completeness) -> Iterator[Clip]:
    """Return the recordings of a prepared set whose words are aligned, or that have none."""
    utterances = load(folder)
    if not any(utterance.words for utterance in utterances):
        found = (wordless_clip(scaled(each.samples), each.speaker) for each in utterances)
        yield from (clip for clip in found if clip is not None)
        return
    alignment = folder / "alignment.jsonl"
    if not alignment.exists():
        raise FileNotFoundError(f"{alignment}: make it by training.align, it is of the words")
    about = [json.loads(line) for line in (folder / "utterances.jsonl").read_text().splitlines()]
    lines = alignment.read_text().splitlines()
    for line in lines:
        row = json.loads(line)
        if row["found"]:
            number = row["number"]
            samples = scaled(utterances[number].samples)
            clip = clip_of(samples, row["found"], about[number], judge)
            if clip is not None:
                yield clip


def write(out: Path, scenes: Iterator[tuple[Wave, Strip]], hours: float) -> dict[str, int]:
    """Write so many hours of scenes, or all of them; returns how many silences of each sort."""
    store = Store(out)
    counts: dict[str, int] = {}
    while store.seconds < hours * 3600:
        batch = []
        for samples, strip in itertools.islice(scenes, BATCH):
            marks = [s for s in strip.silences if s.kind != "lead"]
            for mark in marks:
                counts[mark.sort] = counts.get(mark.sort, 0) + 1
            about: dict[str, Any] = {
                "transcript": "", "speaker": "scene", "style": "scene", "source": "made up",
                "license": "of its parts", "turns": strip.turns,
                "silences": [mark._asdict() for mark in marks],
            }  # fmt: skip
            batch.append(Recording(samples, about, {}))
        if not batch:
            break
        store.append(batch)
        print(f"\r{out.name}: {store.seconds / 3600:.2f} h", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return counts


def endless(people: People, noises: Sequence[Wave], rng: Random) -> Iterator[tuple[Wave, Strip]]:
    while True:
        yield scene(people, noises, rng)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("out", type=Path)
    made_of = parser.add_mutually_exclusive_group(required=True)
    made_of.add_argument("--set", nargs="+", help="prepared sets, FOLDER[:WEIGHT]")
    made_of.add_argument("--calls", type=Path, nargs="+", help="manifests, see calls.py")
    parser.add_argument("--noise", type=Path, help="folder of recorded noises")
    parser.add_argument("--completeness", type=Path, default=FOLDER / FILE)
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--held-out", type=float, default=0.15, help="share of the hours")
    parser.add_argument("--clips", type=int, help="at most so many of each set")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    noises = (
        [scaled(decode(p)) for p in sorted(options.noise.glob("*.wav"))] if options.noise else []
    )
    if options.calls:
        calls = [call for manifest in options.calls for call in calls_of(manifest)]
        for name, held_out in HELD_OUT.items():
            kept = [c for c in calls if (place(c.speaker) < CALLS_HELD_OUT) == held_out]
            made = scenes_of_calls(kept, noises, rng)
            print(name, write(options.out / name, made, inf), file=sys.stderr)
        return
    judge = Completeness(load_file(options.completeness))
    sets: dict[bool, list[tuple[list[Clip], float]]] = {True: [], False: []}
    for entry in options.set:
        folder, _, weight = entry.partition(":")
        clips = list(clips_of(Path(folder), judge))
        for held_out in (True, False):
            mine = [clip for clip in clips if is_validation(clip.speaker) == held_out]
            if options.clips and len(mine) > options.clips:
                mine = [mine[i] for i in rng.choice(len(mine), options.clips, replace=False)]
            if mine:  # few speakers, and none of them may be held out
                sets[held_out].append((mine, float(weight or 1)))
            print(folder, len(mine), "clips", "held out" * held_out, file=sys.stderr)
    for name, held_out in HELD_OUT.items():
        people = People(sets[held_out], rng)
        hours = options.hours * (options.held_out if held_out else 1 - options.held_out)
        counts = write(options.out / name, endless(people, noises, rng), hours)
        print(name, counts, file=sys.stderr)


if __name__ == "__main__":
    main()

"""Spoken text to the recogniser's language model and lexicon, one file of arrays.

    python -m training.language --text DIR --names DIR --tune manifest.jsonl --out FILE

Every DIR/DOMAIN.txt, one spoken sentence a line as training/text_sources.py writes them, becomes a
Kneser-Ney trigram model. They are mixed with the weights under which a tuning text is likeliest:
each domain's held-out lines and the transcripts of the `--tune` manifests. The mixture is pruned
until all fits `--bytes-max`.

The arrays, for V words, B bigrams, T trigrams and P pronunciations; logarithms are natural:

    words                   uint8[n]      UTF-8, parted by line ends, in order of id
    unigram_logprob         float16[V]    and unigram_backoff
    bigram_start            int32[V + 1]  where the bigrams after each word begin
    bigram_word             uint16[B]     ids, rising for one history
    bigram_logprob          uint8[B]      places in bigram_logprob_table, float32[256]
    bigram_backoff          uint8[B]      places in bigram_backoff_table
    trigram_start           int32[B + 1]  where the trigrams after each bigram begin
    trigram_word            uint16[T]     trigram_logprob  uint8[T], trigram_logprob_table
    pron_word               int32[P]      whose pronunciation; one word's are together
    pron_start              int32[P + 1]  where it begins in pron_phones, uint8: 1..39

A state is an int: a word's id, or V + b after the two words of bigram b.
"""

import argparse
import json
import math
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from training import ngrams, vocabulary
from training.ngrams import START, UNKNOWN, Model
from training.normalise import spoken
from training.text_sources import names_of

Arrays = dict[str, NDArray[np.generic]]
Ids = NDArray[np.integer[Any]]

WORDS_MAX = 65_000  # ids fit in uint16
BYTES_MAX = 28_000_000
HELD_OUT_EVERY = 100  # every so many lines of a domain are kept for tuning
TUNING_LINES_MAX = 2_000  # of a domain or a manifest's style
WORD_BYTES = 8  # its unigram's values and the place of its bigrams
HEADER_BYTES = 8_000  # of the file, with the tables
CHUNK_BYTES = 100_000_000  # of text counted at once
TYPED = ("chat", "tasks")  # domains with slips of the pen: only listed words count there
DOMAIN_BYTES_MAX = 330_000_000  # of text; of a larger domain every so many lines are counted
MADE_UP = "phrases"  # a domain whose words are no evidence that they are common
MADE_UP_MIN = 20  # occurrences there that tell of a word in a template
LOG_ZERO = -99.0


def logarithm(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return natural logarithms, LOG_ZERO of nothing."""
    return np.log(np.maximum(values, math.exp(LOG_ZERO)))


def codebook(
    values: NDArray[np.float64], rounds: int = 12
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Find 256 values that stand for many (Lloyd), and each one's place among them.

    Returns:
        uint8[n] places and float32[256] values, rising.
    """
    if not len(values):
        return np.zeros(0, np.uint8), np.zeros(256, np.float32)
    ordered = np.sort(values)
    table = np.unique(ordered[np.linspace(0, len(ordered) - 1, 256).astype(int)])
    sums = np.concatenate([[0.0], np.cumsum(ordered)])
    for _ in range(rounds):
        edges = np.searchsorted(ordered, (table[1:] + table[:-1]) / 2)
        edges = np.concatenate([[0], edges, [len(ordered)]])
        sizes = np.diff(edges)
        table = np.where(sizes > 0, np.diff(sums[edges]) / np.maximum(sizes, 1), table)
    places = np.searchsorted((table[1:] + table[:-1]) / 2, values).astype(np.uint8)
    padded = np.concatenate([table, np.full(256 - len(table), table[-1])])
    return places, padded.astype(np.float32)


def arrays_of(model: Model, words: Sequence[str]) -> Arrays:
    """Return the language model's part of the arrays."""
    size = model.size
    logprob2, table2 = codebook(logarithm(model.bigram_probabilities))
    logprob3, table3 = codebook(logarithm(model.trigram_probabilities))
    unigrams = np.exp(logarithm(model.unigrams).astype(np.float16).astype(float))
    rounded = ngrams.backed_off(  # back-off weights that fit what rounding left
        unigrams / unigrams.sum(), model.bigrams, np.exp(table2[logprob2].astype(float)),
        model.trigrams, np.exp(table3[logprob3].astype(float)), model.history,
    )  # fmt: skip
    backoff2, backoff_table = codebook(logarithm(rounded.bigram_backoff))
    histories = np.searchsorted(model.bigrams, model.trigrams // size)
    return {
        "words": np.frombuffer("\n".join(words).encode(), np.uint8),
        "unigram_logprob": logarithm(model.unigrams).astype(np.float16),
        "unigram_backoff": logarithm(rounded.unigram_backoff).astype(np.float16),
        "bigram_start": _starts(model.bigrams // size, size),
        "bigram_word": (model.bigrams % size).astype(np.uint16),
        "bigram_logprob": logprob2,
        "bigram_logprob_table": table2,
        "bigram_backoff": backoff2,
        "bigram_backoff_table": backoff_table,
        "trigram_start": _starts(histories, len(model.bigrams)),
        "trigram_word": (model.trigrams % size).astype(np.uint16),
        "trigram_logprob": logprob3,
        "trigram_logprob_table": table3,
    }


def _starts(histories: NDArray[np.int64], count: int) -> NDArray[np.int32]:
    return np.searchsorted(histories, np.arange(count + 1)).astype(np.int32)


def lexicon_arrays(words: Sequence[str], known: Mapping[str, Sequence[str]]) -> Arrays:
    """Return the lexicon's part of the arrays; SPECIAL words have no pronunciation."""
    owners: list[int] = []
    starts = [0]
    phones: list[int] = []
    for index, word in enumerate(words):
        if word in vocabulary.SPECIAL:
            continue
        for way in vocabulary.pronunciations(word, known):
            owners.append(index)
            phones += vocabulary.phone_indices(way)
            starts.append(len(phones))
    return {
        "pron_word": np.array(owners, np.int32),
        "pron_start": np.array(starts, np.int32),
        "pron_phones": np.array(phones, np.uint8),
    }


class LanguageModel:
    """The arrays' reference reader: slow, and plainly right."""

    def __init__(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        self._arrays = arrays
        self.words = arrays["words"].tobytes().decode().split("\n")
        self.index = {word: index for index, word in enumerate(self.words)}

    def step(self, state: int, word: int) -> tuple[float, int]:
        """Return ln p(word | state) and the state after it."""
        arrays, size = self._arrays, len(self.words)
        backed = 0.0
        if state >= size:
            bigram = state - size
            place = self._find("trigram", bigram, word)
            last = int(arrays["bigram_word"][bigram])
            if place is not None:
                logprob = self._value("trigram_logprob", place)
                return logprob, self._state(last, word)
            backed = self._value("bigram_backoff", bigram)
            state = last
        place = self._find("bigram", state, word)
        if place is not None:
            return backed + self._value("bigram_logprob", place), self._state(state, word)
        backed += float(arrays["unigram_backoff"][state])
        return backed + float(arrays["unigram_logprob"][word]), word

    def score(self, words: Sequence[str]) -> list[float]:
        """Return the natural log probability of each word of a sentence, and of its end.

        A word outside the vocabulary has that of `<unk>`, and nothing is known after it.
        """
        state, scores = START, []
        for word in [*words, "</s>"]:
            logprob, state = self.step(state, self.index.get(word, UNKNOWN))
            scores.append(logprob)
        return scores

    def _state(self, first: int, second: int) -> int:
        place = self._find("bigram", first, second)
        return second if place is None else len(self.words) + place

    def _find(self, order: str, history: int, word: int) -> int | None:
        start, end = self._arrays[f"{order}_start"][history : history + 2]
        place = int(start) + int(np.searchsorted(self._arrays[f"{order}_word"][start:end], word))
        return place if place < end and self._arrays[f"{order}_word"][place] == word else None

    def _value(self, name: str, place: int) -> float:
        return float(self._arrays[f"{name}_table"][self._arrays[name][place]])


class Numbering(defaultdict[str, int]):
    """Numbers words as they come, SPECIAL first."""

    def __init__(self) -> None:
        super().__init__(None, {word: index for index, word in enumerate(vocabulary.SPECIAL)})
        self.default_factory = self.__len__

    def numbered(self, lines: Sequence[str]) -> Ids:
        """Return sentences as numbers, each with START before and END after it."""
        text = "".join(f"<s> {line.rstrip()} </s> " for line in lines)
        return np.fromiter(map(self.__getitem__, text.split()), np.int32)


@dataclass(frozen=True, slots=True)
class Domain:
    """One kind of text, in the numbers of a Numbering."""

    name: str
    chunks: list[Ids]
    held_out: Ids
    """At most TUNING_LINES_MAX sentences, for tuning."""

    def counts(self, size: int) -> Ids:
        """Return how often each number occurs: int64[size]."""
        total = np.zeros(size, np.int64)
        for chunk in self.chunks:
            total += np.bincount(chunk, minlength=size)
        return total


def read_domain(path: Path, numbering: Numbering) -> Domain:
    """Read DOMAIN.txt, one spoken sentence a line."""
    chunks: list[Ids] = []
    held_out: list[str] = []
    every = math.ceil(path.stat().st_size / DOMAIN_BYTES_MAX) or 1
    with path.open() as file:
        while lines := file.readlines(CHUNK_BYTES):
            lines = lines[::every]
            held_out += lines[::HELD_OUT_EVERY]
            del lines[::HELD_OUT_EVERY]
            chunks.append(numbering.numbered(lines))
    domain = Domain(path.stem, chunks, numbering.numbered(held_out[:TUNING_LINES_MAX]))
    _tell(f"{domain.name}: {sum(map(len, chunks))} words")
    return domain


def encoded(lines: Sequence[str], ids: Mapping[str, int]) -> NDArray[np.int64]:
    """Return sentences as ids of the vocabulary, each with START before and END after it."""
    text = "".join(f"<s> {line.rstrip()} </s> " for line in lines)
    return np.fromiter((ids.get(word, UNKNOWN) for word in text.split()), np.int64)


def by_style(manifest: Path) -> dict[str, list[str]]:
    """Return a manifest's transcripts as spoken, for each style."""
    styles: dict[str, list[str]] = {}
    for line in manifest.read_text().splitlines():
        item = json.loads(line)
        styles.setdefault(item["style"], []).append(spoken(item["transcript"]))
    return styles


def report(arrays: Arrays, manifest: Path) -> str:
    """Return a table: for each style of a manifest, words, those unknown, and perplexity."""
    model = LanguageModel(arrays)
    rows = ["style                                     words  unknown  perplexity"]
    for style, texts in sorted(by_style(manifest).items()):
        scores: list[float] = []
        count = unknown = 0
        for text in texts:
            words = text.split()
            known = [word in model.index for word in words]
            count, unknown = count + len(words), unknown + known.count(False)
            scores += [
                score
                for score, is_known in zip(model.score(words), [*known, True], strict=True)
                if is_known
            ]
        perplexity = math.exp(-sum(scores) / len(scores))
        rows.append(f"{style[:40]:40} {count:6} {unknown / count:7.2%} {perplexity:11.1f}")
    return "\n".join(rows)


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def choose_words(
    domains: Sequence[Domain],
    numbering: Numbering,
    names: Path | None,
    known: Mapping[str, Sequence[str]],
    words_max: int,
) -> list[str]:
    """Choose the vocabulary: what the domains say often, and names and places people give."""
    every_word = list(numbering)
    counts: dict[str, dict[str, int]] = {}
    always = list(vocabulary.OWN)
    for domain in domains:
        tally = domain.counts(len(every_word))
        tally[: len(vocabulary.SPECIAL)] = 0
        if domain.name == MADE_UP:
            always += [every_word[index] for index in np.flatnonzero(tally >= MADE_UP_MIN)]
        else:
            counts[domain.name] = {
                word: int(tally[index])
                for index, word in enumerate(every_word)
                if tally[index] and (domain.name not in TYPED or word in known)
            }
    if names:
        listed = [*names_of(names, "first"), *names_of(names, "place")]
        always += [name for name in listed if name in known]
    return vocabulary.vocabulary(counts, known, always, words_max)


def build(
    text: Path, names: Path | None, tune: Sequence[Path], words_max: int, bytes_max: int
) -> Arrays:
    """Count, smooth, mix and prune: the whole way from text to arrays."""
    known = vocabulary.cmu_pronunciations()
    numbering = Numbering()
    domains = [read_domain(path, numbering) for path in sorted(text.glob("*.txt"))]
    words = choose_words(domains, numbering, names, known, words_max)
    ids = {word: index for index, word in enumerate(words)}
    id_of = np.array([ids.get(word, UNKNOWN) for word in numbering], np.int64)
    models = []
    for domain in domains:
        counts = ngrams.count((id_of[chunk] for chunk in domain.chunks), len(words))
        models.append(ngrams.kneser_ney(counts))
        _tell(f"{domain.name}: {len(counts.bigrams)} bigrams, {len(counts.trigrams)} trigrams")
    styles = [said for path in tune for said in by_style(path).values()]
    tuning = [id_of[domain.held_out] for domain in domains]
    tuning += [encoded(said[:TUNING_LINES_MAX], ids) for said in styles]
    weights = ngrams.tuned_weights(models, np.concatenate(tuning))
    for domain, weight in zip(domains, weights, strict=True):
        _tell(f"{domain.name}: weight {weight:.3f}")
    spoken_words = lexicon_arrays(words, known)
    fixed = sum(array.nbytes for array in spoken_words.values()) + len("\n".join(words))
    room = bytes_max - fixed - WORD_BYTES * len(words) - HEADER_BYTES
    model = ngrams.pruned(ngrams.mixture(models, weights), room)
    _tell(f"kept {len(model.bigrams)} bigrams, {len(model.trigrams)} trigrams")
    return arrays_of(model, words) | spoken_words


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--text", type=Path, required=True, help="folder of DOMAIN.txt")
    parser.add_argument("--names", type=Path, help="folder of name lists")
    parser.add_argument("--tune", type=Path, nargs="*", default=[], help="manifests to tune for")
    parser.add_argument("--report", type=Path, help="manifest to measure perplexity on")
    parser.add_argument("--words-max", type=int, default=WORDS_MAX, help="words to know")
    parser.add_argument("--bytes-max", type=int, default=BYTES_MAX, help="size of the file")
    parser.add_argument("--out", type=Path, required=True, help="file to write")
    chosen = parser.parse_args()
    arrays = build(chosen.text, chosen.names, chosen.tune, chosen.words_max, chosen.bytes_max)
    save_file(arrays, chosen.out)
    _tell(f"{chosen.out}: {chosen.out.stat().st_size} bytes")
    if chosen.report:
        print(report(dict(load_file(chosen.out)), chosen.report))


if __name__ == "__main__":
    main()

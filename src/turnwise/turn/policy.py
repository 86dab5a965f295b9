"""From what is believed to what it means: numbers and thresholds become signals.

The order of the questions is the contract's (section 5.4): first match wins.
"""

from dataclasses import dataclass
from enum import StrEnum

from turnwise.engine.interface import Hypothesis
from turnwise.settings import Thresholds
from turnwise.turn.machine import Signal, State
from turnwise.units import Samples, samples_from_ms


class Trigger(StrEnum):
    """Why a turn ended (contract rule R9)."""

    MODEL = "model"
    TIMEOUT = "timeout"
    MANUAL = "manual"


NEVER = 1.0
"""The eot_threshold that switches the model's own end of turn off (contract 14.31)."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What was announced as a likely end, and when."""

    transcript: str
    announced_at: Samples


Verdict = tuple[tuple[Signal, Trigger | None], ...]
NOTHING: Verdict = ()


def transcript(hypothesis: Hypothesis) -> str:
    return " ".join([word.text for word in hypothesis.words])


def judge(
    state: State,
    hypothesis: Hypothesis,
    thresholds: Thresholds,
    silence: Samples,
    draft: Draft | None,
) -> Verdict:
    """Return the signals of this moment, in order.

    Args:
        state: Where the turn machine stands.
        hypothesis: The newest.
        thresholds: Those in force.
        silence: Since the last voice of the turn, passed time of a stalled client included.
        draft: The end announced last; it counts while ENDING, and is there then.
    """
    if state is State.IDLE:
        return ((Signal.SPEECH, None),) if hypothesis.words else NOTHING
    timed_out = silence >= samples_from_ms(thresholds.timeout_ms)
    sure = (
        thresholds.eot < NEVER
        and hypothesis.end_of_turn >= thresholds.eot
        and bool(hypothesis.words)
    )
    if state is State.SPEAKING:
        return _while_speaking(hypothesis, thresholds, timed_out=timed_out, sure=sure)
    assert draft is not None, "an announced end has a text"
    if _goes_on(hypothesis, thresholds, draft):
        # A time-out must not give another text than was announced (rule R4, 14.30).
        resumed = ((Signal.NOT_OVER, None),)
        return (*resumed, (Signal.OVER, Trigger.TIMEOUT)) if timed_out else resumed
    if timed_out:
        return ((Signal.OVER, Trigger.TIMEOUT),)
    return ((Signal.OVER, Trigger.MODEL),) if sure else NOTHING


def _while_speaking(
    hypothesis: Hypothesis, thresholds: Thresholds, *, timed_out: bool, sure: bool
) -> Verdict:
    if timed_out:
        return ((Signal.OVER, Trigger.TIMEOUT),)
    if thresholds.eager is None:
        return ((Signal.OVER, Trigger.MODEL),) if sure else NOTHING
    if hypothesis.end_of_turn < thresholds.eager or not hypothesis.words:  # rule R2
        return NOTHING
    announced = ((Signal.LIKELY_OVER, None),)
    return (*announced, (Signal.OVER, Trigger.MODEL)) if sure else announced  # section 5.4, 6


def _goes_on(hypothesis: Hypothesis, thresholds: Thresholds, draft: Draft) -> bool:
    if transcript(hypothesis) != draft.transcript:
        return True
    voice_again = hypothesis.voice_until is not None and hypothesis.voice_until > draft.announced_at
    unlikely = thresholds.eager is None or hypothesis.end_of_turn < thresholds.eager
    return voice_again and unlikely

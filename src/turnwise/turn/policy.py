"""From what is believed to what it means: numbers and thresholds become signals.

The order of the questions is the contract's (section 5.4): first match wins. Two clocks run.
The model is asked once neither a voice nor a word has been heard for ASKED_AFTER, so that no
turn ends inside a word, and a little sooner for an announcement, which may be taken back; the
time-out counts from the last voice alone, whatever the words are.

Words start a turn if a voice says them. Where a voice has been going on without any word, or was
not there when they were said, it is music or somebody far off, and words are guesses until there
is about one too many to be wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from turnwise.engine.interface import Hypothesis, Word
from turnwise.settings import Thresholds
from turnwise.turn.machine import Signal, State
from turnwise.units import Samples, samples_from_ms


class Trigger(StrEnum):
    """Why a turn ended (contract rule R9)."""

    MODEL = "model"
    TIMEOUT = "timeout"
    MANUAL = "manual"


ASKED_AFTER = samples_from_ms(160)
"""Of quiet: less is a stop consonant, and the word may go on."""
ANNOUNCED_AFTER = samples_from_ms(60)
"""Of quiet, before an end may be announced, which is taken back if the word goes on: most often two
frames before the model is asked. By then a text has its last mark."""
RESUMED_AFTER = samples_from_ms(200)
"""Of voice: less is a cough, a click or the end of the last word."""
WORDLESS_MAX = samples_from_ms(3_000)
"""Of a voice: nobody speaks for so long without one word that is understood."""
VOICE_GAP_MAX = samples_from_ms(1_000)
"""Inside such a voice."""
MUSIC_MIN = samples_from_ms(1_500)
"""Of a voice: if what seemed to be words in it was none, it is music."""
REST_MAX = samples_from_ms(10_000)
"""Inside music."""
APART_MAX = samples_from_ms(400)
"""Of a voice and the words it says: each is found for itself."""
BELIEVED_WITHIN = samples_from_ms(2_000)
BELIEVED_MIN = 1.0
"""Of their confidences together: in ten minutes of music no words come near it."""
NEVER = 1.0
"""The eot_threshold that switches the model's own end of turn off (contract 14.31)."""


NONE = Samples(0)


@dataclass(frozen=True, slots=True)
class Draft:
    """What was announced as a likely end."""

    transcript: str
    voiced: Samples = NONE
    """How much of what was heard since the announcement is voice."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice heard while no turn is open, short gaps included."""

    start: Samples
    end: Samples
    is_music: bool = False
    """Whether what seemed to be words in it was none."""

    @property
    def gap_max(self) -> Samples:
        """What it may rest for and be the same voice."""
        return REST_MAX if self.is_music else VOICE_GAP_MAX


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
    voice: Voice | None = None,
) -> Verdict:
    """Return the signals of this moment, in order.

    Args:
        state: Where the turn machine stands.
        hypothesis: The newest.
        thresholds: Those in force.
        silence: Since the last voice of the turn, passed time of a stalled client included.
        draft: The end announced last; it counts while ENDING, and is there then.
        voice: What was heard of one while IDLE; None if none was.
    """
    if state is State.IDLE:
        return ((Signal.SPEECH, None),) if is_speech(hypothesis, voice) else NOTHING
    timed_out = silence >= samples_from_ms(thresholds.timeout_ms)
    quiet = quiet_of(hypothesis)
    sure = thresholds.eot <= hypothesis.end_of_turn and thresholds.eot < NEVER
    sure = sure and quiet >= ASKED_AFTER
    if state is State.SPEAKING:
        if timed_out:
            return ((Signal.OVER, Trigger.TIMEOUT),)
        ended = ((Signal.OVER, Trigger.MODEL),) if sure else NOTHING
        if thresholds.eager is None:
            return ended
        if hypothesis.end_of_turn < thresholds.eager or quiet < ANNOUNCED_AFTER:
            return NOTHING
        return ((Signal.LIKELY_OVER, None), *ended)  # both at once: section 5.4, 6
    assert draft is not None, "an announced end has a text"
    if transcript(hypothesis) != draft.transcript or draft.voiced >= RESUMED_AFTER:
        # A time-out must not give another text than was announced (rule R4, 14.30).
        resumed = ((Signal.NOT_OVER, None),)
        return (*resumed, (Signal.OVER, Trigger.TIMEOUT)) if timed_out else resumed
    if timed_out:
        return ((Signal.OVER, Trigger.TIMEOUT),)
    return ((Signal.OVER, Trigger.MODEL),) if sure else NOTHING


def is_speech(hypothesis: Hypothesis, voice: Voice | None) -> bool:
    """Whether there are words and a voice, and they are no guesses."""
    words, now = hypothesis.words, hypothesis.heard_until
    if not words or hypothesis.voice_until is None or are_stale(hypothesis):
        return False
    believed = sum(word.confidence for word in words if now - word.end <= BELIEVED_WITHIN)
    return voice is None or believed >= doubt(voice, words)


def doubt(voice: Voice, words: Sequence[Word]) -> float:
    """Return how much the words' confidences must come to, 0 to BELIEVED_MIN.

    The longer the voice has been without a word, the more.
    """
    first, last = words[0], words[-1]
    if first.start < voice.start - APART_MAX or last.start > voice.end + APART_MAX:
        return BELIEVED_MIN  # it was not there
    return BELIEVED_MIN * min(max(0, last.start - voice.start) / WORDLESS_MAX, 1.0)


def are_stale(hypothesis: Hypothesis) -> bool:
    """Whether there are words, the last of them long ago: guesses, if they started no turn."""
    words = hypothesis.words
    return bool(words) and hypothesis.heard_until - words[-1].end > BELIEVED_WITHIN


def voice_after(voice: Voice | None, before: Hypothesis, now: Hypothesis) -> Voice | None:
    """Return the voice that goes on, or has begun, between two hypotheses."""
    if voice is not None and are_stale(before) and voice.end - voice.start >= MUSIC_MIN:
        voice = replace(voice, is_music=True)
    until = now.voice_until
    if until is None or until <= before.heard_until:
        return voice
    if voice is None or before.heard_until - voice.end > voice.gap_max:
        return Voice(before.heard_until, until)
    return replace(voice, end=until)


def quiet_of(hypothesis: Hypothesis) -> Samples:
    """Return for how long neither voice nor word has been heard; 0 without words (rule R2)."""
    if not hypothesis.words:
        return NONE
    last = max(hypothesis.voice_until or NONE, hypothesis.words[-1].end)
    return Samples(hypothesis.heard_until - last)


def voiced_since(before: Hypothesis, now: Hypothesis) -> Samples:
    """Return how much voice the audio heard between two hypotheses holds."""
    if now.voice_until is None:
        return Samples(0)
    return Samples(max(0, now.voice_until - before.heard_until))

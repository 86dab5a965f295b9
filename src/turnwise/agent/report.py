"""How long people waited for an answer, where the time went, and what drafts cost.

Pure: moments come as arguments, in seconds of any one clock.
"""

from dataclasses import dataclass
from statistics import median

CHARACTERS_PER_TOKEN = 4  # of English; for prompts whose cost the endpoint never told


@dataclass(slots=True)
class Turn:
    """One reply's moments. None: it has not come to that, or nobody knows."""

    reply: int
    began_s: float | None = None
    """When the model was asked."""
    draft: bool = False
    end_delay_s: float | None = None
    """From the end of the speech to the news that the turn is over."""
    over_s: float | None = None
    first_word_s: float | None = None
    first_sound_s: float | None = None
    """When there was something to play, be it a draft's."""
    played_s: float | None = None
    """When the first sound was played."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated: bool = True
    """Whether the tokens were guessed, because the endpoint had no time to say."""
    dropped: bool = False

    @property
    def answer_delay_s(self) -> float | None:
        """From the news that the turn is over to the first sound."""
        if self.over_s is None or self.played_s is None:
            return None
        return self.played_s - self.over_s

    @property
    def think_delay_s(self) -> float | None:
        """From the question to the model's first word."""
        if self.began_s is None or self.first_word_s is None:
            return None
        return self.first_word_s - self.began_s

    @property
    def speak_delay_s(self) -> float | None:
        """From the model's first word to the first sound, which may wait for the turn's end."""
        if self.first_word_s is None or self.first_sound_s is None:
            return None
        return self.first_sound_s - self.first_word_s

    @property
    def eager_gain_s(self) -> float | None:
        """How much later the first sound would have been without the draft."""
        if not self.draft or self.began_s is None or self.over_s is None:
            return None
        if self.first_sound_s is None:
            return None
        work_s = self.first_sound_s - self.began_s
        return work_s - max(0.0, self.first_sound_s - self.over_s)


class Report:
    """Takes what happens, and has a row for each reply that was begun."""

    def __init__(self) -> None:
        self._turns: dict[int, Turn] = {}

    @property
    def answered(self) -> list[Turn]:
        """Replies to what the user said, in order."""
        return [turn for turn in self._turns.values() if turn.over_s is not None]

    @property
    def dropped(self) -> list[Turn]:
        """Drafts that were thought out in vain."""
        return [turn for turn in self._turns.values() if turn.dropped]

    def turn(self, reply: int) -> Turn:
        return self._turns.setdefault(reply, Turn(reply))

    def began(self, reply: int, now_s: float, prompt_characters: int, *, draft: bool) -> None:
        turn = self.turn(reply)
        if turn.began_s is None:
            turn.began_s, turn.draft = now_s, draft
        turn.prompt_tokens += prompt_characters // CHARACTERS_PER_TOKEN if turn.estimated else 0

    def over(self, reply: int, now_s: float, end_delay_s: float | None) -> None:
        turn = self.turn(reply)
        turn.over_s, turn.end_delay_s = now_s, end_delay_s

    def word(self, reply: int, now_s: float) -> None:
        turn = self.turn(reply)
        turn.first_word_s = now_s if turn.first_word_s is None else turn.first_word_s
        turn.completion_tokens += 1 if turn.estimated else 0  # endpoints send one at a time

    def cost(self, reply: int, prompt_tokens: int, completion_tokens: int) -> None:
        turn = self.turn(reply)
        if turn.estimated:
            turn.prompt_tokens = turn.completion_tokens = 0
            turn.estimated = False
        turn.prompt_tokens += prompt_tokens
        turn.completion_tokens += completion_tokens

    def sound(self, reply: int, now_s: float) -> None:
        turn = self.turn(reply)
        turn.first_sound_s = now_s if turn.first_sound_s is None else turn.first_sound_s

    def played(self, reply: int, now_s: float) -> None:
        turn = self.turn(reply)
        turn.played_s = now_s if turn.played_s is None else turn.played_s

    def drop(self, reply: int) -> None:
        self.turn(reply).dropped = True

    def summary(self) -> list[str]:
        """Say it in sentences, for people."""
        answered = self.answered
        lines = []
        for name, meaning in (
            ("end_delay_s", "from the end of speech to EndOfTurn"),
            ("think_delay_s", "from the question to the model's first word"),
            ("answer_delay_s", "from EndOfTurn to the first sound"),
            ("eager_gain_s", "saved by answering early"),
        ):
            values = [value for turn in answered if (value := getattr(turn, name)) is not None]
            if values:
                lines.append(f"{median(values) * 1000:5.0f} ms {meaning} (median of {len(values)})")
        drafts = len(self.dropped) + sum(turn.draft for turn in answered)
        if drafts:
            tokens = sum(turn.prompt_tokens + turn.completion_tokens for turn in self.dropped)
            about = "about " if any(turn.estimated for turn in self.dropped) else ""
            lines.append(
                f"{len(self.dropped)} of {drafts} drafts were in vain, for {about}{tokens} tokens"
            )
        return lines

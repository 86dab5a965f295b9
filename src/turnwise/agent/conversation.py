"""One conversation: turn events, thoughts, sound and playback positions in, actions out.

Pure: it never waits, and has no clock. A shell feeds it with the `receive_*` verbs and does
what `actions()` gives out, each once and in order. Whatever arrives late, twice or for a
reply that is gone is ignored, so the shell need not care how fast a cancelled task dies.

    Think ─▶ receive_text … receive_thought_end        the reply's words
    Synthesise ─▶ receive_sound … receive_sound_end    their sound, piece by piece
    Play ─▶ receive_position …                         how much of it was heard
    Call ─▶ receive_result …                           functions, for a spoken reply only
    Stop                                               all of that at once, for one reply
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import assert_never

from turnwise.agent.actions import (
    Action,
    Answer,
    Call,
    Complete,
    Heard,
    Play,
    Saying,
    Stop,
    Synthesise,
    Think,
)
from turnwise.agent.history import (
    HISTORY_MESSAGES_MAX,
    Called,
    Entry,
    Said,
    ToolCall,
    heard_text,
    trimmed,
)
from turnwise.agent.turns import Deed, Signal, State, step
from turnwise.speech.clauses import Clauses, speakable
from turnwise.speech.interface import Sound
from turnwise.wire.messages import EventName

APOLOGY = "Sorry, I can't answer that just now."
AHEAD_S_MAX = 10  # sound made and not yet played: enough against any hiccup, little to waste
TOOL_ROUNDS_MAX = 5  # a model that only ever calls functions has lost its way
CHARACTERS_PER_S = 15  # of speech, to guess how long a piece will be that is still being made


@dataclass(slots=True)
class _Piece:
    text: str
    samples: int = 0
    complete: bool = False
    retried: bool = False


@dataclass(slots=True)
class _Reply:
    number: int
    text: str | None
    """What it answers."""
    called: list[Called] = field(default_factory=list)
    calls: tuple[ToolCall, ...] = ()
    """Asked for and not all answered."""
    results: dict[str, str] = field(default_factory=dict)
    clauses: Clauses = field(default_factory=Clauses)
    pieces: list[_Piece] = field(default_factory=list)
    pieces_begun: int = 0
    held: list[tuple[_Piece, Sound]] = field(default_factory=list)
    """Sound of a draft, not to be played before it is promoted."""
    thinking: bool = True
    worded: bool = False
    """The model wrote something that can be said."""
    failed: bool = False
    played_samples: int = 0
    complete: bool = False
    cut_short: bool = False

    def write(self, clauses: list[str]) -> None:
        """Take what the model wrote."""
        pieces = _pieces(clauses)
        self.pieces += pieces
        self.worded = self.worded or bool(pieces)

    @property
    def samples(self) -> int:
        return sum(piece.samples for piece in self.pieces)

    @property
    def synthesising(self) -> "_Piece | None":
        piece = self.pieces[self.pieces_begun - 1] if self.pieces_begun else None
        return None if piece is None or piece.complete else piece


class Conversation:
    def __init__(
        self,
        sample_rate_hz: int,
        *,
        eager: bool = False,
        history: Iterable[Entry] = (),
        history_messages_max: int = HISTORY_MESSAGES_MAX,
    ) -> None:
        """Begin with nobody saying anything.

        Args:
            sample_rate_hz: Of the sound that is received and played.
            eager: Whether replies are drafted at EagerEndOfTurn; otherwise it, and
                TurnResumed, mean nothing.
            history: What was said before, oldest first.
            history_messages_max: How much of it the model is told.
        """
        self.state = State.NONE
        self._rate_hz = sample_rate_hz
        self._eager = eager
        self._history: list[Entry] = list(history)
        self._history_max = history_messages_max
        self._turn_started = self._turn_ended = -1
        self._transcript = ""
        """Of the turn that was heard of last."""
        self._queued: list[str] = []
        """To be said by the agent once the user has not the floor any more."""
        self._reply: _Reply | None = None
        self._stopped: _Reply | None = None
        """Broken off, and what was heard of it is not settled."""
        self._replies = 0
        self._actions: list[Action] = []

    @property
    def history(self) -> tuple[Entry, ...]:
        """What was said and heard, without the reply that goes on."""
        return tuple(self._history)

    def actions(self) -> list[Action]:
        """Give out what became due, each once, in order."""
        due, self._actions = self._actions, []
        return due

    # The user.

    def receive_turn(self, event: EventName, turn_index: int, transcript: str) -> None:
        """Take a turn event. A turn that ended does not end again."""
        if turn_index <= self._turn_ended:
            return
        before, self._transcript = self._transcript, transcript
        if event is EventName.UPDATE:
            # The agent was made to speak in mid-turn, and the user goes on.
            speaking = turn_index == self._turn_started and self.state is State.SPEAKING
            if speaking and transcript != before:
                self._step(Signal.STARTED)
            return
        if turn_index > self._turn_started:
            self._turn_started = turn_index
            if self.state is State.DRAFTING:  # the turn before was never ended
                self._step(Signal.RESUMED)
        if self.state in (State.NONE, State.SPEAKING):
            self._step(Signal.STARTED)
        match event:
            case EventName.START_OF_TURN:
                pass
            case EventName.EAGER_END_OF_TURN:
                self._receive_announcement(transcript)
            case EventName.TURN_RESUMED:
                if self.state is State.DRAFTING:
                    self._step(Signal.RESUMED)
            case EventName.END_OF_TURN:
                self._turn_ended = turn_index
                self._receive_end(transcript)
            case _:
                assert_never(event)

    def say(self, text: str) -> bool:
        """Speak of ourselves, as a greeting does. Return False while anybody has the floor."""
        if self.state is not State.NONE:
            return False
        self._step(Signal.SAY)
        reply = self._begin(None)
        reply.thinking = False
        self._append(reply, text)
        self._actions.append(Answer(reply.number, None))
        self._advance()
        return True

    def append(self, text: str) -> None:
        """Say a text after what is being said; while the user has the floor, once they are done."""
        if self.state is State.SPEAKING:
            assert self._reply is not None
            self._append(self._reply, text)
            self._advance()
        elif not self.say(text):
            self._queued.append(text)

    def interrupt(self, text: str) -> None:
        """Say a text at once, whoever has the floor, instead of whatever else was to be said."""
        self._queued.clear()
        if self.state is State.DRAFTING:
            self._step(Signal.RESUMED)
        elif self.state is State.SPEAKING:
            self._step(Signal.STARTED)
        if self.state is State.HUSHED:
            self._step(Signal.NOTHING)
        self.say(text)

    def ask(self, text: str) -> None:
        """Take a text as if the user had said it in a turn of its own."""
        if self.state is State.DRAFTING:
            self._step(Signal.RESUMED)
        if self.state is not State.HUSHED:
            self._step(Signal.STARTED)
        self._receive_end(text)

    def _receive_announcement(self, transcript: str) -> None:
        if not (self._eager and transcript):
            return
        if self.state is State.DRAFTING:
            assert self._reply is not None
            if self._reply.text == transcript:
                return
            self._step(Signal.RESUMED)
        self._step(Signal.LIKELY_OVER, transcript)

    def _receive_end(self, transcript: str) -> None:
        if self.state is State.DRAFTING:
            assert self._reply is not None
            # A draft that failed is worth another try; one that answers other words is not.
            if self._reply.text != transcript or self._reply.failed:
                self._step(Signal.RESUMED)
        self._step(Signal.OVER if transcript else Signal.NOTHING, transcript)

    # The model.

    def receive_text(self, reply: int, text: str) -> None:
        """Take some more of a reply's text."""
        if (current := self._thinking(reply)) is not None:
            current.write(current.clauses.push(text))
            self._advance()

    def receive_calls(self, reply: int, calls: tuple[ToolCall, ...]) -> None:
        """The model wants functions called; until all of them are, it says no more."""
        assert calls, "an empty wish is a thought's end"
        if (current := self._thinking(reply)) is None:
            return
        if len(current.called) == TOOL_ROUNDS_MAX:
            self.receive_failure(reply)
            return
        current.write(current.clauses.flush())
        current.thinking = False
        current.calls, current.results = calls, {}
        if self.state is State.SPEAKING:
            self._actions.append(Call(reply, calls))
        self._advance()

    def receive_result(self, reply: int, call_id: str, content: str) -> None:
        """Take what a function gave back."""
        current = self._reply
        if current is None or current.number != reply or not current.calls:
            return
        if self.state is not State.SPEAKING:  # a draft's functions were not called yet
            return
        if call_id not in {call.call_id for call in current.calls}:
            return
        current.results.setdefault(call_id, content)
        if len(current.results) == len({call.call_id for call in current.calls}):
            results = tuple(current.results[call.call_id] for call in current.calls)
            current.called.append(Called(current.calls, results))
            current.calls = ()
            self._think(current, draft=False)

    def receive_thought_end(self, reply: int) -> None:
        """The reply's text is complete."""
        if (current := self._thinking(reply)) is not None:
            current.thinking = False
            current.write(current.clauses.flush())
            self._advance()

    def receive_failure(self, reply: int) -> None:
        """The model cannot go on. Half a sentence stays unsaid."""
        if (current := self._thinking(reply)) is None:
            return
        current.thinking, current.failed = False, True
        if self.state is State.SPEAKING and not current.worded:
            current.pieces.append(_Piece(APOLOGY))
        self._advance()

    # The sound.

    def receive_sound(self, reply: int, sound: Sound) -> None:
        """Take some more sound of the piece that is being synthesised."""
        current = self._reply
        if current is None or current.number != reply or not len(sound):
            return
        if (piece := current.synthesising) is not None:
            if self.state is State.SPEAKING:
                self._play(current, piece, sound)
            else:
                current.held.append((piece, sound))

    def receive_sound_end(self, reply: int) -> None:
        """The piece has all its sound."""
        current = self._reply
        if current is not None and current.number == reply and current.synthesising is not None:
            current.synthesising.complete = True
            self._advance()

    def receive_sound_failure(self, reply: int) -> None:
        """The piece cannot be said: once more if nothing was heard of it, else silence."""
        current = self._reply
        if current is None or current.number != reply or (piece := current.synthesising) is None:
            return
        if not (piece.samples or piece.retried or current.held):
            piece.retried = True
            self._actions.append(Synthesise(reply, piece.text))
            return
        piece.text = heard_text([(piece.text, self._expected_samples(piece))], piece.samples)
        piece.complete = True
        current.thinking, current.failed, current.calls = False, True, ()
        del current.pieces[current.pieces_begun :]
        self._advance()

    def receive_position(self, reply: int, played_samples: int) -> None:
        """So much of the reply's sound was played."""
        for known in (self._reply, self._stopped):
            if known is not None and known.number == reply:
                played = min(max(known.played_samples, played_samples), known.samples)
                known.played_samples = played
        self._advance()

    def receive_stopped(self, reply: int, played_samples: int) -> None:
        """The sound of a reply has stopped, and no more of it will be heard."""
        self.receive_position(reply, played_samples)
        if self._stopped is not None and self._stopped.number == reply:
            self._settle()

    # Inside.

    def _thinking(self, reply: int) -> _Reply | None:
        current = self._reply
        if current is None or current.number != reply or not current.thinking:
            return None
        return current

    def _step(self, signal: Signal, transcript: str = "") -> None:
        self.state, deed = step(self.state, signal)
        match deed:
            case Deed.LISTEN if self.state is State.NONE and self._queued:
                self.say(self._take_queued())
            case Deed.LISTEN:
                pass
            case Deed.DRAFT:
                self._settle()
                self._think(self._begin(transcript), draft=True)
            case Deed.DROP:
                assert self._reply is not None
                self._actions.append(Stop(self._reply.number, draft=True))
                self._reply = None
            case Deed.PROMOTE:
                self._promote()
            case Deed.ANSWER if signal is Signal.OVER:
                self._settle()
                reply = self._begin(transcript)
                self._actions.append(Answer(reply.number, transcript))
                self._append(reply, self._take_queued())
                self._think(reply, draft=False)
                self._advance()
            case Deed.ANSWER:
                self._settle()
            case Deed.HUSH:
                assert self._reply is not None
                self._stopped, self._reply = self._reply, None
                self._stopped.cut_short = True
                self._actions.append(Stop(self._stopped.number, draft=False))
            case Deed.REST:
                self._stopped, self._reply = self._reply, None
                self._settle()
            case _:
                assert_never(deed)

    def _append(self, reply: _Reply, text: str) -> None:
        """Put a text behind what a reply has so far, whatever the model still writes."""
        clauses = Clauses()
        if pieces := _pieces([*clauses.push(text), *clauses.flush()]):
            reply.pieces += pieces
            reply.complete = False

    def _take_queued(self) -> str:
        text, self._queued = " ".join(self._queued), []
        return text

    def _begin(self, text: str | None) -> _Reply:
        assert self._reply is None, "one reply at a time"
        self._reply = _Reply(self._replies, text)
        self._replies += 1
        return self._reply

    def _think(self, reply: _Reply, *, draft: bool) -> None:
        assert reply.text is not None
        reply.thinking = True
        entries = [*self._history, Said("user", reply.text), *reply.called]
        self._actions.append(Think(reply.number, trimmed(entries, self._history_max), draft))

    def _promote(self) -> None:
        reply = self._reply
        assert reply is not None
        self._actions.append(Answer(reply.number, reply.text))
        held, reply.held = reply.held, []
        for piece, sound in held:
            self._play(reply, piece, sound)
        if reply.calls:
            self._actions.append(Call(reply.number, reply.calls))
        self._append(reply, self._take_queued())
        self._advance()

    def _play(self, reply: _Reply, piece: _Piece, sound: Sound) -> None:
        assert self.state is State.SPEAKING, "nothing is spoken early"
        if not piece.samples:
            self._actions.append(Saying(reply.number, piece.text))
        piece.samples += len(sound)
        self._actions.append(Play(reply.number, sound))

    def _advance(self) -> None:
        """Begin the next piece if it is time, and end a reply that was heard."""
        reply = self._reply
        if reply is None or reply.synthesising is not None:
            return
        speaking = self.state is State.SPEAKING
        if reply.pieces_begun < len(reply.pieces):
            ahead_samples = reply.samples - reply.played_samples
            if ahead_samples > AHEAD_S_MAX * self._rate_hz:
                return
            if speaking or not reply.pieces_begun:  # of a draft the first piece, to be ready
                reply.pieces_begun += 1
                self._actions.append(
                    Synthesise(reply.number, reply.pieces[-1 + reply.pieces_begun].text)
                )
        elif speaking and not reply.thinking and not reply.calls:
            if not reply.complete:
                reply.complete = True
                self._actions.append(Complete(reply.number))
            if reply.played_samples >= reply.samples:
                self._step(Signal.FINISHED)

    def _settle(self) -> None:
        """Put what was heard of the reply before into the history."""
        reply, self._stopped = self._stopped, None
        if reply is None:
            return
        if reply.text is not None:
            self._history.append(Said("user", reply.text))
        self._history += reply.called
        lengths = [(piece.text, self._expected_samples(piece)) for piece in reply.pieces]
        text = heard_text(lengths, reply.played_samples)
        if text:
            self._history.append(Said("assistant", text))
        self._actions.append(Heard(reply.number, text, reply.cut_short))

    def _expected_samples(self, piece: _Piece) -> int:
        """How long a piece is, or will about be if its sound is still being made."""
        if piece.complete:
            return piece.samples
        return max(piece.samples, len(piece.text) * self._rate_hz // CHARACTERS_PER_S, 1)


def _pieces(clauses: list[str]) -> list[_Piece]:
    """Return what of a text is to be pronounced."""
    return [_Piece(text) for clause in clauses if (text := speakable(clause))]

"""The agent's core: what it does in a conversation, and what it never does in any."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

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
from turnwise.agent.conversation import AHEAD_S_MAX, APOLOGY, TOOL_ROUNDS_MAX, Conversation
from turnwise.agent.history import Called, Said, ToolCall
from turnwise.agent.turns import State
from turnwise.wire.messages import EventName as Event

RATE_HZ = 1_000
CLOCK = ToolCall("c1", "clock", "{}")


def sound(samples: int) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    return np.zeros(samples, np.float32)


@dataclass
class Talk:
    """A conversation and all it ever asked for."""

    core: Conversation = field(default_factory=lambda: Conversation(RATE_HZ, eager=True))
    done: list[Action] = field(default_factory=list)

    def due(self) -> list[Action]:
        due = self.core.actions()
        self.done += due
        return due

    def user(self, text: str, turn: int = 0) -> None:
        self.core.receive_turn(Event.START_OF_TURN, turn, text)
        self.core.receive_turn(Event.END_OF_TURN, turn, text)

    def speak(self, reply: int, samples: int) -> None:
        """Synthesise and play all of a piece."""
        self.core.receive_sound(reply, sound(samples))
        self.core.receive_sound_end(reply)


def test_a_turn_is_answered_when_it_is_over() -> None:
    talk = Talk()
    talk.core.receive_turn(Event.START_OF_TURN, 0, "Hi")
    assert talk.due() == []
    talk.core.receive_turn(Event.END_OF_TURN, 0, "Hi there")
    assert talk.due() == [
        Answer(0, "Hi there"),
        Think(0, (Said("user", "Hi there"),), draft=False),
    ]


def test_a_sentence_is_synthesised_as_soon_as_it_is_whole_and_played_as_it_comes() -> None:
    talk = Talk()
    talk.user("Hi")
    talk.due()
    talk.core.receive_text(0, "Hello")
    assert talk.due() == []
    talk.core.receive_text(0, ". How are")
    assert talk.due() == [Synthesise(0, "Hello.")]
    piece = sound(80)
    talk.core.receive_sound(0, piece)
    assert talk.due() == [Saying(0, "Hello."), Play(0, piece)]


def test_the_next_sentence_waits_for_the_one_before() -> None:
    talk = Talk()
    talk.user("Hi")
    talk.core.receive_text(0, "One. Two. ")
    talk.due()
    talk.speak(0, 100)
    assert talk.due()[-1] == Synthesise(0, "Two.")


def test_a_reply_that_was_played_is_remembered_and_gives_the_floor_back() -> None:
    talk = Talk()
    talk.user("Hi")
    talk.core.receive_text(0, "Hello. Bye.")
    talk.core.receive_thought_end(0)
    talk.speak(0, 100)
    talk.speak(0, 50)
    talk.core.receive_position(0, 149)
    assert Heard not in map(type, talk.due())
    talk.core.receive_position(0, 150)
    assert talk.due() == [Heard(0, "Hello. Bye.", cut_short=False)]
    assert talk.core.state is State.NONE
    assert talk.core.history == (Said("user", "Hi"), Said("assistant", "Hello. Bye."))


def test_a_draft_is_thought_out_and_made_ready_but_not_spoken() -> None:
    talk = Talk()
    talk.core.receive_turn(Event.START_OF_TURN, 0, "Hi")
    talk.core.receive_turn(Event.EAGER_END_OF_TURN, 0, "Hi")
    assert talk.due() == [Think(0, (Said("user", "Hi"),), draft=True)]
    talk.core.receive_text(0, "Hello. How are you? ")
    assert talk.due() == [Synthesise(0, "Hello.")]
    talk.speak(0, 100)
    assert talk.due() == []


def test_a_promoted_draft_is_spoken_at_once() -> None:
    talk = Talk()
    talk.core.receive_turn(Event.EAGER_END_OF_TURN, 0, "Hi")
    talk.core.receive_text(0, "Hello. How are you? ")
    piece = sound(100)
    talk.core.receive_sound(0, piece)
    talk.core.receive_sound_end(0)
    talk.due()
    talk.core.receive_turn(Event.END_OF_TURN, 0, "Hi")
    assert talk.due() == [
        Answer(0, "Hi"),
        Saying(0, "Hello."),
        Play(0, piece),
        Synthesise(0, "How are you?"),
    ]


def test_a_draft_is_dropped_when_the_turn_resumes() -> None:
    talk = Talk()
    talk.core.receive_turn(Event.EAGER_END_OF_TURN, 0, "Hi")
    talk.core.receive_turn(Event.TURN_RESUMED, 0, "Hi I")
    assert talk.due()[-1] == Stop(0, draft=True)
    talk.core.receive_text(0, "Hello. ")
    talk.core.receive_turn(Event.END_OF_TURN, 0, "Hi I am here")
    assert talk.due() == [
        Answer(1, "Hi I am here"),
        Think(1, (Said("user", "Hi I am here"),), draft=False),
    ]


def test_a_draft_for_other_words_is_not_the_answer() -> None:
    talk = Talk()
    talk.core.receive_turn(Event.EAGER_END_OF_TURN, 0, "Hi")
    talk.core.receive_turn(Event.END_OF_TURN, 0, "Hide")
    kinds = [type(action) for action in talk.due()]
    assert kinds == [Think, Stop, Answer, Think]


def test_announcements_mean_nothing_unless_drafts_are_wanted() -> None:
    talk = Talk(Conversation(RATE_HZ, eager=False))
    talk.core.receive_turn(Event.EAGER_END_OF_TURN, 0, "Hi")
    talk.core.receive_turn(Event.TURN_RESUMED, 0, "Hi")
    assert talk.due() == []
    assert talk.core.state is State.HUSHED


def test_breaking_in_stops_the_reply_and_keeps_what_was_heard() -> None:
    talk = Talk()
    talk.user("Hi")
    talk.core.receive_text(0, "One two three four. Five.")
    talk.core.receive_thought_end(0)
    talk.speak(0, 1_900)
    talk.core.receive_position(0, 700)
    talk.due()
    talk.core.receive_turn(Event.START_OF_TURN, 1, "Wait")
    assert talk.due() == [Stop(0, draft=False)]
    talk.core.receive_stopped(0, 780)
    assert talk.due() == [Heard(0, "One two", cut_short=True)]
    talk.core.receive_turn(Event.END_OF_TURN, 1, "Wait")
    thought = talk.due()[-1]
    assert thought == Think(
        1, (Said("user", "Hi"), Said("assistant", "One two"), Said("user", "Wait")), draft=False
    )


def test_a_player_that_never_says_where_it_stopped_is_not_waited_for() -> None:
    talk = Talk()
    talk.user("Hi")
    talk.core.receive_text(0, "One two three four. ")
    talk.speak(0, 1_900)
    talk.core.receive_position(0, 780)
    talk.user("Wait", turn=1)
    talk.core.receive_stopped(0, 1_900)
    assert talk.core.history == (Said("user", "Hi"), Said("assistant", "One two"))


def test_somebody_who_goes_on_before_the_reply_began_is_answered_once() -> None:
    talk = Talk()
    talk.user("I want")
    talk.user("a table", turn=1)
    talk.core.receive_text(0, "What? ")
    assert [type(action) for action in talk.due()] == [Answer, Think, Stop, Heard, Answer, Think]


def test_a_turn_that_ends_twice_is_answered_once() -> None:
    talk = Talk()
    talk.user("Hi")
    talk.due()
    talk.user("Hi")
    assert talk.due() == []


def test_a_turn_without_words_is_not_answered() -> None:
    talk = Talk()
    talk.core.receive_turn(Event.EAGER_END_OF_TURN, 0, "Hi")
    talk.core.receive_turn(Event.END_OF_TURN, 0, "")
    assert [type(action) for action in talk.due()] == [Think, Stop]
    assert talk.core.state is State.NONE


def test_the_agent_speaks_of_itself_only_while_nobody_has_the_floor() -> None:
    talk = Talk()
    assert talk.core.say("Welcome.")
    assert not talk.core.say("Again.")
    assert talk.due() == [Answer(0, None), Synthesise(0, "Welcome.")]
    talk.speak(0, 10)
    talk.core.receive_position(0, 10)
    assert talk.core.history == (Said("assistant", "Welcome."),)


def test_a_text_of_its_own_is_put_behind_what_is_being_said_and_thought() -> None:
    talk = Talk()
    talk.user("Hi")
    talk.core.receive_text(0, "One. Two")
    talk.core.append("By the way.")
    assert talk.due()[-1] == Synthesise(0, "One.")
    talk.core.receive_thought_end(0)
    talk.speak(0, 10)
    assert talk.due()[-1] == Synthesise(0, "By the way.")  # the model had not written more yet
    talk.speak(0, 10)
    assert talk.due()[-1] == Synthesise(0, "Two")
    talk.speak(0, 10)
    assert talk.due()[-1] == Complete(0)
    talk.core.append("Bye.")  # while the last of it is heard
    talk.speak(0, 10)
    assert talk.due()[-1] == Complete(0)
    talk.core.receive_position(0, 40)
    assert talk.core.history[-1] == Said("assistant", "One. By the way. Two Bye.")


def test_a_text_of_its_own_waits_while_the_user_has_the_floor() -> None:
    talk = Talk()
    talk.core.receive_turn(Event.START_OF_TURN, 0, "Hm")
    talk.core.append("By the way.")
    assert talk.due() == []
    talk.core.receive_turn(Event.END_OF_TURN, 0, "Hm")
    assert talk.due() == [
        Answer(0, "Hm"),
        Think(0, (Said("user", "Hm"),), draft=False),
        Synthesise(0, "By the way."),
    ]
    talk.core.receive_failure(0)
    talk.speak(0, 10)
    assert talk.due()[-1] == Synthesise(0, APOLOGY)  # it is no answer


def test_a_text_of_its_own_is_said_when_a_turn_comes_to_nothing() -> None:
    talk = Talk()
    talk.core.receive_turn(Event.START_OF_TURN, 0, "Hm")
    talk.core.append("By the way.")
    talk.core.append("And so on.")
    talk.core.receive_turn(Event.END_OF_TURN, 0, "")
    assert talk.due() == [Answer(0, None), Synthesise(0, "By the way.")]


def test_a_text_behind_a_draft_is_said_after_it() -> None:
    talk = Talk()
    talk.core.receive_turn(Event.EAGER_END_OF_TURN, 0, "Hi")
    talk.core.receive_text(0, "Good day.")
    talk.core.receive_thought_end(0)
    talk.core.append("By the way.")
    talk.core.receive_turn(Event.END_OF_TURN, 0, "Hi")
    talk.speak(0, 10)
    assert [a.text for a in talk.due() if isinstance(a, Synthesise)] == ["Good day.", "By the way."]


def test_an_interruption_replaces_what_is_being_said() -> None:
    talk = Talk()
    talk.user("Hi")
    talk.core.receive_text(0, "One two three. Four")
    talk.due()
    talk.core.interrupt("Wait.")
    assert [type(action) for action in talk.due()] == [Stop, Heard, Answer, Synthesise]
    assert talk.core.state is State.SPEAKING


def test_an_interruption_of_the_user_ends_with_the_users_next_word() -> None:
    talk = Talk()
    talk.core.receive_turn(Event.EAGER_END_OF_TURN, 0, "So I")
    talk.core.append("Never said.")
    talk.core.interrupt("Wait.")
    assert [type(action) for action in talk.due()] == [Think, Stop, Answer, Synthesise]
    talk.core.receive_turn(Event.UPDATE, 0, "So I")
    assert talk.due() == []
    talk.core.receive_turn(Event.UPDATE, 0, "So I said")
    assert [type(action) for action in talk.due()] == [Stop]
    talk.core.receive_turn(Event.END_OF_TURN, 0, "So I said")
    assert Answer(2, "So I said") in talk.due()


def test_a_text_is_answered_as_if_it_had_been_said_even_in_mid_turn() -> None:
    talk = Talk()
    talk.core.receive_turn(Event.START_OF_TURN, 0, "Hm")
    talk.core.ask("What time is it?")
    assert talk.due()[0] == Answer(0, "What time is it?")
    talk.core.receive_turn(Event.END_OF_TURN, 0, "Hm never mind")
    assert [type(action) for action in talk.due()] == [Stop, Heard, Answer, Think]


def test_a_function_is_called_and_its_result_thought_about() -> None:
    talk = Talk()
    talk.user("The time?")
    talk.core.receive_text(0, "Let me see.")
    talk.core.receive_calls(0, (CLOCK,))
    assert talk.due()[-2:] == [Call(0, (CLOCK,)), Synthesise(0, "Let me see.")]
    talk.core.receive_result(0, "c1", "noon")
    called = Called((CLOCK,), ("noon",))
    assert talk.due() == [Think(0, (Said("user", "The time?"), called), draft=False)]


def test_a_draft_calls_no_function_before_it_is_promoted() -> None:
    talk = Talk()
    talk.core.receive_turn(Event.EAGER_END_OF_TURN, 0, "The time?")
    talk.core.receive_calls(0, (CLOCK,))
    talk.core.receive_result(0, "c1", "noon")  # nobody was asked for it
    assert [type(action) for action in talk.due()] == [Think]
    talk.core.receive_turn(Event.END_OF_TURN, 0, "The time?")
    assert talk.due() == [Answer(0, "The time?"), Call(0, (CLOCK,))]


def test_a_model_that_only_calls_functions_is_stopped_in_the_end() -> None:
    talk = Talk()
    talk.user("The time?")
    for _ in range(TOOL_ROUNDS_MAX):
        talk.core.receive_calls(0, (CLOCK,))
        talk.core.receive_result(0, "c1", "noon")
    talk.due()
    talk.core.receive_calls(0, (CLOCK,))
    assert talk.due() == [Synthesise(0, APOLOGY)]


def test_a_model_that_fails_is_excused() -> None:
    talk = Talk()
    talk.user("Hi")
    talk.due()
    talk.core.receive_failure(0)
    assert talk.due() == [Synthesise(0, APOLOGY)]


def test_a_model_that_fails_in_mid_sentence_leaves_it_at_whole_sentences() -> None:
    talk = Talk()
    talk.user("Hi")
    talk.core.receive_text(0, "Hello. How a")
    talk.core.receive_failure(0)
    talk.speak(0, 10)
    talk.core.receive_position(0, 10)
    assert talk.due()[-1] == Heard(0, "Hello.", cut_short=False)


def test_a_draft_that_failed_is_tried_again_when_the_turn_is_over() -> None:
    talk = Talk()
    talk.core.receive_turn(Event.EAGER_END_OF_TURN, 0, "Hi")
    talk.core.receive_failure(0)
    talk.core.receive_turn(Event.END_OF_TURN, 0, "Hi")
    assert [type(action) for action in talk.due()] == [Think, Stop, Answer, Think]


def test_a_piece_that_cannot_be_said_is_tried_once_more_and_then_there_is_silence() -> None:
    talk = Talk()
    talk.user("Hi")
    talk.core.receive_text(0, "One. Two. ")
    talk.due()
    talk.core.receive_sound_failure(0)
    assert talk.due() == [Synthesise(0, "One.")]
    talk.core.receive_sound_failure(0)
    assert talk.due() == [Complete(0), Heard(0, "", cut_short=False)]
    assert talk.core.state is State.NONE


def test_a_piece_that_broke_off_was_heard_as_far_as_it_went() -> None:
    talk = Talk()
    talk.user("Hi")
    talk.core.receive_text(0, "One two three. ")
    talk.core.receive_sound(0, sound(RATE_HZ // 2))
    talk.core.receive_sound_failure(0)
    talk.core.receive_position(0, RATE_HZ // 2)
    assert talk.due()[-1] == Heard(0, "One two", cut_short=False)


def test_a_model_without_an_answer_is_silence() -> None:
    talk = Talk()
    talk.user("Hi")
    talk.core.receive_thought_end(0)
    assert talk.due()[-1] == Heard(0, "", cut_short=False)


def test_a_long_reply_is_synthesised_a_little_ahead_of_what_is_heard() -> None:
    talk = Talk()
    talk.user("Hi")
    talk.core.receive_text(0, "One. Two. ")
    talk.speak(0, AHEAD_S_MAX * RATE_HZ + 1)
    assert Synthesise(0, "Two.") not in talk.due()
    talk.core.receive_position(0, 1)
    assert talk.due() == [Synthesise(0, "Two.")]


BACK = st.sampled_from([0, 0, 0, 0, 0, 0, 0, 1, 2, -1])
"""Which reply is meant: the newest, one before it, or one that never was."""
ON = st.sampled_from([0, 0, 0, 0, 1, 1, -1])
"""Which turn is meant: the one that was heard of last, the next, or one before."""
EVENTS = st.sampled_from([*Event, *[Event.EAGER_END_OF_TURN, Event.END_OF_TURN] * 3])
WORDS = st.sampled_from([*["Hi"] * 9, "Hi there", "No. Yes. ", ""])
TEXTS = st.sampled_from(["One. ", "One. ", "two", ", three. Four. "])
STEPS = st.one_of(
    st.tuples(st.just("receive_turn"), EVENTS, ON, WORDS),
    st.tuples(st.just("receive_turn"), EVENTS, ON, WORDS),
    st.tuples(st.just("receive_text"), BACK, TEXTS),
    st.tuples(st.just("receive_text"), BACK, TEXTS),
    st.tuples(st.just("receive_calls"), BACK, st.just((CLOCK,))),
    st.tuples(
        st.just("receive_result"), BACK, st.sampled_from(["c1", "c1", "c2"]), st.just("noon")
    ),
    st.tuples(st.just("receive_thought_end"), BACK),
    st.tuples(st.just("receive_failure"), BACK),
    st.tuples(st.just("receive_sound"), BACK, st.integers(0, 90).map(sound)),
    st.tuples(st.just("receive_sound"), BACK, st.integers(0, 90).map(sound)),
    st.tuples(st.just("receive_sound_end"), BACK),
    st.tuples(st.just("receive_sound_failure"), BACK),
    st.tuples(st.just("receive_position"), BACK, st.integers(0, 400)),
    st.tuples(st.just("receive_stopped"), BACK, st.integers(0, 400)),
    st.tuples(st.sampled_from(["say", "append", "say", "append", "interrupt", "ask"]), WORDS),
)
STORIES = st.tuples(st.booleans(), st.lists(STEPS, min_size=30, max_size=90))
"""Whether replies are drafted, and what happens: enough to get somewhere."""
Story = tuple[bool, list[tuple[object, ...]]]


@dataclass
class Watcher:
    """Checks each action against all before it."""

    thought: set[int] = field(default_factory=set)
    drafts: set[int] = field(default_factory=set)
    answers: set[int] = field(default_factory=set)
    over: set[int] = field(default_factory=set)
    speaking: int | None = None

    def see(self, action: Action) -> None:
        match action:
            case Think():
                assert action.reply not in self.over
                assert not (action.draft and action.reply in self.answers)
                assert self.thought - self.over <= {action.reply}, "one reply at a time"
                self.thought.add(action.reply)
                if action.draft:
                    self.drafts.add(action.reply)
                else:
                    assert action.reply == self.speaking
            case Answer():
                assert self.speaking is None, "the agent never overlaps itself"
                assert action.reply not in self.answers | self.over, "nor answers twice"
                self.answers.add(action.reply)
                self.speaking = action.reply
            case Saying() | Play() | Call() | Complete():
                assert action.reply == self.speaking, "what is not promoted is not spoken"
            case Synthesise():
                assert action.reply in (self.drafts | self.answers) - self.over
            case Stop():
                assert action.draft == (action.reply not in self.answers)
                self.over.add(action.reply)
                if action.reply == self.speaking:
                    self.speaking = None
            case Heard():
                assert action.reply in self.answers
                self.over.add(action.reply)
                if action.reply == self.speaking:
                    self.speaking = None


class Told:
    """A story while it is told, and what came of it."""

    def __init__(self, story: Story) -> None:
        eager, self._steps = story
        self.core, self.watcher = Conversation(RATE_HZ, eager=eager), Watcher()
        self.actions: list[Action] = []
        self.answers: dict[int, int] = {}
        """How often a turn's end was answered."""
        self._turn, self._newest = 0, 0

    def tell(self) -> "Told":
        for name, *arguments in self._steps:
            self._step(str(name), arguments)
        return self

    def _step(self, name: str, arguments: list[object]) -> None:
        if name == "receive_turn":
            assert isinstance(arguments[1], int)
            self._turn = arguments[1] = max(0, self._turn + arguments[1])
        elif name.startswith("receive_"):
            assert isinstance(arguments[0], int)
            arguments[0] = self._newest - arguments[0]
        getattr(self.core, name)(*arguments)
        for action in self.core.actions():
            self.watcher.see(action)
            self.actions.append(action)
            self._newest = max(self._newest, action.reply)
            if isinstance(action, Answer) and name == "receive_turn":
                self.answers[self._turn] = self.answers.get(self._turn, 0) + 1


@settings(max_examples=300, deadline=None)
@given(STORIES)
def test_whatever_comes_in_whatever_order_no_dropped_draft_is_spoken_and_nothing_twice(
    story: Story,
) -> None:
    told = Told(story).tell()
    assert all(count == 1 for count in told.answers.values())
    assert story[0] or not told.watcher.drafts
    assert (told.core.state is State.SPEAKING) == (told.watcher.speaking is not None)


def milestones(told: Told) -> set[str]:
    reached, spoken = set(), {action.reply for action in told.actions if isinstance(action, Play)}
    for action in told.actions:
        match action:
            case Stop(reply, draft=True):
                reached.add("a draft is dropped")
            case Answer(reply) if reply in told.watcher.drafts & spoken:
                reached.add("a draft is spoken")
            case Heard(text=text, cut_short=cut_short) if text:
                reached.add("broken off" if cut_short else "heard to its end")
            case Think(entries=(*_, Called())):
                reached.add("a function's result is thought about")
    return reached


def test_random_stories_get_far_enough() -> None:
    reached: Counter[str] = Counter()

    @settings(max_examples=300, derandomize=True, phases=[Phase.generate], database=None)
    @given(STORIES)
    def tell(story: Story) -> None:
        reached.update(milestones(Told(story).tell()))

    tell()
    assert len(reached) == 5
    assert min(reached.values()) > 1, reached

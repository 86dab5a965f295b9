"""Whatever fails at whatever step: a sensible sentence or silence, and the log says why.

A model and a voice behind real HTTP fail in every way we know, after each part of what they
answer, once or for good; and then the user says something else.
"""

import asyncio
import struct

import pytest

from tests.agent import llm
from tests.agent.acting import PATIENCE_S, Box, Brain, Throat, User, words
from turnwise.agent.actions import Heard
from turnwise.agent.conversation import APOLOGY, Conversation
from turnwise.agent.run import Agent, News
from turnwise.agent.think import SILENCE_S_MAX, Model, Thinker
from turnwise.speech import remote
from turnwise.speech.interface import Synthesiser
from turnwise.speech.load import load

pytestmark = pytest.mark.slow

QUICK_S = 0.3
"""How long a test waits for what never comes."""
SENTENCES = ("It is noon.", "The sun shines.", "Shall we go?")
WHOLE = " ".join(SENTENCES)
QUESTION = "Tell me everything"


async def heard(thinker: Thinker, synthesiser: Synthesiser, after: Thinker) -> tuple[str, str]:
    """Ask something, and something else once the answer was heard; return both answers."""
    voice, user, answers = synthesiser.voices[0], User(), list[str]()

    def tell(news: News) -> None:
        if isinstance(news, Heard):
            answers.append(news.text)
            if len(answers) == 1:
                agent.thinker = after
                user.says(QUESTION)
                user.hangs_up()

    core = Conversation(voice.sample_rate_hz)
    agent = Agent(core, thinker, synthesiser, voice, Box(), told=tell)
    user.says(QUESTION)
    async with asyncio.timeout(PATIENCE_S):
        await agent.run(user.turns())
    first, second = answers
    return first, second


def check_log(caplog: pytest.LogCaptureFixture) -> None:
    """It says why, and nothing of what was said."""
    reasons = [record.getMessage() for record in caplog.records if record.name == "turnwise.agent"]
    assert reasons
    assert all("127.0.0.1" in reason for reason in reasons)
    assert not [reason for reason in reasons for text in (*SENTENCES, QUESTION) if text in reason]


# The model.

ANSWER = llm.words(*(f"{sentence} " for sentence in SENTENCES))
BREAKS = {
    "a disconnect": [],
    "half an event": [b'data: {"choices": [{"ind'],
    "garbage": [b"data: what?\n\n", llm.DONE],
    "too many requests": [llm.event({"error": {"message": QUESTION, "code": 429}}), llm.DONE],
}
SILENCES = {"a time-out": [llm.HANG], "a line that is kept warm": [llm.COMMENTS]}
REFUSALS = {
    "too many requests": llm.refusal(429, QUESTION),
    "a broken server": llm.refusal(500),
    "no HTTP": [b"what?\r\n\r\n"],
    "a disconnect": [],
}
STEPS = range(len(SENTENCES) + 1)
FOR_GOOD = pytest.mark.parametrize("for_good", [False, True], ids=["once", "for good"])


@pytest.mark.parametrize("answer", REFUSALS.values(), ids=REFUSALS)
@FOR_GOOD
async def test_a_model_that_refuses_is_asked_again_and_then_excused(
    answer: list[bytes], for_good: bool, caplog: pytest.LogCaptureFixture
) -> None:
    answers = [answer] if for_good else [answer, ANSWER]
    async with llm.serving(*answers) as endpoint:
        model = Model(base_url=endpoint.url)
        said = await heard(model, Throat(), model)
    assert said == ((APOLOGY, APOLOGY) if for_good else (WHOLE, WHOLE))
    assert len(caplog.records) == 2 * for_good


@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("fault", BREAKS.values(), ids=BREAKS)
@FOR_GOOD
async def test_wherever_the_model_breaks_off_the_sentences_before_are_heard_or_the_excuse(
    steps: int, fault: list[bytes], for_good: bool, caplog: pytest.LogCaptureFixture
) -> None:
    answer = [*ANSWER[: 1 + steps], *fault]
    async with llm.serving(*([answer] if for_good else [answer, ANSWER])) as endpoint:
        model = Model(base_url=endpoint.url)
        first, second = await heard(model, Throat(), model)
    assert first == (" ".join(SENTENCES[:steps]) or APOLOGY)
    assert second == (first if for_good else WHOLE)
    check_log(caplog)


@pytest.mark.parametrize("steps", [-1, *STEPS])
@pytest.mark.parametrize("silence", SILENCES.values(), ids=SILENCES)
@FOR_GOOD
async def test_wherever_the_model_falls_silent_the_sentences_before_are_heard_or_the_excuse(
    steps: int, silence: list[bytes], for_good: bool, caplog: pytest.LogCaptureFixture
) -> None:
    answer = [*ANSWER[: 1 + steps], *silence]
    # A busy machine may be silent for so long itself, and its first answer be still to come when
    # it is asked again: what is well has an endpoint of its own.
    async with llm.serving(answer) as silent, llm.serving(ANSWER) as well:
        hasty = Model(base_url=silent.url, silence_s_max=QUICK_S)
        patient = Model(base_url=well.url, silence_s_max=SILENCE_S_MAX)
        first, second = await heard(hasty, Throat(), hasty if for_good else patient)
    possible = {" ".join(SENTENCES[:count]) or APOLOGY for count in range(max(0, steps) + 1)}
    assert first in possible
    assert second in (possible if for_good else {WHOLE})
    check_log(caplog)


# The voice.

RATE_HZ = 24_000
HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
WAV = b"RIFF\xff\xff\xff\xffWAVEfmt " + struct.pack(
    "<IHHIIHH4sI", 16, 1, 1, RATE_HZ, 2 * RATE_HZ, 2, 16, b"data", 0xFFFFFFFF
)
HALF = b"\x00\x10" * (RATE_HZ // 2)  # of a sentence that lasts a second


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


SOUND = [HEAD, chunk(WAV + HALF), chunk(HALF), chunk(b"")]
SOUND_FAULTS = {
    "a disconnect": [],
    "a time-out": [llm.HANG],
    "garbage": [b"what?\r\n\r\n"],
}
SOUND_REFUSALS = {
    "too many requests": llm.refusal(429),
    "a text it does not like": llm.refusal(422, WHOLE),
    "another format": [HEAD, chunk(b"ID3 and so on"), chunk(b"")],
    "no sound": [HEAD, chunk(b"")],
}
FAULTY_SOUNDS = [
    *(pytest.param(0, fault, id=f"{name} at once") for name, fault in SOUND_REFUSALS.items()),
    *(
        pytest.param(parts, [*SOUND[:parts], *fault], id=f"{name} after {parts} parts")
        for name, fault in SOUND_FAULTS.items()
        for parts in range(len(SOUND))
    ),
]


@pytest.mark.parametrize("sentence", range(len(SENTENCES)))
@pytest.mark.parametrize(("parts", "faulty"), FAULTY_SOUNDS)
@FOR_GOOD
async def test_wherever_the_voice_fails_it_is_tried_again_unless_heard_and_then_there_is_silence(
    sentence: int,
    parts: int,
    faulty: list[bytes],
    for_good: bool,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(remote, "ANSWER_SECONDS_MAX", QUICK_S)
    answers = [*[SOUND] * sentence, faulty, *([] if for_good else [SOUND])]
    brain = Brain([words(*(f"{each} " for each in SENTENCES))])
    async with llm.serving(*answers) as server:
        synthesiser = load(f"openai:{server.url}", {})
        first, second = await heard(brain, synthesiser, brain)
    before = " ".join(SENTENCES[:sentence])
    assert first.startswith(before)
    assert WHOLE.startswith(first)
    healed = not for_good and parts < 2
    assert first == WHOLE if healed else len(first) <= len(f"{before} {SENTENCES[sentence]}")
    assert second == WHOLE or for_good
    assert WHOLE.startswith(second)
    check_log(caplog)

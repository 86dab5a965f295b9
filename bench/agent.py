"""How much sooner does the agent answer when it drafts early, and what do the drafts cost?

The packaged conversation is recognised once, with a pause for the answer after each turn. Its
events are then replayed to the agent at their times, once for each way of listening:
EndOfTurn only, and with drafts at EagerEndOfTurn. So both ways hear the same events from a
recogniser that keeps up, whatever else the machine does. The voice is a real one; the stand-in
for a language model takes a while to its first word and answers over real HTTP.

The answer delay is from the end of the speech, as the conversation's own times have it, to
EndOfTurn, in audio time, and from there to the first sound of the answer, by the clock.

What would fool it: other work on the machine delays voice and endpoint, both ways alike; the
conversation is synthetic and hesitates less than people do, so that fewer drafts are in vain
than in life.

    python -m bench.agent --first-word-ms 300 --eager 0.4
"""

import argparse
import asyncio
import json
import os
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from statistics import median

import numpy as np
import soundfile

from bench.tables import table
from tests.agent import llm
from turnwise.agent.actions import Answer
from turnwise.agent.conversation import Conversation
from turnwise.agent.report import Report
from turnwise.agent.run import Agent, News
from turnwise.agent.speak import ClockPlayer
from turnwise.agent.think import Model
from turnwise.cli.local import LocalServer
from turnwise.client import Options, TurnInfo, connect
from turnwise.samples.conversation import OGG, turns
from turnwise.speech.load import load
from turnwise.units import SAMPLE_RATE_HZ

PAUSE_S = 6.0  # for the answer, after each turn, and longer than the time-out that may end it
LEAD_S, TAIL_S = 0.2, 0.3  # of the recording around a turn
ANSWER = ("Certainly, ", "I have noted that. ", "Anything else?")


@dataclass
class Row:
    way: str
    turns: int
    answered: int
    answer_ms_p50: float
    """From the end of the speech to the first sound."""
    answer_ms_p90: float
    after_end_ms_p50: float
    """From EndOfTurn to the first sound."""
    model_calls: int
    drafts: int
    drafts_in_vain: int
    tokens_in_vain: int
    """Guessed from the text: who is broken off does not tell what it cost."""


def spoken() -> tuple[bytes, list[float]]:
    """Return the conversation with its pauses as linear16, and where each turn's speech ends."""
    recorded, rate_hz = soundfile.read(OGG, dtype="int16")
    assert rate_hz == SAMPLE_RATE_HZ
    pieces, ends_s, length = [], [], 0
    for said in turns():
        start = round(max(0.0, said.start_s - LEAD_S) * SAMPLE_RATE_HZ)
        end = round((said.end_s + TAIL_S) * SAMPLE_RATE_HZ)
        piece = recorded[start:end]
        ends_s.append((length + round(said.end_s * SAMPLE_RATE_HZ) - start) / SAMPLE_RATE_HZ)
        pieces += [piece, np.zeros(round((PAUSE_S - TAIL_S) * SAMPLE_RATE_HZ), np.int16)]
        length += len(pieces[-2]) + len(pieces[-1])
    return np.concatenate(pieces).astype("<i2").tobytes(), ends_s


async def recognised(eager: float, sound: bytes) -> list[TurnInfo]:
    """Return what the recogniser says of the conversation."""
    with LocalServer() as server:
        options = Options(eager_eot_threshold=eager)
        async with connect(server.url, api_key=server.api_key, **options) as stream:
            stream.play([sound])
            return [turn async for turn in stream]


async def hold(
    events: list[TurnInfo], model_url: str, speech: str, *, eager: bool
) -> tuple[Report, dict[int, float]]:
    """Hold the conversation; return its report, and where in the sound each reply's turn ended."""
    synthesiser = load(speech, os.environ)
    voice = synthesiser.voices[0]
    clock = asyncio.get_running_loop().time
    core = Conversation(voice.sample_rate_hz, eager=eager)
    player = ClockPlayer(voice.sample_rate_hz, clock)
    ended_s: dict[int, float] = {}
    last = events[0]

    def told(news: News) -> None:
        nonlocal last
        if isinstance(news, TurnInfo):
            last = news
        elif isinstance(news, Answer):
            ended_s[news.reply] = last.audio_window_end

    async def replayed() -> AsyncIterator[TurnInfo]:
        began_s = clock()
        for event in events:
            await asyncio.sleep(max(0.0, began_s + event.audio_window_end - clock()))
            yield event

    agent = Agent(core, Model(base_url=model_url), synthesiser, voice, player, told=told)
    await agent.run(replayed())
    await synthesiser.close()
    return agent.report, ended_s


def row(
    way: str, report: Report, ended_s: dict[int, float], ends_s: list[float], calls: int
) -> Row:
    """Find the answer to each turn: the first one that began after its end."""
    delays_s: dict[int, float] = {}
    for turn in report.answered:
        if turn.answer_delay_s is None:
            continue
        over_s = ended_s[turn.reply]
        before = [k for k, end_s in enumerate(ends_s) if end_s <= over_s]
        if before:
            delays_s.setdefault(before[-1], over_s - ends_s[before[-1]] + turn.answer_delay_s)
    after_s = [t.answer_delay_s for t in report.answered if t.answer_delay_s is not None]
    every = [*report.answered, *report.dropped]
    values = list(delays_s.values())
    return Row(
        way,
        len(ends_s),
        len(values),
        round(median(values) * 1000),
        round(float(np.percentile(values, 90)) * 1000),
        round(median(after_s) * 1000),
        calls,
        sum(turn.draft for turn in every),
        len(report.dropped),
        sum(turn.prompt_tokens + turn.completion_tokens for turn in report.dropped),
    )


async def measure(first_word_s: float, eager: float, speech: str) -> list[Row]:
    sound, ends_s = spoken()
    events = await recognised(eager, sound)
    rows = []
    for way, drafts in (("EndOfTurn only", False), (f"drafts from {eager:g}", True)):
        async with llm.serving(llm.words(*ANSWER), first_word_s=first_word_s) as model:
            report, ended_s = await hold(events, model.url, speech, eager=drafts)
            rows.append(row(way, report, ended_s, ends_s, len(model.asked)))
    return rows


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--first-word-ms", type=int, default=300)
    arguments.add_argument("--eager", type=float, default=0.4)
    arguments.add_argument("--speech", default="auto")
    given = arguments.parse_args()
    rows = asyncio.run(measure(given.first_word_ms / 1000, given.eager, given.speech))
    header = ("way", "answered", "answer, ms p50", "p90", "after EndOfTurn, ms p50",
              "model calls", "drafts", "in vain", "tokens in vain")  # fmt: skip
    cells = [
        (r.way, f"{r.answered}/{r.turns}", f"{r.answer_ms_p50:.0f}", f"{r.answer_ms_p90:.0f}",
         f"{r.after_end_ms_p50:.0f}", str(r.model_calls), str(r.drafts), str(r.drafts_in_vain),
         str(r.tokens_in_vain))
        for r in rows
    ]  # fmt: skip
    print(table(header, cells))
    saved_ms = rows[0].answer_ms_p50 - rows[1].answer_ms_p50
    print(f"\nDrafts answer {saved_ms:.0f} ms sooner.")
    print(json.dumps({"rows": [asdict(each) for each in rows], "saved_ms_p50": saved_ms}))


if __name__ == "__main__":
    main()

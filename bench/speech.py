"""How soon after a clause is whole does its sound begin, with each engine?

The time from asking a synthesiser for a clause to its first piece of sound, in turn for a
process that is started for the clause (the old way) and for one that waits for its text, clause
by clause in random order, so that both meet the same machine. The embedded voice has no process;
it is asked as it is. Every clause is said to its end before the next, and a process that
waits has had the time to load its voice, as it has between two sentences of a conversation.

What would fool it: other work on the machine lengthens both, and by chance. So lower quartiles
are compared, of the same run, and a busy machine's figures say less than the ratio.
flite writes its sound only once all of a clause is made: its time grows with the clause.

    python -m bench.speech --rounds 20
"""

import argparse
import asyncio
import json
import os
import random
import time
from contextlib import aclosing
from dataclasses import asdict, dataclass

import numpy as np
import uvloop

from bench.tables import table
from turnwise.errors import NoSynthesiser
from turnwise.speech.interface import Synthesiser
from turnwise.speech.load import LOCAL, load

CLAUSES = {
    "the first words": "Certainly,",
    "a sentence": "I can book that for you.",
    "a clause": "Good morning, and thank you for calling, this is the table for four,",
}
READY_S = 0.25  # for a process to load its voice; several times what it takes


@dataclass
class Row:
    engine: str
    clause: str
    rounds: int
    started_ms_p25: float
    """From the text to the first sound, with a process that is started for it."""
    waiting_ms_p25: float
    """With one that waits for it; for the embedded voice the same again."""
    ratio: float


async def first_sound_s(synthesiser: Synthesiser, text: str, *, waiting: bool) -> float:
    voice = synthesiser.voices[0]
    if waiting:
        synthesiser.expect(voice)
        await asyncio.sleep(READY_S)
    began_s = time.perf_counter()
    first_s = None
    async with aclosing(synthesiser.say(text, voice)) as sounds:
        async for _ in sounds:
            if first_s is None:
                first_s = time.perf_counter() - began_s
    await synthesiser.close()
    assert first_s is not None
    return first_s


async def measure(engine: str, rounds: int, chance: random.Random) -> list[Row]:
    ways = [(name, waiting) for name in CLAUSES for waiting in (False, True)]
    found: dict[tuple[str, bool], list[float]] = {way: [] for way in ways}
    synthesiser = load(engine, os.environ)
    for number in range(rounds + 1):
        for name, waiting in chance.sample(ways, len(ways)):
            took_s = await first_sound_s(synthesiser, CLAUSES[name], waiting=waiting)
            if number:  # the first round reads files into memory
                found[name, waiting].append(took_s * 1000)
    rows = []
    for name in CLAUSES:
        started, waiting_ms = (float(np.percentile(found[name, way], 25)) for way in (False, True))
        ratio = round(waiting_ms / started, 2)
        rows.append(Row(engine, name, rounds, round(started, 1), round(waiting_ms, 1), ratio))
    return rows


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--rounds", type=int, default=20)
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    rows: list[Row] = []
    for engine in (*LOCAL, "embedded"):
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # the server's
                rows += runner.run(measure(engine, given.rounds, random.Random(given.seed)))
        except NoSynthesiser as error:
            print(f"{engine} is not measured: {error}")
    header = ("engine", "text", "process started, ms", "process waiting, ms", "ratio")
    cells = [
        (r.engine, f"{r.clause}, {len(CLAUSES[r.clause])} characters", f"{r.started_ms_p25:.1f}",
         f"{r.waiting_ms_p25:.1f}", f"{r.ratio:.2f}")
        for r in rows
    ]  # fmt: skip
    print(table(header, cells))
    print(json.dumps({"rows": [asdict(each) for each in rows]}))


if __name__ == "__main__":
    main()

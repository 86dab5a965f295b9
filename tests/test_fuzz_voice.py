"""The fuzzer of speech and agents, for a moment; `python -m fuzz.voice` runs it for longer."""

import pytest

from fuzz.voice import GROWN_BYTES_MAX, rounds


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_1_200_broken_talks_end_as_documented_and_harm_nobody() -> None:
    outcomes, grown_bytes = await rounds(inputs=1_200, seed=20_265)
    assert sum(outcomes.values()) >= 1_200
    assert {outcome.split()[0] for outcome in outcomes} == {
        *("/v1/speak", "/v2/speak", "/v1/agent/converse", "/v1/agent/media-streams", "POST"),
    }
    assert grown_bytes < GROWN_BYTES_MAX


@pytest.mark.slow
async def test_a_few_broken_talks_end_as_documented_and_harm_nobody() -> None:
    outcomes, _ = await rounds(inputs=40, seed=7)
    assert sum(outcomes.values()) >= 40

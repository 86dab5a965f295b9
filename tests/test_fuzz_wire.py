"""The wire's fuzzer, for a moment; `python fuzz/wire.py` runs it for longer."""

import pytest

from fuzz.wire import TARGETS, run


def test_broken_input_fails_only_on_purpose() -> None:
    outcomes = run(inputs=3_000, seed=7)
    assert {name for name, _ in outcomes} == {name for name, _, _ in TARGETS}


def test_every_way_to_end_is_reached() -> None:
    ends = {outcome for _, outcome in run(inputs=3_000, seed=8)}
    refused = {"BadQuery", "NoSuchModel", "BadMessage", "BadConfigure"}
    assert ends >= refused | {"read", "configured", "newer", "token", "nobody", "shown"}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_60_000_broken_inputs_fail_only_on_purpose() -> None:
    assert sum(run(inputs=60_000, seed=10).values()) >= 60_000


def test_a_seed_alone_gives_the_same_run_again() -> None:
    assert run(inputs=200, seed=9) == run(inputs=200, seed=9)

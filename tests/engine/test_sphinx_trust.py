"""Word confidences: probabilities that follow the evidence."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from turnwise.engine.sphinx_trust import Evidence, trust

TYPICAL = Evidence(
    is_final=True,
    posterior=-0.1,
    acoustic=-1.5,
    language=-0.01,
    steps=30,
    letters=5,
    over_floor_db=30.0,
    frames_seen=5,
    steps_since=40,
    mean_posterior=-0.2,
    mean_acoustic=-1.5,
    mean_language=-0.02,
)


@given(
    st.builds(
        Evidence,
        is_final=st.booleans(),
        posterior=st.floats(-80, 0),
        acoustic=st.floats(-80, 10),
        language=st.floats(-80, 0),
        steps=st.integers(1, 2_000),
        letters=st.integers(1, 100),
        over_floor_db=st.floats(-60, 100),
        frames_seen=st.integers(1, 1_000),
        steps_since=st.integers(0, 2_000),
        mean_posterior=st.floats(-80, 0),
        mean_acoustic=st.floats(-80, 10),
        mean_language=st.floats(-80, 0),
    )
)
def test_any_evidence_gives_a_probability(evidence: Evidence) -> None:
    assert 0.0 < trust(evidence) < 1.0


def test_a_word_that_had_rivals_is_trusted_less() -> None:
    assert trust(replace(TYPICAL, posterior=-3.0)) < trust(TYPICAL)


def test_a_word_that_has_stood_for_long_is_trusted_more() -> None:
    spoken = replace(TYPICAL, is_final=False, posterior=0.0, frames_seen=1)
    assert trust(replace(spoken, frames_seen=8)) > trust(spoken)

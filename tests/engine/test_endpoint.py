"""The end-of-turn network: a probability per frame, nobody's neighbour, and what it is told."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnwise.engine.completeness import WORDS_MAX, Completeness, Expected
from turnwise.engine.encoder import Floats
from turnwise.engine.endpoint import (
    CUT_OFF_MAX,
    DOUBT,
    EVIDENCE,
    FILE,
    ODDS_MAX,
    SPEAKING_MAX,
    Endpoint,
    EndpointNetwork,
)
from turnwise.engine.interface import Word
from turnwise.engine.voice import BLOCKS, Voicing
from turnwise.engine.weights import read_bytes
from turnwise.units import FRAME_SAMPLES, Samples

WIDTH = 256  # of the acoustic network's frames
STREAMS, STEPS = 3, 10
SIZES = (1, 2, 3, 4, 5, 8, 9, 16, 33)
RANDOM = np.random.default_rng(5)
FRAMES = RANDOM.normal(0, 1, (STREAMS, STEPS, 2 * WIDTH)).astype(np.float32)
TOLD = RANDOM.normal(0, 1, (STREAMS, STEPS, len(EVIDENCE))).astype(np.float32)


@pytest.fixture(scope="module")
def network() -> EndpointNetwork:
    return EndpointNetwork(read_bytes(FILE), slots_max=max(SIZES) + 1)


@pytest.fixture(scope="module")
def completeness() -> Completeness:
    return Completeness.load()


def ask(network: EndpointNetwork, streams: list[int]) -> Floats:
    """Return float32[streams, STEPS], heard side by side in fresh slots."""
    slots = list(range(len(streams)))
    for slot in slots:
        network.open(slot)
    steps = []
    for step in range(STEPS):
        steps.append(step_of(network, slots, streams, step))
    answers: Floats = np.stack(steps, axis=1)
    return answers


def step_of(network: EndpointNetwork, slots: list[int], streams: list[int], step: int) -> Floats:
    middle, last = np.split(FRAMES[streams, step], 2, axis=1)
    return network.step(slots, middle.copy(), last.copy(), TOLD[streams, step])


@pytest.mark.parametrize("size", SIZES)
def test_a_batch_answers_what_each_is_answered_alone_to_the_bit(
    network: EndpointNetwork, size: int
) -> None:
    alone = [ask(network, [stream])[0] for stream in range(STREAMS)]
    streams = [number % STREAMS for number in range(size)]
    np.testing.assert_array_equal(ask(network, streams), np.stack([alone[s] for s in streams]))


def test_a_slot_remembers_the_stream_and_forgets_it_when_opened(network: EndpointNetwork) -> None:
    first = ask(network, [0])
    np.testing.assert_array_equal(ask(network, [0]), first)
    again = step_of(network, [0], [0], 0)
    assert again[0] != first[0, 0]


def voicing(
    frame: int,
    voice_until: int | None,
    *,
    run_start: int | None = None,
) -> Voicing:
    """Return what is heard in that frame; places are counts of frames."""
    return Voicing(
        heard_until=Samples((frame + 1) * FRAME_SAMPLES),
        voice_until=None if voice_until is None else Samples(voice_until * FRAME_SAMPLES),
        run_start=None if run_start is None else Samples(run_start * FRAME_SAMPLES),
        level_db=-20.0,
        over_floor_db=np.full(BLOCKS, 20.0 if voice_until == frame + 1 else 0.0),
        pitch_hz=None,
    )


def said(text: str) -> tuple[Word, ...]:
    return tuple(Word(word, 0.9, Samples(0), Samples(1)) for word in text.split())


def told(endpoint: Endpoint, heard: Voicing, text: str = "") -> dict[str, float]:
    return dict(zip(EVIDENCE, endpoint.push(heard, said(text)).tolist(), strict=True))


@given(st.floats(-1e6, 1e6), st.integers(0, 40))
def test_the_answer_is_a_probability_and_small_while_a_voice_is_heard(
    completeness: Completeness, log_odds: float, silent: int
) -> None:
    endpoint = Endpoint(completeness)
    endpoint.push(voicing(0, 1), ())
    endpoint.push(voicing(silent, 1), ())
    probability = endpoint.probability(log_odds)
    assert 0.0 <= probability <= 1.0
    assert endpoint.silence == silent * FRAME_SAMPLES
    doubted = log_odds - DOUBT if 5 <= silent <= 12 else log_odds  # 0.4 to 1 s
    said = 1 / (1 + np.exp(-np.clip(doubted, -ODDS_MAX, ODDS_MAX)))
    assert probability == pytest.approx(said if silent else SPEAKING_MAX * said)


def test_before_the_first_voice_nothing_is_over(completeness: Completeness) -> None:
    endpoint = Endpoint(completeness)
    for frame in range(5):
        assert told(endpoint, voicing(frame, None))["silence"] == 0
        assert endpoint.probability(10.0) <= SPEAKING_MAX


def test_silence_grows_from_the_last_voice(completeness: Completeness) -> None:
    endpoint = Endpoint(completeness)
    assert told(endpoint, voicing(0, 1))["voice"] == 1
    grown = [told(endpoint, voicing(frame, 1))["silence"] for frame in range(1, 8)]
    assert grown == sorted(grown)
    assert grown[0] > 0


def test_a_longer_pause_before_is_told(completeness: Completeness) -> None:
    endpoint = Endpoint(completeness)
    endpoint.push(voicing(0, 1), ())
    assert told(endpoint, voicing(9, 10, run_start=9))["paused"] > 0


def test_a_new_turn_forgets_the_voice(completeness: Completeness) -> None:
    endpoint = Endpoint(completeness)
    endpoint.push(voicing(3, 4), said("yes"))
    endpoint.new_turn(Samples(4 * FRAME_SAMPLES))
    assert told(endpoint, voicing(4, 4))["has words"] == 0
    assert endpoint.voice_until is None
    endpoint.push(voicing(5, 6), ())
    assert endpoint.voice_until == 6 * FRAME_SAMPLES


def test_who_goes_on_soon_after_an_end_is_told_as_if_it_had_been_none(
    completeness: Completeness,
) -> None:
    whole, cut = Endpoint(completeness), Endpoint(completeness)
    for endpoint in (whole, cut):
        told(endpoint, voicing(0, 1, run_start=0), "my number is four two")
        told(endpoint, voicing(5, 1), "my number is four two")
    cut.new_turn(Samples(6 * FRAME_SAMPLES))
    assert told(cut, voicing(6, 1))["has words"] == 0
    on = voicing(9, 10, run_start=9)
    assert told(cut, on, "nine") == told(whole, on, "my number is four two nine")
    assert cut.voice_until == 10 * FRAME_SAMPLES


def test_who_goes_on_late_is_another_turn(completeness: Completeness) -> None:
    frames = CUT_OFF_MAX // FRAME_SAMPLES + 2
    late, fresh = Endpoint(completeness), Endpoint(completeness)
    told(late, voicing(0, 1, run_start=0), "my number is four two")
    for endpoint in (late, fresh):
        endpoint.new_turn(Samples(6 * FRAME_SAMPLES))
    on = voicing(frames, frames + 1, run_start=frames)
    assert told(late, on, "nine") == told(fresh, on, "nine")


def test_a_cut_off_turn_is_not_remembered_for_longer_than_clues_look_back(
    completeness: Completeness,
) -> None:
    endpoint = Endpoint(completeness)
    for frame in range(0, 400, 2):
        told(endpoint, voicing(frame, frame + 1, run_start=frame), "and then the other one")
        endpoint.new_turn(Samples((frame + 1) * FRAME_SAMPLES))
    on = told(endpoint, voicing(400, 401, run_start=400), "yes")
    assert on["count"] == pytest.approx(np.log(2 + WORDS_MAX) / 3)


def test_words_that_something_must_follow_are_less_complete(completeness: Completeness) -> None:
    endpoint = Endpoint(completeness)
    open_ended = told(endpoint, voicing(3, 4), "i would like to book a")["complete"]
    closed = told(endpoint, voicing(4, 4), "i would like to book a table")["complete"]
    assert open_ended < closed


def test_what_the_caller_expects_is_told(completeness: Completeness) -> None:
    endpoint = Endpoint(completeness)
    plain = told(endpoint, voicing(0, 1), "four two")
    endpoint.expected = Expected.DIGITS
    hinted = told(endpoint, voicing(1, 2), "four two")
    assert [plain[name] for name in Expected] == [0] * len(Expected)
    assert [name for name in Expected if hinted[name]] == [Expected.DIGITS]
    assert len(set(EVIDENCE)) == len(EVIDENCE)
    assert hinted["complete"] != plain["complete"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("my number is four two", []),
        ("my number is four two nine", [Expected.DIGITS]),
        ("smith s m i", [Expected.SPELLING]),
        ("maria m a r i a", [Expected.SPELLING]),
        ("four two nine thank you", []),
        ("four two nine a", []),
        ("this is what i", []),
    ],
)
def test_without_a_hint_what_is_dictated_shows_in_the_words(
    completeness: Completeness, words: str, expected: list[Expected]
) -> None:
    endpoint = Endpoint(completeness)
    shown = told(endpoint, voicing(0, 1), words)
    assert [name for name in Expected if shown[name]] == expected


def test_a_hint_goes_before_what_shows_in_the_words(completeness: Completeness) -> None:
    endpoint = Endpoint(completeness)
    endpoint.expected = Expected.ADDRESS
    hinted = told(endpoint, voicing(0, 1), "four two nine")
    assert [name for name in Expected if hinted[name]] == [Expected.ADDRESS]


def test_a_hint_counts_before_there_are_words_and_what_showed_is_forgotten_with_its_turn(
    completeness: Completeness,
) -> None:
    endpoint = Endpoint(completeness)
    told(endpoint, voicing(0, 1), "four two nine")
    endpoint.new_turn(Samples(FRAME_SAMPLES))
    assert not any(told(endpoint, voicing(1, None))[name] for name in Expected)
    endpoint.expected = Expected.SPELLING
    assert told(endpoint, voicing(2, None))[Expected.SPELLING]

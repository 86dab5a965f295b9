"""Where an answer's time went, and what drafts cost."""

import pytest

from turnwise.agent.report import Report


def test_an_answer_without_a_draft_waits_for_model_and_voice() -> None:
    report = Report()
    report.over(0, 10.0, 0.4)
    report.began(0, 10.0, 80, draft=False)
    report.word(0, 10.3)
    report.sound(0, 10.5)
    report.played(0, 10.5)
    (turn,) = report.answered
    assert turn.end_delay_s == 0.4
    assert turn.think_delay_s == pytest.approx(0.3)
    assert turn.speak_delay_s == pytest.approx(0.2)
    assert turn.answer_delay_s == pytest.approx(0.5)
    assert turn.eager_gain_s is None


def test_a_draft_that_was_ready_saves_all_the_work() -> None:
    report = Report()
    report.began(0, 9.0, 80, draft=True)
    report.word(0, 9.3)
    report.sound(0, 9.4)
    report.over(0, 10.0, 0.4)
    report.played(0, 10.0)
    (turn,) = report.answered
    assert turn.answer_delay_s == 0.0
    assert turn.eager_gain_s == pytest.approx(0.4)


def test_a_draft_that_was_half_done_saves_its_head_start() -> None:
    report = Report()
    report.began(0, 9.8, 80, draft=True)
    report.over(0, 10.0, None)
    report.word(0, 10.1)
    report.sound(0, 10.3)
    report.played(0, 10.3)
    (turn,) = report.answered
    assert turn.eager_gain_s == pytest.approx(0.2)


def test_drafts_in_vain_are_counted_with_their_tokens_guessed_if_nobody_told() -> None:
    report = Report()
    report.began(0, 9.0, 80, draft=True)
    report.word(0, 9.3)
    report.drop(0)
    report.began(1, 9.5, 80, draft=True)
    report.word(1, 9.7)
    report.cost(1, 100, 7)
    report.drop(1)
    report.began(2, 9.8, 80, draft=True)
    report.over(2, 10.0, 0.25)
    assert report.summary() == [
        "  250 ms from the end of speech to EndOfTurn (median of 1)",
        "2 of 3 drafts were in vain, for about 128 tokens",
    ]


def test_what_the_endpoint_tells_replaces_the_guess_and_adds_up_over_function_calls() -> None:
    report = Report()
    report.began(0, 9.0, 800, draft=False)
    report.word(0, 9.1)
    report.cost(0, 50, 5)
    report.began(0, 9.5, 900, draft=False)
    report.word(0, 9.6)
    report.cost(0, 60, 6)
    turn = report.turn(0)
    assert (turn.prompt_tokens, turn.completion_tokens, turn.estimated) == (110, 11, False)
    assert turn.began_s == 9.0

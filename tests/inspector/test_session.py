"""What a log comes to."""

import pytest

from tests.inspector.logs import HEAD, HELLO, MESSAGES, text, turn_info
from turnwise.inspector.log import read
from turnwise.inspector.session import Moment, Session, Threshold, session_of, thresholds_of
from turnwise.settings import Thresholds


def session(*messages: object) -> Session:
    return session_of(read(text(*messages or MESSAGES).splitlines()))


def test_turns_have_their_words_their_delays_and_what_was_taken_back() -> None:
    first, second = session().turns
    assert [word.text for word in first.words] == ["Hello", "<there>"]
    assert (first.start_s, first.end_s, first.trigger) == (0.96, 2.0, "model")
    assert first.delay_s == pytest.approx(0.5)
    assert first.eager_lead_s == pytest.approx(0.24)
    assert first.resumed == 1
    assert (second.trigger, second.delay_s, second.eager_lead_s) == ("", None, None)


def test_the_curve_has_every_turn_info() -> None:
    assert [at_s for at_s, _ in session().curve] == [0.24, 0.96, 1.2, 1.28, 1.76, 2.0, 10.96]


def test_events_are_in_order_with_their_causes() -> None:
    assert session().moments[4:6] == (
        Moment(2.0, "EndOfTurn", "model"),
        Moment(2.0, "Reconnected"),
    )


def test_thresholds_hold_from_when_they_were_set() -> None:
    assert session().thresholds == (Threshold(0.0, 0.7, 0.4), Threshold(2.0, 0.8, None))


def test_a_configure_success_without_a_threshold_changes_none() -> None:
    said = {**MESSAGES[8], "thresholds": {"eager_eot_threshold": 0.5}}
    assert session(said).thresholds[-1] == Threshold(0.0, 0.7, 0.5)


def test_the_session_lasts_as_long_as_its_audio_or_its_last_message() -> None:
    assert session().end_s == 12.5
    head = {**HEAD, "audio": {"name": "microphone"}}
    assert session_of(read(text(*MESSAGES, head=head).splitlines())).end_s == 10.96


def test_medians_are_of_what_there_is() -> None:
    assert session().delay_s_median == pytest.approx(0.5)
    assert session().eager_lead_s_median == pytest.approx(0.24)
    assert session().lag_s == pytest.approx(0.1)
    nothing = session(MESSAGES[0])
    assert (nothing.delay_s_median, nothing.eager_lead_s_median, nothing.lag_s) == (None,) * 3


def test_the_lag_is_unknown_where_the_audio_sent_is() -> None:
    log = text(MESSAGES[1]).replace('"sent_s": 0.33999999999999997', '"sent_s": null')
    assert session_of(read(log.splitlines())).lag_s is None


def test_a_turn_without_word_times_has_no_delay() -> None:
    message = turn_info("EndOfTurn", 2.0, HELLO, trigger="manual")
    message["words"] = [{"word": "Hello", "confidence": 0.9}]
    (turn,) = session(turn_info("StartOfTurn", 0.96, HELLO), message).turns
    assert turn.delay_s is None
    assert turn.words[0].start_s is None


def test_a_turn_whose_start_came_before_the_log_starts_where_it_is_first_heard_of() -> None:
    (turn,) = session(turn_info("EndOfTurn", 2.0, HELLO, trigger="manual")).turns
    assert (turn.start_s, turn.ended, turn.transcript) == (2.0, True, "Hello")


def test_a_servers_error_is_an_event() -> None:
    error = {"type": "Error", "sequence_id": 3, "code": "INACTIVE_CLIENT", "description": "60 s"}
    assert session(error).moments == (Moment(0.0, "Error", "INACTIVE_CLIENT"),)


@pytest.mark.parametrize(
    ("url", "eager"),
    [(str(HEAD["url"]), 0.4), ("/v1/agent/converse", None), ("/v2/listen?model=other", None)],
)
def test_thresholds_come_from_the_url_or_are_the_defaults(url: str, eager: float | None) -> None:
    assert thresholds_of(url) == Thresholds(eager=eager)

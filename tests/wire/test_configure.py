"""Configure changes what it names, wholly or not at all (contract 3.4)."""

import pytest

from turnwise.errors import BadConfigure
from turnwise.settings import (
    Encoding,
    Expecting,
    Hints,
    Model,
    Redact,
    StreamSettings,
    TextStyle,
    Thresholds,
)
from turnwise.wire.codec import decode_client
from turnwise.wire.configure import apply
from turnwise.wire.messages import Configure, NewThresholds

BEFORE = StreamSettings(
    model=Model.MULTILINGUAL,
    encoding=Encoding.LINEAR16,
    sample_rate_hz=16_000,
    thresholds=Thresholds(0.7, 0.4, 6_000),
    style=TextStyle(numerals=True, profanity_filter=False, redact=Redact.NUMBERS),
    keyterms=("before",),
    language_hints=("en",),
    tags=("tag",),
)
ENGLISH = StreamSettings(Model.ENGLISH)


def configured(fields: str, settings: StreamSettings = BEFORE) -> StreamSettings:
    message = decode_client('{"type":"Configure",' + fields + "}")
    assert isinstance(message, Configure)
    return apply(message, settings)


def failure(fields: str, settings: StreamSettings = BEFORE) -> tuple[str, str]:
    with pytest.raises(BadConfigure) as caught:
        configured(fields, settings)
    return caught.value.reply_code, str(caught.value)


def test_an_empty_configure_changes_nothing() -> None:
    assert apply(Configure(), BEFORE) == BEFORE


@pytest.mark.parametrize(
    "field",
    [
        '"thresholds":null',
        '"thresholds":{}',
        '"thresholds":{"eot_threshold":null,"eot_timeout_ms":null}',
        '"keyterms":null',
        '"language_hints":null',
        '"numerals":null',
        '"profanity_filter":null',
    ],
)
def test_null_changes_nothing(field: str) -> None:
    assert configured(field) == BEFORE  # contract 14.13, 14.26


def test_a_null_eager_threshold_switches_eager_off() -> None:
    after = configured('"thresholds":{"eager_eot_threshold":null}')  # contract 14.13
    assert after.thresholds == Thresholds(0.7, None, 6_000)


def test_every_field_can_change_at_once_and_nothing_else_does() -> None:
    after = configured(
        '"thresholds":{"eager_eot_threshold":0.5,"eot_threshold":0.8,"eot_timeout_ms":7000},'
        '"keyterms":["apple","banana"],"language_hints":["en","es-MX"],"numerals":false,'
        '"profanity_filter":true'
    )
    assert after == StreamSettings(
        model=Model.MULTILINGUAL,
        encoding=Encoding.LINEAR16,
        sample_rate_hz=16_000,
        thresholds=Thresholds(0.8, 0.5, 7_000),
        style=TextStyle(numerals=False, profanity_filter=True, redact=Redact.NUMBERS),
        keyterms=("apple", "banana"),
        language_hints=("en", "es-MX"),
        tags=("tag",),
    )


def test_one_threshold_leaves_the_others() -> None:
    after = configured('"thresholds":{"eot_timeout_ms":500}')
    assert after.thresholds == Thresholds(0.7, 0.4, 500)


def test_numbers_in_strings_are_numbers() -> None:
    after = configured(
        '"thresholds":{"eot_threshold":"0.8","eager_eot_threshold":".5","eot_timeout_ms":"700"}'
    )
    assert after.thresholds == Thresholds(0.8, 0.5, 700)


def test_whole_milliseconds_may_be_written_as_a_float() -> None:
    timeout_ms = configured('"thresholds":{"eot_timeout_ms":1e3}').thresholds.timeout_ms
    assert (timeout_ms, type(timeout_ms)) == (1_000, int)


@pytest.mark.parametrize(
    ("thresholds", "text"),
    [
        ('"eot_threshold":0.4', "eot_threshold must be from 0.5 to 1, not 0.4"),
        ('"eager_eot_threshold":0.95', "eager_eot_threshold must be from 0.3 to 0.9, not 0.95"),
        ('"eot_timeout_ms":499', "eot_timeout_ms must be from 500 to 60000, not 499"),
        ('"eot_timeout_ms":500.5', "eot_timeout_ms must be a whole number, not 500.5"),
        ('"eot_timeout_ms":' + "9" * 400, "eot_timeout_ms must be from 500 to 60000, not inf"),
        ('"eot_threshold":"high"', "eot_threshold must be a number, not 'high'"),
        ('"eot_threshold":0', "eot_threshold must be from 0.5 to 1, not 0"),
    ],
)
def test_a_threshold_out_of_range_is_refused(thresholds: str, text: str) -> None:
    assert failure(f'"thresholds":{{{thresholds}}}') == ("INVALID_THRESHOLD", text)


@pytest.mark.parametrize(
    "thresholds",
    [
        '"eager_eot_threshold":0.8,"eot_threshold":0.7',
        '"eager_eot_threshold":0.8',
        '"eager_eot_threshold":"0.71"',
    ],
)
def test_eager_may_not_be_above_the_threshold_in_force(thresholds: str) -> None:
    assert failure(f'"thresholds":{{{thresholds}}}') == (  # contract 4.5, 14.34
        "INVALID_THRESHOLD",
        "eager_eot_threshold must be less than or equal to eot_threshold",
    )


def test_lowering_the_threshold_below_the_eager_one_in_force_is_refused() -> None:
    before = StreamSettings(Model.ENGLISH, thresholds=Thresholds(0.9, 0.8))
    assert failure('"thresholds":{"eot_threshold":0.7}', before)[0] == "INVALID_THRESHOLD"


def test_keyterms_may_be_one_string() -> None:
    assert configured('"keyterms":"New York"').keyterms == ("New York",)


@pytest.mark.parametrize("keyterms", ["[]", '""', '[" "]'])
def test_no_keyterms_clear_the_list(keyterms: str) -> None:
    assert configured(f'"keyterms":{keyterms}').keyterms == ()


def test_too_many_keyterms_are_refused_with_the_published_text() -> None:
    terms = ",".join(['"a"'] * 101)
    assert failure(f'"keyterms":[{terms}]') == (  # contract 14.23
        "KEYTERM_LIMIT_EXCEEDED",
        "Keyterm limit exceeded. The maximum number of tokens across all keyterms is 500.",
    )


def test_a_keyterm_holds_no_control_characters() -> None:
    assert failure(r'"keyterms":["a\u0000"]')[0] == "INVALID_KEYTERM"


def test_empty_hints_go_back_to_automatic() -> None:
    assert configured('"language_hints":[]').language_hints == ()


@pytest.mark.parametrize("hints", ['[""]', '["zz"]', '["en","english"]'])
def test_unknown_hints_are_refused(hints: str) -> None:
    assert failure(f'"language_hints":{hints}')[0] == "INVALID_LANGUAGE_HINT"


def test_hints_are_for_the_multilingual_model_only() -> None:
    assert failure('"language_hints":["en"]', ENGLISH) == (
        "INVALID_LANGUAGE_HINT",
        "language_hint is not supported for model flux-general-en",
    )


def test_clearing_hints_that_cannot_be_does_no_harm() -> None:
    assert configured('"language_hints":[]', ENGLISH) == ENGLISH


def test_one_bad_field_leaves_the_good_ones_undone() -> None:
    message = Configure(
        thresholds=NewThresholds(eot_threshold=0.9), keyterms=["a"], language_hints=["zz"]
    )
    with pytest.raises(BadConfigure):
        apply(message, BEFORE)
    assert BEFORE.thresholds.eot == 0.7  # settings are values: nothing was changed in place


def test_hints_change_one_by_one_and_an_empty_one_is_cleared() -> None:
    both = configured('"agent_said":"Your number?","expecting":"digits"')
    assert both.hints == Hints("Your number?", Expecting.DIGITS)
    assert configured('"expecting":"yes-no"', both).hints.agent_said == "Your number?"
    assert configured('"agent_said":"","expecting":""', both) == BEFORE
    assert configured('"agent_said":null,"expecting":null', both) == both


@pytest.mark.parametrize("field", ['"expecting":"songs"', f'"agent_said":"{"a" * 2_001}"'])
def test_a_hint_nobody_knows_or_that_is_too_long_is_refused(field: str) -> None:
    assert failure(field)[0] == "INVALID_HINT"

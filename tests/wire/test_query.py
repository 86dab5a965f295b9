"""The URL's query: every parameter of contract section 1.2, its rules and its refusals."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnwise.errors import BadQuery, NoSuchModel
from turnwise.settings import (
    LANGUAGES,
    SAMPLE_RATES_HZ,
    URL_BYTES_MAX,
    Encoding,
    Expecting,
    Hints,
    Model,
    Redact,
    StreamSettings,
    TextStyle,
    Thresholds,
)
from turnwise.wire.query import ONCE, PYTHON_LIST, REPEATED, build, parse

ENGLISH = "model=flux-general-en"
MULTI = "model=flux-general-multi"


def refusal(raw_query: str) -> str:
    with pytest.raises(BadQuery) as caught:
        parse(raw_query)
    return str(caught.value)


# model (contract 1.2, 1.5, 14.28)


@pytest.mark.parametrize("model", Model)
def test_a_model_alone_gives_the_defaults(model: Model) -> None:
    assert parse(f"model={model}") == StreamSettings(model)


@pytest.mark.parametrize("raw_query", ["", "numerals=true"])
def test_a_missing_model_is_said_as_the_service_says_it(raw_query: str) -> None:
    expected = "Failed to deserialize query parameters: missing field `model`"
    assert refusal(raw_query) == expected


@pytest.mark.parametrize("model", ["flux", "nova-3", "", "flux-general-EN", "a\u0000b"])
def test_an_unknown_model_is_forbidden_and_the_served_ones_are_named(model: str) -> None:
    with pytest.raises(NoSuchModel) as caught:
        parse(f"model={model}")
    assert str(caught.value) == (
        "Project does not have access to the requested model. "
        "This server has: flux-general-en, flux-general-multi."
    )
    assert (caught.value.status, caught.value.code) == (403, "INSUFFICIENT_PERMISSIONS")


def test_a_model_that_exists_but_is_not_served_is_forbidden() -> None:
    with pytest.raises(NoSuchModel, match=r"This server has: flux-general-en\.$"):
        parse(MULTI, served=[Model.ENGLISH])


def test_bad_parameters_come_before_an_unknown_model() -> None:
    assert "eot_threshold" in refusal("model=nobodys&eot_threshold=7")


def test_hints_beside_an_unknown_model_are_not_what_is_wrong() -> None:
    with pytest.raises(NoSuchModel):
        parse("model=nobodys&language_hint=en")


# names (contract 1.2: unknown parameter names are refused)


def test_an_unknown_name_is_said_as_the_service_says_it() -> None:
    assert refusal(f"{ENGLISH}&channels=1") == "Unknown query parameters: channels"


def test_several_unknown_names_are_listed_once_each_in_order() -> None:
    raw_query = f"{ENGLISH}&punctuate=true&language=en&punctuate=false"
    assert refusal(raw_query) == "Unknown query parameters: punctuate, language"


def test_unknown_names_come_before_a_missing_model() -> None:
    assert refusal("interim_results=true") == "Unknown query parameters: interim_results"


def test_an_unknown_name_cannot_smuggle_anything_into_a_header() -> None:
    name = "a%0d%0aset-cookie:%20x%c3%a9" + "y" * 100
    shown = refusal(f"{ENGLISH}&{name}=1").removeprefix("Unknown query parameters: ")
    assert re.fullmatch(r"a\\r\\nset-cookie: x\\xe9y{23}", shown)


def test_only_some_of_many_unknown_names_are_listed() -> None:
    names = "&".join(f"x{index}" for index in range(5_000))
    assert refusal(names) == "Unknown query parameters: " + ", ".join(f"x{i}" for i in range(10))


@pytest.mark.parametrize("name", ["keyterms", "language_hints", "diarize", "smart_format", ""])
def test_names_of_other_services_and_plurals_are_unknown(name: str) -> None:
    assert refusal(f"{ENGLISH}&{name}=true") == f"Unknown query parameters: {name}"


@pytest.mark.parametrize("name", ONCE)
def test_a_name_that_comes_once_is_refused_twice(name: str) -> None:
    duplicated = f"{name}=1&{name}=1"
    expected = f"Failed to deserialize query parameters: duplicate field `{name}`"
    assert refusal(duplicated) == expected


@pytest.mark.parametrize("name", REPEATED)
def test_a_name_that_repeats_keeps_the_order(name: str) -> None:
    settings = parse(f"{MULTI}&{name}=en&{name}=fr")
    values = {
        "keyterm": settings.keyterms,
        "language_hint": settings.language_hints,
        "tag": settings.tags,
    }
    assert values[name] == ("en", "fr")


# how it is written


def test_spaces_may_be_plus_or_percent_and_letters_any_utf8() -> None:
    settings = parse(f"{ENGLISH}&keyterm=San+Jos%C3%A9&keyterm=New%20York&keyterm=a%2Bb%26c%3Dd")
    assert settings.keyterms == ("San José", "New York", "a+b&c=d")


def test_invalid_utf8_is_refused() -> None:
    assert "percent-encoded UTF-8" in refusal(f"{ENGLISH}&keyterm=%ff")


def test_bare_letters_beyond_ascii_are_refused() -> None:
    assert "percent-encoded" in refusal(f"{ENGLISH}&keyterm=é")


def test_a_stray_percent_sign_is_itself() -> None:
    assert parse(f"{ENGLISH}&keyterm=100%").keyterms == ("100%",)


def test_empty_pieces_between_ampersands_are_nothing() -> None:
    assert parse(f"&&{ENGLISH}&&numerals=true&") == parse(f"{ENGLISH}&numerals=true")


def test_the_query_has_a_longest_length() -> None:
    start = f"{ENGLISH}&tag="
    too_long = start + "%41" * ((URL_BYTES_MAX - len(start)) // 3 + 1)
    assert f"at most {URL_BYTES_MAX} bytes" in refusal(too_long)


def test_a_query_of_the_longest_length_is_read() -> None:
    padding = "&" * (URL_BYTES_MAX - len(ENGLISH))
    assert parse(ENGLISH + padding) == StreamSettings(Model.ENGLISH)


# encoding and sample_rate (contract 1.2, 2)


@pytest.mark.parametrize("encoding", Encoding)
@pytest.mark.parametrize("rate_hz", SAMPLE_RATES_HZ)
def test_every_encoding_goes_with_every_rate(encoding: Encoding, rate_hz: int) -> None:
    settings = parse(f"sample_rate={rate_hz}&{ENGLISH}&encoding={encoding}")
    assert (settings.encoding, settings.sample_rate_hz) == (encoding, rate_hz)


@pytest.mark.parametrize("encoding", ["linear16", "linear32", "mulaw", "alaw"])
def test_raw_audio_needs_its_sample_rate(encoding: str) -> None:
    expected = f"sample_rate is required with encoding={encoding}"
    assert refusal(f"{ENGLISH}&encoding={encoding}") == expected


@pytest.mark.parametrize("encoding", ["opus", "ogg-opus"])
def test_opus_says_its_own_sample_rate(encoding: str) -> None:
    assert parse(f"{ENGLISH}&encoding={encoding}").sample_rate_hz is None


def test_a_sample_rate_beside_a_container_does_no_harm() -> None:
    settings = parse(f"{ENGLISH}&sample_rate=48000")
    assert (settings.encoding, settings.sample_rate_hz) == (None, 48_000)


@pytest.mark.parametrize("text", ["22050", "0", "-16000", "16000.5", "16kHz", "", "nan", "1_6000"])
def test_other_sample_rates_are_refused(text: str) -> None:
    expected = f"sample_rate must be one of 8000, 16000, 24000, 44100, 48000, not {text!r}"
    assert refusal(f"{ENGLISH}&encoding=linear16&sample_rate={text}") == expected


@pytest.mark.parametrize("text", ["flac", "LINEAR16", ""])
def test_other_encodings_are_refused(text: str) -> None:
    assert refusal(f"{ENGLISH}&encoding={text}&sample_rate=16000") == (
        f"encoding must be one of linear16, linear32, mulaw, alaw, opus, ogg-opus, not {text!r}"
    )


# thresholds (contract 1.2, 14.3, 14.34)


@pytest.mark.parametrize("text", [".7", "0.70", "+0.7".replace("+", "%2B"), "7e-1"])
def test_numbers_may_be_spelled_in_any_way(text: str) -> None:
    assert parse(f"{ENGLISH}&eager_eot_threshold={text}").thresholds.eager == 0.7


def test_a_whole_number_is_a_threshold_too() -> None:
    assert parse(f"{ENGLISH}&eot_threshold=1").thresholds.eot == 1.0


def test_milliseconds_are_whole_however_they_are_spelled() -> None:
    timeout_ms = parse(f"{ENGLISH}&eot_timeout_ms=6000.0").thresholds.timeout_ms
    assert (timeout_ms, type(timeout_ms)) == (6_000, int)


@pytest.mark.parametrize(
    ("eager", "eot", "timeout_ms"),
    [(None, 0.7, 5_000), (0.4, 0.7, 6_000), (None, 0.85, 8_000), (0.4, 0.85, 7_000)],
)
def test_the_published_presets_are_accepted(
    eager: float | None, eot: float, timeout_ms: int
) -> None:
    thresholds = Thresholds(eot, eager, timeout_ms)
    settings = replace(StreamSettings(Model.ENGLISH), thresholds=thresholds)
    assert parse(build(settings)) == settings


@pytest.mark.parametrize(
    "pair",
    [
        "eot_threshold=0.49",
        "eot_threshold=1.01",
        "eager_eot_threshold=0.29",
        "eager_eot_threshold=0.91",
        "eot_timeout_ms=499",
        "eot_timeout_ms=60001",
        "eot_timeout_ms=500.5",
        "eot_threshold=",
        "eot_threshold=high",
        "eot_threshold=1_0",
        "eager_eot_threshold=nan",
        "eot_timeout_ms=1e400",
    ],
)
def test_numbers_out_of_range_or_none_at_all_are_refused(pair: str) -> None:
    assert refusal(f"{ENGLISH}&{pair}").startswith(f"{pair.partition('=')[0]} must be ")


@pytest.mark.parametrize(
    "pairs", ["eager_eot_threshold=0.6&eot_threshold=0.5", "eager_eot_threshold=0.8"]
)
def test_eager_may_not_be_above_the_threshold_in_force(pairs: str) -> None:
    expected = "eager_eot_threshold must be less than or equal to eot_threshold"
    assert refusal(f"{ENGLISH}&{pairs}") == expected


def test_eager_may_equal_the_threshold() -> None:
    thresholds = parse(f"{ENGLISH}&eager_eot_threshold=0.7").thresholds
    assert thresholds.eager == thresholds.eot


# keyterm (contract 1.2, 9.1, 14.22, 14.23)


def test_a_keyterm_is_literal_in_case_marks_and_would_be_weight() -> None:
    assert parse(f"{ENGLISH}&keyterm=McDonald%27s:0.15").keyterms == ("McDonald's:0.15",)


def test_a_hundred_keyterms_are_accepted() -> None:
    assert len(parse(ENGLISH + "&keyterm=a" * 100).keyterms) == 100


@pytest.mark.parametrize("keyterms", ["&keyterm=a" * 101, "&keyterm=" + "a+" * 501])
def test_too_many_keyterms_are_refused_with_the_published_text(keyterms: str) -> None:
    assert refusal(ENGLISH + keyterms) == (
        "Keyterm limit exceeded. The maximum number of tokens across all keyterms is 500."
    )


def test_a_blank_keyterm_is_none() -> None:
    assert parse(f"{ENGLISH}&keyterm=&keyterm=+&keyterm=a").keyterms == ("a",)


def test_a_keyterm_holds_no_control_characters() -> None:
    assert "control characters" in refusal(f"{ENGLISH}&keyterm=a%00b")


@pytest.mark.parametrize(
    ("value", "terms"),
    [
        ("%5B%27a%20b%27%2C%20%27c%27%5D", ("a b", "c")),
        ("['a']", ("a",)),
        ('["it\'s", \'a "b"\']', ("it's", 'a "b"')),
        (r"['back\\slash', '\xe9', '\u0416', '\U0001f600']", ("back\\slash", "é", "Ж", "😀")),
        ("[]", ()),
    ],
)
def test_a_python_list_in_one_keyterm_is_that_list(value: str, terms: tuple[str, ...]) -> None:
    assert parse(f"{ENGLISH}&keyterm={value.replace('&', '%26')}").keyterms == terms  # 9.1


def test_a_python_list_in_one_tag_is_that_list() -> None:
    assert parse(f"{ENGLISH}&tag=['a', 'b']").tags == ("a", "b")  # contract 9.1


@pytest.mark.parametrize(
    "value", ["['a', 5]", "['a'", "[a]", "['a'] ", r"['\d']", "[['a']]", "[" * 9_000]
)
def test_what_is_not_quite_a_python_list_is_literal(value: str) -> None:
    settings = parse(f"{ENGLISH}&tag=x&keyterm={value[:200]}")
    assert settings.keyterms == (value[:200],)


def test_a_python_list_hides_neither_surrogates_nor_control_characters() -> None:
    assert "control characters" in refusal(rf"{ENGLISH}&keyterm=['\ud800']")
    assert "control characters" in refusal(rf"{ENGLISH}&keyterm=['a\n']")


# language_hint (contract 1.2, 14.6)


@pytest.mark.parametrize("hint", [*LANGUAGES, "en-US", "pt-BR", "EN-gb", "es-419", "de-Latn-CH"])
def test_known_languages_and_their_regional_forms_may_be_hinted(hint: str) -> None:
    assert parse(f"{MULTI}&language_hint={hint}").language_hints == (hint,)


@pytest.mark.parametrize("hint", ["zz", "english", "en,ru", "en_US", "-", "en-", "e", "%C3%A9n"])
def test_other_languages_are_refused(hint: str) -> None:
    assert refusal(f"{MULTI}&language_hint={hint}").startswith(
        "language_hint must be one of en, es, fr, de, hi, ru, pt, ja, it, nl or a regional form"
    )


@pytest.mark.parametrize("hint", ["", "+"])
def test_an_empty_hint_is_refused(hint: str) -> None:
    assert refusal(f"{MULTI}&language_hint={hint}") == "language_hint must not be empty"


def test_hints_are_for_the_multilingual_model_only() -> None:
    assert refusal(f"{ENGLISH}&language_hint=en") == (
        "language_hint is not supported for model flux-general-en"
    )


def test_hints_have_a_largest_number() -> None:
    assert "at most 100 language hints" in refusal(MULTI + "&language_hint=en" * 101)


# profanity_filter, numerals, redact (contract 1.2)


@pytest.mark.parametrize("text", ["true", "True", "TRUE"])
def test_booleans_are_read_in_any_case(text: str) -> None:
    style = parse(f"{ENGLISH}&profanity_filter={text}&numerals={text}&mip_opt_out={text}").style
    assert style == TextStyle(numerals=True, profanity_filter=True)


def test_false_is_the_default() -> None:
    raw_query = f"{ENGLISH}&profanity_filter=false&numerals=False&mip_opt_out=false"
    assert parse(raw_query) == parse(ENGLISH)


@pytest.mark.parametrize("name", ["profanity_filter", "numerals", "mip_opt_out"])
@pytest.mark.parametrize("text", ["1", "yes", ""])
def test_other_booleans_are_refused(name: str, text: str) -> None:
    assert refusal(f"{ENGLISH}&{name}={text}") == f"{name} must be true or false, not {text!r}"


@pytest.mark.parametrize("redact", Redact)
def test_redact_takes_its_two_values(redact: Redact) -> None:
    assert parse(f"{ENGLISH}&redact={redact}").style.redact is redact


@pytest.mark.parametrize("text", ["true", "false", "pci", "ssn", "NUMBERS", ""])
def test_redact_refuses_every_other_value(text: str) -> None:
    expected = f"redact must be one of numbers, aggressive_numbers, not {text!r}"
    assert refusal(f"{ENGLISH}&redact={text}") == expected


# mip_opt_out, tag, version (contract 1.2, 14.33)


def test_a_tag_may_have_128_characters() -> None:
    tag = "é" * 128
    assert parse(f"{ENGLISH}&tag={'%C3%A9' * 128}").tags == (tag,)


@pytest.mark.parametrize("tag", ["a" * 129, "a%0A"])
def test_a_longer_tag_or_one_with_control_characters_is_refused(tag: str) -> None:
    assert refusal(f"{ENGLISH}&tag={tag}") == (
        "tag must be at most 128 characters, none of them for control"
    )


def test_the_version_may_be_the_latest() -> None:
    assert parse(f"{ENGLISH}&version=latest") == parse(ENGLISH)


def test_no_other_version_exists() -> None:
    expected = "version must be latest, not '2025-01-01'"
    assert refusal(f"{ENGLISH}&version=2025-01-01") == expected


# hints, which are ours alone


def test_hints_are_read_and_empty_ones_are_none() -> None:
    hinted = parse(f"{ENGLISH}&agent_said=Your%20number%3F&expecting=digits")
    assert hinted.hints == Hints("Your number?", Expecting.DIGITS)
    assert parse(f"{ENGLISH}&agent_said=&expecting=") == parse(ENGLISH)


def test_an_expectation_nobody_knows_is_refused() -> None:
    expected = "expecting must be one of digits, address, spelling, yes-no, not 'songs'"
    assert refusal(f"{ENGLISH}&expecting=songs") == expected


def test_too_long_a_sentence_of_the_agent_is_refused() -> None:
    refused = refusal(f"{ENGLISH}&agent_said={'a' * 2_001}")
    assert refused == "agent_said must be at most 2000 characters, not 2001"


# what real clients send (contract 9.1, 9.4, 9.5)


def test_the_clients_own_queries_are_read() -> None:
    pipecat = (
        f"{ENGLISH}&sample_rate=16000&encoding=linear16&eager_eot_threshold=0.4&eot_threshold=0.7"
        "&eot_timeout_ms=6000&mip_opt_out=false&keyterm=Deepgram&tag=x"
    )
    assert parse(pipecat) == StreamSettings(
        model=Model.ENGLISH,
        encoding=Encoding.LINEAR16,
        sample_rate_hz=16_000,
        thresholds=Thresholds(0.7, 0.4, 6_000),
        keyterms=("Deepgram",),
        tags=("x",),
    )


# build


def test_defaults_are_not_written() -> None:
    assert build(StreamSettings(Model.ENGLISH)) == ENGLISH


def test_everything_is_written_in_one_order() -> None:
    settings = StreamSettings(
        model=Model.MULTILINGUAL,
        encoding=Encoding.OGG_OPUS,
        sample_rate_hz=48_000,
        thresholds=Thresholds(0.8, 0.5, 900),
        style=TextStyle(numerals=True, profanity_filter=True, redact=Redact.NUMBERS),
        keyterms=("a b", "c&d"),
        language_hints=("en",),
        tags=("é",),
        hints=Hints("Yes?", Expecting.YES_NO),
    )
    assert build(settings) == (
        "model=flux-general-multi&encoding=ogg-opus&sample_rate=48000&eager_eot_threshold=0.5"
        "&eot_threshold=0.8&eot_timeout_ms=900&numerals=true&profanity_filter=true&redact=numbers"
        "&agent_said=Yes%3F&expecting=yes-no&keyterm=a%20b&keyterm=c%26d&language_hint=en&tag=%C3%A9"
    )


PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20).filter(
    lambda text: not PYTHON_LIST.fullmatch(text)
)
THRESHOLDS = st.builds(
    Thresholds,
    eot=st.floats(0.9, 1.0),
    eager=st.none() | st.floats(0.3, 0.9),
    timeout_ms=st.integers(500, 60_000),
)
SETTINGS = st.builds(
    StreamSettings,
    model=st.just(Model.MULTILINGUAL),
    encoding=st.none() | st.sampled_from(Encoding),
    sample_rate_hz=st.sampled_from(SAMPLE_RATES_HZ),
    thresholds=THRESHOLDS,
    style=st.builds(
        TextStyle,
        numerals=st.booleans(),
        profanity_filter=st.booleans(),
        redact=st.none() | st.sampled_from(Redact),
    ),
    keyterms=st.lists(PLAIN.filter(str.strip), max_size=5).map(tuple),
    language_hints=st.lists(st.sampled_from(LANGUAGES), max_size=3).map(tuple),
    tags=st.lists(PLAIN, max_size=3).map(tuple),
    hints=st.builds(Hints, PLAIN, st.none() | st.sampled_from(Expecting)),
)


@given(SETTINGS)
def test_what_is_built_is_read_back_the_same(settings: StreamSettings) -> None:
    assert parse(build(settings)) == settings

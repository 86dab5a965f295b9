"""Messages as JSON, byte for byte (contract sections 3, 4 and 9.1)."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import turnwise
from turnwise.errors import BadMessage
from turnwise.wire.codec import decode_client, decode_server, encode, encode_client
from turnwise.wire.messages import (
    ActiveThresholds,
    ClientMessage,
    CloseStream,
    Configure,
    ConfigureFailure,
    ConfigureSuccess,
    Connected,
    Error,
    EventName,
    ForceEndTurn,
    NewThresholds,
    ServerMessage,
    SpokenWord,
    TurnInfo,
    Warning,  # noqa: A004 - the wire's name
)

ID = "01a059ba-1583-7360-917e-c766366a6787"
PREFIX = "Could not deserialize last text message: "
DEEP = "[" * 100_000 + "]" * 100_000

FULL_TURN_INFO = TurnInfo(
    request_id=ID,
    event=EventName.END_OF_TURN,
    turn_index=3,
    audio_window_start=4.2,
    audio_window_end=6.8,
    transcript="I am",
    words=[SpokenWord("I", 0.95, 4.24, 4.4), SpokenWord("am", 1.0, 4.4, 4.56)],
    end_of_turn_confidence=0.35,
    sequence_id=42,
    languages=["en"],
    languages_hinted=[],
    trigger="manual",
)

GOLDEN: list[tuple[ServerMessage, str]] = [
    (Connected(ID, 0), f'{{"type":"Connected","request_id":"{ID}","sequence_id":0}}'),
    (
        TurnInfo(ID, EventName.UPDATE, 0, 0.0, 0.24, "", [], 0.0044, 1),
        f'{{"type":"TurnInfo","request_id":"{ID}","event":"Update","turn_index":0,'
        '"audio_window_start":0.0,"audio_window_end":0.24,"transcript":"","words":[],'
        '"end_of_turn_confidence":0.0044,"sequence_id":1}',
    ),
    (
        FULL_TURN_INFO,
        f'{{"type":"TurnInfo","request_id":"{ID}","event":"EndOfTurn","turn_index":3,'
        '"audio_window_start":4.2,"audio_window_end":6.8,"transcript":"I am","words":['
        '{"word":"I","confidence":0.95,"start":4.24,"end":4.4},'
        '{"word":"am","confidence":1.0,"start":4.4,"end":4.56}],'
        '"end_of_turn_confidence":0.35,"sequence_id":42,"languages":["en"],'
        '"languages_hinted":[],"trigger":"manual"}',
    ),
    (
        ConfigureSuccess(ID, 5, ActiveThresholds(0.7, 5000, 0.4), ["a"], ["en"], True),
        f'{{"type":"ConfigureSuccess","request_id":"{ID}","sequence_id":5,"thresholds":'
        '{"eot_threshold":0.7,"eot_timeout_ms":5000,"eager_eot_threshold":0.4},'
        '"keyterms":["a"],"language_hints":["en"],"numerals":true}',
    ),
    (
        ConfigureSuccess(ID, 5, ActiveThresholds(0.7, 5000), []),
        f'{{"type":"ConfigureSuccess","request_id":"{ID}","sequence_id":5,"thresholds":'
        '{"eot_threshold":0.7,"eot_timeout_ms":5000},"keyterms":[]}',
    ),
    (
        ConfigureFailure(ID, 6, "INVALID_THRESHOLD", "too eager"),
        f'{{"type":"ConfigureFailure","request_id":"{ID}","sequence_id":6,'
        '"code":"INVALID_THRESHOLD","description":"too eager"}',
    ),
    (
        Warning(ID, 12, "FORCE_END_TURN_NO_ACTIVE_TURN", "ignored"),
        f'{{"type":"Warning","request_id":"{ID}","sequence_id":12,'
        '"code":"FORCE_END_TURN_NO_ACTIVE_TURN","description":"ignored"}',
    ),
    (
        Error(7, "UNPARSABLE_CLIENT_MESSAGE", "oh \n\u2028é"),
        '{"type":"Error","sequence_id":7,"code":"UNPARSABLE_CLIENT_MESSAGE",'
        '"description":"oh \\n\u2028é"}',
    ),
]


def refusal(text: str) -> str:
    with pytest.raises(BadMessage) as caught:
        decode_client(text)
    description = str(caught.value)
    assert description.startswith(PREFIX)
    return description.removeprefix(PREFIX)


# what the server says (contract 4)


@pytest.mark.parametrize(("message", "text"), GOLDEN)
def test_every_server_message_is_written_as_agreed(message: ServerMessage, text: str) -> None:
    assert encode(message) == text


@pytest.mark.parametrize(("message", "text"), GOLDEN)
def test_every_server_message_is_read_back_the_same(message: ServerMessage, text: str) -> None:
    assert decode_server(text) == message


def test_a_captured_turn_info_is_read() -> None:
    captured = (
        '{"type":"TurnInfo","request_id":"…","event":"Update","turn_index":0,'
        '"audio_window_start":0.0,"audio_window_end":0.72,"transcript":"I am losing my",'
        '"words":[{"word":"I am","confidence":0.9985,"start":0.0,"end":0.08}],'
        '"languages":["en"],"languages_hinted":["en"],'
        '"end_of_turn_confidence":0.0023,"sequence_id":3}'
    )
    message = decode_server(captured)  # contract 4.3, observed
    assert isinstance(message, TurnInfo)
    assert message.words == [SpokenWord("I am", 0.9985, 0.0, 0.08)]


def test_an_error_has_no_request_id() -> None:
    assert "request_id" not in json.loads(str(encode(Error(1, "CODE", "text"))))  # contract 14.11


# legacy (contract 9.1)


def test_a_legacy_turn_info_has_the_ten_required_fields_and_plain_words() -> None:
    assert encode(FULL_TURN_INFO, legacy=True) == (
        f'{{"type":"TurnInfo","request_id":"{ID}","event":"EndOfTurn","turn_index":3,'
        '"audio_window_start":4.2,"audio_window_end":6.8,"transcript":"I am",'
        '"words":[{"word":"I","confidence":0.95},{"word":"am","confidence":1.0}],'
        '"end_of_turn_confidence":0.35,"sequence_id":42}'
    )


@pytest.mark.parametrize("message", [GOLDEN[0][0], GOLDEN[-1][0]])
def test_connected_and_error_are_the_same_in_legacy(message: ServerMessage) -> None:
    assert encode(message, legacy=True) == encode(message)


@pytest.mark.parametrize(
    "message",
    [
        Warning(ID, 1, "CODE", "text"),
        ConfigureSuccess(ID, 1, ActiveThresholds(), []),
        ConfigureFailure(ID, 1),
    ],
)
def test_what_ends_a_legacy_clients_listening_is_not_sent(message: ServerMessage) -> None:
    assert encode(message, legacy=True) is None


# what the client says (contract 3)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (CloseStream(), '{"type":"CloseStream"}'),
        (ForceEndTurn(), '{"type":"ForceEndTurn"}'),
        (Configure(), '{"type":"Configure"}'),
        (
            Configure(NewThresholds(0.7, None, 6000), ["apple"], ["en"], True, False),
            '{"type":"Configure","thresholds":{"eot_threshold":0.7,"eager_eot_threshold":null,'
            '"eot_timeout_ms":6000},"keyterms":["apple"],"language_hints":["en"],'
            '"numerals":true,"profanity_filter":false}',
        ),
    ],
)
def test_every_client_message_is_written_and_read_as_agreed(
    message: ClientMessage, text: str
) -> None:
    assert encode_client(message) == text
    assert decode_client(text) == message


def test_the_order_of_fields_and_white_space_do_not_matter() -> None:
    text = ' {\n "numerals" : true ,\t"type" : "Configure" } '
    assert decode_client(text) == Configure(numerals=True)


@pytest.mark.parametrize("kind", ["CloseStream", "ForceEndTurn"])
def test_fields_that_mean_nothing_are_tolerated_in_bare_messages(kind: str) -> None:
    message = decode_client(f'{{"why":[1,null,{{}}],"type":"{kind}"}}')  # contract 14.39
    assert message in (CloseStream(), ForceEndTurn())


def test_an_unknown_type_is_refused_with_the_observed_words() -> None:
    assert refusal('{"type":"KeepAlive"}') == (  # contract 3.5
        "unknown variant `KeepAlive`, "
        "expected one of `CloseStream`, `ForceEndTurn`, `Configure` at line 1 column 19"
    )


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{\n  "x": 1,\n  "type": "Finalize"\n}', "line 3 column 20"),
        ('\n{"type":"Finalize"}', "line 2 column 18"),
        (r'{"ty\u0070e":"Finalize"}', "line 1 column 24"),  # spelled so that we do not find it
        ('{"type":"Configure","type":"Sync"}', "line 1 column 19"),  # the last one counts
    ],
)
def test_an_unknown_type_is_placed(text: str, place: str) -> None:
    assert refusal(text).endswith(place)


def test_an_unknown_type_is_not_repeated_at_length() -> None:
    reason = refusal('{"type":"' + "K" * 10_000 + '"}')
    assert reason.startswith("unknown variant `" + "K" * 40 + "`, ")


def test_a_missing_type_is_refused() -> None:
    assert refusal("{}") == "missing field `type`"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"type":5}', "Expected `str` - at `$.type`"),
        ("[]", "Expected `object`, got `array`"),
        ("5", "Expected `object`, got `int`"),
        ('{"type":"Configure","features":{"numerals":true}}', "unknown field `features`"),
        ('{"type":"Configure","thresholds":{"eot":1}}', "unknown field `eot`"),
        ('{"type":"Configure","numerals":"true"}', "Expected `bool | null`, got `str`"),
        ('{"type":"Configure","keyterms":["a",5]}', "at `$.keyterms[1]`"),
        ('{"type":"Configure","language_hints":"en"}', "at `$.language_hints`"),
        ('{"type":"Configure","thresholds":{"eot_threshold":true}}', "got `bool`"),
        ('{"type":"Configure","thresholds":{"eot_threshold":1e999}}', "out of range"),
        ('{"type":"Configure","thresholds":{"eot_timeout_ms":' + "9" * 5_000 + "}}", "of range"),
    ],
)
def test_wrong_types_and_unknown_fields_are_refused(text: str, reason: str) -> None:
    assert reason in refusal(text)  # contract 3.4, 14.38, 14.39


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "hello",
        '{"type":"CloseStream"} x',
        '{"type":"CloseStream","x":NaN}',
        '{"type":"CloseStream","x":' + DEEP + "}",
        '{"type":"KeepAlive","x":' + DEEP + "}",
        '{"x":' + DEEP + ',"type":"CloseStream"}',
        DEEP,
        "\ufeff{}",
        "\ud800",
        r'{"type":"Configure","keyterms":["\ud800"]}',
        '{"type":"Configure","' + "x" * 100_000 + '":1}',
    ],
)
def test_what_is_no_json_or_too_much_of_it_is_refused_in_few_words(text: str) -> None:
    assert 0 < len(refusal(text)) <= 200


@given(st.text().filter(lambda text: not text.strip().startswith("{")))
def test_text_that_is_no_object_is_refused_whatever_it_holds(text: str) -> None:
    assert refusal(text)


# what a client reads (the same union, seen from the other side)


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"Metadata"}',
        '{"type":"SpeechStarted","x":1}',
        str(encode(FULL_TURN_INFO)).replace("EndOfTurn", "TurnPaused"),
    ],
)
def test_types_and_events_yet_to_be_invented_are_passed_over(text: str) -> None:
    assert decode_server(text) is None


def test_fields_yet_to_be_invented_are_skipped() -> None:
    text = f'{{"type":"Connected","request_id":"{ID}","sequence_id":0,"region":"eu"}}'
    assert decode_server(text) == Connected(ID, 0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "\ud800",
        DEEP,
        '{"type":5}',
        '{"type":"Connected"}',
        '{"type":"TurnInfo"}',
        '{"type":"TurnInfo","event":5}',
        '{"type":"TurnInfo","event":"Update"}',
        '{"type":"Later","x":' + DEEP + "}",
    ],
)
def test_a_server_message_without_what_it_needs_is_refused(text: str) -> None:
    with pytest.raises(BadMessage, match=r"^not a server's message: .{1,180}$"):
        decode_server(text)


def test_only_the_codecs_know_json() -> None:
    source = Path(turnwise.__file__).parent / "wire"
    knowing = {path.name for path in source.glob("*.py") if "json" in path.read_text()}
    assert knowing == {"codec.py", "agent_codec.py", "media_streams.py", "speak_codec.py"}

"""The client without asyncio, against a real server."""

import socket
import threading
from collections.abc import Iterator

import pytest

from tests.serving import relay_to
from turnwise import Event, Reconnected, TurnInfo
from turnwise.cli.local import LocalServer
from turnwise.client import protocol
from turnwise.client.blocking import connect
from turnwise.client.protocol import Message
from turnwise.errors import ConnectionLost, HandshakeRefused, StreamFailed, Unreachable
from turnwise.wire.messages import ConfigureSuccess, Connected

CHUNK = bytes(2_560)  # 80 ms
SECOND = [CHUNK] * 12 + [CHUNK[:1_280]]


def nobody() -> str:
    """Return an address where nobody listens."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return f"ws://127.0.0.1:{door.getsockname()[1]}"


def test_turns_come_out_of_iterating(server: LocalServer) -> None:
    with connect(server.url, api_key=server.api_key) as stream:
        stream.play(SECOND * 8)
        ended = [turn for turn in stream if turn.event is Event.END_OF_TURN]
    assert [turn.transcript for turn in ended] == [
        "Hi there",
        "I'd like to book a table for two people",
        "Tomorrow",
    ]
    assert ended[-1].trigger == "manual"


def test_audio_is_sent_by_hand_and_in_real_time(server: LocalServer) -> None:
    with connect(server.url, api_key=server.api_key) as stream:
        stream.send(CHUNK * 9)
        stream.force_end_turn()
        stream.play([CHUNK] * 4, realtime=True)
        turns = list(stream)
    ended = [turn for turn in turns if turn.event is Event.END_OF_TURN]
    assert (ended[0].transcript, ended[0].trigger) == ("Hi", "manual")
    assert turns[-1].audio_window_end == pytest.approx(13 * 0.08)


def test_a_change_is_answered_among_the_messages(server: LocalServer) -> None:
    with connect(server.url, api_key=server.api_key) as stream:
        stream.configure(eot_threshold=0.9, keyterms=["Alba"])
        stream.finish()
        messages = list(stream.messages())
    assert isinstance(messages[0], Connected)
    assert isinstance(messages[1], ConfigureSuccess)
    assert (messages[1].thresholds.eot_threshold, messages[1].keyterms) == (0.9, ["Alba"])
    assert len(messages) == 2


def test_a_refused_handshake_says_why(server: LocalServer) -> None:
    with pytest.raises(HandshakeRefused) as refused, connect(server.url, api_key="wrong"):
        pass
    assert (refused.value.status, refused.value.err_code, refused.value.err_msg) == (
        401,
        "INVALID_AUTH",
        "Invalid credentials.",
    )


def test_the_key_may_come_from_the_environment(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TURNWISE_API_KEY", server.api_key)
    with connect(server.url) as stream:
        stream.finish()
        assert list(stream) == []


def test_nobody_there_is_an_error_of_its_own() -> None:
    with pytest.raises(Unreachable, match="no recogniser answers at ws://127"):
        with connect(nobody()):
            pass


def test_what_the_server_calls_an_error_is_raised(server: LocalServer) -> None:
    with connect(server.url, api_key=server.api_key, encoding=None) as stream:
        stream.send(b"this is no container" * 10)
        with pytest.raises(StreamFailed) as failed:
            for _ in stream:
                pass
    assert failed.value.error_code == "UNDECODABLE_AUDIO"
    assert failed.value.description


def test_a_lost_connection_is_taken_up_again(server: LocalServer) -> None:
    messages: list[Message] = []
    back = threading.Event()

    def source() -> Iterator[bytes]:
        yield from SECOND * 5
        back.wait()
        yield from SECOND * 3

    with relay_to(server.url) as relay:
        with connect(relay.url, api_key=server.api_key) as stream:
            stream.configure(keyterms=["Alba"])
            stream.play(source())
            for message in stream.messages():
                messages.append(message)
                if isinstance(message, Reconnected):
                    back.set()
                elif isinstance(message, TurnInfo) and message.turn_index and not back.is_set():
                    relay.cut()
    turns = [message for message in messages if isinstance(message, TurnInfo)]
    ended = [turn for turn in turns if turn.event is Event.END_OF_TURN]
    assert any(isinstance(message, Reconnected) for message in messages)
    assert [turn.turn_index for turn in ended] == list(range(len(ended)))
    assert turns[-1].audio_window_end == pytest.approx(8.0, abs=0.08)


def test_a_connection_is_not_taken_up_again_against_the_users_will(
    server: LocalServer,
) -> None:
    with relay_to(server.url) as relay:
        with connect(relay.url, api_key=server.api_key, reconnect=False) as stream:
            stream.send(CHUNK * 3)
            with pytest.raises(ConnectionLost, match="the connection was lost"):
                for _ in stream:
                    relay.cut()


def test_a_server_that_stays_away_is_given_up(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "RETRY_DELAYS_S", (0.0, 0.0))
    with relay_to(server.url) as relay, connect(relay.url, api_key=server.api_key) as stream:
        stream.send(CHUNK * 3)
        with pytest.raises(ConnectionLost, match="did not come back"):
            for _ in stream:
                relay.refuse()
                relay.cut()


def test_what_breaks_in_a_source_is_raised_while_iterating(server: LocalServer) -> None:
    def source() -> Iterator[bytes]:
        yield CHUNK
        raise ValueError("the microphone fell down")

    with connect(server.url, api_key=server.api_key) as stream:
        stream.play(source())
        with pytest.raises(ValueError, match="fell down"):
            for _ in stream:
                pass


def test_leaving_early_stops_what_is_playing(server: LocalServer) -> None:
    def for_ever() -> Iterator[bytes]:
        while True:
            yield CHUNK

    with connect(server.url, api_key=server.api_key) as stream:
        stream.play(for_ever())
        for turn in stream:
            if turn.event is Event.START_OF_TURN:
                break
    assert turn.transcript == "Hi"

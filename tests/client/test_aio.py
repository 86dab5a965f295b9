"""The client for asyncio, against a real server."""

import socket
import threading
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.serving import relay_to
from turnwise import Event, Reconnected, TurnInfo, connect
from turnwise.cli.local import LocalServer
from turnwise.client import protocol
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


async def test_turns_come_out_of_iterating(server: LocalServer) -> None:
    async with connect(server.url, api_key=server.api_key) as stream:
        stream.play(SECOND * 8)
        ended = [turn async for turn in stream if turn.event is Event.END_OF_TURN]
    assert [turn.transcript for turn in ended] == [
        "Hi there",
        "I'd like to book a table for two people",
        "Tomorrow",
    ]
    assert ended[-1].trigger == "manual"


async def test_an_asynchronous_source_is_played_too(server: LocalServer) -> None:
    async def source() -> AsyncIterator[bytes]:
        for chunk in SECOND * 2:
            yield chunk

    async with connect(server.url, api_key=server.api_key) as stream:
        stream.play(source())
        events = [turn.event async for turn in stream if turn.event is not Event.UPDATE]
    assert events == [Event.START_OF_TURN, Event.END_OF_TURN]


async def test_audio_is_sent_by_hand_and_in_real_time(server: LocalServer) -> None:
    async with connect(server.url, api_key=server.api_key) as stream:
        await stream.send(CHUNK * 9)
        await stream.force_end_turn()
        stream.play([CHUNK] * 4, realtime=True)
        turns = [turn async for turn in stream]
    ended = [turn for turn in turns if turn.event is Event.END_OF_TURN]
    assert (ended[0].transcript, ended[0].trigger) == ("Hi", "manual")
    assert turns[-1].audio_window_end == pytest.approx(13 * 0.08)


async def test_a_change_is_answered_among_the_messages(server: LocalServer) -> None:
    async with connect(server.url, api_key=server.api_key) as stream:
        await stream.configure(eot_threshold=0.9, keyterms=["Alba"])
        await stream.finish()
        messages = [message async for message in stream.messages()]
    assert isinstance(messages[0], Connected)
    assert isinstance(messages[1], ConfigureSuccess)
    assert (messages[1].thresholds.eot_threshold, messages[1].keyterms) == (0.9, ["Alba"])
    assert len(messages) == 2


async def test_a_refused_handshake_says_why(server: LocalServer) -> None:
    with pytest.raises(HandshakeRefused) as refused:
        async with connect(server.url, api_key="wrong"):
            pass
    assert (refused.value.status, refused.value.err_code, refused.value.err_msg) == (
        401,
        "INVALID_AUTH",
        "Invalid credentials.",
    )


async def test_the_key_may_come_from_the_environment(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TURNWISE_API_KEY", server.api_key)
    async with connect(server.url) as stream:
        await stream.finish()
        assert [turn async for turn in stream] == []


async def test_nobody_there_is_an_error_of_its_own() -> None:
    with pytest.raises(Unreachable, match="no recogniser answers at ws://127"):
        async with connect(nobody()):
            pass


async def test_what_the_server_calls_an_error_is_raised(server: LocalServer) -> None:
    async with connect(server.url, api_key=server.api_key, encoding=None) as stream:
        await stream.send(b"this is no container" * 10)
        with pytest.raises(StreamFailed) as failed:
            async for _ in stream:
                pass
    assert failed.value.error_code == "UNDECODABLE_AUDIO"
    assert failed.value.description


async def test_a_lost_connection_is_taken_up_again(server: LocalServer) -> None:
    messages: list[Message] = []
    back = threading.Event()

    def source() -> Iterator[bytes]:
        yield from SECOND * 5
        back.wait()
        yield from SECOND * 3

    with relay_to(server.url) as relay:
        async with connect(relay.url, api_key=server.api_key) as stream:
            await stream.configure(keyterms=["Alba"])
            stream.play(source())
            async for message in stream.messages():
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


async def test_a_connection_is_not_taken_up_again_against_the_users_will(
    server: LocalServer,
) -> None:
    with relay_to(server.url) as relay:
        async with connect(relay.url, api_key=server.api_key, reconnect=False) as stream:
            await stream.send(CHUNK * 3)
            with pytest.raises(ConnectionLost, match="the connection was lost"):
                async for _ in stream:
                    relay.cut()


async def test_a_server_that_stays_away_is_given_up(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "RETRY_DELAYS_S", (0.0, 0.0))
    with relay_to(server.url) as relay:
        async with connect(relay.url, api_key=server.api_key) as stream:
            await stream.send(CHUNK * 3)
            with pytest.raises(ConnectionLost, match="did not come back"):
                async for _ in stream:
                    relay.refuse()
                    relay.cut()


async def test_what_breaks_in_a_source_is_raised_while_iterating(server: LocalServer) -> None:
    def source() -> Iterator[bytes]:
        yield CHUNK
        raise ValueError("the microphone fell down")

    async with connect(server.url, api_key=server.api_key) as stream:
        stream.play(source())
        with pytest.raises(ValueError, match="fell down"):
            async for _ in stream:
                pass


async def test_leaving_early_stops_what_is_playing(server: LocalServer) -> None:
    def for_ever() -> Iterator[bytes]:
        while True:
            yield CHUNK

    async with connect(server.url, api_key=server.api_key) as stream:
        stream.play(for_ever())
        async for turn in stream:
            if turn.event is Event.START_OF_TURN:
                break
    assert turn.transcript == "Hi"

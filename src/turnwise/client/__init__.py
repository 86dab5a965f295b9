"""The Python client of `/v2/listen`. `turnwise.client.blocking` is the one without asyncio."""

from turnwise.client.address import Changes, Options
from turnwise.client.aio import Stream, connect
from turnwise.client.microphone import microphone
from turnwise.client.protocol import Message, Reconnected
from turnwise.wire.messages import EventName as Event
from turnwise.wire.messages import SpokenWord, TurnInfo

__all__ = [
    "Changes",
    "Event",
    "Message",
    "Options",
    "Reconnected",
    "SpokenWord",
    "Stream",
    "TurnInfo",
    "connect",
    "microphone",
]

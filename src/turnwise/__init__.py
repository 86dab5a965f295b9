"""A speech recogniser for conversations: it hears turns, not just words."""

from turnwise.client import Event, Reconnected, Stream, TurnInfo, connect, microphone

__version__ = "0.1.0"

__all__ = ["Event", "Reconnected", "Stream", "TurnInfo", "connect", "microphone"]

"""Drive a speaking session as a shell would, with text for audio."""

import json
from typing import Any

from turnwise.speech.session import Session

AUDIO_MS = 100  # of each clause


def say(session: Session, kind: str, now_s: float = 0.0, **fields: object) -> list[Any]:
    """Send one message; return what came back."""
    session.receive_text(json.dumps({"type": kind, **fields}), now_s)
    return heard(session)


def heard(session: Session) -> list[Any]:
    """Return what is due: messages decoded, audio as it is."""
    return [json.loads(item) if isinstance(item, str) else item for item in session.due()]


def speak_all(session: Session, audio: bytes | None = None) -> list[Any]:
    """Say all there is to say; without `audio`, the clause itself is its sound."""
    said: list[Any] = heard(session)
    while session.saying is not None:
        session.receive_audio(session.saying.text.encode() if audio is None else audio)
        session.receive_said()
        said += heard(session)
    return said


def kinds(said: list[Any]) -> list[str]:
    """Return the types of messages, and `audio`."""
    return ["audio" if isinstance(item, bytes) else item["type"] for item in said]
